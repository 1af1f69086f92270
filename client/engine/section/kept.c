#include "client/engine/section/kept.h"

#include "keys/public/bytes/cursor.h"

#define KEPT_VERSION 1u
#define KEPT_HEAD_BYTES                                                                            \
    (2u + ID_BYTES + HASH_BYTES + 8u + 4u + ID_BYTES + HASH_BYTES + 8u + HASH_BYTES + 1u)

size_t kept_key(uint32_t local, uint64_t number, uint8_t out_key[static KEPT_KEY_BYTES])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out_key, KEPT_KEY_BYTES);
    cursor_write_u32(&writer, local);
    cursor_write_u64(&writer, number);
    return KEPT_KEY_BYTES;
}

static void write_part(struct cursor_writer *writer, struct span part)
{
    cursor_write_u32(writer, (uint32_t)part.size);
    cursor_write_span(writer, part);
}

static struct span read_part(struct cursor_reader *reader)
{
    return cursor_read_span(reader, cursor_read_u32(reader));
}

enum status kept_encode(const struct kept *kept, uint8_t **out_bytes, size_t *out_size)
{
    const struct indexed *item = &kept->item;
    CHECK(item->parent_count <= CONTEXT_PARENTS_MAX);
    size_t size = KEPT_HEAD_BYTES + item->parent_count * HASH_BYTES + 5 * sizeof(uint32_t) +
                  kept->context.size + kept->header.size + kept->signature.size + kept->wrap.size +
                  kept->text.size;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, bytes, size);
    cursor_write_u8(&writer, KEPT_VERSION);
    cursor_write_u8(&writer, (uint8_t)kept->state);
    cursor_write_span(&writer, ID_SPAN(&item->note));
    cursor_write_span(&writer, ID_SPAN(&item->link));
    cursor_write_u64(&writer, item->revision);
    cursor_write_u32(&writer, item->kind);
    cursor_write_span(&writer, ID_SPAN(&item->author));
    cursor_write_span(&writer, ID_SPAN(&item->device));
    cursor_write_u64(&writer, item->epoch);
    cursor_write_span(&writer, ID_SPAN(&kept->epoch_statement));
    cursor_write_u8(&writer, (uint8_t)item->parent_count);
    for (size_t i = 0; i < item->parent_count; i++) {
        cursor_write_span(&writer, ID_SPAN(&kept->parents[i]));
    }
    write_part(&writer, kept->context);
    write_part(&writer, kept->header);
    write_part(&writer, kept->signature);
    write_part(&writer, kept->wrap);
    write_part(&writer, kept->text);
    enum status status = cursor_write_done(&writer, out_size);
    CHECK(status == STATUS_OK && *out_size == size);
    *out_bytes = bytes;
    return STATUS_OK;
}

enum status kept_decode(struct span bytes, uint64_t number, struct kept *out_kept)
{
    struct kept kept = {.item = {.number = number}};
    struct indexed *item = &kept.item;
    struct cursor_reader reader;
    cursor_read_init(&reader, bytes);
    uint8_t version = cursor_read_u8(&reader);
    uint8_t state = cursor_read_u8(&reader);
    cursor_read_bytes(&reader, item->note.bytes, ID_BYTES);
    cursor_read_bytes(&reader, item->link.bytes, HASH_BYTES);
    item->revision = cursor_read_u64(&reader);
    item->kind = cursor_read_u32(&reader);
    cursor_read_bytes(&reader, item->author.bytes, ID_BYTES);
    cursor_read_bytes(&reader, item->device.bytes, HASH_BYTES);
    item->epoch = cursor_read_u64(&reader);
    cursor_read_bytes(&reader, kept.epoch_statement.bytes, HASH_BYTES);
    item->parent_count = cursor_read_u8(&reader);
    if (version != KEPT_VERSION || state < KEPT_OPEN || state > KEPT_ERASED ||
        item->parent_count > CONTEXT_PARENTS_MAX) {
        return STATUS_CORRUPT;
    }
    for (size_t i = 0; i < item->parent_count; i++) {
        cursor_read_bytes(&reader, kept.parents[i].bytes, HASH_BYTES);
    }
    kept.context = read_part(&reader);
    kept.header = read_part(&reader);
    kept.signature = read_part(&reader);
    kept.wrap = read_part(&reader);
    kept.text = read_part(&reader);
    if (cursor_read_done(&reader) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    kept.state = (enum kept_state)state;
    item->erased = kept.state == KEPT_ERASED;
    item->sealed = kept.state == KEPT_SEALED;
    *out_kept = kept;
    return STATUS_OK;
}

enum status kept_body(struct span text, struct arena *arena, Alcove__NoteBody **out_body)
{
    ProtobufCMessage *message = NULL;
    *out_body = NULL;
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
