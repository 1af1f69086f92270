/*
 * The server's clock: the one place that asks the time of day.
 *
 * In a build with test hooks the environment's ALCOVE_CLOCK_OFFSET_FILE names a file with
 * a signed number of milliseconds that is added each time, so that tests can let a grant
 * end without waiting. Any thread.
 */
#pragma once

#include <stdint.h>

/* Milliseconds since 1970, UTC. May go back: leaf times are made monotone elsewhere. */
uint64_t clock_now_ms(void);

/* "2026-11-29 14:05:09 UTC". */
#define CLOCK_TEXT_BYTES 40u
const char *clock_text(uint64_t time_ms, char out[static CLOCK_TEXT_BYTES]);
