/*
 * Load for our server, from many connections of one process; one JSON line a run.
 *
 *   load PORT PROFILE CONNECTIONS write SECONDS
 *   load PORT PROFILE CONNECTIONS read SECONDS     each its own note, again and again
 *   load PORT PROFILE CONNECTIONS login SECONDS    so many at once, new each time
 *   load PORT PROFILE 2 push COUNT                 one writes, the other is told
 *   load PORT PROFILE CONNECTIONS fill COUNT       notes into their sections in turn, no figure
 *   load PORT PROFILE CONNECTIONS acks COUNT       writes and reads, each answer told
 *   load PORT PROFILE 1 plain TEXT16               asks for a section of that id; then as idle
 *   load PORT PROFILE CONNECTIONS idle             until standard input closes
 *
 * PROFILE is a therapist's, of a first device, who treats a client; its passphrase is the first line of descriptor 3. All
 * connections are that device's, each with a section of its own.
 */
#include "tests/bench/load.h"
#include "keys/public/bytes/random.h"

#include <inttypes.h>
#include <unistd.h>

/* ---------------------------------------------------------------- connections */

static void on_ready(void *state, struct peer *peer)
{
    struct load *load = state;
    struct worker *worker = &load->workers[peer_index(peer)];
    worker->peer = peer;
    load->ready++;
    if (load->scenario == SCENARIO_LOGIN) {
        load_sample(load, worker->sent_us);
        peer_close(peer);
    }
}

static void on_closed(void *state, struct peer *peer, enum status status)
{
    struct load *load = state;
    struct worker *worker = &load->workers[peer_index(peer)];
    const uint64_t now = peer_now_us();
    if (load->scenario == SCENARIO_ACKS && load->until_us == UINT64_MAX) {
        exit(0); /* the power went; what was said stands on standard output */
    }
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "load: a connection ended: %s\n", status_name(status));
        exit(1);
    }
    if (load->scenario == SCENARIO_LOGIN && now < load->until_us) {
        worker->sent_us = now;
        peers_connect(load->peers, peer_index(peer));
        return;
    }
    peer_must(now >= load->until_us, "a connection was closed by the server");
    load->open--;
}

static void connect_all(struct load *load)
{
    load->open = load->count;
    for (size_t i = 0; i < load->count; i++) {
        load->workers[i].sent_us = peer_now_us();
        peers_connect(load->peers, i);
        if (i % 32 == 31) { /* the listening queue is finite, and a login has its time */
            while (load->scenario != SCENARIO_LOGIN && load->ready + 64 < i) {
                peers_poll(load->peers, 1000);
            }
            peers_poll(load->peers, 0);
        }
    }
    while (load->scenario != SCENARIO_LOGIN && load->ready < load->count) {
        peers_poll(load->peers, 1000);
    }
}

/* ---------------------------------------------------------------- the run */

/* Those that are still open, when the run did not close them one by one. */
static void close_all(struct load *load)
{
    for (size_t i = 0; load->open > 0 && i < load->count; i++) {
        peer_close(load->workers[i].peer);
    }
    while (load->open > 0) {
        peers_poll(load->peers, 1000);
    }
}

static void report(struct load *load, double seconds, uint64_t received_bytes)
{
    const uint64_t done = load->done > 0 ? load->done : 1;
    printf("{\"done\":%" PRIu64 ",\"seconds\":%.4f,\"per_second\":%.1f,\"p50_us\":%u,"
           "\"p99_us\":%u,\"ask_bytes\":%" PRIu64 ",\"answer_bytes\":%" PRIu64 "}\n",
           load->done, seconds, (double)load->done / seconds, samples_at(&load->samples, 500),
           samples_at(&load->samples, 990), load->asked_bytes / done, received_bytes / done);
}

/* Those that stay connected and measure nothing. */
static void stay(struct load *load, const char *text)
{
    load->until_us = UINT64_MAX;
    connect_all(load);
    if (text != NULL) {
        load_run_plain(load, text);
    }
    (void)printf("{\"open\":%zu}\n", load->open);
    (void)fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    load->until_us = 0;
    close_all(load);
}

static void run(struct load *load, double seconds)
{
    load->until_us = UINT64_MAX;
    if (load->scenario != SCENARIO_LOGIN) {
        connect_all(load);
        load_settle(load);
    }
    (void)fprintf(stderr, "{\"ready\":1}\n");
    const uint64_t received = peers_received_bytes(load->peers);
    const uint64_t begin = peer_now_us();
    load->done = 0;
    load->samples.count = 0;
    if (load->scenario == SCENARIO_ACKS) {
        load_run_acks(load);
        return;
    }
    if (load->scenario == SCENARIO_PUSH) {
        load_run_push(load);
    } else if (load->scenario == SCENARIO_FILL) {
        load_run_fill(load);
    } else {
        load->until_us = begin + (uint64_t)(seconds * 1e6);
        if (load->scenario == SCENARIO_LOGIN) {
            connect_all(load);
        }
        for (size_t i = 0; load->scenario != SCENARIO_LOGIN && i < load->count; i++) {
            load_ask(load, &load->workers[i]);
        }
        while (load->open > 0) {
            peers_poll(load->peers, 1000);
        }
    }
    report(load, (double)(peer_now_us() - begin) / 1e6,
           peers_received_bytes(load->peers) - received);
    close_all(load);
}

static void forget(struct load *load)
{
    for (size_t i = 0; i < load->count; i++) {
        secret_free(load->workers[i].section.epoch_key);
    }
    free(load->workers);
    samples_deinit(&load->samples);
}

static enum scenario scenario_of(const char *name)
{
    static const char *const names[] = {
        [SCENARIO_WRITE] = "write", [SCENARIO_READ] = "read",  [SCENARIO_LOGIN] = "login",
        [SCENARIO_PUSH] = "push",   [SCENARIO_IDLE] = "idle",  [SCENARIO_ACKS] = "acks",
        [SCENARIO_FILL] = "fill",   [SCENARIO_PLAIN] = "plain"};
    for (size_t i = SCENARIO_WRITE; i < ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return (enum scenario)i;
        }
    }
    return SCENARIO_NONE;
}

static struct keystore *open_profile(const char *folder)
{
    char passphrase[256];
    size_t size = 0;
    while (size < sizeof passphrase && read(3, passphrase + size, 1) == 1 &&
           passphrase[size] != '\n') {
        size++;
    }
    struct keystore *keystore = NULL;
    const enum status status = keystore_open(folder, span_of(passphrase, size), &keystore);
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "load: %s: %s\n", folder, status_name(status));
        exit(1);
    }
    return keystore;
}

int main(int argc, char **argv)
{
    static struct load load;
    load.scenario = argc >= 5 ? scenario_of(argv[4]) : SCENARIO_NONE;
    if (load.scenario == SCENARIO_NONE || argc != (load.scenario == SCENARIO_IDLE ? 5 : 6)) {
        (void)fputs(
            "usage: load PORT PROFILE CONNECTIONS write|read|login SECONDS | push|acks|fill COUNT |"
            " idle\n",
            stderr);
        return 2;
    }
    peer_must(random_init() == STATUS_OK, "no randomness");
    struct keystore *keystore = open_profile(argv[2]);
    load.count = (size_t)strtoull(argv[3], NULL, 10);
    load.wanted = argc == 6 ? strtoull(argv[5], NULL, 10) : 0;
    load.workers = calloc(load.count, sizeof *load.workers);
    samples_init(&load.samples);
    peer_must(load.count > 0 && load.workers != NULL, "memory");
    load.author.content = keystore_content(keystore);
    const struct peer_handler handler = {
        .state = &load, .on_ready = on_ready, .on_push = load_on_push, .on_closed = on_closed};
    load.peers = peers_new((uint16_t)strtoul(argv[1], NULL, 10), load.author.content, &handler);
    if (load.scenario == SCENARIO_IDLE || load.scenario == SCENARIO_PLAIN) {
        stay(&load, argc == 6 ? argv[5] : NULL);
    } else {
        run(&load, strtod(argv[5], NULL));
    }
    peers_free(load.peers);
    keystore_close(keystore);
    forget(&load);
    return 0;
}
