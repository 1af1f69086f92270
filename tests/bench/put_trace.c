/*
 * A library to preload: records every put and delete that a program commits to
 * LMDB (put_trace.h) in the file named by ALCOVE_PUT_TRACE, so that the ceiling
 * of a measured write is raw LMDB with the very same puts in the very same
 * batches. Only the thread that holds LMDB's write lock comes here.
 */
#include "put_trace.h"

#include <dlfcn.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define REAL(name)                                                                                 \
    static __typeof__(name) *real;                                                                 \
    if (real == NULL) {                                                                            \
        *(void **)&real = dlsym(RTLD_NEXT, #name);                                                 \
    }

static FILE *trace;
static uint8_t *pending; /* of the transaction that is open */
static size_t pending_size;
static size_t pending_room;
static MDB_txn *writer;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("ALCOVE_PUT_TRACE");
    trace = path != NULL ? fopen(path, "we") : NULL;
    if (path != NULL && trace == NULL) {
        perror("put trace");
        _Exit(99);
    }
}

static void keep(const void *bytes, size_t size)
{
    if (pending_size + size > pending_room) {
        const size_t room = (pending_size + size) * 2;
        uint8_t *grown = realloc(pending, room);
        if (grown == NULL) {
            _Exit(99);
        }
        pending = grown;
        pending_room = room;
    }
    memcpy(pending + pending_size, bytes, size);
    pending_size += size;
}

static void record(enum put_trace_kind kind, MDB_dbi table, unsigned flags, const MDB_val *key,
                   const MDB_val *value)
{
    const size_t size = value != NULL ? value->mv_size : 0;
    const int short_value = size <= PUT_TRACE_VALUE_BYTES_KEPT && (flags & MDB_RESERVE) == 0;
    const struct put_trace_record head = {
        .kind = (uint8_t)kind,
        .table = (uint8_t)table,
        .key_size = (uint16_t)(key != NULL ? key->mv_size : 0),
        .flags = flags,
        .value_size = (uint32_t)size,
        .value_kept = short_value ? (uint32_t)size : 0U,
    };
    if (trace == NULL) {
        return;
    }
    keep(&head, sizeof head);
    if (key != NULL) {
        keep(key->mv_data, key->mv_size);
    }
    if (short_value && size > 0) {
        keep(value->mv_data, size);
    }
}

/* Tables may be opened in a reading transaction: written at once, whatever is pending. */
static void record_table(MDB_dbi table, unsigned flags, const MDB_val *name)
{
    const size_t before = pending_size;
    record(PUT_TRACE_TABLE, table, flags, name, NULL);
    const size_t size = pending_size - before;
    if (trace != NULL && (fwrite(pending + before, 1, size, trace) != size || fflush(trace) != 0)) {
        _Exit(99);
    }
    pending_size = before;
}

EXPORT int mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn)
{
    REAL(mdb_txn_begin)
    const int result = real(env, parent, flags, txn);
    if (result == 0 && (flags & MDB_RDONLY) == 0 && parent == NULL) {
        writer = *txn;
        pending_size = 0;
    }
    return result;
}

EXPORT int mdb_txn_commit(MDB_txn *txn)
{
    REAL(mdb_txn_commit)
    const int is_writer = txn == writer;
    if (is_writer) {
        writer = NULL;
        record(PUT_TRACE_COMMIT, 0, 0, NULL, NULL);
    }
    const uint8_t *bytes = pending;
    const int result = real(txn);
    if (is_writer && result == 0 && trace != NULL) {
        if (fwrite(bytes, 1, pending_size, trace) != pending_size || fflush(trace) != 0) {
            _Exit(99);
        }
    }
    return result;
}

EXPORT int mdb_dbi_open(MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *dbi)
{
    REAL(mdb_dbi_open)
    const int result = real(txn, name, flags, dbi);
    if (result == 0) {
        union {
            const char *text;
            void *data;
        } bytes = {.text = name != NULL ? name : ""};
        const MDB_val key = {strlen(bytes.text), bytes.data};
        record_table(*dbi, flags, &key);
    }
    return result;
}

EXPORT int mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value, unsigned flags)
{
    REAL(mdb_put)
    const int result = real(txn, dbi, key, value, flags);
    if (result == 0) {
        record(PUT_TRACE_PUT, dbi, flags, key, value);
    }
    return result;
}

EXPORT int mdb_cursor_put(MDB_cursor *cursor, MDB_val *key, MDB_val *value, unsigned flags)
{
    REAL(mdb_cursor_put)
    const int result = real(cursor, key, value, flags);
    if (result == 0) {
        record(PUT_TRACE_PUT, mdb_cursor_dbi(cursor), flags & ~(unsigned)MDB_CURRENT, key, value);
    }
    return result;
}

EXPORT int mdb_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *value)
{
    REAL(mdb_del)
    const int result = real(txn, dbi, key, value);
    if (result == 0) {
        record(PUT_TRACE_DELETE, dbi, 0, key, value);
    }
    return result;
}

EXPORT int mdb_cursor_del(MDB_cursor *cursor, unsigned flags)
{
    REAL(mdb_cursor_del)
    MDB_val key;
    MDB_val value;
    const int known = mdb_cursor_get(cursor, &key, &value, MDB_GET_CURRENT) == 0;
    if (known) {
        record(PUT_TRACE_DELETE, mdb_cursor_dbi(cursor), flags, &key, NULL);
    }
    return real(cursor, flags);
}
