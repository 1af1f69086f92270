#include "tests/sim/dice.h"

#include "proto/span.h"

#include <sodium.h>

#include <string.h>

/* SplitMix64 (Steele, Lea, Flood 2014): enough for choices, and for keys that guard nothing. */
static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

void dice_throw(struct dice *dice, uint64_t seed, uint64_t step)
{
    dice->state = mix(seed + UINT64_C(0x632be59bd9b4e019)) ^ mix(step + 1);
}

uint64_t dice_next(struct dice *dice)
{
    dice->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(dice->state);
}

uint64_t dice_below(struct dice *dice, uint64_t count)
{
    return dice_next(dice) % count;
}

bool dice_chance(struct dice *dice, unsigned per_thousand)
{
    return dice_below(dice, 1000) < per_thousand;
}

static struct dice keys;

static const char *drawn_name(void)
{
    return "simulated";
}

static uint32_t drawn_word(void)
{
    return (uint32_t)dice_next(&keys);
}

static void drawn_bytes(void *const out, const size_t size)
{
    uint8_t *bytes = out;
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = dice_next(&keys);
        memcpy(bytes + at, &word, size - at < 8 ? size - at : 8);
    }
}

static randombytes_implementation drawn = {
    .implementation_name = drawn_name, .random = drawn_word, .buf = drawn_bytes};

void dice_install(void)
{
    CHECK(randombytes_set_implementation(&drawn) == 0);
}

void dice_keys(uint64_t seed, uint64_t step)
{
    dice_throw(&keys, seed ^ UINT64_C(0x6b657973), step);
}
