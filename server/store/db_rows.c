#include "server/store/db_lmdb.h"

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

/* Reading and writing ------------------------------------------------------------------ */

enum status db_get(struct txn *txn, enum schema_table table, struct span key,
                   struct span *out_value)
{
    MDB_val k = val_of(key);
    if (txn->status != STATUS_OK) {
        return txn->status;
    }
    MDB_val v;
    int rc = mdb_get(txn->mdb, txn->db->tables[table], &k, &v);
    if (rc == 0) {
        *out_value = span_of_val(&v);
        return STATUS_OK;
    }
    if (rc != MDB_NOTFOUND) {
        db_fail(txn, db_lmdb_status("get", rc));
    }
    return rc == MDB_NOTFOUND ? STATUS_NOT_FOUND : txn->status;
}

static void row_put(struct txn *txn, enum schema_table table, struct span key, struct span value,
                    unsigned flags)
{
    MDB_val k = val_of(key);
    MDB_val v = val_of(value);
    CHECK(txn->write);
    if (txn->status != STATUS_OK) {
        return;
    }
    db_fail(txn, db_lmdb_status("put", mdb_put(txn->mdb, txn->db->tables[table], &k, &v, flags)));
    txn->db->puts++;
    txn->db->put_bytes += key.size + value.size;
}

void db_put(struct txn *txn, enum schema_table table, struct span key, struct span value)
{
    row_put(txn, table, key, value, 0);
}

void db_append(struct txn *txn, enum schema_table table, struct span key, struct span value)
{
    row_put(txn, table, key, value, MDB_APPEND);
}

void db_delete(struct txn *txn, enum schema_table table, struct span key)
{
    MDB_val k = val_of(key);
    CHECK(txn->write);
    if (txn->status != STATUS_OK) {
        return;
    }
    int rc = mdb_del(txn->mdb, txn->db->tables[table], &k, NULL);
    if (rc != MDB_NOTFOUND) {
        db_fail(txn, db_lmdb_status("delete", rc));
        txn->db->puts++;
    }
}

enum status db_seek(struct txn *txn, enum schema_table table, struct span key, enum db_seek seek,
                    struct span *out_key, struct span *out_value)
{
    bool backward = seek == DB_SEEK_AT_OR_BEFORE || seek == DB_SEEK_BEFORE;
    bool skip_equal = seek == DB_SEEK_AFTER || seek == DB_SEEK_BEFORE;
    MDB_val k = val_of(key);
    if (txn->status != STATUS_OK) {
        return txn->status;
    }
    MDB_cursor *cursor = NULL;
    int rc = mdb_cursor_open(txn->mdb, txn->db->tables[table], &cursor);
    MDB_val v;
    if (rc == 0) {
        rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    }
    bool equal = rc == 0 && span_equal(span_of_val(&k), key);
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
        db_fail(txn, db_lmdb_status("seek", rc));
    }
    return rc == MDB_NOTFOUND ? STATUS_NOT_FOUND : txn->status;
}

/* Usage ---------------------------------------------------------------------------------- */

/* Pages in the free list: each of its values starts with how many it names. */
static int count_free_pages(MDB_env *env, uint64_t *out_pages)
{
    MDB_txn *mdb = NULL;
    int rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &mdb);
    *out_pages = 0;
    if (rc != 0) {
        return rc;
    }
    MDB_cursor *cursor = NULL;
    rc = mdb_cursor_open(mdb, 0, &cursor); /* table 0 is LMDB's own free list */
    MDB_val k;
    MDB_val v;
    while (rc == 0) {
        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
        size_t pages = 0;
        if (rc == 0 && v.mv_size >= sizeof pages) {
            memcpy(&pages, v.mv_data, sizeof pages);
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
    int rc = mdb_env_info(db->env, &info);
    memset(out_usage, 0, sizeof *out_usage);
    MDB_stat stat;
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
    return db_lmdb_status("usage", rc);
}

enum status db_entries(struct txn *txn, enum schema_table table, uint64_t *out_count)
{
    MDB_stat stat;
    int rc = mdb_stat(txn->mdb, txn->db->tables[table], &stat);
    if (rc == 0) {
        *out_count = stat.ms_entries;
    }
    return db_lmdb_status("stat", rc);
}
