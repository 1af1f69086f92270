#include "server/store/db.h"

struct db_walk {
    struct txn *txn;
    enum schema_table table;
    bool backward;
    bool inclusive; /* the next seek may answer |at| itself */
    bool done;
    enum status status;
    struct schema_key prefix;
    struct schema_key at;
};

static void set_key(struct schema_key *key, struct span bytes)
{
    CHECK(bytes.size <= SCHEMA_KEY_BYTES_MAX);
    memset(key, 0, sizeof *key);
    if (bytes.size != 0) {
        memcpy(key->bytes, bytes.data, bytes.size);
    }
    key->size = bytes.size;
}

enum status db_walk_open(struct txn *txn, enum schema_table table, struct span prefix,
                         struct span from, bool backward, struct db_walk **out_walk)
{
    enum status status = db_status(txn);
    if (status != STATUS_OK) {
        return status;
    }
    struct db_walk *walk;
    walk = calloc(1, sizeof *walk);
    if (walk == NULL) {
        return STATUS_NO_MEMORY;
    }
    walk->txn = txn;
    walk->table = table;
    walk->backward = backward;
    walk->inclusive = true;
    set_key(&walk->prefix, prefix);
    set_key(&walk->at, from.size != 0 ? from : prefix);
    if (from.size == 0 && backward) {
        /* Above every key with this prefix, since no key is longer. */
        memset(walk->at.bytes + prefix.size, 0xff, SCHEMA_KEY_BYTES_MAX - prefix.size);
        walk->at.size = SCHEMA_KEY_BYTES_MAX;
    }
    *out_walk = walk;
    return STATUS_OK;
}

static bool has_prefix(struct span key, const struct schema_key *prefix)
{
    return key.size >= prefix->size && memcmp(key.data, prefix->bytes, prefix->size) == 0;
}

bool db_walk_next(struct db_walk *walk, struct span *out_key, struct span *out_value)
{
    enum db_seek up = walk->inclusive ? DB_SEEK_AT_OR_AFTER : DB_SEEK_AFTER;
    enum db_seek down = walk->inclusive ? DB_SEEK_AT_OR_BEFORE : DB_SEEK_BEFORE;
    if (walk->done) {
        return false;
    }
    /* Sought anew from the last key each time, rather than with a cursor kept open: the caller may
     * put and delete between two steps, after which LMDB's cursors point anywhere. */
    walk->status = db_seek(walk->txn, walk->table, schema_key_span(&walk->at),
                           walk->backward ? down : up, out_key, out_value);
    if (walk->status != STATUS_OK || !has_prefix(*out_key, &walk->prefix)) {
        walk->done = true;
        return false;
    }
    if (out_key->size > SCHEMA_KEY_BYTES_MAX) {
        walk->status = STATUS_CORRUPT;
        walk->done = true;
        return false;
    }
    set_key(&walk->at, *out_key);
    walk->inclusive = false;
    return true;
}

enum status db_walk_close(struct db_walk *walk)
{
    enum status status = STATUS_OK;
    if (walk != NULL && walk->status != STATUS_NOT_FOUND) {
        status = walk->status;
    }
    free(walk);
    return status;
}
