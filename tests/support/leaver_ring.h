/*
 * Every key that a person holds or can unseal, for leaver.c. One thread.
 */
#pragma once

#include "tests/support/mirror.h"

#define LEAVER_KEYS_MAX 256u

struct leaver_ring {
    const struct secret *keys[LEAVER_KEYS_MAX];
    size_t count;
    struct secret *unsealed[LEAVER_KEYS_MAX]; /* ours to free */
    size_t unsealed_count;
};

/* All that the person's engine holds, and whatever their sealing key opens of any seal in any
 * epoch or reseal of the section. */
void leaver_ring_fill(const struct mirror *mirror, const struct live_person *person,
                      const struct section_id *section, struct leaver_ring *out_ring);
void leaver_ring_free(struct leaver_ring *ring);
