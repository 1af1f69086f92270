/*
 * Durations of single operations, and what to say of them. One thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    SAMPLES_MAX = 1 << 21, /* the last so many count for the percentiles */
};

struct samples {
    uint32_t *us;
    uint64_t count;
};

/* Ends the process without memory. */
void samples_init(struct samples *samples);
void samples_deinit(struct samples *samples);
void samples_add(struct samples *samples, uint64_t us);

/* |thousandth| of them were no longer; 0 when there are none. Sorts. */
uint32_t samples_at(struct samples *samples, unsigned thousandth);
