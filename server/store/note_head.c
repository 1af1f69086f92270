#include "server/store/note_head.h"

#include "keys/public/cursor.h"

#define REF_BYTES       (HASH_BYTES + 8u + 4u)
#define VALUE_BYTES_MAX (2u + NOTE_HEAD_SIBLINGS_MAX * REF_BYTES)
#define KEY_NOTE_AT     4u

static enum status decode(struct span value, struct note_head *out_head)
{
    struct cursor_reader reader;

    memset(out_head, 0, sizeof(*out_head));
    cursor_read_init(&reader, value);
    out_head->flags = cursor_read_u8(&reader);
    out_head->count = cursor_read_u8(&reader);
    if (out_head->count == 0 || out_head->count > NOTE_HEAD_SIBLINGS_MAX) {
        return STATUS_CORRUPT;
    }
    for (size_t i = 0; i < out_head->count; i++) {
        struct note_revision_ref *ref = &out_head->heads[i];

        cursor_read_bytes(&reader, ref->link.bytes, HASH_BYTES);
        ref->record_seq = cursor_read_u64(&reader);
        ref->revision = cursor_read_u32(&reader);
    }
    return cursor_read_done(&reader) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

enum status note_head_get(struct txn *txn, uint32_t section_local, const struct note_id *note,
                          struct note_head *out_head)
{
    struct schema_key key = schema_key_note(section_local, note);
    struct span value;
    enum status status = db_get(txn, SCHEMA_NOTE, schema_key_span(&key), &value);

    if (status != STATUS_OK) {
        return status;
    }
    return decode(value, out_head);
}

void note_head_put(struct txn *txn, uint32_t section_local, const struct note_id *note,
                   const struct note_head *head)
{
    struct schema_key key = schema_key_note(section_local, note);
    uint8_t value[VALUE_BYTES_MAX];
    struct cursor_writer writer;
    size_t size = 0;

    CHECK(section_local != 0 && head->count > 0 && head->count <= NOTE_HEAD_SIBLINGS_MAX);
    cursor_write_init(&writer, value, sizeof(value));
    cursor_write_u8(&writer, head->flags);
    cursor_write_u8(&writer, (uint8_t)head->count);
    for (size_t i = 0; i < head->count; i++) {
        cursor_write_span(&writer, ID_SPAN(&head->heads[i].link));
        cursor_write_u64(&writer, head->heads[i].record_seq);
        cursor_write_u32(&writer, head->heads[i].revision);
    }
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    db_put(txn, SCHEMA_NOTE, schema_key_span(&key), span_of(value, size));
}

enum status note_head_next(struct txn *txn, uint32_t section_local, const struct note_id *after,
                           struct note_id *out_note, struct note_head *out_head)
{
    static const struct note_id lowest;
    struct schema_key at = schema_key_note(section_local, after != NULL ? after : &lowest);
    struct span key;
    struct span value;
    enum status status = db_seek(txn, SCHEMA_NOTE, schema_key_span(&at),
                                 after != NULL ? DB_SEEK_AFTER : DB_SEEK_AT_OR_AFTER, &key, &value);

    if (status != STATUS_OK) {
        return status;
    }
    if (key.size != KEY_NOTE_AT + ID_BYTES) {
        return STATUS_CORRUPT;
    }
    if (memcmp(key.data, at.bytes, KEY_NOTE_AT) != 0) {
        return STATUS_NOT_FOUND; /* the next section's */
    }
    memcpy(out_note->bytes, key.data + KEY_NOTE_AT, ID_BYTES);
    return decode(value, out_head);
}
