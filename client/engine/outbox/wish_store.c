#include "client/engine/outbox/wish_store.h"

#include "keys/public/bytes/fields.h"

#define WISH_VERSION 2u

/* Stored: a row is added behind a new version, and none is ever moved. */
static const struct field FIXED[] = {
    FIELD(struct wish, kind, FIELD_U32),
    FIELD(struct wish, state, FIELD_U32),
    FIELD(struct wish, status, FIELD_U32),
    FIELD(struct wish, tries, FIELD_U32),
    FIELD(struct wish, subtype, FIELD_U32),
    FIELD(struct wish, rights, FIELD_U32),
    FIELD(struct wish, section, FIELD_BYTES),
    FIELD(struct wish, chart, FIELD_BYTES),
    FIELD(struct wish, note, FIELD_BYTES),
    FIELD(struct wish, member, FIELD_BYTES),
    FIELD(struct wish, staff, FIELD_BYTES),
    FIELD(struct wish, object, FIELD_BYTES),
    FIELD(struct wish, until_ms, FIELD_U64),
    FIELD(struct wish, history_from, FIELD_U64),
    FIELD(struct wish, parent_ticket, FIELD_U64),
    FIELD(struct wish, parent_revision, FIELD_U64),
    FIELD(struct wish, parent_count, FIELD_U8),
    FIELD(struct wish, parents, FIELD_BYTES),
    FIELD(struct wish, seen_number, FIELD_U64),
    FIELD(struct wish, seen_head, FIELD_BYTES),
    FIELD(struct wish, request, FIELD_BYTES),
    FIELD(struct wish, built_object, FIELD_BYTES),
    FIELD(struct wish, built_revision, FIELD_U64),
    FIELD(struct wish, built_device_number, FIELD_U64),
};

/* The parts behind the fixed ones, which a wish owns and its bytes lend. */
struct parts {
    struct span body, extra, built;
};

static const struct field PARTS[] = {
    FIELD(struct parts, body, FIELD_PART32),
    FIELD(struct parts, extra, FIELD_PART32),
    FIELD(struct parts, built, FIELD_PART32),
};

enum status wish_store_encode(const struct wish *wish, uint8_t **out_bytes, size_t *out_size)
{
    const struct parts parts = {
        .body = span_of(wish->body.data, wish->body.size),
        .extra = span_of(wish->extra.data, wish->extra.size),
        .built = span_of(wish->built.data, wish->built.size),
    };
    size_t size = 1u + fields_size(FIXED, ARRAY_LEN(FIXED), wish) +
                  fields_size(PARTS, ARRAY_LEN(PARTS), &parts);
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, bytes, size);
    cursor_write_u8(&writer, WISH_VERSION);
    fields_write(&writer, FIXED, ARRAY_LEN(FIXED), wish);
    fields_write(&writer, PARTS, ARRAY_LEN(PARTS), &parts);
    CHECK(cursor_write_done(&writer, out_size) == STATUS_OK);
    *out_bytes = bytes;
    return STATUS_OK;
}

enum status wish_store_decode(struct span bytes, uint64_t ticket, struct wish *wish)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, bytes);
    if (cursor_read_u8(&reader) != WISH_VERSION) {
        return STATUS_CORRUPT;
    }
    wish->ticket = ticket;
    fields_read(&reader, FIXED, ARRAY_LEN(FIXED), wish);
    struct parts parts;
    fields_read(&reader, PARTS, ARRAY_LEN(PARTS), &parts);
    if (cursor_read_done(&reader) != STATUS_OK || wish->parent_count > WISH_PARENTS_MAX) {
        return STATUS_CORRUPT;
    }
    enum status status = wish_set(&wish->body, parts.body);
    if (status == STATUS_OK) {
        status = wish_set(&wish->extra, parts.extra);
    }
    return status == STATUS_OK ? wish_set(&wish->built, parts.built) : status;
}
