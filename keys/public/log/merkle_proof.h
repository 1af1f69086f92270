/*
 * Inclusion and consistency proofs (RFC 9162 §2.1.3 and §2.1.4).
 *
 * Verification is exactly the RFC's: for given sizes only one length of proof can
 * pass, so nothing can be shortened, lengthened or padded. Generation reads complete
 * subtrees only and gives the hashes in the order that verification takes them. No
 * recursion. Any thread.
 */
#pragma once

#include "keys/public/log/merkle.h"

#define MERKLE_PROOF_HASHES_MAX 64u

struct merkle_proof {
    size_t count;
    struct hash hashes[MERKLE_PROOF_HASHES_MAX];
};

/*
 * From the hashes laid end to end, as they travel. STATUS_MALFORMED for a length that
 * is no multiple of 32, or more than MERKLE_PROOF_HASHES_MAX hashes.
 */
MUST_CHECK enum status merkle_proof_decode(struct span bytes, struct merkle_proof *out_proof);

/* Borrows the proof's hashes, end to end. */
struct span merkle_proof_bytes(const struct merkle_proof *proof);

/* Proves that leaf |index| is in the tree of |size|. STATUS_USAGE unless index < size. */
MUST_CHECK enum status merkle_proof_inclusion(const struct merkle_source *source, uint64_t index,
                                              uint64_t size, struct merkle_proof *out_proof);

/*
 * Proves that the tree of |new_size| extends the tree of |old_size|. The proof is empty for an
 * old size of 0 and for equal sizes. STATUS_USAGE unless old <= new.
 */
MUST_CHECK enum status merkle_proof_consistency(const struct merkle_source *source,
                                                uint64_t old_size, uint64_t new_size,
                                                struct merkle_proof *out_proof);

/* STATUS_BAD_PROOF, or STATUS_OK. */
MUST_CHECK enum status merkle_proof_check_inclusion(const struct merkle_proof *proof,
                                                    const struct hash *leaf_hash, uint64_t index,
                                                    uint64_t size, const struct hash *root);

/*
 * STATUS_BAD_PROOF, or STATUS_OK. An old size of 0 is consistent with anything and its
 * root is not looked at; equal sizes need equal roots and an empty proof.
 */
MUST_CHECK enum status merkle_proof_check_consistency(const struct merkle_proof *proof,
                                                      uint64_t old_size,
                                                      const struct hash *old_root,
                                                      uint64_t new_size,
                                                      const struct hash *new_root);
