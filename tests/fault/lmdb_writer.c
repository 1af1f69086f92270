/*
 * A plain LMDB program for the shim's own test.
 *   lmdb_writer write DIR N    N commits of one record; says "ack I" after each
 *   lmdb_writer early DIR N    the defect: says "ack I" before its commit
 *   lmdb_writer list DIR       says "has I" for every record whose bytes are right
 */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void must(int result, const char *what)
{
    if (result != 0) {
        fprintf(stderr, "lmdb_writer: %s: %s\n", what, mdb_strerror(result));
        exit(1);
    }
}

/* Between a few bytes and three pages, different for every number. */
static size_t make_value(unsigned number, unsigned char *out)
{
    const size_t size = 16 + (number * 2654435761U) % 12000U;
    for (size_t i = 0; i < size; i++) {
        out[i] = (unsigned char)(number * 31U + i);
    }
    return size;
}

static void say(const char *word, unsigned number)
{
    char text[64];
    const int size = snprintf(text, sizeof text, "%s %u\n", word, number);
    if (write(STDOUT_FILENO, text, (size_t)size) != size) {
        exit(1);
    }
}

static void put(MDB_env *environment, unsigned number, int early)
{
    MDB_val key = {sizeof number, &number};
    unsigned char value_bytes[12288];
    MDB_val value = {make_value(number, value_bytes), value_bytes};
    MDB_txn *txn;
    must(mdb_txn_begin(environment, NULL, 0, &txn), "begin");
    MDB_dbi table;
    must(mdb_dbi_open(txn, NULL, 0, &table), "table");
    must(mdb_put(txn, table, &key, &value, 0), "put");
    if (early) {
        say("ack", number);
    }
    must(mdb_txn_commit(txn), "commit");
    if (!early) {
        say("ack", number);
    }
}

static void list(MDB_env *environment)
{
    MDB_txn *txn;
    must(mdb_txn_begin(environment, NULL, MDB_RDONLY, &txn), "begin");
    MDB_dbi table;
    must(mdb_dbi_open(txn, NULL, 0, &table), "table");
    MDB_cursor *cursor;
    must(mdb_cursor_open(txn, table, &cursor), "cursor");
    MDB_val key;
    MDB_val value;
    int result = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    unsigned char expected[12288];
    while (result == 0) {
        unsigned number = 0;
        memcpy(&number, key.mv_data, sizeof number);
        const size_t size = make_value(number, expected);
        if (size == value.mv_size && memcmp(expected, value.mv_data, size) == 0) {
            say("has", number);
        }
        result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    must(result == MDB_NOTFOUND ? 0 : result, "walk");
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
}

int main(int argc, char **argv)
{
    if (argc < 3 || (strcmp(argv[1], "list") != 0 && argc < 4)) {
        fputs("usage: lmdb_writer write|early DIR N | list DIR\n", stderr);
        return 2;
    }
    MDB_env *environment;
    must(mdb_env_create(&environment), "create");
    must(mdb_env_set_mapsize(environment, (size_t)1 << 26), "map size");
    must(mdb_env_open(environment, argv[2], 0, 0600), "open");
    if (strcmp(argv[1], "list") == 0) {
        list(environment);
    } else {
        const unsigned count = (unsigned)strtoul(argv[3], NULL, 10);
        for (unsigned i = 1; i <= count; i++) {
            put(environment, i, strcmp(argv[1], "early") == 0);
        }
    }
    mdb_env_close(environment);
    return 0;
}
