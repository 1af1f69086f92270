/*
 * Small open-addressing map from fixed-size ids and hashes to pointers.
 *
 * Keys are borrowed and usually stand inside the value. Ids are chosen by peers, so
 * each map mixes them with random seeds of its own: nobody outside can aim at one
 * slot. Room is reserved first and put cannot fail, so that a caller can make several
 * changes all or none. Belongs to one thread.
 */
#pragma once

#include "proto/status.h"

struct map_slot;
struct map {
    struct map_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    size_t key_bytes;
    uint64_t seed[2];
};

/* |key_bytes| is a multiple of 8. Allocates nothing yet. */
void map_init(struct map *map, size_t key_bytes);
void map_free(struct map *map); /* the map only, not the values */
/* Room for |extra| more puts. STATUS_NO_MEMORY: nothing changed. */
MUST_CHECK enum status map_reserve(struct map *map, size_t extra);
/* After map_reserve. The key must not be there yet. */
void map_put(struct map *map, const void *key, void *value);
void *map_get(const struct map *map, const void *key); /* NULL: not there */
/* The value that was there, or NULL. */
void *map_remove(struct map *map, const void *key);
