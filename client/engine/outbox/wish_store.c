#include "client/engine/outbox/wish_store.h"

#include "keys/public/bytes/cursor.h"

#define WISH_VERSION 1u
#define WISH_FIXED_BYTES                                                                           \
    (1u + 7u * 4u + 5u * ID_BYTES + 3u * HASH_BYTES + ID_BYTES + 7u * 8u + 1u +                    \
     WISH_PARENTS_MAX * HASH_BYTES + 4u * 4u)

static void write_bytes(struct cursor_writer *writer, const struct wish_bytes *bytes)
{
    cursor_write_u32(writer, (uint32_t)bytes->size);
    cursor_write_span(writer, span_of(bytes->data, bytes->size));
}

static void write_fixed(struct cursor_writer *writer, const struct wish *wish)
{
    cursor_write_u8(writer, WISH_VERSION);
    cursor_write_u32(writer, (uint32_t)wish->kind);
    cursor_write_u32(writer, (uint32_t)wish->state);
    cursor_write_u32(writer, (uint32_t)wish->status);
    cursor_write_u32(writer, wish->tries);
    cursor_write_u32(writer, wish->subtype);
    cursor_write_u32(writer, wish->rights);
    cursor_write_u32(writer, wish->purpose);
    cursor_write_span(writer, ID_SPAN(&wish->section));
    cursor_write_span(writer, ID_SPAN(&wish->chart));
    cursor_write_span(writer, ID_SPAN(&wish->note));
    cursor_write_span(writer, ID_SPAN(&wish->member));
    cursor_write_span(writer, ID_SPAN(&wish->staff));
    cursor_write_span(writer, ID_SPAN(&wish->object));
    cursor_write_u64(writer, wish->until_ms);
    cursor_write_u64(writer, wish->history_from);
    cursor_write_u64(writer, wish->parent_ticket);
    cursor_write_u64(writer, wish->parent_revision);
    cursor_write_u8(writer, (uint8_t)wish->parent_count);
    cursor_write_span(writer, span_of(wish->parents, sizeof wish->parents));
    cursor_write_u64(writer, wish->seen_number);
    cursor_write_span(writer, ID_SPAN(&wish->seen_head));
    cursor_write_span(writer, ID_SPAN(&wish->request));
    cursor_write_span(writer, ID_SPAN(&wish->built_object));
    cursor_write_u64(writer, wish->built_revision);
    cursor_write_u64(writer, wish->built_device_number);
}

enum status wish_store_encode(const struct wish *wish, uint8_t **out_bytes, size_t *out_size)
{
    size_t size = WISH_FIXED_BYTES + wish->body.size + wish->extra.size + wish->built.size;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, bytes, size);
    write_fixed(&writer, wish);
    write_bytes(&writer, &wish->body);
    write_bytes(&writer, &wish->extra);
    write_bytes(&writer, &wish->built);
    enum status status = cursor_write_done(&writer, out_size);
    CHECK(status == STATUS_OK);
    *out_bytes = bytes;
    return STATUS_OK;
}

static void read_fixed(struct cursor_reader *reader, struct wish *wish)
{
    wish->kind = (enum wish_kind)cursor_read_u32(reader);
    wish->state = (enum engine_wish)cursor_read_u32(reader);
    wish->status = (enum status)cursor_read_u32(reader);
    wish->tries = cursor_read_u32(reader);
    wish->subtype = cursor_read_u32(reader);
    wish->rights = cursor_read_u32(reader);
    wish->purpose = cursor_read_u32(reader);
    cursor_read_bytes(reader, wish->section.bytes, ID_BYTES);
    cursor_read_bytes(reader, wish->chart.bytes, ID_BYTES);
    cursor_read_bytes(reader, wish->note.bytes, ID_BYTES);
    cursor_read_bytes(reader, wish->member.bytes, ID_BYTES);
    cursor_read_bytes(reader, wish->staff.bytes, ID_BYTES);
    cursor_read_bytes(reader, wish->object.bytes, HASH_BYTES);
    wish->until_ms = cursor_read_u64(reader);
    wish->history_from = cursor_read_u64(reader);
    wish->parent_ticket = cursor_read_u64(reader);
    wish->parent_revision = cursor_read_u64(reader);
    wish->parent_count = cursor_read_u8(reader);
    cursor_read_bytes(reader, wish->parents, sizeof wish->parents);
    wish->seen_number = cursor_read_u64(reader);
    cursor_read_bytes(reader, wish->seen_head.bytes, HASH_BYTES);
    cursor_read_bytes(reader, wish->request.bytes, ID_BYTES);
    cursor_read_bytes(reader, wish->built_object.bytes, HASH_BYTES);
    wish->built_revision = cursor_read_u64(reader);
    wish->built_device_number = cursor_read_u64(reader);
}

static enum status read_bytes(struct cursor_reader *reader, struct wish_bytes *out)
{
    uint32_t size = cursor_read_u32(reader);
    struct span bytes = cursor_read_span(reader, size);
    return bytes.size == size ? wish_set(out, bytes) : STATUS_CORRUPT;
}

enum status wish_store_decode(struct span bytes, uint64_t ticket, struct wish *wish)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, bytes);
    if (cursor_read_u8(&reader) != WISH_VERSION) {
        return STATUS_CORRUPT;
    }
    wish->ticket = ticket;
    read_fixed(&reader, wish);
    enum status status = read_bytes(&reader, &wish->body);
    if (status == STATUS_OK) {
        status = read_bytes(&reader, &wish->extra);
    }
    if (status == STATUS_OK) {
        status = read_bytes(&reader, &wish->built);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return cursor_read_done(&reader) == STATUS_OK && wish->parent_count <= WISH_PARENTS_MAX
               ? STATUS_OK
               : STATUS_CORRUPT;
}
