#include "server/store/db.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/disk.h"
#include "server/log/log.h"
#include "server/store/db_file.h"
#include "server/store/db_lmdb.h"
#include "server/store/note_index.h"

#include <errno.h>
#include <sys/stat.h>

#define FILE_MODE   0600
#define FOLDER_MODE 0700

static enum status status_of(int rc)
{
    switch (rc) {
    case 0:
        return STATUS_OK;
    case MDB_NOTFOUND:
    case ENOENT:
        return STATUS_NOT_FOUND;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
        return STATUS_FULL;
    case MDB_READERS_FULL:
        return STATUS_BUSY;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    case MDB_VERSION_MISMATCH:
        return STATUS_UNSUPPORTED;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_KEYEXIST:
    case MDB_INCOMPATIBLE:
        return STATUS_CORRUPT;
    default: /* MDB_PANIC, EIO and whatever else: the environment cannot be relied on */
        return STATUS_IO;
    }
}

enum status db_lmdb_status(const char *what, int rc)
{
    enum status status = status_of(rc);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        log_line(LOG_LEVEL_ERROR, "store: %s: %s", what, mdb_strerror(rc));
    }
    return status;
}

/* Opening ------------------------------------------------------------------------------- */

/* The table that names the format comes first: a database of another format may lack the rest. */
static enum status open_tables(struct db *db, bool create, size_t first, size_t end)
{
    MDB_txn *mdb = NULL;
    int rc = mdb_txn_begin(db->env, NULL, create ? 0 : MDB_RDONLY, &mdb);
    for (size_t i = first; rc == 0 && i < end; i++) {
        rc = mdb_dbi_open(mdb, schema_table_name((enum schema_table)i), create ? MDB_CREATE : 0,
                          &db->tables[i]);
    }
    if (rc != 0) {
        mdb_txn_abort(mdb);
        /* A table that is missing from a database that exists: not ours. */
        return rc == MDB_NOTFOUND ? STATUS_CORRUPT : db_lmdb_status("open tables", rc);
    }
    return db_lmdb_status("open tables", mdb_txn_commit(mdb));
}

static enum status open_env(struct db *db, const char *folder, uint64_t map_bytes, bool image)
{
    unsigned flags = MDB_NOTLS | (image ? MDB_RDONLY | MDB_NOLOCK : 0);
    int rc = mdb_env_create(&db->env);
    if (rc == 0) {
        rc = mdb_env_set_assert(db->env, db_guard_assertion);
    }
    if (rc == 0) {
        rc = mdb_env_set_mapsize(db->env, map_bytes);
    }
    if (rc == 0) {
        rc = mdb_env_set_maxdbs(db->env, SCHEMA_TABLES);
    }
    if (rc == 0) {
        rc = mdb_env_set_maxreaders(db->env, DB_READERS_MAX);
    }
    if (rc == 0) {
        rc = mdb_env_open(db->env, folder, flags, FILE_MODE);
    }
    if (rc == ENOMEM) {
        log_line(LOG_LEVEL_ERROR,
                 "store: no address space for a map of %llu MiB (ulimit -v): raise the limit, or "
                 "make map-mib in alcoved.conf smaller",
                 (unsigned long long)(map_bytes >> 20));
    }
    return db_lmdb_status("open", rc);
}

static enum status put_format(struct db *db)
{
    struct schema_key key = schema_key_meta(SCHEMA_META_FORMAT);
    struct txn *txn = NULL;
    enum status status = db_begin_write(db, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t value[4];
    struct cursor_writer writer;
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_u32(&writer, SCHEMA_FORMAT_VERSION);
    db_put(txn, SCHEMA_META, schema_key_span(&key), span_of(value, sizeof value));
    return db_commit(txn);
}

static enum status read_meta(struct txn *txn, struct db *db)
{
    struct schema_key format = schema_key_meta(SCHEMA_META_FORMAT);
    struct schema_key practice = schema_key_meta(SCHEMA_META_PRACTICE);
    struct span value;
    enum status status = db_get(txn, SCHEMA_META, schema_key_span(&format), &value);
    if (status != STATUS_OK) {
        return status;
    }
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    uint32_t version = cursor_read_u32(&reader);
    if (cursor_read_done(&reader) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    if (version != SCHEMA_FORMAT_VERSION) {
        log_line(LOG_LEVEL_ERROR,
                 "store: the notes here are of format %u, and this program reads format %u alone; "
                 "nothing was changed. Go on with the Alcove that wrote them, or begin a new "
                 "practice in another folder: no program turns one format into the other",
                 version, SCHEMA_FORMAT_VERSION);
        return STATUS_UNSUPPORTED;
    }
    status = db_get(txn, SCHEMA_META, schema_key_span(&practice), &value);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (status == STATUS_OK && value.size != sizeof db->practice.bytes) {
        return STATUS_CORRUPT;
    }
    if (status == STATUS_OK) {
        memcpy(db->practice.bytes, value.data, value.size);
        db->has_practice = true;
    }
    return status;
}

static enum status load_meta(struct db *db, bool create)
{
    struct txn *txn = NULL;
    enum status status = db_begin_read(db, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    status = read_meta(txn, db);
    db_abort(txn);
    if (status == STATUS_NOT_FOUND) {
        status = create ? put_format(db) : STATUS_CORRUPT;
    }
    db->format_known = status == STATUS_OK;
    return status;
}

static enum status check_file(const char *folder, bool create)
{
    char path[DB_FOLDER_BYTES_MAX + 16u];
    (void)snprintf(path, sizeof path, "%s/data.mdb", folder);
    enum status status = db_file_check(path);
    if (status == STATUS_CORRUPT) {
        log_line(LOG_LEVEL_ERROR, "store: %s is damaged or shorter than it claims", path);
    }
    if (status == STATUS_IO) {
        log_line(LOG_LEVEL_ERROR, "store: %s: %s", path, strerrordesc_np(errno));
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
    (void)snprintf(path, sizeof path, "%s/..", folder);
    return disk_sync_folder(path);
}

enum status db_open(const char *folder, const struct db_options *options, struct db **out_db)
{
    uint64_t map_bytes = options->map_bytes == 0 ? DB_MAP_BYTES_DEFAULT : options->map_bytes;
    if (strnlen(folder, DB_FOLDER_BYTES_MAX) == DB_FOLDER_BYTES_MAX ||
        map_bytes < DB_MAP_BYTES_MIN) {
        return STATUS_USAGE;
    }
    enum status status = check_file(folder, options->create);
    if (status != STATUS_OK) {
        return status;
    }
    struct db *db;
    db = calloc(1, sizeof *db);
    if (db == NULL) {
        return STATUS_NO_MEMORY;
    }
    db->count_pages = options->count_pages;
    status = open_env(db, folder, map_bytes, options->image);
    uint32_t freed;
    if (status == STATUS_OK) {
        status = db_check_readers(db, &freed);
    }
    if (status == STATUS_OK && options->check) {
        status = db_guard_check(db, options->out_damage);
    }
    if (status == STATUS_OK) {
        status = open_tables(db, options->create, SCHEMA_META, SCHEMA_META + 1u);
    }
    if (status == STATUS_OK) {
        status = load_meta(db, options->create);
    }
    if (status == STATUS_OK) {
        status = open_tables(db, options->create, SCHEMA_META + 1u, SCHEMA_TABLES);
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
    free(db->damage);
    mdb_env_close(db->env);
    free(db);
}

enum status db_check_readers(struct db *db, uint32_t *out_freed)
{
    int dead = 0;
    int rc = mdb_reader_check(db->env, &dead);
    *out_freed = dead > 0 ? (uint32_t)dead : 0;
    return db_lmdb_status("reader check", rc);
}

/* Transactions ------------------------------------------------------------------------- */

static enum status txn_begin(struct db *db, bool write, struct txn **out_txn)
{
    struct txn *txn = calloc(1, sizeof *txn);
    if (txn == NULL) {
        return STATUS_NO_MEMORY;
    }
    txn->db = db;
    txn->write = write;
    if (!write) {
        db_room_enter(txn);
    }
    int rc = mdb_txn_begin(db->env, NULL, write ? 0 : MDB_RDONLY, &txn->mdb);
    if (rc == MDB_READERS_FULL) {
        uint32_t freed = 0;
        rc = db_check_readers(db, &freed) == STATUS_OK && freed > 0
                 ? mdb_txn_begin(db->env, NULL, MDB_RDONLY, &txn->mdb)
                 : MDB_READERS_FULL;
    }
    if (rc != 0) {
        db_room_leave(txn);
        free(txn);
        return db_lmdb_status("begin", rc);
    }
    if (db->format_known) {
        db_meta_load_counters(txn);
    }
    if (txn->status != STATUS_OK) {
        enum status status = txn->status;
        db_abort(txn);
        return status;
    }
    *out_txn = txn;
    return STATUS_OK;
}

enum status db_begin_write(struct db *db, struct txn **out_txn)
{
    uint64_t pages = db->count_pages ? db_file_thread_pages() : 0;
    struct txn *txn = NULL;
    enum status status = txn_begin(db, true, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    CHECK(txn != NULL);
    status = db_room_extend(db);
    if (status != STATUS_OK) {
        db_abort(txn);
        return status;
    }
    txn->pages_at_begin = pages;
    *out_txn = txn;
    return STATUS_OK;
}

enum status db_begin_read(struct db *db, struct txn **out_txn)
{
    return txn_begin(db, false, out_txn);
}

void db_reset(struct txn *txn)
{
    CHECK(!txn->write);
    mdb_txn_reset(txn->mdb);
    db_room_leave(txn);
}

enum status db_renew(struct txn *txn)
{
    CHECK(!txn->write);
    db_room_enter(txn);
    int rc = mdb_txn_renew(txn->mdb);
    txn->status = db_lmdb_status("renew", rc);
    txn->room_known = false;
    txn->renewed = true;
    db_meta_load_counters(txn);
    return txn->status;
}

enum status db_commit(struct txn *txn)
{
    CHECK(txn->write);
    if (txn->counters_changed) {
        db_meta_store_counters(txn);
    }
    enum status status = txn->status;
    if (status != STATUS_OK) {
        db_abort(txn);
        return status;
    }
    int rc = mdb_txn_commit(txn->mdb);
    status = db_lmdb_status("commit", rc);
    /* LMDB calls a write that the full disk cut short an I/O error. It is then as it was. */
    if (rc == EIO && db_room_disk_is_full(txn->db)) {
        status = STATUS_FULL;
    }
    txn->db->commits += status == STATUS_OK;
    if (status == STATUS_OK && txn->db->count_pages) {
        txn->db->pages_written += db_file_thread_pages() - txn->pages_at_begin;
    }
    free(txn);
    return status;
}

void db_abort(struct txn *txn)
{
    if (txn != NULL) {
        mdb_txn_abort(txn->mdb);
        db_room_leave(txn);
        free(txn->nodes);
    }
    free(txn);
}
