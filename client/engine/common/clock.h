/*
 * The time that a writer goes by, and what a person said of a server's clock that is ahead of
 * ours. Internal to the engine; the rule is in types.h at ENGINE_CLOCK_STOPPED_MS (decision 23).
 */
#pragma once

#include "client/engine/common/common.h"

/* A time from a verified leaf. */
void clock_saw_leaf(struct common *common, uint64_t leaf_ms);
/* The later of our clock and the newest leaf's time: what a writer goes by. */
uint64_t clock_writer_ms(const struct common *common);

/* How the server's clock stands to ours, by the newest leaf when it came, or by one that was kept now. */
struct clock_look {
    int64_t off_ms; /* the leaf's time minus ours; 0 before the first leaf */
    bool shown;     /* more than ENGINE_CLOCK_SHOWN_MS ahead */
    bool stopped;   /* nothing is written until a person confirmed it */
};
struct clock_look clock_look(const struct common *common);

/* Within a transaction of the caller: the newest leaf's time, so that a restart compares our clock
 * with it before anything is signed. */
MUST_CHECK enum status clock_store(const struct common *common);
/* Reads back the newest leaf's time and what a person confirmed. STATUS_CORRUPT, STATUS_IO. */
MUST_CHECK enum status clock_load(struct common *common);
/* Forgets it once the clocks agree again: what a person said of a wrong clock then is no word
 * on another time. STATUS_IO. */
MUST_CHECK enum status clock_settle(struct common *common);
/* The person's word that ours is right: engine_confirm_clock(). STATUS_ALREADY, STATUS_IO. */
MUST_CHECK enum status clock_confirm(struct common *common);
