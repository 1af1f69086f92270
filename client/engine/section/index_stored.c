#include "client/engine/section/index.h"

#include "keys/public/bytes/fields.h"

#include <stdlib.h>

/*
 * An index beside the revisions, so that a start does not open every text. STORAGE_META, under
 * 'i' ‖ local u32 ‖ chunk u32: version u8 ‖ INDEX_CHUNK revisions in the order of their numbers, each
 * as in HEAD with its parents behind it. Only whole chunks are stored; what came after the last of
 * them is read from the revisions. A chunk never changes: whoever changes a revision in place drops
 * all of a section's chunks in the same transaction.
 */

#define INDEX_VERSION   1u
#define INDEX_KEY_BYTES 9u

static const struct field HEAD[] = {
    FIELD(struct indexed, number, FIELD_U64),   FIELD(struct indexed, note, FIELD_BYTES),
    FIELD(struct indexed, link, FIELD_BYTES),   FIELD(struct indexed, revision, FIELD_U64),
    FIELD(struct indexed, kind, FIELD_U32),     FIELD(struct indexed, author, FIELD_BYTES),
    FIELD(struct indexed, device, FIELD_BYTES), FIELD(struct indexed, epoch, FIELD_U64),
    FIELD(struct indexed, state, FIELD_U8),     FIELD(struct indexed, time_ms, FIELD_U64),
    FIELD(struct indexed, name, FIELD_BOOL),    FIELD(struct indexed, parent_count, FIELD_U8),
};

static struct span chunk_key(uint32_t local, size_t chunk, uint8_t out_key[static INDEX_KEY_BYTES])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out_key, INDEX_KEY_BYTES);
    cursor_write_u8(&writer, 'i');
    cursor_write_u32(&writer, local);
    cursor_write_u32(&writer, (uint32_t)chunk);
    return span_of(out_key, INDEX_KEY_BYTES);
}

static size_t chunk_size(const struct indexed *items)
{
    size_t size = 1;
    for (size_t i = 0; i < INDEX_CHUNK; i++) {
        size += fields_size(HEAD, ARRAY_LEN(HEAD), &items[i]) + items[i].parent_count * HASH_BYTES;
    }
    return size;
}

static enum status store_chunk(const struct index *index, const struct storage *storage,
                               uint32_t local, size_t chunk)
{
    const struct indexed *items = &index->items[chunk * INDEX_CHUNK];
    size_t size = chunk_size(items);
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, bytes, size);
    cursor_write_u8(&writer, INDEX_VERSION);
    for (size_t i = 0; i < INDEX_CHUNK; i++) {
        fields_write(&writer, HEAD, ARRAY_LEN(HEAD), &items[i]);
        if (items[i].parent_count > 0) {
            cursor_write_span(&writer, span_of(index->parents[items[i].parent_first].bytes,
                                               items[i].parent_count * HASH_BYTES));
        }
    }
    enum status status = cursor_write_done(&writer, &size);
    uint8_t key[INDEX_KEY_BYTES];
    if (status == STATUS_OK) {
        status =
            storage_put(storage, STORAGE_META, chunk_key(local, chunk, key), span_of(bytes, size));
    }
    free(bytes);
    return status;
}

bool index_is_behind(const struct index *index)
{
    return index->built && index->count - index->stored >= INDEX_CHUNK;
}

enum status index_store(struct index *index, const struct storage *storage, uint32_t local)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && index_is_behind(index)) {
        status = store_chunk(index, storage, local, index->stored / INDEX_CHUNK);
        index->stored += status == STATUS_OK ? INDEX_CHUNK : 0;
    }
    return status;
}

static enum status load_one(struct index *index, struct cursor_reader *reader)
{
    struct indexed item = {0};
    fields_read(reader, HEAD, ARRAY_LEN(HEAD), &item);
    if (item.parent_count > CONTEXT_PARENTS_MAX || item.state < KEPT_OPEN ||
        item.state > KEPT_UNOPENED ||
        (index->count > 0 && item.number <= index->items[index->count - 1].number)) {
        return STATUS_CORRUPT;
    }
    struct hash parents[CONTEXT_PARENTS_MAX];
    cursor_read_bytes(reader, parents[0].bytes, item.parent_count * HASH_BYTES);
    return index_add(index, &item, parents);
}

static enum status load(struct index *index, const struct storage *storage, uint32_t local)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        uint8_t key[INDEX_KEY_BYTES];
        struct span value;
        status = storage_get(storage, STORAGE_META,
                             chunk_key(local, index->count / INDEX_CHUNK, key), &value);
        if (status != STATUS_OK) {
            break;
        }
        struct cursor_reader reader;
        cursor_read_init(&reader, value);
        status = cursor_read_u8(&reader) == INDEX_VERSION ? STATUS_OK : STATUS_CORRUPT;
        for (size_t i = 0; i < INDEX_CHUNK && status == STATUS_OK; i++) {
            status = load_one(index, &reader);
        }
        if (status == STATUS_OK && cursor_read_done(&reader) != STATUS_OK) {
            status = STATUS_CORRUPT;
        }
    }
    index->stored = index->count;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status index_drop_stored(struct index *index, const struct storage *storage, uint32_t local)
{
    enum status status = STATUS_OK;
    for (size_t chunk = 0; status == STATUS_OK; chunk++) {
        uint8_t key[INDEX_KEY_BYTES];
        status = storage->remove(storage->context, STORAGE_META, chunk_key(local, chunk, key));
    }
    index->stored = 0;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* ---- making it */

static enum status add_kept(struct index *index, struct span value, uint64_t number)
{
    struct kept kept;
    enum status status = kept_decode(value, number, &kept);
    return status == STATUS_OK ? index_add(index, &kept.item, kept.parents) : STATUS_CORRUPT;
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
    building->status = cursor_read_done(&reader) == STATUS_OK
                           ? add_kept(building->index, value, number)
                           : STATUS_CORRUPT;
    return building->status == STATUS_OK;
}

/* |built| is set before, since index_add does nothing to an index that is not built. */
static void begin(struct index *index)
{
    index_deinit(index);
    index->built = true;
}

static enum status build_by_scan(struct index *index, const struct storage *storage, uint32_t local)
{
    struct building building = {index, STATUS_OK};
    uint8_t prefix[KEPT_KEY_BYTES];
    (void)kept_key(local, 0, prefix);
    begin(index);
    return storage_scan(storage, STORAGE_REVISION, span_of(prefix, KEPT_KEY_PREFIX_BYTES),
                        build_one, &building, &building.status);
}

/* What came after the last whole chunk: few, but for entries that are no revisions. */
static enum status add_rest(struct index *index, const struct storage *storage, uint32_t local,
                            uint64_t last)
{
    enum status status = STATUS_OK;
    for (uint64_t n = index->items[index->count - 1].number + 1; n <= last && status == STATUS_OK;
         n++) {
        uint8_t key[KEPT_KEY_BYTES];
        struct span value;
        status =
            storage_get(storage, STORAGE_REVISION, span_of(key, kept_key(local, n, key)), &value);
        if (status == STATUS_NOT_FOUND) {
            status = STATUS_OK;
        } else if (status == STATUS_OK) {
            status = add_kept(index, value, n);
        }
    }
    return status;
}

enum status index_build(struct index *index, const struct storage *storage, uint32_t local,
                        uint64_t last)
{
    if (index->built) {
        return STATUS_OK;
    }
    begin(index);
    enum status status = load(index, storage, local);
    if (status == STATUS_OK && index->count > 0) {
        status = index->items[index->count - 1].number <= last
                     ? add_rest(index, storage, local, last)
                     : STATUS_CORRUPT;
    } else if (status != STATUS_NO_MEMORY) {
        status = build_by_scan(index, storage, local);
    }
    if (status == STATUS_CORRUPT && index->stored > 0) {
        status = build_by_scan(index, storage, local);
    }
    if (status == STATUS_OK) {
        status = index_settle(index);
    }
    if (status != STATUS_OK) {
        index_deinit(index);
    }
    return status;
}
