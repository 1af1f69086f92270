#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/disk.h"
#include "server/store/db_file.h"
#include "server/store/db_internal.h"
#include "server/store/note_index.h"

#include <errno.h>
#include <sys/stat.h>

#define FOLDER_MODE    0700
#define COUNTERS_BYTES (SCHEMA_COUNTERS * 8u)

static enum status put_format(struct db *db)
{
    struct schema_key key = schema_key_meta(SCHEMA_META_FORMAT);
    uint8_t value[4];
    struct cursor_writer writer;
    struct txn *txn = NULL;
    enum status status = db_begin_write(db, &txn);

    if (status != STATUS_OK) {
        return status;
    }
    cursor_write_init(&writer, value, sizeof(value));
    cursor_write_u32(&writer, SCHEMA_FORMAT_VERSION);
    db_put(txn, SCHEMA_META, schema_key_span(&key), span_of(value, sizeof(value)));
    return db_commit(txn);
}

static enum status read_meta(struct txn *txn, struct db *db)
{
    struct schema_key format = schema_key_meta(SCHEMA_META_FORMAT);
    struct schema_key practice = schema_key_meta(SCHEMA_META_PRACTICE);
    struct cursor_reader reader;
    struct span value;
    uint32_t version;
    enum status status = db_get(txn, SCHEMA_META, schema_key_span(&format), &value);

    if (status != STATUS_OK) {
        return status;
    }
    cursor_read_init(&reader, value);
    version = cursor_read_u32(&reader);
    if (cursor_read_done(&reader) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    if (version != SCHEMA_FORMAT_VERSION) {
        return STATUS_UNSUPPORTED;
    }
    status = db_get(txn, SCHEMA_META, schema_key_span(&practice), &value);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (status == STATUS_OK && value.size != sizeof(db->practice.bytes)) {
        return STATUS_CORRUPT;
    }
    if (status == STATUS_OK) {
        memcpy(db->practice.bytes, value.data, value.size);
        db->has_practice = true;
    }
    return status;
}

static enum status load(struct db *db, bool create)
{
    struct txn *txn = NULL;
    enum status status = db_begin_read(db, &txn);

    if (status != STATUS_OK) {
        return status;
    }
    status = read_meta(txn, db);
    db_abort(txn);
    if (status == STATUS_NOT_FOUND) {
        return create ? put_format(db) : STATUS_CORRUPT;
    }
    return status;
}

static enum status check_file(const char *folder, bool create)
{
    char path[DB_FOLDER_BYTES_MAX + 16u];
    enum status status;

    (void)snprintf(path, sizeof(path), "%s/data.mdb", folder);
    status = db_file_check(path);
    if (status == STATUS_CORRUPT) {
        (void)fprintf(stderr, "store: %s is damaged or shorter than it claims\n", path);
    }
    if (status != STATUS_NOT_FOUND || !create) {
        return status;
    }
    if (mkdir(folder, FOLDER_MODE) != 0 && errno != EEXIST) {
        return errno == ENOSPC ? STATUS_FULL : STATUS_IO;
    }
    return STATUS_OK;
}

static enum status sync_above(const char *folder)
{
    char path[DB_FOLDER_BYTES_MAX + 16u];

    (void)snprintf(path, sizeof(path), "%s/..", folder);
    return disk_sync_folder(path);
}

enum status db_open(const char *folder, const struct db_options *options, struct db **out_db)
{
    uint64_t map_bytes = options->map_bytes == 0 ? DB_MAP_BYTES_DEFAULT : options->map_bytes;
    struct db *db;
    uint32_t freed;
    enum status status;

    if (strnlen(folder, DB_FOLDER_BYTES_MAX) == DB_FOLDER_BYTES_MAX ||
        map_bytes < DB_MAP_BYTES_MIN) {
        return STATUS_USAGE;
    }
    status = check_file(folder, options->create);
    if (status != STATUS_OK) {
        return status;
    }
    db = calloc(1, sizeof(*db));
    if (db == NULL) {
        return STATUS_NO_MEMORY;
    }
    db->count_pages = options->count_pages;
    status = db_env_open(db, folder, map_bytes);
    if (status == STATUS_OK) {
        status = db_check_readers(db, &freed);
    }
    if (status == STATUS_OK) {
        status = db_tables_open(db, options->create);
    }
    if (status == STATUS_OK) {
        status = load(db, options->create);
    }
    /* So that a new database's name survives a power cut, not only its pages. */
    if (status == STATUS_OK && options->create) {
        status = disk_sync_folder(folder);
    }
    if (status == STATUS_OK && options->create) {
        status = sync_above(folder);
    }
    if (status != STATUS_OK) {
        db_close(db);
        return status;
    }
    *out_db = db;
    return STATUS_OK;
}

void db_close(struct db *db)
{
    if (db == NULL) {
        return;
    }
    note_index_free(db->notes);
    db_env_close(db);
    free(db);
}

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
    struct txn *txn = NULL;
    enum status status;

    if (db->has_practice) {
        return ID_EQUAL(&db->practice, practice) ? STATUS_OK : STATUS_CONFLICT;
    }
    status = db_begin_write(db, &txn);
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
    struct cursor_reader reader;
    struct span value;
    enum status status = db_get(txn, SCHEMA_META, schema_key_span(&key), &value);

    memset(txn->counters, 0, sizeof(txn->counters));
    txn->counters_changed = false;
    if (status != STATUS_OK) {
        return; /* none yet, or already sticky */
    }
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

    cursor_write_init(&writer, value, sizeof(value));
    for (size_t i = 0; i < SCHEMA_COUNTERS; i++) {
        cursor_write_u64(&writer, txn->counters[i]);
    }
    db_put(txn, SCHEMA_META, schema_key_span(&key), span_of(value, sizeof(value)));
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
