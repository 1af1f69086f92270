/*
 * A whole sync of the real client into an empty cache, timed; one JSON line.
 *
 *   sync_client PORT PROFILE FOLDER     passphrase: first line of descriptor 3
 *
 * Engine, sealed cache and transport are the client's own. The clock runs from
 * connecting until everything is verified and durably stored; unlocking the
 * profile is not in it.
 */
#include "client/engine/exchange/engine.h"
#include "client/store/store.h"
#include "client/wire/wire.h"
#include "keys/public/bytes/random.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

struct client {
    struct engine *engine;
    struct wire *wire;
    bool ended;
};

static void must(enum status status, const char *what)
{
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "sync_client: %s: %s\n", what, status_name(status));
        exit(1);
    }
}

static uint64_t clock_us(clockid_t which)
{
    struct timespec now;
    (void)clock_gettime(which, &now);
    return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

static uint64_t now_ms(void)
{
    return clock_us(CLOCK_REALTIME) / 1000U;
}

static void send_all(struct client *client)
{
    struct span frame;
    while (wire_is_open(client->wire) && engine_next_frame(client->engine, &frame)) {
        must(wire_send(client->wire, frame), "send");
    }
}

static void on_open(void *state, const uint8_t exporter[WIRE_EXPORTER_BYTES])
{
    struct client *client = state;
    engine_start(client->engine, exporter, now_ms());
    send_all(client);
}

static void on_frame(void *state, struct span frame)
{
    struct client *client = state;
    const enum status status = engine_receive(client->engine, frame, now_ms());
    if (status != STATUS_OK) {
        const size_t alarms = engine_alarm_count(client->engine);
        const struct engine_alarm *alarm = alarms > 0 ? engine_alarm(client->engine, 0) : NULL;
        (void)fprintf(stderr, "sync_client: %s %s\n", alarm != NULL ? alarm->reason : "",
                      alarm != NULL ? alarm->evidence : "");
        must(status, "the engine stopped");
    }
    send_all(client);
}

static void on_closed(void *state, const struct wire_closed *closed)
{
    struct client *client = state;
    client->ended = true;
    if (closed->why != WIRE_END_ASKED) {
        (void)fprintf(stderr, "sync_client: %s\n", closed->text);
        exit(1);
    }
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
    must(keystore_open(folder, span_of(passphrase, size), &keystore), folder);
    return keystore;
}

static void run(struct client *client, uint16_t port, struct engine_state *out_state)
{
    struct hash pin;
    struct hash next;
    engine_tls_pins(client->engine, &pin, &next);
    must(wire_connect(client->wire, "127.0.0.1", port, &pin), "connect");
    do {
        must(wire_service(client->wire, 100), "service");
        engine_tick(client->engine, now_ms());
        send_all(client);
        engine_state(client->engine, out_state);
        must(out_state->phase == ENGINE_STOPPED ? STATUS_UNAVAILABLE : STATUS_OK, "stopped");
    } while (out_state->phase != ENGINE_IDLE);
}

int main(int argc, char **argv)
{
    static struct client client;
    const struct wire_handler handler = {
        .state = &client, .on_open = on_open, .on_frame = on_frame, .on_closed = on_closed};
    if (argc != 4) {
        (void)fputs("usage: sync_client PORT PROFILE FOLDER\n", stderr);
        return 2;
    }
    must(random_init(), "randomness");
    struct keystore *keystore = open_profile(argv[2]);
    struct engine_config config = {0};
    config.content = keystore_content(keystore);
    struct store *store = NULL;
    must(store_open(argv[3], config.content->cache_master, &config.content->practice, &store),
         "store");
    store_storage(store, &config.storage);
    must(engine_new(&config, &client.engine), "engine");
    struct wire_options options;
    wire_options_default(&options);
    must(wire_new(&options, &handler, &client.wire), "wire");
    const uint64_t begin = clock_us(CLOCK_MONOTONIC);
    struct engine_state state;
    run(&client, (uint16_t)strtoul(argv[1], NULL, 10), &state);
    const double seconds = (double)(clock_us(CLOCK_MONOTONIC) - begin) / 1e6;
    (void)printf("{\"done\":%" PRIu64
                 ",\"seconds\":%.4f,\"per_second\":%.1f,\"signatures\":%" PRIu64
                 ",\"bytes\":%" PRIu64 "}\n",
                 state.revisions_verified, seconds, (double)state.revisions_verified / seconds,
                 state.signatures_checked, state.bytes_received);
    engine_stop(client.engine);
    wire_free(client.wire);
    engine_free(client.engine);
    store_close(store);
    keystore_close(keystore);
    return 0;
}
