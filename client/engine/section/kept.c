#include "client/engine/section/kept.h"

#include "keys/public/bytes/fields.h"

#define KEPT_VERSION 2u

static const struct field HEAD[] = {
    FIELD(struct kept, item.state, FIELD_U8),
    FIELD(struct kept, item.note, FIELD_BYTES),
    FIELD(struct kept, item.link, FIELD_BYTES),
    FIELD(struct kept, item.revision, FIELD_U64),
    FIELD(struct kept, item.kind, FIELD_U32),
    FIELD(struct kept, item.author, FIELD_BYTES),
    FIELD(struct kept, item.device, FIELD_BYTES),
    FIELD(struct kept, item.epoch, FIELD_U64),
    FIELD(struct kept, item.time_ms, FIELD_U64),
    FIELD(struct kept, epoch_statement, FIELD_BYTES),
    FIELD(struct kept, item.parent_count, FIELD_U8),
};

/* Behind as many parents as the head says. */
static const struct field PARTS[] = {
    FIELD(struct kept, context, FIELD_PART32),   FIELD(struct kept, header, FIELD_PART32),
    FIELD(struct kept, signature, FIELD_PART32), FIELD(struct kept, wrap, FIELD_PART32),
    FIELD(struct kept, text, FIELD_PART32),
};

size_t kept_key(uint32_t local, uint64_t number, uint8_t out_key[static KEPT_KEY_BYTES])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out_key, KEPT_KEY_BYTES);
    cursor_write_u32(&writer, local);
    cursor_write_u64(&writer, number);
    return KEPT_KEY_BYTES;
}

enum status kept_encode(const struct kept *kept, uint8_t **out_bytes, size_t *out_size)
{
    size_t parents = kept->item.parent_count;
    CHECK(parents <= CONTEXT_PARENTS_MAX);
    size_t size = 1u + fields_size(HEAD, ARRAY_LEN(HEAD), kept) + parents * HASH_BYTES +
                  fields_size(PARTS, ARRAY_LEN(PARTS), kept);
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, bytes, size);
    cursor_write_u8(&writer, KEPT_VERSION);
    fields_write(&writer, HEAD, ARRAY_LEN(HEAD), kept);
    cursor_write_span(&writer, span_of(kept->parents, parents * HASH_BYTES));
    fields_write(&writer, PARTS, ARRAY_LEN(PARTS), kept);
    CHECK(cursor_write_done(&writer, out_size) == STATUS_OK && *out_size == size);
    *out_bytes = bytes;
    return STATUS_OK;
}

enum status kept_decode(struct span bytes, uint64_t number, struct kept *out_kept)
{
    struct kept kept = {.item = {.number = number}};
    struct cursor_reader reader;
    cursor_read_init(&reader, bytes);
    uint8_t version = cursor_read_u8(&reader);
    fields_read(&reader, HEAD, ARRAY_LEN(HEAD), &kept);
    if (version != KEPT_VERSION || kept.item.state < KEPT_OPEN || kept.item.state > KEPT_DAMAGED ||
        kept.item.parent_count > CONTEXT_PARENTS_MAX) {
        return STATUS_CORRUPT;
    }
    cursor_read_bytes(&reader, kept.parents, kept.item.parent_count * HASH_BYTES);
    fields_read(&reader, PARTS, ARRAY_LEN(PARTS), &kept);
    if (cursor_read_done(&reader) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    kept.item.name = kept.item.state == KEPT_OPEN && kept_is_name(kept.text);
    *out_kept = kept;
    return STATUS_OK;
}

/* The head of a NoteBody whose kind is NOTE_NAME: field 1, varint. */
bool kept_is_name(struct span text)
{
    return text.size > 2 && text.data[0] == 0x08 && text.data[1] == NOTE_NAME;
}

bool kept_is_gap(enum kept_state state)
{
    return state == KEPT_UNOPENED || state == KEPT_DAMAGED;
}

enum status kept_body(struct span text, struct arena *arena, Alcove__NoteBody **out_body)
{
    *out_body = NULL;
    ProtobufCMessage *message = NULL;
    enum status status = message_decode(&alcove__note_body__descriptor, text, arena, &message);
    if (status == STATUS_NO_MEMORY) {
        return status;
    }
    if (status == STATUS_OK) {
        /* The descriptor that was asked for names this type. */
        *out_body = (Alcove__NoteBody *)(void *)message;
    }
    return STATUS_OK;
}
