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

/*
 * LMDB has no checksums. Each row ends with a sum of its key and value, so that no flipped bit in it
 * goes unseen, at reading or by fsck: of a word that differs the sum differs, since each step below
 * maps different words and different states to different states. It is no defence against people:
 * what must hold against them is hashed and signed. A long row is summed in lanes side by side, since
 * each step waits for the multiplication of the one before; a word is in one lane. Two kinds of row have none: records, which fill
 * their pages and are known by their hashes, and the format's number, which other versions read.
 */
#define SUM_BYTES   8u
#define LANES       4u
#define LANES_BYTES (LANES * sizeof(uint64_t))

static bool has_sum(enum schema_table table, struct span key)
{
    return table != SCHEMA_RECORD &&
           (table != SCHEMA_META || key.size != 1 || key.data[0] != SCHEMA_META_FORMAT);
}

static uint64_t sum_word(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return sum ^ sum >> 32;
}

/* Of the first |size| bytes, a multiple of LANES_BYTES and not none. */
static uint64_t sum_lanes(uint64_t sum, const uint8_t *bytes, size_t size)
{
    uint64_t lanes[LANES] = {sum, 1, 2, 3};
    for (const uint8_t *end = bytes + size; bytes < end; bytes += LANES_BYTES) {
        uint64_t words[LANES];
        memcpy(words, bytes, sizeof words);
        for (size_t i = 0; i < LANES; i++) {
            lanes[i] = sum_word(lanes[i], words[i]);
        }
    }
    sum = lanes[0];
    for (size_t i = 1; i < LANES; i++) {
        sum = sum_word(sum, lanes[i]);
    }
    return sum;
}

static uint64_t sum_bytes(uint64_t sum, struct span bytes)
{
    size_t at = bytes.size / LANES_BYTES * LANES_BYTES;
    if (at > 0) {
        sum = sum_lanes(sum, bytes.data, at);
    }
    for (uint64_t word; bytes.size - at >= sizeof word; at += sizeof word) {
        memcpy(&word, bytes.data + at, sizeof word);
        sum = sum_word(sum, word);
    }
    uint64_t last = 0;
    if (at < bytes.size) {
        memcpy(&last, bytes.data + at, bytes.size - at);
    }
    return sum_word(sum_word(sum, last), bytes.size);
}

static uint64_t sum_of(enum schema_table table, struct span key, struct span value)
{
    return sum_bytes(sum_bytes(sum_word(0, (uint64_t)table + 1), key), value);
}

/* The size comes first: a longer value may reach past the end of the file, where reading ends the
 * process. The file is kept longer than its used part by more than this (db_room.c). */
enum status db_row_check(enum schema_table table, struct span key, struct span *value)
{
    if (value->size > DB_VALUE_BYTES_MAX) {
        *value = span_of(NULL, 0);
        return STATUS_CORRUPT;
    }
    if (!has_sum(table, key)) {
        return STATUS_OK;
    }
    if (value->size < SUM_BYTES) {
        return STATUS_CORRUPT;
    }
    value->size -= SUM_BYTES;
    uint64_t stored;
    memcpy(&stored, value->data + value->size, sizeof stored);
    return stored == sum_of(table, key, *value) ? STATUS_OK : STATUS_CORRUPT;
}

/* Reading and writing ------------------------------------------------------------------ */

bool db_is_lost(const struct txn *txn, enum schema_table table, struct span key)
{
    const struct db_hole *hole = db_hole_at(txn->db->damage, table, key);
    return hole != NULL && hole->lost;
}

enum status db_get(struct txn *txn, enum schema_table table, struct span key,
                   struct span *out_value)
{
    MDB_val k = val_of(key);
    if (txn->status != STATUS_OK) {
        return txn->status;
    }
    const struct db_hole *hole = db_hole_at(txn->db->damage, table, key);
    if (hole != NULL && hole->lost) {
        return STATUS_CORRUPT;
    }
    MDB_val v;
    int rc = mdb_get(txn->mdb, txn->db->tables[table], &k, &v);
    if (rc == 0) {
        *out_value = span_of_val(&v);
        return db_row_check(table, key, out_value);
    }
    if (rc != MDB_NOTFOUND) {
        db_fail(txn, db_lmdb_status("get", rc));
        return txn->status;
    }
    return hole == NULL ? STATUS_NOT_FOUND : STATUS_CORRUPT; /* the row may be there, misnamed */
}

static void row_put(struct txn *txn, enum schema_table table, struct span key, struct span value,
                    unsigned flags)
{
    MDB_val k = val_of(key);
    size_t sum_size = has_sum(table, key) ? SUM_BYTES : 0;
    MDB_val v = {value.size + sum_size, NULL};
    CHECK(txn->write);
    if (db_is_lost(txn, table, key)) {
        db_fail(txn, STATUS_CORRUPT);
    }
    if (txn->status != STATUS_OK) {
        return;
    }
    int rc = mdb_put(txn->mdb, txn->db->tables[table], &k, &v, flags | MDB_RESERVE);
    if (rc == 0 && value.size > 0) {
        memcpy(v.mv_data, value.data, value.size);
    }
    if (rc == 0 && sum_size > 0) {
        uint64_t sum = sum_of(table, key, value);
        memcpy((uint8_t *)v.mv_data + value.size, &sum, sizeof sum);
    }
    db_fail(txn, db_lmdb_status("put", rc));
    txn->db->puts++;
    txn->db->put_bytes += key.size + v.mv_size;
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
    if (db_hole_any(txn->db->damage, table)) { /* a page with few rows left is merged with others */
        db_fail(txn, STATUS_CORRUPT);
    }
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
    if (db_hole_any(txn->db->damage, table)) { /* the next row may be in the page beside */
        return STATUS_CORRUPT;
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
        return db_row_check(table, *out_key, out_value);
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

enum status db_resize(struct db *db, uint64_t map_bytes)
{
    /* When this fails there may be no map any more, whatever it is called. */
    enum status status = db_lmdb_status("resize", mdb_env_set_mapsize(db->env, map_bytes));
    return status == STATUS_OK ? STATUS_OK : STATUS_IO;
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
