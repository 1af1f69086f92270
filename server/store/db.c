#include "server/store/db.h"

#include "server/store/db_file.h"
#include "server/store/db_internal.h"

#include <errno.h>
#include <lmdb.h>

#define FILE_MODE 0600

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

/* Logged once, where it is seen: the caller knows only the status. */
static enum status failed(const char *what, int rc)
{
    enum status status = status_of(rc);

    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        (void)fprintf(stderr, "store: %s: %s\n", what, mdb_strerror(rc));
    }
    return status;
}

/* LMDB takes a pointer to non-const and does not write through it. */
static MDB_val val_of(struct span bytes)
{
    union {
        const uint8_t *in;
        void *out;
    } pointer = {.in = bytes.data};

    return (MDB_val){bytes.size, pointer.out};
}

static struct span span_of_val(const MDB_val *val)
{
    return span_of(val->mv_data, val->mv_size);
}

enum status db_tables_open(struct db *db, bool create)
{
    MDB_txn *mdb = NULL;
    int rc = mdb_txn_begin(db->env, NULL, create ? 0 : MDB_RDONLY, &mdb);

    for (size_t i = 0; rc == 0 && i < SCHEMA_TABLES; i++) {
        rc = mdb_dbi_open(mdb, schema_table_name((enum schema_table)i), create ? MDB_CREATE : 0,
                          &db->tables[i]);
    }
    if (rc != 0) {
        mdb_txn_abort(mdb);
        /* A table that is missing from a database that exists: not ours. */
        return rc == MDB_NOTFOUND ? STATUS_CORRUPT : failed("open tables", rc);
    }
    return failed("open tables", mdb_txn_commit(mdb));
}

enum status db_env_open(struct db *db, const char *folder, uint64_t map_bytes)
{
    int rc = mdb_env_create(&db->env);

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
        rc = mdb_env_open(db->env, folder, MDB_NOTLS, FILE_MODE);
    }
    return failed("open", rc);
}

void db_env_close(struct db *db)
{
    mdb_env_close(db->env);
}

enum status db_check_readers(struct db *db, uint32_t *out_freed)
{
    int dead = 0;
    int rc = mdb_reader_check(db->env, &dead);

    *out_freed = dead > 0 ? (uint32_t)dead : 0;
    return failed("reader check", rc);
}

/* Transactions ------------------------------------------------------------------------- */

static enum status begin(struct db *db, bool write, struct txn **out_txn)
{
    struct txn *txn = calloc(1, sizeof(*txn));
    int rc;

    if (txn == NULL) {
        return STATUS_NO_MEMORY;
    }
    txn->db = db;
    txn->write = write;
    rc = mdb_txn_begin(db->env, NULL, write ? 0 : MDB_RDONLY, &txn->mdb);
    if (rc == MDB_READERS_FULL) {
        uint32_t freed = 0;
        rc = db_check_readers(db, &freed) == STATUS_OK && freed > 0
                 ? mdb_txn_begin(db->env, NULL, MDB_RDONLY, &txn->mdb)
                 : MDB_READERS_FULL;
    }
    if (rc != 0) {
        free(txn);
        return failed("begin", rc);
    }
    db_meta_load_counters(txn);
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
    enum status status = begin(db, true, &txn);

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
    return begin(db, false, out_txn);
}

void db_reset(struct txn *txn)
{
    CHECK(!txn->write);
    mdb_txn_reset(txn->mdb);
}

enum status db_renew(struct txn *txn)
{
    int rc;

    CHECK(!txn->write);
    rc = mdb_txn_renew(txn->mdb);
    txn->status = failed("renew", rc);
    txn->room_known = false;
    txn->renewed = true;
    db_meta_load_counters(txn);
    return txn->status;
}

enum status db_commit(struct txn *txn)
{
    enum status status;
    int rc;

    CHECK(txn->write);
    if (txn->counters_changed) {
        db_meta_store_counters(txn);
    }
    status = txn->status;
    if (status != STATUS_OK) {
        db_abort(txn);
        return status;
    }
    rc = mdb_txn_commit(txn->mdb);
    status = failed("commit", rc);
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
        free(txn->nodes);
    }
    free(txn);
}

/* Reading and writing ------------------------------------------------------------------ */

enum status db_get(struct txn *txn, enum schema_table table, struct span key,
                   struct span *out_value)
{
    MDB_val k = val_of(key);
    MDB_val v;
    int rc;

    if (txn->status != STATUS_OK) {
        return txn->status;
    }
    rc = mdb_get(txn->mdb, txn->db->tables[table], &k, &v);
    if (rc == 0) {
        *out_value = span_of_val(&v);
        return STATUS_OK;
    }
    if (rc != MDB_NOTFOUND) {
        db_fail(txn, failed("get", rc));
    }
    return rc == MDB_NOTFOUND ? STATUS_NOT_FOUND : txn->status;
}

static void put(struct txn *txn, enum schema_table table, struct span key, struct span value,
                unsigned flags)
{
    MDB_val k = val_of(key);
    MDB_val v = val_of(value);

    CHECK(txn->write);
    if (txn->status != STATUS_OK) {
        return;
    }
    db_fail(txn, failed("put", mdb_put(txn->mdb, txn->db->tables[table], &k, &v, flags)));
    txn->db->puts++;
    txn->db->put_bytes += key.size + value.size;
}

void db_put(struct txn *txn, enum schema_table table, struct span key, struct span value)
{
    put(txn, table, key, value, 0);
}

void db_append(struct txn *txn, enum schema_table table, struct span key, struct span value)
{
    put(txn, table, key, value, MDB_APPEND);
}

void db_delete(struct txn *txn, enum schema_table table, struct span key)
{
    MDB_val k = val_of(key);
    int rc;

    CHECK(txn->write);
    if (txn->status != STATUS_OK) {
        return;
    }
    rc = mdb_del(txn->mdb, txn->db->tables[table], &k, NULL);
    if (rc != MDB_NOTFOUND) {
        db_fail(txn, failed("delete", rc));
        txn->db->puts++;
    }
}

enum status db_seek(struct txn *txn, enum schema_table table, struct span key, enum db_seek seek,
                    struct span *out_key, struct span *out_value)
{
    bool backward = seek == DB_SEEK_AT_OR_BEFORE || seek == DB_SEEK_BEFORE;
    bool skip_equal = seek == DB_SEEK_AFTER || seek == DB_SEEK_BEFORE;
    MDB_cursor *cursor = NULL;
    MDB_val k = val_of(key);
    MDB_val v;
    bool equal;
    int rc;

    if (txn->status != STATUS_OK) {
        return txn->status;
    }
    rc = mdb_cursor_open(txn->mdb, txn->db->tables[table], &cursor);
    if (rc == 0) {
        rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    }
    equal = rc == 0 && span_equal(span_of_val(&k), key);
    if (rc == 0 && equal && skip_equal) {
        rc = mdb_cursor_get(cursor, &k, &v, backward ? MDB_PREV : MDB_NEXT);
    } else if (backward && !equal && (rc == 0 || (rc == MDB_NOTFOUND && cursor != NULL))) {
        rc = mdb_cursor_get(cursor, &k, &v, rc == 0 ? MDB_PREV : MDB_LAST);
    }
    if (cursor != NULL) {
        mdb_cursor_close(cursor);
    }
    if (rc == 0) {
        *out_key = span_of_val(&k);
        *out_value = span_of_val(&v);
        return STATUS_OK;
    }
    if (rc != MDB_NOTFOUND) {
        db_fail(txn, failed("seek", rc));
    }
    return rc == MDB_NOTFOUND ? STATUS_NOT_FOUND : txn->status;
}

/* Usage ---------------------------------------------------------------------------------- */

/* Pages in the free list: each of its values starts with how many it names. */
static int count_free_pages(MDB_env *env, uint64_t *out_pages)
{
    MDB_txn *mdb = NULL;
    MDB_cursor *cursor = NULL;
    MDB_val k;
    MDB_val v;
    int rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &mdb);

    *out_pages = 0;
    if (rc != 0) {
        return rc;
    }
    rc = mdb_cursor_open(mdb, 0, &cursor); /* table 0 is LMDB's own free list */
    while (rc == 0) {
        size_t pages = 0;

        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
        if (rc == 0 && v.mv_size >= sizeof(pages)) {
            memcpy(&pages, v.mv_data, sizeof(pages));
            *out_pages += pages;
        }
    }
    if (cursor != NULL) {
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(mdb);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

enum status db_usage(struct db *db, bool count_free, struct db_usage *out_usage)
{
    MDB_envinfo info;
    MDB_stat stat;
    int rc = mdb_env_info(db->env, &info);

    memset(out_usage, 0, sizeof(*out_usage));
    if (rc == 0) {
        rc = mdb_env_stat(db->env, &stat);
    }
    if (rc == 0) {
        rc = mdb_env_get_fd(db->env, &out_usage->fd);
    }
    if (rc == 0 && count_free) {
        rc = count_free_pages(db->env, &out_usage->pages_free);
    }
    if (rc == 0) {
        out_usage->map_bytes = info.me_mapsize;
        out_usage->page_bytes = stat.ms_psize;
        out_usage->pages = (uint64_t)info.me_last_pgno + 1;
    }
    return failed("usage", rc);
}

enum status db_entries(struct txn *txn, enum schema_table table, uint64_t *out_count)
{
    MDB_stat stat;
    int rc = mdb_stat(txn->mdb, txn->db->tables[table], &stat);

    if (rc == 0) {
        *out_count = stat.ms_entries;
    }
    return failed("stat", rc);
}
