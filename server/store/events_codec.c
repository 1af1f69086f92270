#include "server/store/events_codec.h"

#include "keys/public/bytes/fields.h"

#define VALUE_VERSION 2u

enum value_flag {
    FLAG_REPLY = 1,
    FLAG_LEAF_DROPPED = 2,
    FLAG_RESTRICTED_DROPPED = 4,
    FLAG_CHANGE = 8,
    FLAGS_ALL = 15,
};

/* One table for each group of fields that is there or not. Stored: none is ever changed. */
static const struct field FIXED[] = {
    FIELD(struct event_stored, fields.time_ms, FIELD_U64),
    FIELD(struct event_stored, fields.actor_local, FIELD_U32),
    FIELD(struct event_stored, fields.device_local, FIELD_U32),
    FIELD(struct event_stored, fields.chart_local, FIELD_U32),
    FIELD(struct event_stored, fields.section_local, FIELD_U32),
    FIELD(struct event_stored, fields.action, FIELD_U16),
    FIELD(struct event_stored, fields.outcome, FIELD_U16),
};
static const struct field ACTOR[] = {
    FIELD(struct event_stored, actor_number, FIELD_U64),
    FIELD(struct event_stored, actor_previous, FIELD_U64),
};
static const struct field CHART[] = {
    FIELD(struct event_stored, chart_number, FIELD_U64),
    FIELD(struct event_stored, chart_previous, FIELD_U64),
};
static const struct field CHANGE[] = {
    FIELD(struct event_stored, section_number, FIELD_U64),
    FIELD(struct event_stored, section_previous, FIELD_U64),
    FIELD(struct event_stored, change.kind, FIELD_U16),
    FIELD(struct event_stored, change.object, FIELD_BYTES),
    FIELD(struct event_stored, change.object_seq, FIELD_U64),
    FIELD(struct event_stored, section_head, FIELD_BYTES),
    FIELD(struct event_stored, section_times, FIELD_BYTES),
};
static const struct field OPEN[] = {FIELD(struct event_stored, open, FIELD_PART16)};
static const struct field TARGET[] = {FIELD(struct event_stored, target, FIELD_PART16)};
static const struct field RESTRICTED[] = {FIELD(struct event_stored, restricted, FIELD_PART16)};
static const struct field REPLY[] = {
    FIELD(struct event_stored, reply.request, FIELD_BYTES),
    FIELD(struct event_stored, reply.request_hash, FIELD_BYTES),
    FIELD(struct event_stored, reply.outcome, FIELD_PART16),
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

static void write_fields(struct cursor_writer *writer, const struct event_stored *event)
{
    fields_write(writer, FIXED, ARRAY_LEN(FIXED), event);
    if (event->fields.actor_local != 0) {
        fields_write(writer, ACTOR, ARRAY_LEN(ACTOR), event);
    }
    if (event->fields.chart_local != 0) {
        fields_write(writer, CHART, ARRAY_LEN(CHART), event);
    }
    if (event->change.kind != 0) {
        fields_write(writer, CHANGE, ARRAY_LEN(CHANGE), event);
    }
}

static void write_parts(struct cursor_writer *writer, const struct event_stored *event)
{
    if (event->leaf_dropped) {
        return;
    }
    fields_write(writer, OPEN, ARRAY_LEN(OPEN), event);
    cursor_write_span(writer, event->target_opening);
    fields_write(writer, TARGET, ARRAY_LEN(TARGET), event);
    if (event->restricted_dropped) {
        cursor_write_span(writer, ID_SPAN(&event->restricted_hash));
        return;
    }
    cursor_write_span(writer, event->restricted_opening);
    fields_write(writer, RESTRICTED, ARRAY_LEN(RESTRICTED), event);
}

void events_codec_encode(const struct event_stored *event,
                         uint8_t out_value[static EVENTS_VALUE_BYTES_MAX], size_t *out_size)
{
    uint8_t flags = flags_of(event);
    CHECK(event->nodes.size % HASH_BYTES == 0);
    struct cursor_writer writer;
    cursor_write_init(&writer, out_value, EVENTS_VALUE_BYTES_MAX);
    cursor_write_u8(&writer, VALUE_VERSION);
    cursor_write_u8(&writer, flags);
    cursor_write_u8(&writer, (uint8_t)(event->nodes.size / HASH_BYTES));
    write_fields(&writer, event);
    cursor_write_span(&writer, ID_SPAN(&event->leaf_hash));
    cursor_write_span(&writer, event->nodes);
    write_parts(&writer, event);
    if ((flags & FLAG_REPLY) != 0) {
        fields_write(&writer, REPLY, ARRAY_LEN(REPLY), event);
    }
    CHECK(cursor_write_done(&writer, out_size) == STATUS_OK);
}

static void read_fields(struct cursor_reader *reader, uint8_t flags, struct event_stored *event)
{
    fields_read(reader, FIXED, ARRAY_LEN(FIXED), event);
    if (event->fields.actor_local != 0) {
        fields_read(reader, ACTOR, ARRAY_LEN(ACTOR), event);
    }
    if (event->fields.chart_local != 0) {
        fields_read(reader, CHART, ARRAY_LEN(CHART), event);
    }
    if ((flags & FLAG_CHANGE) != 0) {
        fields_read(reader, CHANGE, ARRAY_LEN(CHANGE), event);
    }
}

static void read_parts(struct cursor_reader *reader, struct event_stored *event)
{
    if (event->leaf_dropped) {
        return;
    }
    fields_read(reader, OPEN, ARRAY_LEN(OPEN), event);
    event->target_opening = cursor_read_span(reader, EVENTS_OPENING_BYTES);
    fields_read(reader, TARGET, ARRAY_LEN(TARGET), event);
    if (event->restricted_dropped) {
        cursor_read_bytes(reader, event->restricted_hash.bytes, HASH_BYTES);
        return;
    }
    event->restricted_opening = cursor_read_span(reader, EVENTS_OPENING_BYTES);
    fields_read(reader, RESTRICTED, ARRAY_LEN(RESTRICTED), event);
}

/* Everything before the parts. Failed reads are for the caller to notice. */
static enum status read_head(struct cursor_reader *reader, uint8_t *out_flags,
                             struct event_stored *event)
{
    uint8_t version = cursor_read_u8(reader);
    uint8_t flags = cursor_read_u8(reader);
    uint8_t nodes = cursor_read_u8(reader);
    memset(event, 0, sizeof *event);
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
    cursor_read_init(&reader, value);
    uint8_t flags;
    enum status status = read_head(&reader, &flags, out_event);
    (void)cursor_read_rest(&reader);
    return status == STATUS_OK && cursor_read_done(&reader) == STATUS_OK ? STATUS_OK
                                                                         : STATUS_CORRUPT;
}

enum status events_codec_decode(struct span value, struct event_stored *out_event)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    uint8_t flags;
    enum status status = read_head(&reader, &flags, out_event);
    if (status != STATUS_OK) {
        return status;
    }
    read_parts(&reader, out_event);
    if ((flags & FLAG_REPLY) != 0) {
        fields_read(&reader, REPLY, ARRAY_LEN(REPLY), out_event);
    }
    return cursor_read_done(&reader) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}
