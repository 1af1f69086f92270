#include "server/core/position.h"

#include "keys/public/bytes/cursor.h"
#include "server/store/state.h"

#define POSITION_BYTES (8u + HASH_BYTES)
#define REMOVED_BYTES  8u

enum status position_get(struct txn *txn, uint32_t section_local, uint32_t device_local,
                         uint64_t *out_number, struct hash *out_link)
{
    struct span value;
    enum status status = state_get(txn, CORE_STATE_POSITION, section_local, device_local, &value);
    *out_number = 0;
    *out_link = (struct hash){{0}};
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    *out_number = cursor_read_u64(&reader);
    cursor_read_bytes(&reader, out_link->bytes, HASH_BYTES);
    return cursor_read_done(&reader) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

void position_put(struct txn *txn, uint32_t section_local, uint32_t device_local, uint64_t number,
                  const struct hash *link)
{
    uint8_t value[POSITION_BYTES];
    size_t size = 0;
    struct cursor_writer writer;
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_u64(&writer, number);
    cursor_write_span(&writer, ID_SPAN(link));
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    state_put(txn, CORE_STATE_POSITION, section_local, device_local, span_of(value, size));
}

enum status removed_get(struct txn *txn, uint32_t section_local, uint32_t member_local,
                        uint64_t *out_number)
{
    struct span value;
    enum status status = state_get(txn, CORE_STATE_REMOVED, section_local, member_local, &value);
    *out_number = 0;
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    *out_number = cursor_read_u64(&reader);
    return cursor_read_done(&reader) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

void removed_put(struct txn *txn, uint32_t section_local, uint32_t member_local, uint64_t number)
{
    uint8_t value[REMOVED_BYTES];
    size_t size = 0;
    struct cursor_writer writer;
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_u64(&writer, number);
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    state_put(txn, CORE_STATE_REMOVED, section_local, member_local, span_of(value, size));
}
