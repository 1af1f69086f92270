/*
 * Raw LMDB with the puts of a recorded run, in the batches of that run:
 *
 *   ceiling_lmdb TRACE FOLDER FROM    FROM: offset in the trace at which time starts
 *
 * What came before FROM is replayed too, untimed, so that tables are as full as
 * they were. Prints one JSON line. Default flags: every commit is durable.
 */
#include "tests/bench/put_trace.h"
#include "tests/bench/samples.h"

#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TABLES_MAX = 64,
    VALUE_BYTES_MAX = 1 << 20,
};

struct replay {
    FILE *trace;
    MDB_env *environment;
    MDB_txn *txn;
    MDB_dbi table[256]; /* by the number it had when recorded */
    uint64_t puts;
    uint64_t put_bytes;
    uint64_t deletes;
    uint64_t commits;
    struct samples samples;
};

static void must(int result, const char *what)
{
    if (result != 0) {
        fprintf(stderr, "ceiling_lmdb: %s: %s\n", what, mdb_strerror(result));
        exit(1);
    }
}

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

/* Bytes this process made the disk write. */
static uint64_t written_bytes(void)
{
    FILE *file = fopen("/proc/self/io", "re");
    char line[128];
    uint64_t value = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "write_bytes: ", 13) == 0) {
            value = strtoull(line + 13, NULL, 10);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return value;
}

static int read_exactly(struct replay *replay, void *out, size_t size)
{
    return size == 0 || fread(out, 1, size, replay->trace) == size;
}

static void need_txn(struct replay *replay)
{
    if (replay->txn == NULL) {
        must(mdb_txn_begin(replay->environment, NULL, 0, &replay->txn), "begin");
    }
}

/* Values differ from put to put, as real ones do. */
static void apply(struct replay *replay, const struct put_trace_record *head, uint8_t *key,
                  uint8_t *kept)
{
    static uint8_t filler[VALUE_BYTES_MAX];
    MDB_val name = {head->key_size, key};
    MDB_val value = {head->value_size, head->value_kept > 0 ? kept : filler};
    memcpy(filler, &replay->puts, sizeof replay->puts);
    need_txn(replay);
    int result = 0;
    switch (head->kind) {
    case PUT_TRACE_TABLE:
        key[head->key_size] = '\0';
        must(mdb_dbi_open(replay->txn, head->key_size > 0 ? (const char *)key : NULL,
                          head->flags | MDB_CREATE, &replay->table[head->table]),
             "table");
        break;
    case PUT_TRACE_PUT:
        must(mdb_put(replay->txn, replay->table[head->table], &name, &value,
                     head->flags & ~(unsigned)MDB_RESERVE),
             "put");
        replay->puts++;
        replay->put_bytes += head->key_size + (uint64_t)head->value_size;
        break;
    case PUT_TRACE_DELETE:
        result = mdb_del(replay->txn, replay->table[head->table], &name,
                         head->value_kept > 0 ? &value : NULL);
        must(result == MDB_NOTFOUND ? 0 : result, "delete"); /* it may be older than the trace */
        replay->deletes++;
        break;
    case PUT_TRACE_COMMIT:
        must(mdb_txn_commit(replay->txn), "commit");
        replay->txn = NULL;
        break;
    default:
        fputs("ceiling_lmdb: the trace is damaged\n", stderr);
        exit(1);
    }
}

/* Replays records until |limit|, or to the end when it is 0. */
static void run(struct replay *replay, uint64_t limit)
{
    uint64_t begun = now_us();
    uint64_t at = (uint64_t)ftell(replay->trace);
    struct put_trace_record head;
    uint8_t key[PUT_TRACE_KEY_BYTES_MAX + 1];
    uint8_t kept[PUT_TRACE_VALUE_BYTES_KEPT];
    while ((limit == 0 || at < limit) && read_exactly(replay, &head, sizeof head)) {
        if (head.key_size > PUT_TRACE_KEY_BYTES_MAX || head.value_kept > sizeof kept ||
            head.value_size > VALUE_BYTES_MAX || !read_exactly(replay, key, head.key_size) ||
            !read_exactly(replay, kept, head.value_kept)) {
            fputs("ceiling_lmdb: the trace is cut\n", stderr);
            exit(1);
        }
        at += sizeof head + head.key_size + head.value_kept;
        apply(replay, &head, key, kept);
        if (head.kind == PUT_TRACE_COMMIT) {
            const uint64_t now = now_us();
            replay->commits++;
            samples_add(&replay->samples, now - begun);
            begun = now;
        }
    }
}

int main(int argc, char **argv)
{
    static struct replay replay;
    if (argc != 4 || (replay.trace = fopen(argv[1], "re")) == NULL) {
        fputs("usage: ceiling_lmdb TRACE FOLDER FROM\n", stderr);
        return 2;
    }
    samples_init(&replay.samples);
    must(mdb_env_create(&replay.environment), "create");
    must(mdb_env_set_mapsize(replay.environment, (size_t)16 << 30), "map size");
    must(mdb_env_set_maxdbs(replay.environment, TABLES_MAX), "tables");
    must(mdb_env_open(replay.environment, argv[2], 0, 0600), "open");
    const uint64_t from = strtoull(argv[3], NULL, 10);
    if (from > 0) {
        run(&replay, from);
    }
    replay.puts = replay.put_bytes = replay.deletes = replay.commits = 0;
    replay.samples.count = 0;
    const uint64_t written = written_bytes();
    const uint64_t begin = now_us();
    run(&replay, 0);
    const double seconds = (double)(now_us() - begin) / 1e6;
    const uint64_t pages = (written_bytes() - written) / 4096U;
    printf("{\"commits\":%" PRIu64 ",\"puts\":%" PRIu64 ",\"deletes\":%" PRIu64
           ",\"put_bytes\":%" PRIu64 ",\"pages\":%" PRIu64
           ",\"seconds\":%.4f,\"p50_us\":%u,\"p99_us\":%u}\n",
           replay.commits, replay.puts, replay.deletes, replay.put_bytes, pages, seconds,
           samples_at(&replay.samples, 500), samples_at(&replay.samples, 990));
    mdb_env_close(replay.environment);
    samples_deinit(&replay.samples);
    return fclose(replay.trace) == 0 ? 0 : 1;
}
