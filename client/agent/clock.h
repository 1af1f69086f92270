/*
 * The client's clock, the one place that asks the time of day.
 *
 * In a build with test hooks the environment's ALCOVE_CLOCK_OFFSET_FILE names a file with a
 * signed number of milliseconds that is added each time. Any thread.
 */
#pragma once

#include <stdint.h>

/* Milliseconds since 1970, UTC. */
uint64_t clock_now_ms(void);
/* Never goes back; counts while the machine sleeps. For timeouts and idle time. With test hooks
 * ALCOVE_AWAKE_FILE names a file with milliseconds that are added. */
uint64_t clock_awake_ms(void);
/* How long the machine has slept since it started: it grows exactly while it sleeps. With test
 * hooks ALCOVE_SLEPT_FILE names a file with milliseconds that are added. */
uint64_t clock_slept_ms(void);
/* |limit_ms|; with test hooks the value of ALCOVE_IDLE_MS, if that is set. */
uint64_t clock_idle_limit_ms(uint64_t limit_ms);
