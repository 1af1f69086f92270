#include "client/engine/section/index.h"

#include "keys/public/bytes/array.h"
#include "keys/public/bytes/cursor.h"

void index_deinit(struct index *index)
{
    free(index->items);
    free(index->parents);
    *index = (struct index){0};
}

static bool grow(struct index *index, size_t more_parents)
{
    return array_grow(&index->items, &index->capacity, index->count + 1, sizeof *index->items) ==
               STATUS_OK &&
           array_grow(&index->parents, &index->parent_capacity, index->parent_used + more_parents,
                      sizeof *index->parents) == STATUS_OK;
}

/* Parents are near the end in all but strange cases, so the walk is short. */
static void follow(struct index *index, const struct indexed *item, const struct hash *parents)
{
    size_t left = item->parent_count;
    for (size_t i = index->count; i > 0 && left > 0; i--) {
        struct indexed *older = &index->items[i - 1];
        if (!ID_EQUAL(&older->note, &item->note)) {
            continue;
        }
        for (size_t p = 0; p < item->parent_count; p++) {
            if (ID_EQUAL(&older->link, &parents[p])) {
                older->head = false;
                left--;
            }
        }
    }
}

enum status index_add(struct index *index, const struct indexed *item, const struct hash *parents)
{
    if (!index->built) {
        return STATUS_OK;
    }
    if (!grow(index, item->parent_count)) {
        return STATUS_NO_MEMORY;
    }
    follow(index, item, parents);
    struct indexed *place = &index->items[index->count];
    *place = *item;
    place->head = true;
    place->parent_first = index->parent_used;
    if (item->parent_count > 0) {
        memcpy(&index->parents[index->parent_used], parents, item->parent_count * sizeof *parents);
    }
    index->parent_used += item->parent_count;
    index->count++;
    return STATUS_OK;
}

struct building {
    struct index *index;
    enum status status;
};

static bool build_one(void *visitor, struct span key, struct span value)
{
    struct building *building = visitor;
    struct cursor_reader reader;
    cursor_read_init(&reader, key);
    (void)cursor_read_u32(&reader);
    uint64_t number = cursor_read_u64(&reader);
    building->status = cursor_read_done(&reader);
    struct kept kept;
    if (building->status == STATUS_OK) {
        building->status = kept_decode(value, number, &kept);
    }
    if (building->status == STATUS_OK) {
        building->status = index_add(building->index, &kept.item, kept.parents);
    } else {
        building->status = STATUS_CORRUPT;
    }
    return building->status == STATUS_OK;
}

/* |built| is set before the scan, since index_add does nothing to an index that is not built. */
enum status index_build(struct index *index, const struct storage *storage, uint32_t local)
{
    if (index->built) {
        return STATUS_OK;
    }
    struct building building = {index, STATUS_OK};
    uint8_t prefix[KEPT_KEY_BYTES];
    (void)kept_key(local, 0, prefix);
    index->built = true;
    enum status status =
        storage_scan(storage, STORAGE_REVISION, span_of(prefix, KEPT_KEY_PREFIX_BYTES), build_one,
                     &building, &building.status);
    if (status != STATUS_OK) {
        index_deinit(index);
    }
    return status;
}
