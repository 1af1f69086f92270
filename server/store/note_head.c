#include "server/store/note_head.h"

#include "keys/public/bytes/cursor.h"
#include "server/store/db_internal.h"
#include "server/store/note_index.h"

#define REF_BYTES       (HASH_BYTES + 8u + 4u)
#define VALUE_BYTES_MAX (4u + ID_BYTES + 2u + NOTE_HEAD_SIBLINGS_MAX * REF_BYTES)

static enum status head_decode(struct span value, uint32_t *out_section_local,
                               struct note_id *out_note, struct note_head *out_head)
{
    memset(out_head, 0, sizeof *out_head);
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    *out_section_local = cursor_read_u32(&reader);
    cursor_read_bytes(&reader, out_note->bytes, ID_BYTES);
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

enum status note_head_row(struct txn *txn, uint32_t note_local, uint32_t *out_section_local,
                          struct note_id *out_note, struct note_head *out_head)
{
    struct schema_key key = schema_key_note_row(note_local);
    struct span value;
    enum status status = db_get(txn, SCHEMA_NOTE, schema_key_span(&key), &value);
    if (status != STATUS_OK) {
        return status;
    }
    return head_decode(value, out_section_local, out_note, out_head);
}

static enum status head_fill(struct txn *txn, struct note_index *index)
{
    uint64_t last = db_counter(txn, SCHEMA_LAST_NOTE);
    enum status status = STATUS_OK;
    for (uint64_t local = 1; status == STATUS_OK && local <= last; local++) {
        struct note_head head;
        struct note_id note;
        uint32_t section_local;
        status = note_head_row(txn, (uint32_t)local, &section_local, &note, &head);
        if (status == STATUS_OK) {
            status = note_index_add(index, section_local, &note, (uint32_t)local);
        }
    }
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static enum status index_of(struct txn *txn, struct note_index **out_index)
{
    struct db *db = txn->db;
    CHECK(txn->write);
    enum status status = STATUS_OK;
    if (db->notes == NULL) {
        status = note_index_new(&db->notes);
        if (status == STATUS_OK) {
            status = head_fill(txn, db->notes);
        }
        if (status != STATUS_OK) {
            note_index_free(db->notes);
            db->notes = NULL;
        }
    }
    *out_index = db->notes;
    return status;
}

/* The local number of a note, and its heads. */
static enum status head_find(struct txn *txn, uint32_t section_local, const struct note_id *note,
                             uint32_t *out_local, struct note_head *out_head)
{
    struct note_index *index = NULL;
    enum status status = index_of(txn, &index);
    size_t probe = 0;
    while (status == STATUS_OK || status == STATUS_NOT_FOUND) {
        uint32_t local = note_index_next(index, section_local, note, &probe);
        if (local == 0) {
            return STATUS_NOT_FOUND;
        }
        struct note_id found;
        uint32_t found_section = 0;
        status = note_head_row(txn, local, &found_section, &found, out_head);
        if (status == STATUS_OK && found_section == section_local && ID_EQUAL(&found, note)) {
            *out_local = local;
            return STATUS_OK;
        }
    }
    return status;
}

enum status note_head_get(struct txn *txn, uint32_t section_local, const struct note_id *note,
                          struct note_head *out_head)
{
    enum status status = db_status(txn);
    uint32_t local;
    return status != STATUS_OK ? status : head_find(txn, section_local, note, &local, out_head);
}

/* The next number, for a note that has none. It is not counted until the note's row is put. */
static enum status number_new(struct txn *txn, uint32_t section_local, const struct note_id *note,
                              uint32_t *out_local)
{
    uint64_t local = db_counter(txn, SCHEMA_LAST_NOTE) + 1;
    if (local > UINT32_MAX) {
        return STATUS_FULL;
    }
    *out_local = (uint32_t)local;
    return note_index_add(txn->db->notes, section_local, note, (uint32_t)local);
}

void note_head_put(struct txn *txn, uint32_t section_local, const struct note_id *note,
                   const struct note_head *head)
{
    enum status status = db_status(txn);
    CHECK(section_local != 0 && head->count > 0 && head->count <= NOTE_HEAD_SIBLINGS_MAX);
    struct note_head before;
    uint32_t local = 0;
    if (status == STATUS_OK) {
        status = head_find(txn, section_local, note, &local, &before);
    }
    bool is_new = status == STATUS_NOT_FOUND;
    if (is_new) {
        status = number_new(txn, section_local, note, &local);
    }
    if (status != STATUS_OK) {
        db_fail(txn, status);
        return;
    }
    uint8_t value[VALUE_BYTES_MAX];
    struct cursor_writer writer;
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_u32(&writer, section_local);
    cursor_write_span(&writer, ID_SPAN(note));
    cursor_write_u8(&writer, head->flags);
    cursor_write_u8(&writer, (uint8_t)head->count);
    for (size_t i = 0; i < head->count; i++) {
        cursor_write_span(&writer, ID_SPAN(&head->heads[i].link));
        cursor_write_u64(&writer, head->heads[i].record_seq);
        cursor_write_u32(&writer, head->heads[i].revision);
    }
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    struct schema_key key = schema_key_note_row(local);
    if (is_new) {
        db_append(txn, SCHEMA_NOTE, schema_key_span(&key), span_of(value, size));
        db_set_counter(txn, SCHEMA_LAST_NOTE, local);
    } else {
        db_put(txn, SCHEMA_NOTE, schema_key_span(&key), span_of(value, size));
    }
}
