/*
 * Trails: the numbered events of one chart, one section or one actor.
 *
 * An event holds, per trail it belongs to, its number there and the seq of the event before
 * it. The trail table has only the newest one, and the waypoint table every 64th, so that
 * adding to a trail costs a small overwrite in a dense table instead of an insertion into a
 * page of its own. A section's trail is its section_number and section_head (decision 4), a
 * chart's its chart_number and chart_previous (decision 15).
 *
 * Numbers are contiguous from 1. The hash of an empty trail is 32 zero bytes. Writing:
 * committer thread, inside its transaction; reading: any transaction.
 */
#pragma once

#include "server/store/db.h"

#define TRAIL_WAYPOINT_STEP 64u
/* So many events are read for a head whose row is damaged: about a second. */
#define TRAIL_LOOK_BACK_MAX ((uint64_t)1 << 18)

enum trail_kind {
    TRAIL_CHART = 1,
    TRAIL_SECTION = 2,
    TRAIL_ACTOR = 3,
};

struct trail_head {
    uint64_t number;    /* 0: nothing yet */
    uint64_t event_seq; /* of the newest; meaningless at number 0 */
    struct hash hash;   /* chart: newest leaf hash; section: section_head; actor: zero */
    struct hash times;  /* section: section_times; all others: zero */
};

/* STATUS_OK with number 0 for a trail that has nothing. If its row is damaged the newest event of the
 * trail is looked for among the last TRAIL_LOOK_BACK_MAX. STATUS_CORRUPT: it is not there, or
 * another event on the way is damaged. */
MUST_CHECK enum status trail_get(struct txn *txn, enum trail_kind kind, uint32_t local,
                                 struct trail_head *out_head);

/* The seq of the event with |number|, by the next waypoint and then event to event.
 * STATUS_NOT_FOUND when the trail is shorter or |number| is 0; STATUS_CORRUPT. */
MUST_CHECK enum status trail_find(struct txn *txn, enum trail_kind kind, uint32_t local,
                                  uint64_t number, uint64_t *out_event_seq);

/*
 * The seqs of numbers from..from+capacity-1 as far as they exist, in rising order. *out_count
 * is 0 past the end. STATUS_CORRUPT.
 */
MUST_CHECK enum status trail_page(struct txn *txn, enum trail_kind kind, uint32_t local,
                                  uint64_t from, uint64_t *out_seqs, size_t capacity,
                                  size_t *out_count);

/* The newest number whose event seq is below |event_seq|; 0 when there is none. */
MUST_CHECK enum status trail_before(struct txn *txn, enum trail_kind kind, uint32_t local,
                                    uint64_t event_seq, uint64_t *out_number);

/*
 * Makes |event_seq| the newest of the trail under number |number|, which must be one more
 * than the head's. Called by events.c alone.
 */
void trail_append(struct txn *txn, enum trail_kind kind, uint32_t local,
                  const struct trail_head *new_head);
