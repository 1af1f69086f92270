#include "keys/public/authority/authority_internal.h"

#define UNDO_BYTES_MAX 64u

/*
 * One change, as it is taken back. Undone newest first, so that a value leaves its map before
 * it is freed, and an array holds again what it held when the note was made.
 */
struct undo {
    enum { UNDO_BYTES, UNDO_PUT, UNDO_MAKE } kind;
    void *place;     /* the bytes; the map; the node */
    void *array;     /* BYTES: of the pointer that |offset| counts from; NULL: |place| */
    size_t offset;   /* BYTES */
    size_t size;     /* BYTES */
    const void *key; /* PUT */
    void (*destroy)(void *node); /* MAKE */
    uint8_t was[UNDO_BYTES_MAX];
};

/* ---------------------------------------------------------------- noting */

enum status authority_undo_reserve(struct authority *authority, size_t count)
{
    return array_grow(&authority->undos, &authority->undo_capacity, authority->undo_count + count,
                      sizeof *authority->undos);
}

static struct undo *note(struct authority *authority)
{
    CHECK(authority->try_count > 0 && authority->undo_count < authority->undo_capacity);
    return &authority->undos[authority->undo_count++];
}

/* Where the bytes are now: an array may have moved since. */
static uint8_t *place_of(const struct undo *undo)
{
    uint8_t *start = undo->place;
    if (undo->array != NULL) {
        memcpy(&start, undo->array, sizeof start);
    }
    return start + undo->offset;
}

void authority_undo_bytes(struct authority *authority, void *array, void *place, size_t offset,
                          size_t size)
{
    for (size_t done = 0; done < size; done += UNDO_BYTES_MAX) {
        struct undo *undo = note(authority);
        undo->kind = UNDO_BYTES;
        undo->array = array;
        undo->place = place;
        undo->offset = offset + done;
        undo->size = size - done < UNDO_BYTES_MAX ? size - done : UNDO_BYTES_MAX;
        memcpy(undo->was, place_of(undo), undo->size);
    }
}

void *authority_make(struct authority *authority, size_t size, void (*destroy)(void *node))
{
    void *node = calloc(1, size);
    if (node != NULL) {
        struct undo *undo = note(authority);
        undo->kind = UNDO_MAKE;
        undo->place = node;
        undo->destroy = destroy;
    }
    return node;
}

enum status authority_put(struct authority *authority, struct map *map, const void *key,
                          void *value, struct node_list *list)
{
    enum status status = map_reserve(map, 1);
    if (status == STATUS_OK && list != NULL) {
        status = array_grow(&list->items, &list->capacity, list->count + 1u, sizeof(void *));
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct undo *undo = note(authority);
    undo->kind = UNDO_PUT;
    undo->place = map;
    undo->key = key;
    map_put(map, key, value);
    if (list != NULL) {
        AUTHORITY_UNDO(authority, list->count);
        list->items[list->count++] = value;
    }
    return STATUS_OK;
}

/* ---------------------------------------------------------------- tries */

void authority_try_begin(struct authority *authority)
{
    CHECK(authority->try_count < AUTHORITY_TRIES_MAX);
    authority->tries[authority->try_count++] =
        (struct authority_try){.before = authority->now, .undo_count = authority->undo_count};
}

void authority_try_keep(struct authority *authority)
{
    CHECK(authority->try_count > 0);
    authority->try_count--;
    /* A try around it may still be dropped, and needs the notes. */
    if (authority->try_count == 0) {
        authority->undo_count = 0;
    }
}

static void undo_one(const struct undo *undo)
{
    switch (undo->kind) {
    case UNDO_BYTES:
        memcpy(place_of(undo), undo->was, undo->size);
        break;
    case UNDO_PUT:
        (void)map_remove(undo->place, undo->key);
        break;
    case UNDO_MAKE:
        undo->destroy(undo->place);
        break;
    }
}

void authority_try_drop(struct authority *authority)
{
    CHECK(authority->try_count > 0);
    const struct authority_try *dropped = &authority->tries[--authority->try_count];
    while (authority->undo_count > dropped->undo_count) {
        undo_one(&authority->undos[--authority->undo_count]);
    }
    authority->now = dropped->before;
    authority->touched_count = 0;
}
