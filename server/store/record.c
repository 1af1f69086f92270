#include "server/store/record.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/frame.h"
#include "keys/public/hash.h"

enum record_state {
    RECORD_WHOLE = 1,
    RECORD_ERASED = 2,
};

_Static_assert(CONTEXT_BYTES_MAX <= UINT16_MAX && HEADER_BYTES_MAX <= UINT16_MAX,
               "lengths fit their fields");

void record_object_hash(const struct practice_id *practice, const struct record *record,
                        struct hash *out_hash)
{
    const struct span parts[] = {record->header, ID_SPAN(&record->signature)};
    frame_hash(LABEL_LINK, practice, parts, ARRAY_LEN(parts), out_hash);
}

static size_t value_size(const struct record *record)
{
    return RECORD_OVERHEAD_BYTES + record->context.size + record->header.size +
           record->envelope.size;
}

static void encode(const struct record *record, uint8_t *out_value, size_t size)
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out_value, size);
    cursor_write_u8(&writer, record->erased ? RECORD_ERASED : RECORD_WHOLE);
    cursor_write_u16(&writer, (uint16_t)record->context.size);
    cursor_write_u16(&writer, (uint16_t)record->header.size);
    cursor_write_span(&writer, record->context);
    cursor_write_span(&writer, record->header);
    cursor_write_span(&writer, ID_SPAN(&record->signature));
    cursor_write_span(&writer, record->envelope);
    size_t used = 0;
    CHECK(cursor_write_done(&writer, &used) == STATUS_OK && used == size);
}

/* |append|: a new record; otherwise the one that is there is replaced. */
static enum status record_write(struct txn *txn, uint64_t seq, const struct record *record,
                                bool append)
{
    struct schema_key key = schema_key_seq(seq);
    size_t size = value_size(record);
    uint8_t *value = malloc(size);
    if (value == NULL) {
        db_fail(txn, STATUS_NO_MEMORY);
        return STATUS_NO_MEMORY;
    }
    encode(record, value, size);
    if (append) {
        db_append(txn, SCHEMA_RECORD, schema_key_span(&key), span_of(value, size));
    } else {
        db_put(txn, SCHEMA_RECORD, schema_key_span(&key), span_of(value, size));
    }
    free(value);
    return db_status(txn);
}

enum status record_append(struct txn *txn, const struct record *record, struct span wrap,
                          uint64_t *out_seq)
{
    uint64_t seq = db_counter(txn, SCHEMA_NEXT_RECORD);
    struct schema_key key = schema_key_seq(seq);
    if (record->context.size > CONTEXT_BYTES_MAX || record->header.size > HEADER_BYTES_MAX ||
        record->envelope.size > ENVELOPE_BYTES_MAX || wrap.size > RECORD_WRAP_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    CHECK(!record->erased);
    enum status status = record_write(txn, seq, record, true);
    if (status != STATUS_OK) {
        return status;
    }
    /* In a table of its own: the wraps of a whole section are replaced after an erasure, and a put
     * there does not copy the envelope, which is many times as long. */
    if (wrap.size != 0) {
        db_append(txn, SCHEMA_WRAP, schema_key_span(&key), wrap);
    }
    db_set_counter(txn, SCHEMA_NEXT_RECORD, seq + 1);
    *out_seq = seq;
    return db_status(txn);
}

enum status record_peek(struct txn *txn, uint64_t seq, struct record *out_record)
{
    struct schema_key key = schema_key_seq(seq);
    struct span value;
    enum status status = db_get(txn, SCHEMA_RECORD, schema_key_span(&key), &value);
    if (status != STATUS_OK) {
        return status;
    }
    memset(out_record, 0, sizeof *out_record);
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    uint8_t state = cursor_read_u8(&reader);
    uint16_t context_size = cursor_read_u16(&reader);
    uint16_t header_size = cursor_read_u16(&reader);
    out_record->context = cursor_read_span(&reader, context_size);
    out_record->header = cursor_read_span(&reader, header_size);
    cursor_read_bytes(&reader, out_record->signature.bytes, SIGNATURE_BYTES);
    out_record->envelope = cursor_read_rest(&reader);
    out_record->erased = state == RECORD_ERASED;
    if (cursor_read_done(&reader) != STATUS_OK ||
        (state != RECORD_WHOLE && state != RECORD_ERASED) ||
        (state == RECORD_ERASED && out_record->envelope.size != 0)) {
        return STATUS_CORRUPT;
    }
    return STATUS_OK;
}

enum status record_get(struct txn *txn, uint64_t seq, const struct hash *object,
                       struct record *out_record)
{
    enum status status = record_peek(txn, seq, out_record);
    if (status != STATUS_OK) {
        return status;
    }
    struct hash found;
    record_object_hash(db_practice_of(txn), out_record, &found);
    return ID_EQUAL(&found, object) ? STATUS_OK : STATUS_CORRUPT;
}

enum status record_check(const struct record *record, const struct record_hashes *hashes)
{
    struct hash found;
    hash_bytes(record->context, &found);
    if (!ID_EQUAL(&found, &hashes->context)) {
        return STATUS_CORRUPT;
    }
    if (record->erased) {
        return STATUS_OK;
    }
    hash_bytes(record->envelope, &found);
    return ID_EQUAL(&found, &hashes->envelope) ? STATUS_OK : STATUS_CORRUPT;
}

enum status record_erase(struct txn *txn, uint64_t seq)
{
    struct schema_key key = schema_key_seq(seq);
    struct record record;
    enum status status = record_peek(txn, seq, &record);
    if (status != STATUS_OK) {
        return status;
    }
    record.erased = true;
    record.envelope = span_of(NULL, 0);
    status = record_write(txn, seq, &record, false);
    db_delete(txn, SCHEMA_WRAP, schema_key_span(&key));
    return status != STATUS_OK ? status : db_status(txn);
}

enum status record_wrap(struct txn *txn, uint64_t seq, struct span *out_wrap)
{
    struct schema_key key = schema_key_seq(seq);
    return db_get(txn, SCHEMA_WRAP, schema_key_span(&key), out_wrap);
}

enum status record_set_wrap(struct txn *txn, uint64_t seq, struct span wrap)
{
    struct schema_key key = schema_key_seq(seq);
    if (wrap.size == 0 || wrap.size > RECORD_WRAP_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    struct record record;
    enum status status = record_peek(txn, seq, &record);
    if (status != STATUS_OK) {
        return status;
    }
    if (record.erased) {
        return STATUS_REFUSED;
    }
    db_put(txn, SCHEMA_WRAP, schema_key_span(&key), wrap);
    return db_status(txn);
}
