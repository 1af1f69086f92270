/*
 * All chance of a simulated run, from one seed.
 *
 * Each step has dice of its own, thrown from the seed and the step's number alone. So a step can be
 * left out of a run without changing what the others throw: that is how a failing run is made short.
 * The same holds for what libsodium draws, keys and nonces included, which makes a run the same to
 * the byte. Never to be linked into anything but the simulator.
 */
#pragma once

#include "proto/status.h"

struct dice {
    uint64_t state;
};

/* The dice of |step|. */
void dice_throw(struct dice *dice, uint64_t seed, uint64_t step);
uint64_t dice_next(struct dice *dice);
/* From 0 to |count| - 1; |count| is not 0. */
uint64_t dice_below(struct dice *dice, uint64_t count);
bool dice_chance(struct dice *dice, unsigned per_thousand);

/* libsodium draws from the seed from now on. Before anything else draws. */
void dice_install(void);
/* What libsodium draws in |step|. */
void dice_keys(uint64_t seed, uint64_t step);
