/*
 * Drives echo_server and says what bare transport can do, one JSON line a run:
 *
 *   ceiling_wire PORT echo CONNECTIONS ASK_BYTES ANSWER_BYTES SECONDS
 *   ceiling_wire PORT login AT_ONCE MESSAGE_BYTES SECONDS
 *   ceiling_wire PORT sync RECORDS RECORD_BYTES DIR     + SHA-256 + LMDB append
 *   ceiling_wire PORT idle CONNECTIONS                  waits for stdin to close
 */
#include "tests/bench/samples.h"
#include "tests/bench/transport.h"

#include <inttypes.h>
#include <lmdb.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run {
    struct transport *transport;
    uint64_t until_us;
    uint8_t *ask;
    size_t ask_size;
    int new_connection_each;
    int keep_open;
    struct transport_connection **ready; /* open and not asked yet */
    uint64_t done;
    uint64_t open;
    uint64_t opened;
    struct samples samples;
    /* sync */
    EVP_MD *sha256;
    EVP_MD_CTX *hash;
    MDB_env *environment;
    MDB_txn *txn;
    MDB_dbi table;
    uint8_t *record;
    size_t record_size;
    size_t record_used;
    uint64_t records_left;
};

struct slot {
    uint64_t sent_us;
};

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static uint64_t number(const char *text)
{
    char *end = NULL;
    const uint64_t value = strtoull(text, &end, 10);
    if (end == text || *end != '\0') {
        fprintf(stderr, "not a number: %s\n", text);
        exit(2);
    }
    return value;
}

static void ask(struct run *run, struct transport_connection *connection)
{
    struct slot *slot = transport_user(connection);
    if (!run->new_connection_each) {
        slot->sent_us = transport_now_us();
    }
    transport_send(connection, run->ask, run->ask_size);
}

static void on_open(void *state, struct transport_connection *connection)
{
    struct run *run = state;
    if (run->ready != NULL) {
        run->ready[run->opened] = connection;
    } else {
        ask(run, connection);
    }
    run->opened++;
}

static void on_answer(void *state, struct transport_connection *connection, const uint8_t *bytes,
                      size_t size)
{
    struct run *run = state;
    (void)bytes;
    (void)size;
    struct slot *slot = transport_user(connection);
    const uint64_t now = transport_now_us();
    run->done++;
    samples_add(&run->samples, now - slot->sent_us);
    if (run->keep_open) {
        return;
    }
    if (now >= run->until_us || run->new_connection_each) {
        transport_close(connection);
    } else {
        ask(run, connection);
    }
}

static void on_closed(void *state, struct transport_connection *connection)
{
    struct run *run = state;
    struct slot *slot = transport_user(connection);
    if (run->new_connection_each && transport_now_us() < run->until_us) {
        slot->sent_us = transport_now_us();
        (void)transport_connect(run->transport, slot);
    } else {
        free(slot);
        run->open--;
    }
}

static void report(struct run *run, double seconds)
{
    printf("{\"done\":%" PRIu64
           ",\"seconds\":%.4f,\"per_second\":%.1f,\"p50_us\":%u,\"p99_us\":%u}\n",
           run->done, seconds, (double)run->done / seconds, samples_at(&run->samples, 500),
           samples_at(&run->samples, 990));
}

static void connect_many(struct run *run, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct slot *slot = calloc(1, sizeof *slot);
        must(slot != NULL, "memory");
        slot->sent_us = transport_now_us();
        run->open++;
        (void)transport_connect(run->transport, slot);
        /* The listening queue is finite, and handshakes at once take memory for ever. */
        while (run->ready != NULL && run->opened + 64 < i) {
            transport_poll(run->transport, 1000);
        }
        if (i % 64 == 63) {
            transport_poll(run->transport, 0);
        }
    }
}

/* All connections are open before the first asks, so only asking is measured. */
static void open_all(struct run *run, uint64_t connections)
{
    run->until_us = UINT64_MAX;
    run->ready = calloc((size_t)connections, sizeof(struct transport_connection *));
    must(run->ready != NULL, "memory");
    connect_many(run, connections);
    while (run->opened < connections) {
        transport_poll(run->transport, 1000);
        must(run->open == connections, "a connection was refused");
    }
}

static void run_requests(struct run *run, uint64_t connections, double seconds)
{
    if (!run->new_connection_each) {
        open_all(run, connections);
    }
    const uint64_t begin = transport_now_us();
    run->until_us = begin + (uint64_t)(seconds * 1e6);
    if (run->new_connection_each) {
        connect_many(run, connections);
    }
    for (uint64_t i = 0; run->ready != NULL && i < connections; i++) {
        ask(run, run->ready[i]);
    }
    while (run->open > 0) {
        transport_poll(run->transport, 1000);
    }
    report(run, (double)(transport_now_us() - begin) / 1e6);
    free(run->ready);
}

static void take_record(struct run *run)
{
    const uint64_t index = run->records_left--;
    uint64_t key = __builtin_bswap64(UINT64_MAX - index); /* rising */
    uint8_t digest[32];
    must(EVP_DigestInit_ex(run->hash, run->sha256, NULL) == 1 &&
             EVP_DigestUpdate(run->hash, run->record, run->record_size) == 1 &&
             EVP_DigestFinal_ex(run->hash, digest, NULL) == 1,
         "SHA-256");
    run->record[0] ^= digest[0]; /* the digest is used, so it is computed */
    MDB_val name = {sizeof key, &key};
    MDB_val value = {run->record_size, run->record};
    must(mdb_put(run->txn, run->table, &name, &value, MDB_APPEND) == 0, "mdb_put");
    run->record_used = 0;
}

static void on_stream(void *state, struct transport_connection *connection, const uint8_t *bytes,
                      size_t size)
{
    struct run *run = state;
    while (size > 0 && run->records_left > 0) {
        const size_t room = run->record_size - run->record_used;
        const size_t part = size < room ? size : room;
        memcpy(run->record + run->record_used, bytes, part);
        run->record_used += part;
        bytes += part;
        size -= part;
        if (run->record_used == run->record_size) {
            take_record(run);
        }
    }
    if (run->records_left == 0) {
        transport_close(connection);
    }
}

static void run_sync(struct run *run, uint64_t records, const char *folder)
{
    const uint64_t total = records * run->record_size;
    static uint8_t message[9] = {'S'};
    memcpy(message + 1, &total, sizeof total);
    run->records_left = records;
    run->record = malloc(run->record_size);
    run->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    run->hash = EVP_MD_CTX_new();
    must(run->record != NULL && run->sha256 != NULL && run->hash != NULL, "SHA-256");
    must(mdb_env_create(&run->environment) == 0, "mdb_env_create");
    must(mdb_env_set_mapsize(run->environment, (size_t)4 << 30) == 0, "map size");
    must(mdb_env_open(run->environment, folder, 0, 0600) == 0, "mdb_env_open");
    run->ask = message;
    run->ask_size = sizeof message;
    run->until_us = 0;
    const uint64_t begin = transport_now_us();
    must(mdb_txn_begin(run->environment, NULL, 0, &run->txn) == 0, "mdb_txn_begin");
    must(mdb_dbi_open(run->txn, NULL, 0, &run->table) == 0, "mdb_dbi_open");
    connect_many(run, 1);
    while (run->open > 0) {
        transport_poll(run->transport, 1000);
    }
    must(run->records_left == 0, "the stream was cut");
    must(mdb_txn_commit(run->txn) == 0, "mdb_txn_commit");
    run->done = records;
    report(run, (double)(transport_now_us() - begin) / 1e6);
    mdb_env_close(run->environment);
    EVP_MD_CTX_free(run->hash);
    EVP_MD_free(run->sha256);
    free(run->record);
}

/* Each has had one small answer, as a client that logged in has. */
static void run_idle(struct run *run, uint64_t connections)
{
    static uint8_t message[200] = {'E'};
    run->ask = message;
    run->ask_size = sizeof message;
    open_all(run, connections);
    run->keep_open = 1;
    for (uint64_t i = 0; i < connections; i++) {
        ask(run, run->ready[i]);
    }
    while (run->done < connections) {
        transport_poll(run->transport, 1000);
        must(run->open == connections, "a connection was closed");
    }
    printf("{\"open\":%" PRIu64 "}\n", run->opened);
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    free(run->ready);
}

int main(int argc, char **argv)
{
    static struct run run;
    const char *what = argc > 3 ? argv[2] : "";
    const int is_sync = strcmp(what, "sync") == 0;
    const struct transport_handler handler = {
        .state = &run,
        .on_open = on_open,
        .on_message = is_sync ? on_stream : on_answer,
        .on_closed = on_closed,
    };
    samples_init(&run.samples);
    if (argc > 3) {
        run.transport = transport_new((uint16_t)number(argv[1]), "bench", &handler);
    }
    if (strcmp(what, "echo") == 0 && argc == 7) {
        const uint32_t answer = (uint32_t)number(argv[5]);
        run.ask_size = (size_t)number(argv[4]);
        run.ask = calloc(1, run.ask_size + 5);
        must(run.ask != NULL, "memory");
        run.ask_size = run.ask_size < 5 ? 5 : run.ask_size;
        run.ask[0] = 'R';
        memcpy(run.ask + 1, &answer, sizeof answer);
        run_requests(&run, number(argv[3]), strtod(argv[6], NULL));
    } else if (strcmp(what, "login") == 0 && argc == 6) {
        run.ask_size = (size_t)number(argv[4]);
        run.ask = calloc(1, run.ask_size + 1);
        must(run.ask != NULL, "memory");
        run.ask[0] = 'E';
        run.new_connection_each = 1;
        run_requests(&run, number(argv[3]), strtod(argv[5], NULL));
    } else if (is_sync && argc == 6) {
        run.record_size = (size_t)number(argv[4]);
        run_sync(&run, number(argv[3]), argv[5]);
    } else if (strcmp(what, "idle") == 0) {
        run_idle(&run, number(argv[3]));
        return 0;
    } else {
        fputs("usage: ceiling_wire PORT echo|login|sync|idle …\n", stderr);
        return 2;
    }
    if (!is_sync) {
        free(run.ask);
    }
    samples_deinit(&run.samples);
    transport_free(run.transport);
    return 0;
}
