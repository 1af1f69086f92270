#include "keys/public/bytes/cursor.h"
#include "server/store/db_internal.h"

#define COUNTERS_BYTES (SCHEMA_COUNTERS * 8u)

enum status db_practice(struct db *db, struct practice_id *out_practice)
{
    if (!db->has_practice) {
        return STATUS_NOT_FOUND;
    }
    *out_practice = db->practice;
    return STATUS_OK;
}

enum status db_set_practice(struct db *db, const struct practice_id *practice)
{
    struct schema_key key = schema_key_meta(SCHEMA_META_PRACTICE);
    if (db->has_practice) {
        return ID_EQUAL(&db->practice, practice) ? STATUS_OK : STATUS_CONFLICT;
    }
    struct txn *txn = NULL;
    enum status status = db_begin_write(db, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    db_put(txn, SCHEMA_META, schema_key_span(&key), ID_SPAN(practice));
    status = db_commit(txn);
    if (status == STATUS_OK) {
        db->practice = *practice;
        db->has_practice = true;
    }
    return status;
}

void db_meta_load_counters(struct txn *txn)
{
    struct schema_key key = schema_key_meta(SCHEMA_META_COUNTERS);
    struct span value;
    enum status status = db_get(txn, SCHEMA_META, schema_key_span(&key), &value);
    memset(txn->counters, 0, sizeof txn->counters);
    txn->counters_changed = false;
    if (status == STATUS_CORRUPT) {
        db_fail(txn, status);
    }
    if (status != STATUS_OK) {
        return; /* none yet, or already sticky */
    }
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    for (size_t i = 0; i < SCHEMA_COUNTERS; i++) {
        txn->counters[i] = cursor_read_u64(&reader);
    }
    if (cursor_read_done(&reader) != STATUS_OK) {
        db_fail(txn, STATUS_CORRUPT);
    }
}

void db_meta_store_counters(struct txn *txn)
{
    struct schema_key key = schema_key_meta(SCHEMA_META_COUNTERS);
    uint8_t value[COUNTERS_BYTES];
    struct cursor_writer writer;
    cursor_write_init(&writer, value, sizeof value);
    for (size_t i = 0; i < SCHEMA_COUNTERS; i++) {
        cursor_write_u64(&writer, txn->counters[i]);
    }
    db_put(txn, SCHEMA_META, schema_key_span(&key), span_of(value, sizeof value));
}

enum status db_status(const struct txn *txn)
{
    return txn->status;
}

void db_fail(struct txn *txn, enum status status)
{
    if (txn->status == STATUS_OK) {
        txn->status = status;
    }
}

const struct practice_id *db_practice_of(const struct txn *txn)
{
    return &txn->db->practice;
}

uint64_t db_counter(const struct txn *txn, enum schema_counter counter)
{
    return txn->counters[counter];
}

void db_set_counter(struct txn *txn, enum schema_counter counter, uint64_t value)
{
    CHECK(txn->write);
    txn->counters[counter] = value;
    txn->counters_changed = true;
}
