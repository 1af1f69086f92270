#include "keys/public/bytes/map.h"

#include "keys/public/bytes/random.h"

#define MAP_CAPACITY_MIN 16u
#define MAP_WORD_BYTES   8u

struct map_slot {
    const uint8_t *key; /* NULL: empty */
    void *value;
};

void map_init(struct map *map, size_t key_bytes)
{
    CHECK(key_bytes > 0 && key_bytes % MAP_WORD_BYTES == 0);
    *map = (struct map){.key_bytes = key_bytes};
    random_bytes(map->seed, sizeof map->seed);
}

void map_free(struct map *map)
{
    free(map->slots);
    *map = (struct map){.key_bytes = map->key_bytes};
}

/* A secret function of every byte of the key: the seeds never leave the process. */
static size_t map_home(const struct map *map, const uint8_t *key)
{
    uint64_t state = map->seed[0];
    for (size_t i = 0; i < map->key_bytes; i += MAP_WORD_BYTES) {
        uint64_t word = 0;
        memcpy(&word, key + i, sizeof word);
        state = (state ^ word) * (map->seed[1] | 1u);
        state ^= state >> 32;
    }
    state *= map->seed[0] | 1u;
    return (size_t)(state >> 20) & (map->capacity - 1u);
}

/* The slot that holds |key|, or the empty one where it would go. */
static size_t map_find(const struct map *map, const uint8_t *key)
{
    size_t at = map_home(map, key);
    while (map->slots[at].key != NULL && memcmp(map->slots[at].key, key, map->key_bytes) != 0) {
        at = (at + 1u) & (map->capacity - 1u);
    }
    return at;
}

enum status map_reserve(struct map *map, size_t extra)
{
    size_t capacity = map->capacity == 0 ? MAP_CAPACITY_MIN : map->capacity;
    /* At most three quarters full. */
    while ((map->count + extra) > capacity - capacity / 4u) {
        capacity *= 2u;
    }
    if (capacity == map->capacity) {
        return STATUS_OK;
    }
    struct map_slot *slots = calloc(capacity, sizeof *slots);
    if (slots == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct map old = *map;
    map->slots = slots;
    map->capacity = capacity;
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.slots[i].key != NULL) {
            slots[map_find(map, old.slots[i].key)] = old.slots[i];
        }
    }
    free(old.slots);
    return STATUS_OK;
}

void map_put(struct map *map, const void *key, void *value)
{
    CHECK(map->count < map->capacity - map->capacity / 4u);
    struct map_slot *slot = &map->slots[map_find(map, key)];
    CHECK(slot->key == NULL);
    *slot = (struct map_slot){key, value};
    map->count++;
}

void *map_get(const struct map *map, const void *key)
{
    if (map->capacity == 0) {
        return NULL;
    }
    return map->slots[map_find(map, key)].value;
}

void *map_remove(struct map *map, const void *key)
{
    if (map->capacity == 0) {
        return NULL;
    }
    size_t mask = map->capacity - 1u;
    size_t hole = map_find(map, key);
    void *value = map->slots[hole].value;
    if (map->slots[hole].key == NULL) {
        return NULL;
    }
    /* Close the gap, so that no later key of this run becomes unreachable. */
    for (size_t at = (hole + 1u) & mask; map->slots[at].key != NULL; at = (at + 1u) & mask) {
        size_t home = map_home(map, map->slots[at].key);
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            map->slots[hole] = map->slots[at];
            hole = at;
        }
    }
    map->slots[hole] = (struct map_slot){NULL, NULL};
    map->count--;
    return value;
}
