/*
 * What a person said of a server's clock that is ahead of ours. Internal to the engine; the
 * rule is in engine.h at ENGINE_CLOCK_STOPPED_MS (decision 23).
 */
#pragma once

#include "client/engine/common/inside.h"

/* How the server's clock stands to ours, by the newest leaf when it came. */
struct clock_look {
    int64_t off_ms; /* the leaf's time minus ours; 0 before the first leaf */
    bool shown;     /* more than ENGINE_CLOCK_SHOWN_MS ahead */
    bool stopped;   /* nothing is written until a person confirmed it */
};
struct clock_look clock_look(const struct engine *engine);
/* Reads it back. STATUS_CORRUPT, STATUS_IO. */
MUST_CHECK enum status clock_load(struct engine *engine);
/* Forgets it once the clocks agree again: what a person said of a wrong clock then is no word
 * on another time. STATUS_IO. */
MUST_CHECK enum status clock_settle(struct engine *engine);
/* The person's word that ours is right: engine_confirm_clock(). STATUS_ALREADY, STATUS_IO. */
MUST_CHECK enum status clock_confirm(struct engine *engine);
