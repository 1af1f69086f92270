#include "server/store/events_codec.h"

#include "keys/public/bytes/cursor.h"

#define VALUE_VERSION 1u

enum value_flag {
    FLAG_REPLY = 1,
    FLAG_LEAF_DROPPED = 2,
    FLAG_RESTRICTED_DROPPED = 4,
    FLAG_CHANGE = 8,
    FLAGS_ALL = 15,
};

static uint8_t flags_of(const struct event_stored *event)
{
    static const struct request_id none;
    unsigned flags = 0;

    flags |= ID_EQUAL(&event->reply.request, &none) ? 0 : FLAG_REPLY;
    flags |= event->leaf_dropped ? FLAG_LEAF_DROPPED : 0;
    flags |= event->restricted_dropped && !event->leaf_dropped ? FLAG_RESTRICTED_DROPPED : 0;
    flags |= event->change.kind != 0 ? FLAG_CHANGE : 0;
    return (uint8_t)flags;
}

static void write_short(struct cursor_writer *writer, struct span bytes)
{
    CHECK(bytes.size <= UINT16_MAX);
    cursor_write_u16(writer, (uint16_t)bytes.size);
    cursor_write_span(writer, bytes);
}

static void write_fields(struct cursor_writer *writer, const struct event_stored *event)
{
    cursor_write_u64(writer, event->fields.time_ms);
    cursor_write_u32(writer, event->fields.actor_local);
    cursor_write_u32(writer, event->fields.device_local);
    cursor_write_u32(writer, event->fields.chart_local);
    cursor_write_u32(writer, event->fields.section_local);
    cursor_write_u16(writer, event->fields.action);
    cursor_write_u16(writer, event->fields.outcome);
    if (event->fields.actor_local != 0) {
        cursor_write_u64(writer, event->actor_number);
        cursor_write_u64(writer, event->actor_previous);
    }
    if (event->fields.chart_local != 0) {
        cursor_write_u64(writer, event->chart_number);
        cursor_write_u64(writer, event->chart_previous);
    }
    if (event->change.kind != 0) {
        cursor_write_u64(writer, event->section_number);
        cursor_write_u64(writer, event->section_previous);
        cursor_write_u16(writer, event->change.kind);
        cursor_write_span(writer, ID_SPAN(&event->change.object));
        cursor_write_u64(writer, event->change.object_seq);
        cursor_write_span(writer, ID_SPAN(&event->section_head));
    }
}

static void write_parts(struct cursor_writer *writer, const struct event_stored *event)
{
    if (event->leaf_dropped) {
        return;
    }
    write_short(writer, event->open);
    cursor_write_span(writer, event->target_opening);
    write_short(writer, event->target);
    if (event->restricted_dropped) {
        cursor_write_span(writer, ID_SPAN(&event->restricted_hash));
        return;
    }
    cursor_write_span(writer, event->restricted_opening);
    write_short(writer, event->restricted);
}

void events_codec_encode(const struct event_stored *event,
                         uint8_t out_value[static EVENTS_VALUE_BYTES_MAX], size_t *out_size)
{
    struct cursor_writer writer;
    uint8_t flags = flags_of(event);

    CHECK(event->nodes.size % HASH_BYTES == 0);
    cursor_write_init(&writer, out_value, EVENTS_VALUE_BYTES_MAX);
    cursor_write_u8(&writer, VALUE_VERSION);
    cursor_write_u8(&writer, flags);
    cursor_write_u8(&writer, (uint8_t)(event->nodes.size / HASH_BYTES));
    write_fields(&writer, event);
    cursor_write_span(&writer, ID_SPAN(&event->leaf_hash));
    cursor_write_span(&writer, event->nodes);
    write_parts(&writer, event);
    if ((flags & FLAG_REPLY) != 0) {
        cursor_write_span(&writer, ID_SPAN(&event->reply.request));
        cursor_write_span(&writer, ID_SPAN(&event->reply.request_hash));
        write_short(&writer, event->reply.outcome);
    }
    CHECK(cursor_write_done(&writer, out_size) == STATUS_OK);
}

static void read_fields(struct cursor_reader *reader, uint8_t flags, struct event_stored *event)
{
    event->fields.time_ms = cursor_read_u64(reader);
    event->fields.actor_local = cursor_read_u32(reader);
    event->fields.device_local = cursor_read_u32(reader);
    event->fields.chart_local = cursor_read_u32(reader);
    event->fields.section_local = cursor_read_u32(reader);
    event->fields.action = cursor_read_u16(reader);
    event->fields.outcome = cursor_read_u16(reader);
    if (event->fields.actor_local != 0) {
        event->actor_number = cursor_read_u64(reader);
        event->actor_previous = cursor_read_u64(reader);
    }
    if (event->fields.chart_local != 0) {
        event->chart_number = cursor_read_u64(reader);
        event->chart_previous = cursor_read_u64(reader);
    }
    if ((flags & FLAG_CHANGE) != 0) {
        event->section_number = cursor_read_u64(reader);
        event->section_previous = cursor_read_u64(reader);
        event->change.kind = cursor_read_u16(reader);
        cursor_read_bytes(reader, event->change.object.bytes, HASH_BYTES);
        event->change.object_seq = cursor_read_u64(reader);
        cursor_read_bytes(reader, event->section_head.bytes, HASH_BYTES);
    }
}

static struct span read_short(struct cursor_reader *reader)
{
    uint16_t size = cursor_read_u16(reader);

    return cursor_read_span(reader, size);
}

static void read_parts(struct cursor_reader *reader, struct event_stored *event)
{
    if (event->leaf_dropped) {
        return;
    }
    event->open = read_short(reader);
    event->target_opening = cursor_read_span(reader, EVENTS_OPENING_BYTES);
    event->target = read_short(reader);
    if (event->restricted_dropped) {
        cursor_read_bytes(reader, event->restricted_hash.bytes, HASH_BYTES);
        return;
    }
    event->restricted_opening = cursor_read_span(reader, EVENTS_OPENING_BYTES);
    event->restricted = read_short(reader);
}

/* Everything before the parts. Failed reads are for the caller to notice. */
static enum status read_head(struct cursor_reader *reader, uint8_t *out_flags,
                             struct event_stored *event)
{
    uint8_t version = cursor_read_u8(reader);
    uint8_t flags = cursor_read_u8(reader);
    uint8_t nodes = cursor_read_u8(reader);

    memset(event, 0, sizeof(*event));
    *out_flags = flags;
    if (version != VALUE_VERSION || (flags & ~(unsigned)FLAGS_ALL) != 0) {
        return STATUS_CORRUPT;
    }
    event->leaf_dropped = (flags & FLAG_LEAF_DROPPED) != 0;
    event->restricted_dropped = event->leaf_dropped || (flags & FLAG_RESTRICTED_DROPPED) != 0;
    read_fields(reader, flags, event);
    cursor_read_bytes(reader, event->leaf_hash.bytes, HASH_BYTES);
    event->nodes = cursor_read_span(reader, (size_t)nodes * HASH_BYTES);
    return STATUS_OK;
}

enum status events_codec_decode_head(struct span value, struct event_stored *out_event)
{
    struct cursor_reader reader;
    uint8_t flags;
    enum status status;

    cursor_read_init(&reader, value);
    status = read_head(&reader, &flags, out_event);
    (void)cursor_read_rest(&reader);
    return status == STATUS_OK && cursor_read_done(&reader) == STATUS_OK ? STATUS_OK
                                                                         : STATUS_CORRUPT;
}

enum status events_codec_decode(struct span value, struct event_stored *out_event)
{
    struct cursor_reader reader;
    uint8_t flags;
    enum status status;

    cursor_read_init(&reader, value);
    status = read_head(&reader, &flags, out_event);
    if (status != STATUS_OK) {
        return status;
    }
    read_parts(&reader, out_event);
    if ((flags & FLAG_REPLY) != 0) {
        cursor_read_bytes(&reader, out_event->reply.request.bytes, ID_BYTES);
        cursor_read_bytes(&reader, out_event->reply.request_hash.bytes, HASH_BYTES);
        out_event->reply.outcome = read_short(&reader);
    }
    return cursor_read_done(&reader) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}
