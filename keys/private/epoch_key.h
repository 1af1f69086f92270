/*
 * The key of one epoch of one section: made, committed to, and sealed to each
 * recipient (decisions 5, 6, 9).
 *
 *   commitment = first 32 bytes of HMAC-SHA-512(key, frame("epoch-commitment", place))
 *   sealed     = HPKE(recipient, info = frame("seal", place ‖ recipient statement hash ‖
 *                                             sender device statement hash), key)
 *   place      = section(16) ‖ epoch(u64) ‖ membership hash(32)
 *
 * A reseal uses the place of the epoch that it repeats, with its own sender. Any
 * thread.
 */
#pragma once

#include "keys/private/hpke.h"
#include "proto/ids.h"

#define EPOCH_KEY_BYTES        32u
#define EPOCH_KEY_SEALED_BYTES (EPOCH_KEY_BYTES + HPKE_OVERHEAD_BYTES)

struct epoch_key_place {
    struct practice_id practice;
    struct section_id section;
    uint64_t epoch; /* 1.. */
    struct hash membership;
};

/* Sender and recipient of a seal: hashes of the statements that name their keys. For a recovery
 * key the recipient's is the statement that lists it. */
struct epoch_key_parties {
    struct hash recipient_statement;
    struct hash sender_statement;
};

/* 32 random bytes; the caller owns them. STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status epoch_key_new(struct secret **out_key);

/* The commitment in the epoch statement: it binds the key and does not tell it. */
void epoch_key_commitment(const struct secret *key, const struct epoch_key_place *place,
                          struct hash *out_commitment);

/*
 * psk  the pair's 32 bytes from the invitation, or NULL for base mode. A caller who holds
 *      one for this pair must always give it: so a seal in the weaker mode is refused.
 *
 * STATUS_OK; STATUS_UNSUPPORTED for a recipient's key that seals nothing;
 * STATUS_NO_MEMORY.
 */
MUST_CHECK enum status epoch_key_seal(const struct secret *key, const struct epoch_key_place *place,
                                      const struct epoch_key_parties *parties,
                                      const struct public_key *recipient, const struct secret *psk,
                                      uint8_t out_sealed[static EPOCH_KEY_SEALED_BYTES]);

/*
 * Opens a sealed key and accepts it only if it matches |commitment|, the one in the
 * signed epoch statement; the caller owns *out_key.
 *
 * STATUS_OK; STATUS_WRONG_KEY for every fault of the seal, on which the engine raises an
 * alarm; STATUS_NO_MEMORY.
 */
MUST_CHECK enum status epoch_key_open(struct span sealed, const struct epoch_key_place *place,
                                      const struct epoch_key_parties *parties,
                                      const struct secret *recipient, const struct secret *psk,
                                      const struct hash *commitment, struct secret **out_key);
