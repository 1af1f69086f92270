/*
 * What a person said of a server's clock that is ahead of ours. Internal to the engine; the
 * rule is in engine.h at ENGINE_CLOCK_STOPPED_MS (decision 23).
 */
#pragma once

#include "client/engine/common/inside.h"

/* Reads it back. STATUS_CORRUPT, STATUS_IO. */
MUST_CHECK enum status clock_load(struct engine *engine);
/* Forgets it once the clocks agree again: what a person said of a wrong clock then is no word
 * on another time. STATUS_IO. */
MUST_CHECK enum status clock_settle(struct engine *engine);
