#include "client/engine/section/index.h"

#include "keys/public/bytes/array.h"

#include <stdlib.h>

void index_deinit(struct index *index)
{
    free(index->items);
    free(index->parents);
    free(index->by_note);
    *index = (struct index){0};
}

static bool grow(struct index *index, size_t more_parents)
{
    return index->count < UINT32_MAX &&
           array_grow(&index->items, &index->capacity, index->count + 1, sizeof *index->items) ==
               STATUS_OK &&
           array_grow(&index->parents, &index->parent_capacity, index->parent_used + more_parents,
                      sizeof *index->parents) == STATUS_OK;
}

enum status index_add(struct index *index, const struct indexed *item, const struct hash *parents)
{
    if (!index->built) {
        return STATUS_OK;
    }
    if (!grow(index, item->parent_count)) {
        return STATUS_NO_MEMORY;
    }
    struct indexed *place = &index->items[index->count];
    *place = *item;
    place->head = true;
    place->first = false;
    place->parent_first = index->parent_used;
    if (item->parent_count > 0) {
        memcpy(&index->parents[index->parent_used], parents, item->parent_count * sizeof *parents);
    }
    index->parent_used += item->parent_count;
    index->count++;
    return STATUS_OK;
}

/* ---- finding */

struct indexed *index_at(const struct index *index, size_t place)
{
    return &index->items[index->by_note[place]];
}

/* The first place below |end| whose id's first |size| bytes are not before |id|; |past|: after it,
 * where an equal one counts as before. */
static size_t bound(const struct index *index, size_t end, const uint8_t *id, size_t size,
                    bool past)
{
    size_t from = 0;
    while (from < end) {
        size_t middle = from + (end - from) / 2;
        int order = memcmp(index_at(index, middle)->note.bytes, id, size);
        if (order < 0 || (past && order == 0)) {
            from = middle + 1;
        } else {
            end = middle;
        }
    }
    return from;
}

struct index_run index_note(const struct index *index, const struct note_id *note)
{
    return (struct index_run){bound(index, index->settled, note->bytes, ID_BYTES, false),
                              bound(index, index->settled, note->bytes, ID_BYTES, true)};
}

struct index_run index_prefix(const struct index *index, const struct hex_prefix *prefix)
{
    size_t whole = prefix->digits / 2 < ID_BYTES ? prefix->digits / 2 : ID_BYTES;
    struct index_run run = {bound(index, index->settled, prefix->bytes, whole, false),
                            bound(index, index->settled, prefix->bytes, whole, true)};
    while (run.from < run.to &&
           !hex_prefix_matches(prefix, ID_SPAN(&index_at(index, run.from)->note))) {
        run.from++;
    }
    while (run.to > run.from &&
           !hex_prefix_matches(prefix, ID_SPAN(&index_at(index, run.to - 1)->note))) {
        run.to--;
    }
    return run;
}

const struct member_id *index_author(const struct index *index, const struct note_id *note)
{
    struct index_run run = index_note(index, note);
    return run.from < run.to ? &index_at(index, run.from)->author : NULL;
}

/* ---- taking in */

static int by_note(const void *a, const void *b, void *items)
{
    const struct indexed *all = items;
    const uint32_t *left = a;
    const uint32_t *right = b;
    int order = memcmp(&all[*left].note, &all[*right].note, sizeof all->note);
    return order != 0 ? order : (*left > *right) - (*left < *right);
}

/* From the last of the new ones backwards, so that each old place moves once however many come. */
static void merge(struct index *index, const uint32_t *added, size_t count)
{
    size_t old = index->settled;
    for (size_t left = count; left > 0; left--) {
        const struct note_id *note = &index->items[added[left - 1]].note;
        size_t place = bound(index, old, note->bytes, sizeof note->bytes, true);
        memmove(&index->by_note[place + left], &index->by_note[place],
                (old - place) * sizeof *index->by_note);
        index->by_note[place + left - 1] = added[left - 1];
        old = place;
    }
    index->settled += count;
}

/* Where in its run it stands, which lies in the order of numbers. */
static size_t place_in(const struct index *index, struct index_run run, uint32_t added)
{
    while (run.from < run.to) {
        size_t middle = run.from + (run.to - run.from) / 2;
        if (index->by_note[middle] < added) {
            run.from = middle + 1;
        } else {
            run.to = middle;
        }
    }
    return run.from;
}

/* Parents are the last before it in all but strange cases, so the walk is short. */
static void follow(struct index *index, uint32_t added)
{
    struct indexed *item = &index->items[added];
    struct index_run run = index_note(index, &item->note);
    size_t left = item->parent_count;
    for (size_t place = place_in(index, run, added); left > 0 && place > run.from; place--) {
        struct indexed *older = index_at(index, place - 1);
        for (size_t p = 0; p < item->parent_count; p++) {
            if (ID_EQUAL(&older->link, &index->parents[item->parent_first + p])) {
                older->head = false;
                left -= left > 0 ? 1 : 0;
            }
        }
    }
    item->first = index->by_note[run.from] == added;
    index->notes += item->first ? 1 : 0;
    index->names += item->first && item->name ? 1 : 0;
    index->erased += item->state == KEPT_ERASED ? 1 : 0;
}

enum status index_settle(struct index *index)
{
    size_t count = index->count - index->settled;
    if (!index->built || count == 0) {
        return STATUS_OK;
    }
    uint32_t *added = malloc(count * sizeof *added);
    enum status status = added == NULL ? STATUS_NO_MEMORY
                                       : array_grow(&index->by_note, &index->by_note_capacity,
                                                    index->count, sizeof *index->by_note);
    if (status == STATUS_OK) {
        for (size_t i = 0; i < count; i++) {
            added[i] = (uint32_t)(index->settled + i);
        }
        qsort_r(added, count, sizeof *added, by_note, index->items);
        merge(index, added, count);
        for (size_t i = index->count - count; i < index->count; i++) {
            follow(index, (uint32_t)i);
        }
    }
    free(added);
    return status;
}

void index_erase(struct index *index, struct indexed *item)
{
    index->erased += item->state == KEPT_ERASED ? 0 : 1;
    index->names -= item->first && item->name ? 1 : 0;
    item->state = KEPT_ERASED;
    item->name = false;
}
