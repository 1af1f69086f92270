#include "server/store/names.h"

#include "keys/public/bytes/cursor.h"

#define LOCAL_BYTES 4u

static enum schema_counter counter_of(enum schema_id_kind kind)
{
    switch (kind) {
    case SCHEMA_ID_MEMBER:
        return SCHEMA_LAST_MEMBER;
    case SCHEMA_ID_DEVICE:
        return SCHEMA_LAST_DEVICE;
    case SCHEMA_ID_CHART:
        return SCHEMA_LAST_CHART;
    case SCHEMA_ID_SECTION:
        break;
    }
    CHECK(kind == SCHEMA_ID_SECTION);
    return SCHEMA_LAST_SECTION;
}

enum status names_find_row(struct txn *txn, enum schema_id_kind kind,
                           const uint8_t id[static ID_BYTES], uint32_t *out_local)
{
    struct schema_key key = schema_key_id(kind, id);
    struct span value;
    enum status status = db_get(txn, SCHEMA_ID, schema_key_span(&key), &value);
    if (status != STATUS_OK) {
        return status;
    }
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    uint32_t local = cursor_read_u32(&reader);
    if (cursor_read_done(&reader) != STATUS_OK || local == 0) {
        return STATUS_CORRUPT;
    }
    *out_local = local;
    return STATUS_OK;
}

/* Both directions are stored: what one damaged row does not tell any more, the others do. Without
 * this it would stop everybody who is told of all sections at once. */
enum status names_find(struct txn *txn, enum schema_id_kind kind, const uint8_t id[static ID_BYTES],
                       uint32_t *out_local)
{
    enum status status = names_find_row(txn, kind, id, out_local);
    if (status != STATUS_CORRUPT && status != STATUS_NOT_FOUND) {
        return status;
    }
    uint32_t count = names_count(txn, kind);
    bool all = true;
    for (uint32_t local = 1; local <= count && local != 0; local++) {
        uint8_t found[ID_BYTES];
        if (names_id(txn, kind, local, found) != STATUS_OK) {
            all = false;
        } else if (memcmp(found, id, ID_BYTES) == 0) {
            *out_local = local;
            return STATUS_OK;
        }
    }
    return all ? STATUS_NOT_FOUND : status;
}

enum status names_add(struct txn *txn, enum schema_id_kind kind, const uint8_t id[static ID_BYTES],
                      uint32_t *out_local)
{
    enum schema_counter counter = counter_of(kind);
    uint64_t local = db_counter(txn, counter) + 1;
    struct schema_key key = schema_key_id(kind, id);
    uint32_t found;
    enum status status = names_find_row(txn, kind, id, &found);
    if (status == STATUS_CORRUPT) { /* the damaged row may be another's */
        status = names_find(txn, kind, id, &found);
    }
    if (status != STATUS_NOT_FOUND) {
        return status == STATUS_OK ? STATUS_CONFLICT : status;
    }
    if (local > UINT32_MAX) {
        return STATUS_FULL;
    }
    /* Both directions, since rows hold local numbers and answers hold ids. A number is never given
     * a second time: rows of what was erased would otherwise speak of somebody else. */
    struct schema_key back = schema_key_local(kind, (uint32_t)local);
    uint8_t value[LOCAL_BYTES];
    struct cursor_writer writer;
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_u32(&writer, (uint32_t)local);
    db_put(txn, SCHEMA_ID, schema_key_span(&key), span_of(value, sizeof value));
    db_put(txn, SCHEMA_LOCAL, schema_key_span(&back), span_of(id, ID_BYTES));
    db_set_counter(txn, counter, local);
    *out_local = (uint32_t)local;
    return db_status(txn);
}

enum status names_id(struct txn *txn, enum schema_id_kind kind, uint32_t local,
                     uint8_t out_id[static ID_BYTES])
{
    struct schema_key key = schema_key_local(kind, local);
    struct span value;
    enum status status = db_get(txn, SCHEMA_LOCAL, schema_key_span(&key), &value);
    if (status != STATUS_OK) {
        return status;
    }
    if (value.size != ID_BYTES) {
        return STATUS_CORRUPT;
    }
    memcpy(out_id, value.data, ID_BYTES);
    return STATUS_OK;
}

uint32_t names_count(const struct txn *txn, enum schema_id_kind kind)
{
    return (uint32_t)db_counter(txn, counter_of(kind));
}
