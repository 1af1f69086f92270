#include "server/core/position.h"

#include "keys/public/bytes/cursor.h"
#include "server/store/state.h"

/* A number, and with |out_link| not NULL a link; zeros when there is no such record. */
static enum status get(struct txn *txn, enum core_state kind, uint32_t a, uint32_t b,
                       uint64_t *out_number, struct hash *out_link)
{
    struct span value;
    enum status status = state_get(txn, (uint8_t)kind, a, b, &value);
    struct cursor_reader reader;
    cursor_read_init(&reader, status == STATUS_OK ? value : span_of(NULL, 0));
    *out_number = cursor_read_u64(&reader);
    if (out_link != NULL) {
        cursor_read_bytes(&reader, out_link->bytes, HASH_BYTES);
    }
    if (status == STATUS_OK && cursor_read_done(&reader) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void put(struct txn *txn, enum core_state kind, uint32_t a, uint32_t b, uint64_t number,
                struct span link)
{
    uint8_t value[8u + HASH_BYTES];
    struct cursor_writer writer;
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_u64(&writer, number);
    cursor_write_span(&writer, link);
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    state_put(txn, (uint8_t)kind, a, b, span_of(value, size));
}

enum status position_get(struct txn *txn, uint32_t section_local, uint32_t device_local,
                         uint64_t *out_number, struct hash *out_link)
{
    return get(txn, CORE_STATE_POSITION, section_local, device_local, out_number, out_link);
}

void position_put(struct txn *txn, uint32_t section_local, uint32_t device_local, uint64_t number,
                  const struct hash *link)
{
    put(txn, CORE_STATE_POSITION, section_local, device_local, number, ID_SPAN(link));
}

enum status removed_get(struct txn *txn, uint32_t section_local, uint32_t member_local,
                        uint64_t *out_number)
{
    return get(txn, CORE_STATE_REMOVED, section_local, member_local, out_number, NULL);
}

void removed_put(struct txn *txn, uint32_t section_local, uint32_t member_local, uint64_t number)
{
    put(txn, CORE_STATE_REMOVED, section_local, member_local, number, span_of(NULL, 0));
}
