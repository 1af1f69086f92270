/*
 * Shared by the db*.c, ledger.c and note_head.c; no other file includes it.
 *
 * LMDB's own types stay opaque here, so that lmdb.h reaches four files alone (db_lmdb.h).
 */
#pragma once

#include "server/store/db.h"

#include <stdatomic.h>

struct MDB_env;
struct note_index;
struct MDB_txn;

struct db {
    struct MDB_env *env;
    struct db_damage *damage; /* owned; NULL unless options->check found some */
    unsigned tables[SCHEMA_TABLES];
    struct practice_id practice;
    bool has_practice;
    bool format_known; /* it is ours: rows may be read as ours are written */
    bool count_pages;
    _Atomic uint32_t readers; /* read transactions under way, and one more while one begins */
    atomic_bool growing;      /* the map is about to move: none may begin */
    /* Below: the thread that holds the write transaction. */
    struct note_index *notes; /* note_head.c; NULL until first used */
    uint64_t file_bytes;
    uint64_t puts;
    uint64_t put_bytes;
    uint64_t commits;
    uint64_t pages_written;
};

/* A node of the events log's tree that this read transaction has read. A stored node never
 * changes, so it stays right when the transaction is renewed. */
#define DB_NODES_MAX 1024u
struct db_node {
    uint64_t tag; /* which one; 0: none */
    struct hash hash;
};

struct txn {
    struct db *db;
    struct db_node *nodes; /* ledger.c; DB_NODES_MAX of them, or NULL */
    struct MDB_txn *mdb;
    bool write;
    bool reads; /* counted in db->readers */
    bool renewed;
    bool counters_changed;
    bool room_known;
    enum status room;
    enum status room_reading;
    enum status status;
    uint64_t pages_at_begin;
    uint64_t counters[SCHEMA_COUNTERS];
};

struct db_usage {
    uint64_t map_bytes;
    uint64_t page_bytes;
    uint64_t pages;      /* up to the last one ever used */
    uint64_t pages_free; /* of those, given back; 0 unless asked for */
    int fd;
};

/* More than any value of ours has. */
#define DB_VALUE_BYTES_MAX ((size_t)1 << 20)
/* Takes the sum off a stored value. STATUS_CORRUPT: it is another, or the value is too large. */
MUST_CHECK enum status db_row_check(enum schema_table table, struct span key, struct span *value);

/* The room that the environment used at its last commit. Counting free pages reads the free
 * list. */
MUST_CHECK enum status db_usage(struct db *db, bool count_free, struct db_usage *out_usage);

/* Reads the counters of a transaction just begun, and writes them back before its commit.
 * Failures are sticky. */
void db_meta_load_counters(struct txn *txn);
void db_meta_store_counters(struct txn *txn);
/* Whether the disk has so little room left that a write fails for it. */
bool db_room_disk_is_full(struct db *db);
/* A map of another size, while no transaction is under way. STATUS_IO is fatal. */
MUST_CHECK enum status db_resize(struct db *db, uint64_t map_bytes);
/* Counts a read transaction in and out, so that the map does not move under it. Entering waits while
 * it moves, which takes milliseconds. */
void db_room_enter(struct txn *txn);
void db_room_leave(struct txn *txn);
/* Keeps the file longer than its used part (db_file.h says why). */
MUST_CHECK enum status db_room_extend(struct db *db);
