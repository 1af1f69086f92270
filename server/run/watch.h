/*
 * What an operator must hear of at the moment it begins, and again when it is over: no room on the
 * disk or in the map, and a clock that jumped ahead (clock_guard.h). Frees the slots of readers that
 * died, once an hour. Committer's thread.
 */
#pragma once

#include "server/core/clock_guard.h"
#include "server/store/db.h"

#include <stdatomic.h>

struct watch {
    struct clock_guard *clock; /* borrowed; NULL: any time is taken */
    uint64_t looked_ms;
    uint64_t readers_ms; /* when their slots were looked at */
    atomic_bool full;
    atomic_bool full_for_reading;
    atomic_bool ahead;
};

void watch_init(struct watch *watch, struct clock_guard *clock, uint64_t steady_ms);
/* STATUS_OK, or STATUS_CLOCK: an event of |txn| must not bear the time |now_ms|. */
MUST_CHECK enum status watch_clock(struct watch *watch, const struct txn *txn, uint64_t now_ms);
/* Looks at both, at most once a second by |steady_ms|, which is never set back. */
void watch_look(struct watch *watch, struct db *db, uint64_t steady_ms, uint64_t now_ms);
