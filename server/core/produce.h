/*
 * Makes those parts of an answer that need a durable and signed batch: proofs, leaves and
 * the pages of a section, from a read transaction.
 *
 * produce_reply runs after the commit, on the committer's thread; a page's reply and its
 * entries are produced piece by piece on the reader's network thread, so that a large
 * section is never in memory and a stream can stop between two frames. Nothing is decided here:
 * core_handle decided, and the event that records it is durable already.
 */
#pragma once

#include "server/core/core.h"
#include "server/store/section_log.h"

/* The body of the reply. |txn| is a read transaction begun after the commit; |heads| the
 * checkpoints that cover it. The caller frees *out_body. STATUS_CORRUPT when stored bytes
 * do not give their hash: the caller then answers UNAVAILABLE. */
MUST_CHECK enum status produce_reply(struct txn *txn, const struct core_answer *answer,
                                     const struct core_checkpoints *heads, uint8_t **out_body,
                                     size_t *out_size);

/* A revision whose bytes do not give its hashes. */
struct produce_damage {
    uint64_t number; /* in the section */
    uint64_t record;
};
#define PRODUCE_DAMAGES_MAX 8u

/* Where a page's stream stands. */
struct produce_page {
    struct section_walk walk;
    uint64_t to; /* number of the last entry */
    /* Of the last chunk, the first of them: for the log. */
    struct produce_damage damages[PRODUCE_DAMAGES_MAX];
    size_t damage_count;
};

void produce_page_init(struct produce_page *page, uint32_t section_local, uint64_t from,
                       uint64_t to);

/*
 * One FRAME_CHUNK body: as many whole entries as fit |capacity|, one at least. Entries
 * larger than |capacity| make *out_body larger than that. The caller frees it. A damaged revision
 * is named in its place, without what of it is damaged. STATUS_CORRUPT: the log itself cannot be
 * read on.
 */
MUST_CHECK enum status produce_chunk(struct txn *txn, struct produce_page *page, size_t capacity,
                                     uint8_t **out_body, size_t *out_size, bool *out_last);
