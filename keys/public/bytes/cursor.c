#include "keys/public/bytes/cursor.h"

void cursor_read_init(struct cursor_reader *reader, struct span bytes)
{
    *reader = (struct cursor_reader){bytes.data, bytes.size, false};
}

/* The next |size| bytes, or NULL and a failed reader. */
static const uint8_t *cursor_take(struct cursor_reader *reader, size_t size)
{
    if (reader->failed || size > reader->left) {
        reader->failed = true;
        reader->left = 0;
        return NULL;
    }
    const uint8_t *taken = reader->next;
    if (size > 0) {
        reader->next += size;
        reader->left -= size;
    }
    return taken;
}

uint64_t cursor_read_number(struct cursor_reader *reader, size_t size)
{
    const uint8_t *bytes = cursor_take(reader, size);
    uint64_t value = 0;
    if (bytes != NULL) {
        for (size_t i = 0; i < size; i++) {
            value = (value << 8) | bytes[i];
        }
    }
    return value;
}

uint8_t cursor_read_u8(struct cursor_reader *reader)
{
    return (uint8_t)cursor_read_number(reader, 1);
}

uint16_t cursor_read_u16(struct cursor_reader *reader)
{
    return (uint16_t)cursor_read_number(reader, 2);
}

uint32_t cursor_read_u32(struct cursor_reader *reader)
{
    return (uint32_t)cursor_read_number(reader, 4);
}

uint64_t cursor_read_u64(struct cursor_reader *reader)
{
    return cursor_read_number(reader, 8);
}

void cursor_read_bytes(struct cursor_reader *reader, void *out, size_t size)
{
    const uint8_t *bytes = cursor_take(reader, size);
    if (size == 0) {
        return;
    }
    if (bytes != NULL) {
        memcpy(out, bytes, size);
    } else {
        memset(out, 0, size);
    }
}

struct span cursor_read_span(struct cursor_reader *reader, size_t size)
{
    const uint8_t *bytes = cursor_take(reader, size);
    return span_of(bytes, bytes != NULL ? size : 0);
}

struct span cursor_read_rest(struct cursor_reader *reader)
{
    return cursor_read_span(reader, reader->left);
}

enum status cursor_read_done(const struct cursor_reader *reader)
{
    return reader->failed || reader->left != 0 ? STATUS_MALFORMED : STATUS_OK;
}

void cursor_write_init(struct cursor_writer *writer, void *out, size_t capacity)
{
    *writer = (struct cursor_writer){out, 0, capacity, false};
}

/* Room for |size| bytes, or NULL and a failed writer. */
static uint8_t *cursor_room(struct cursor_writer *writer, size_t size)
{
    if (writer->failed || size > writer->capacity - writer->used) {
        writer->failed = true;
        return NULL;
    }
    uint8_t *room = writer->start + writer->used;
    writer->used += size;
    return room;
}

void cursor_write_number(struct cursor_writer *writer, uint64_t value, size_t size)
{
    if (size < sizeof value && value >> (8u * size) != 0) {
        writer->failed = true;
    }
    uint8_t *room = cursor_room(writer, size);
    if (room == NULL) {
        return;
    }
    for (size_t i = size; i > 0; i--) {
        room[i - 1u] = (uint8_t)(value & 0xffu);
        value >>= 8;
    }
}

void cursor_write_u8(struct cursor_writer *writer, uint8_t value)
{
    cursor_write_number(writer, value, 1);
}

void cursor_write_u16(struct cursor_writer *writer, uint16_t value)
{
    cursor_write_number(writer, value, 2);
}

void cursor_write_u32(struct cursor_writer *writer, uint32_t value)
{
    cursor_write_number(writer, value, 4);
}

void cursor_write_u64(struct cursor_writer *writer, uint64_t value)
{
    cursor_write_number(writer, value, 8);
}

void cursor_write_span(struct cursor_writer *writer, struct span bytes)
{
    if (bytes.size == 0) {
        return;
    }
    uint8_t *room = cursor_room(writer, bytes.size);
    if (room != NULL) {
        memcpy(room, bytes.data, bytes.size);
    }
}

enum status cursor_write_done(const struct cursor_writer *writer, size_t *out_size)
{
    if (writer->failed) {
        return STATUS_TOO_LARGE;
    }
    *out_size = writer->used;
    return STATUS_OK;
}

void cursor_put_u64(uint8_t out[static 8], uint64_t value)
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out, 8);
    cursor_write_u64(&writer, value);
}

uint64_t cursor_get_u64(const uint8_t bytes[static 8])
{
    struct cursor_reader reader;
    cursor_read_init(&reader, span_of(bytes, 8));
    return cursor_read_u64(&reader);
}
