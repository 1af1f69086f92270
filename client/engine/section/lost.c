#include "client/engine/section/lost.h"

#include "client/engine/section/kept.h"
#include "keys/public/bytes/fields.h"
#include "proto/words.h"

static const struct field ROWS[] = {
    FIELD(struct lost, link, FIELD_BYTES),
    FIELD(struct lost, device, FIELD_BYTES),
    FIELD(struct lost, device_number, FIELD_U64),
};

void lost_encode(const struct lost *lost, uint8_t out_bytes[static LOST_BYTES])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out_bytes, LOST_BYTES);
    cursor_write_u32(&writer, ENTRY_REVISION);
    fields_write(&writer, ROWS, ARRAY_LEN(ROWS), lost);
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK && size == LOST_BYTES);
}

/* STATUS_NOT_FOUND for an entry of another kind. */
static enum status decode(struct span value, uint64_t number, struct lost *out_lost)
{
    *out_lost = (struct lost){.number = number};
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    if (cursor_read_u32(&reader) != ENTRY_REVISION) {
        return STATUS_NOT_FOUND;
    }
    fields_read(&reader, ROWS, ARRAY_LEN(ROWS), out_lost);
    return cursor_read_done(&reader) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

enum status lost_get(const struct storage *storage, uint32_t local, uint64_t number,
                     struct lost *out_lost)
{
    uint8_t key[KEPT_KEY_BYTES];
    struct span value;
    enum status status =
        storage_get(storage, STORAGE_ENTRY, span_of(key, kept_key(local, number, key)), &value);
    return status == STATUS_OK ? decode(value, number, out_lost) : status;
}

struct walk {
    lost_visit *visit;
    void *visitor;
    enum status status;
};

static bool visit_entry(void *visitor, struct span key, struct span value)
{
    struct walk *walk = visitor;
    struct cursor_reader reader;
    cursor_read_init(&reader, key);
    (void)cursor_read_u32(&reader);
    uint64_t number = cursor_read_u64(&reader);
    walk->status = cursor_read_done(&reader);
    struct lost lost;
    if (walk->status == STATUS_OK) {
        walk->status = decode(value, number, &lost);
    }
    if (walk->status == STATUS_NOT_FOUND) {
        walk->status = STATUS_OK;
        return true;
    }
    return walk->status == STATUS_OK && walk->visit(walk->visitor, &lost);
}

enum status lost_all(const struct storage *storage, uint32_t local, lost_visit *visit,
                     void *visitor)
{
    struct walk walk = {visit, visitor, STATUS_OK};
    uint8_t prefix[KEPT_KEY_BYTES];
    (void)kept_key(local, 0, prefix);
    return storage_scan(storage, STORAGE_ENTRY, span_of(prefix, KEPT_KEY_PREFIX_BYTES), visit_entry,
                        &walk, &walk.status);
}
