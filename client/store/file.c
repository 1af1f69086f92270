#include "client/store/file.h"

#include "client/store/file_guard.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct file {
    MDB_env *env;
    MDB_txn *txn;     /* the write transaction, or NULL */
    MDB_txn *reading; /* reset between uses */
    MDB_dbi tables[STORAGE_TABLE_COUNT];
};

static enum status of_lmdb(int code)
{
    switch (code) {
    case MDB_SUCCESS:
        return STATUS_OK;
    case MDB_NOTFOUND:
        return STATUS_NOT_FOUND;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
        return STATUS_FULL;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_PANIC:
    case MDB_INCOMPATIBLE:
    case MDB_BAD_TXN:
        return STATUS_CORRUPT;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    default:
        return STATUS_IO;
    }
}

static enum status open_tables(struct file *file)
{
    MDB_txn *txn = NULL;
    int code = mdb_txn_begin(file->env, NULL, 0, &txn);
    if (code != MDB_SUCCESS) {
        return of_lmdb(code);
    }
    for (unsigned table = 1; table < STORAGE_TABLE_COUNT; table++) {
        char name[2] = {(char)('a' + (char)table), 0};
        code = mdb_dbi_open(txn, name, MDB_CREATE, &file->tables[table]);
        if (code != MDB_SUCCESS) {
            mdb_txn_abort(txn);
            return of_lmdb(code);
        }
    }
    return of_lmdb(mdb_txn_commit(txn));
}

/* Whether the file is as long as its newest header says. */
static bool whole(MDB_env *env, const char *path)
{
    MDB_envinfo info;
    MDB_stat stat_of_env;
    struct stat of_file;
    if (mdb_env_info(env, &info) != MDB_SUCCESS || mdb_env_stat(env, &stat_of_env) != MDB_SUCCESS ||
        stat(path, &of_file) != 0) {
        return false;
    }
    return (uint64_t)of_file.st_size >=
           ((uint64_t)info.me_last_pgno + 1u) * (uint64_t)stat_of_env.ms_psize;
}

enum status file_open(const char *path, size_t map_bytes, bool droppable, struct file **out_file)
{
    struct file *file = calloc(1, sizeof *file);
    if (file == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = of_lmdb(mdb_env_create(&file->env));
    if (status == STATUS_OK) {
        status = of_lmdb(mdb_env_set_maxdbs(file->env, STORAGE_TABLE_COUNT));
    }
    if (status == STATUS_OK) {
        status = of_lmdb(mdb_env_set_mapsize(file->env, map_bytes));
    }
    if (status == STATUS_OK) {
        /* The store's own lock keeps others out; LMDB's would leave a second file. */
        status = of_lmdb(mdb_env_open(file->env, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600));
    }
    if (status == STATUS_OK && !whole(file->env, path)) {
        status = STATUS_CORRUPT;
    }
    if (status == STATUS_OK && !file_guard(file->env, path, droppable)) {
        status = STATUS_IO;
    }
    if (status == STATUS_OK) {
        status = open_tables(file);
    }
    if (status != STATUS_OK) {
        file_close(file);
        return status;
    }
    *out_file = file;
    return STATUS_OK;
}

void file_close(struct file *file)
{
    if (file == NULL) {
        return;
    }
    file_abort(file);
    if (file->reading != NULL) {
        mdb_txn_abort(file->reading);
    }
    if (file->env != NULL) {
        file_unguard(file->env);
        mdb_env_close(file->env);
    }
    free(file);
}

enum status file_begin(struct file *file)
{
    if (file->txn != NULL) {
        return STATUS_OK;
    }
    return of_lmdb(mdb_txn_begin(file->env, NULL, 0, &file->txn));
}

enum status file_commit(struct file *file)
{
    if (file->txn == NULL) {
        return STATUS_OK;
    }
    int code = mdb_txn_commit(file->txn);
    file->txn = NULL;
    return of_lmdb(code);
}

void file_abort(struct file *file)
{
    if (file->txn != NULL) {
        mdb_txn_abort(file->txn);
        file->txn = NULL;
    }
}

static MDB_val val_of(struct span span)
{
    MDB_val val = {.mv_size = span.size, .mv_data = NULL};
    /* LMDB's struct has no const; keys and values that we give are only read. */
    memcpy(&val.mv_data, &span.data, sizeof val.mv_data);
    return val;
}

enum status file_reserve(struct file *file, enum storage_table table, struct span key, size_t size,
                         uint8_t **out_room)
{
    enum status status = file_begin(file);
    if (status != STATUS_OK) {
        return status;
    }
    MDB_val name = val_of(key);
    MDB_val room = {.mv_size = size, .mv_data = NULL};
    status = of_lmdb(mdb_put(file->txn, file->tables[table], &name, &room, MDB_RESERVE));
    if (status == STATUS_OK) {
        *out_room = room.mv_data;
    }
    return status;
}

enum status file_remove(struct file *file, enum storage_table table, struct span key)
{
    enum status status = file_begin(file);
    if (status != STATUS_OK) {
        return status;
    }
    MDB_val name = val_of(key);
    return of_lmdb(mdb_del(file->txn, file->tables[table], &name, NULL));
}

/* The write transaction when there is one, so that its own puts are seen. */
static enum status reader(struct file *file, MDB_txn **out_txn)
{
    if (file->txn != NULL) {
        *out_txn = file->txn;
        return STATUS_OK;
    }
    int code;
    if (file->reading == NULL) {
        code = mdb_txn_begin(file->env, NULL, MDB_RDONLY, &file->reading);
    } else {
        mdb_txn_reset(file->reading);
        code = mdb_txn_renew(file->reading);
    }
    *out_txn = file->reading;
    return of_lmdb(code);
}

enum status file_get(struct file *file, enum storage_table table, struct span key,
                     struct span *out_value)
{
    MDB_txn *txn = NULL;
    enum status status = reader(file, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    MDB_val name = val_of(key);
    MDB_val value = {0, NULL};
    status = of_lmdb(mdb_get(txn, file->tables[table], &name, &value));
    if (status == STATUS_OK) {
        *out_value = span_of(value.mv_data, value.mv_size);
    }
    return status;
}

static bool starts_with(const MDB_val *key, struct span prefix)
{
    return key->mv_size >= prefix.size &&
           (prefix.size == 0 || memcmp(key->mv_data, prefix.data, prefix.size) == 0);
}

enum status file_scan(struct file *file, enum storage_table table, struct span prefix,
                      enum status (*visit)(void *context, struct span key, struct span value),
                      void *context)
{
    MDB_txn *txn = NULL;
    enum status status = reader(file, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    MDB_cursor *cursor = NULL;
    status = of_lmdb(mdb_cursor_open(txn, file->tables[table], &cursor));
    if (status != STATUS_OK) {
        return status;
    }
    MDB_val key = val_of(prefix);
    MDB_val value = {0, NULL};
    int code = mdb_cursor_get(cursor, &key, &value, prefix.size > 0 ? MDB_SET_RANGE : MDB_FIRST);
    while (code == MDB_SUCCESS && status == STATUS_OK && starts_with(&key, prefix)) {
        status = visit(context, span_of(key.mv_data, key.mv_size),
                       span_of(value.mv_data, value.mv_size));
        if (status == STATUS_OK) {
            code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
        }
    }
    mdb_cursor_close(cursor);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (status == STATUS_OK && code != MDB_SUCCESS && code != MDB_NOTFOUND) {
        return of_lmdb(code);
    }
    return status;
}
