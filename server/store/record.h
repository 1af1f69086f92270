/*
 * Revisions as received: context, header, signature and envelope in one value, the wrap in
 * a table of its own, since it alone is replaced and erased (decisions 1 and 17).
 *
 *   state u8 ‖ context length u16 ‖ header length u16 ‖ context ‖ header ‖ signature(64) ‖
 *   envelope
 *
 * LMDB keeps a value above half a page in whole pages of their own, the first with a 16-byte
 * head. A value of at most RECORD_VALUE_BYTES_PAGE fills exactly one page: the padding floor
 * is chosen so that the smallest record does, and never reaches into a second.
 *
 * Records have no sum as other rows have, so a record must be checked before it is served: record_get
 * compares its link, record_check its context and envelope. Writing: committer thread.
 * Reading: any transaction.
 */
#pragma once

#include "proto/limits.h"
#include "server/store/db.h"

/* One 4096-byte page without its head. */
#define RECORD_VALUE_BYTES_PAGE           4080u
/* State, two lengths and the signature. */
#define RECORD_OVERHEAD_BYTES             (1u + 2u + 2u + SIGNATURE_BYTES)
/* For context, header and envelope together, in a record of one page. */
#define RECORD_CONTENT_BYTES_PAGE         (RECORD_VALUE_BYTES_PAGE - RECORD_OVERHEAD_BYTES)
/* For the same three in a record of |pages| pages. */
#define RECORD_CONTENT_BYTES_PAGES(pages) ((4096u * (pages)) - 16u - RECORD_OVERHEAD_BYTES)

#define RECORD_WRAP_BYTES_MAX 1024u

struct record {
    bool erased; /* the envelope is gone, the chain of links stays */
    struct span context;
    struct span header;
    struct signature signature;
    struct span envelope;
};

/*
 * The two hashes in a record's header. Core finds them, since the store does not know the
 * header's encoding; context and envelope as read back must give these hashes.
 */
struct record_hashes {
    struct hash context;
    struct hash envelope;
};

/*
 * The revision's link, SHA-256(frame("link", header ‖ signature)): the object hash of its
 * entry in the section, by which a record is known to be what was stored. It binds header
 * and signature, and the header binds context and envelope.
 */
void record_object_hash(const struct practice_id *practice, const struct record *record,
                        struct hash *out_hash);

/* All spans borrowed and copied. |wrap| may be empty. STATUS_TOO_LARGE or sticky. */
MUST_CHECK enum status record_append(struct txn *txn, const struct record *record, struct span wrap,
                                     uint64_t *out_seq);

/* Splits without checking any hash: for callers that check all of it themselves. Spans
 * point into the map. STATUS_NOT_FOUND, STATUS_CORRUPT. */
MUST_CHECK enum status record_peek(struct txn *txn, uint64_t seq, struct record *out_record);

/*
 * As record_peek, and demands that its link is |object|, which the caller has
 * from the section's trail. STATUS_CORRUPT otherwise.
 */
MUST_CHECK enum status record_get(struct txn *txn, uint64_t seq, const struct hash *object,
                                  struct record *out_record);

/* Whether context and envelope are those that the header names. STATUS_CORRUPT. An erased
 * record is checked by its context alone. */
MUST_CHECK enum status record_check(const struct record *record,
                                    const struct record_hashes *hashes);

/* Replaces the envelope by nothing and deletes the wrap (decision 17). STATUS_NOT_FOUND. */
MUST_CHECK enum status record_erase(struct txn *txn, uint64_t seq);

/* STATUS_NOT_FOUND when erased or never given. The span points into the map. */
MUST_CHECK enum status record_wrap(struct txn *txn, uint64_t seq, struct span *out_wrap);
/* Replaces. STATUS_TOO_LARGE; STATUS_REFUSED for an erased record. */
MUST_CHECK enum status record_set_wrap(struct txn *txn, uint64_t seq, struct span wrap);
