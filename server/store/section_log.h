/*
 * The changes of a section, in order: the source of every sync (PROTOCOL.md §5).
 *
 * Reads the section's trail. Each change is an event, appended by events_append.
 * Numbers are contiguous from 1. Any transaction.
 */
#pragma once

#include "server/store/events.h"
#include "server/store/trail.h"

struct section_change {
    uint64_t number;
    struct event_change change;
    struct hash head;
    struct hash times;
    uint64_t time_ms; /* of its event */
    uint64_t event_seq;
};

/* Number and head of the newest change; number 0 and a zero head when there is none. */
MUST_CHECK enum status section_log_head(struct txn *txn, uint32_t section_local,
                                        uint64_t *out_number, struct hash *out_head);

/* STATUS_NOT_FOUND; STATUS_CORRUPT. */
MUST_CHECK enum status section_log_get(struct txn *txn, uint32_t section_local, uint64_t number,
                                       struct section_change *out_change);

/*
 * Changes after |after|, rising, up to |capacity|; *out_count is 0 at the end. Heads and times are
 * recomputed one from the other, so a wrong kind, object, time or order is STATUS_CORRUPT.
 */
MUST_CHECK enum status section_log_page(struct txn *txn, uint32_t section_local, uint64_t after,
                                        struct section_change *out_changes, size_t capacity,
                                        size_t *out_count);

/*
 * The same changes one by one, over as many transactions as it takes: a long page is sent
 * while others write. The event numbers that it keeps from one transaction to the next never
 * change; they spare each piece of a page the way back from the next waypoint.
 */
struct section_walk {
    uint32_t section_local;
    uint64_t next;    /* number of the change that section_walk_next gives */
    struct hash head; /* before it, and so below */
    struct hash times;
    bool started;   /* both are known */
    uint64_t first; /* number whose event is seqs[0] */
    size_t count;
    uint64_t seqs[TRAIL_WAYPOINT_STEP];
};

/* |from| is a number, from 1. */
void section_walk_init(struct section_walk *walk, uint32_t section_local, uint64_t from);
/* Gives the next change and stays before it. STATUS_NOT_FOUND past the end; STATUS_CORRUPT. */
MUST_CHECK enum status section_walk_next(struct txn *txn, struct section_walk *walk,
                                         struct section_change *out_change);
/* Moves past |change|, which section_walk_next gave. */
void section_walk_pass(struct section_walk *walk, const struct section_change *change);
