#include "client/agent/host.h"

#include "client/agent/clock.h"
#include "client/store/store.h"
#include "keys/private/keystore.h"
#include "proto/address.h"

#include <stdio.h>

#define PATH_BYTES_MAX 4096u
#define STEP_MS        100u

struct host {
    struct keystore *keystore;
    struct store *store;
    struct engine *engine;
    struct wire *wire;
    bool changed; /* the keystore's content, not saved yet */
    bool connecting;
    enum { PIN_NOW, PIN_NEXT_WANTED, PIN_NEXT } pin; /* which TLS key is expected */
    const volatile sig_atomic_t *stop;
    const char *why;
};

static enum status path_in(const char *profile, const char *name, char *out)
{
    int n = snprintf(out, PATH_BYTES_MAX, "%s/%s", profile, name);
    return n > 0 && (size_t)n < PATH_BYTES_MAX ? STATUS_OK : STATUS_USAGE;
}

enum status host_probe(const char *profile)
{
    struct pass_file_params params;
    return keystore_probe(profile, &params);
}

static void content_changed(void *context)
{
    struct host *host = context;
    host->changed = true;
}

/* ---- the connection */

static void pump_out(struct host *host)
{
    struct span frame;
    while (wire_is_open(host->wire) && engine_next_frame(host->engine, &frame)) {
        if (wire_send(host->wire, frame) != STATUS_OK) {
            wire_close(host->wire);
            return;
        }
    }
}

static void on_open(void *state, const uint8_t exporter[WIRE_EXPORTER_BYTES])
{
    struct host *host = state;
    host->connecting = false;
    host->why = NULL;
    engine_start(host->engine, exporter, clock_now_ms());
    pump_out(host);
}

static void on_frame(void *state, struct span frame)
{
    struct host *host = state;
    if (engine_receive(host->engine, frame, clock_now_ms()) != STATUS_OK) {
        wire_close(host->wire);
        return;
    }
    pump_out(host);
}

static void on_closed(void *state, const struct wire_closed *closed)
{
    static const struct hash none;
    struct host *host = state;
    struct hash now;
    struct hash next;
    engine_tls_pins(host->engine, &now, &next);
    if (closed->why == WIRE_END_WRONG_KEY && host->pin == PIN_NOW && !ID_EQUAL(&next, &none)) {
        host->pin = PIN_NEXT_WANTED;
    }
    host->connecting = host->pin == PIN_NEXT_WANTED;
    host->why = closed->text;
    engine_stop(host->engine);
}

static enum status connect_with(struct host *host)
{
    struct keystore_content *content = keystore_content(host->keystore);
    struct address address;
    enum status status = address_of_server(content->address, &address);
    if (status != STATUS_OK) {
        return status;
    }
    struct hash pins[2];
    engine_tls_pins(host->engine, &pins[0], &pins[1]);
    status =
        wire_connect(host->wire, address.host, address.port, &pins[host->pin == PIN_NEXT ? 1 : 0]);
    host->connecting = status == STATUS_OK;
    host->why = NULL;
    return status;
}

enum status host_connect(struct host *host)
{
    if (host->connecting || wire_is_open(host->wire)) {
        return STATUS_OK;
    }
    host->pin = PIN_NOW;
    return connect_with(host);
}

/* A server may change to the key that it announced before, and to no other. */
static enum status try_next_pin(struct host *host)
{
    if (host->pin != PIN_NEXT_WANTED) {
        return STATUS_OK;
    }
    host->pin = PIN_NEXT;
    host->connecting = false;
    return connect_with(host);
}

bool host_online(const struct host *host)
{
    return wire_is_open(host->wire);
}

const char *host_why(const struct host *host)
{
    return host->why;
}

void host_stop_when(struct host *host, const volatile sig_atomic_t *flag)
{
    host->stop = flag;
}

/* ---- opening and closing */

static enum status open_engine(struct host *host)
{
    struct engine_config config = {.content = keystore_content(host->keystore),
                                   .content_changed = content_changed,
                                   .context = host};
    store_storage(host->store, &config.storage);
    enum status status = engine_new(&config, &host->engine);
    if (status == STATUS_CORRUPT) {
        (void)fprintf(stderr, "alcove: the local cache is damaged and is fetched anew; drafts and "
                              "what waits to be sent are kept\n");
        status = store_reset(host->store);
        if (status == STATUS_OK) {
            store_storage(host->store, &config.storage);
            status = engine_new(&config, &host->engine);
        }
    }
    return status;
}

enum status host_open(const char *profile, struct span passphrase, struct host **out_host)
{
    struct wire_handler handler = {NULL, on_open, on_frame, on_closed};
    struct host *host = calloc(1, sizeof *host);
    char path[PATH_BYTES_MAX];
    enum status status = host == NULL ? STATUS_NO_MEMORY : path_in(profile, "store", path);
    if (status == STATUS_OK) {
        status = keystore_open(profile, passphrase, &host->keystore);
    }
    struct keystore_content *content;
    if (status == STATUS_OK) {
        content = keystore_content(host->keystore);
        status = store_open(path, content->cache_master, &content->practice, &host->store);
    }
    if (status == STATUS_OK) {
        status = open_engine(host);
    }
    struct wire_options options;
    if (status == STATUS_OK) {
        wire_options_default(&options);
        handler.state = host;
        status = wire_new(&options, &handler, &host->wire);
    }
    if (status != STATUS_OK) {
        host_close(host);
        return status;
    }
    *out_host = host;
    return STATUS_OK;
}

enum status host_save(struct host *host)
{
    enum status status = STATUS_OK;
    if (host->changed) {
        status = keystore_save(host->keystore);
        host->changed = status != STATUS_OK;
    }
    return status;
}

void host_forget(struct host *host)
{
    if (host == NULL) {
        return;
    }
    wire_stop(host->wire);
    if (host->keystore != NULL && host_save(host) != STATUS_OK) {
        (void)fprintf(stderr, "alcove: what was seen of the logs could not be saved in the "
                              "keystore; notes are not affected\n");
    }
    engine_free(host->engine);
    store_close(host->store);
    keystore_close(host->keystore);
    host->engine = NULL;
    host->store = NULL;
    host->keystore = NULL;
}

void host_close(struct host *host)
{
    if (host == NULL) {
        return;
    }
    host_forget(host);
    wire_free(host->wire);
    free(host);
}

struct engine *host_engine(struct host *host)
{
    return host->engine;
}

struct keystore *host_keystore(struct host *host)
{
    return host->keystore;
}

struct wire *host_wire(struct host *host)
{
    return host->wire;
}

/* ---- working */

enum status host_step(struct host *host, uint32_t wait_ms)
{
    engine_tick(host->engine, clock_now_ms());
    pump_out(host);
    enum status status = try_next_pin(host);
    if (status == STATUS_OK) {
        status = wire_service(host->wire, wait_ms);
    }
    pump_out(host);
    return status;
}

static enum status engine_trouble(struct host *host)
{
    struct engine_state state;
    engine_state(host->engine, &state);
    return state.phase == ENGINE_STOPPED ? (state.why == STATUS_OK ? STATUS_REFUSED : state.why)
                                         : STATUS_OK;
}

enum status host_until(struct host *host, bool (*done)(struct host *host, void *state), void *state,
                       uint32_t timeout_ms)
{
    uint64_t end_ms = clock_awake_ms() + timeout_ms;
    enum status status = host_connect(host);
    while (status == STATUS_OK) {
        if (done(host, state)) {
            return STATUS_OK;
        }
        if (host->stop != NULL && *host->stop != 0) {
            host->why = "the agent is being locked";
            return STATUS_OFFLINE;
        }
        /* The reason why an earlier connection ended says nothing about the new one. */
        status = host->connecting ? STATUS_OK : engine_trouble(host);
        if (status != STATUS_OK) {
            return status;
        }
        if (!host->connecting && !wire_is_open(host->wire)) {
            return STATUS_OFFLINE;
        }
        if (clock_awake_ms() >= end_ms) {
            return STATUS_BUSY;
        }
        status = host_step(host, STEP_MS);
        if (status == STATUS_OK && !host->connecting) {
            status = engine_trouble(host);
        }
    }
    return status;
}

struct sync_goal {
    uint64_t rounds; /* finished before */
};

static bool find_unsent(void *visitor, uint64_t ticket, const struct engine_ticket *info)
{
    bool *unsent = visitor;
    (void)ticket;
    *unsent |= info->wish != ENGINE_WISH_FAILED;
    return !*unsent;
}

/* A note that the server refused permanently stays in the outbox, so that no text is lost, but
 * nobody waits for it. */
static bool is_sent(const struct host *host)
{
    bool unsent = false;
    engine_outbox(host->engine, find_unsent, &unsent);
    return !unsent;
}

static bool synced(struct host *host, void *state)
{
    const struct sync_goal *goal = state;
    struct engine_state now;
    engine_state(host->engine, &now);
    return now.phase == ENGINE_IDLE && now.rounds > goal->rounds && is_sent(host);
}

enum status host_sync(struct host *host, uint32_t timeout_ms)
{
    struct engine_state now;
    engine_state(host->engine, &now);
    struct sync_goal goal;
    goal.rounds = now.rounds;
    engine_sync(host->engine);
    return host_until(host, synced, &goal, timeout_ms);
}

static bool finished(struct host *host, void *state)
{
    struct engine_ticket ticket;
    engine_ticket(host->engine, *(const uint64_t *)state, &ticket);
    return ticket.wish == ENGINE_WISH_DONE || ticket.wish == ENGINE_WISH_FAILED ||
           ticket.wish == ENGINE_WISH_NONE;
}

enum status host_finish(struct host *host, uint64_t ticket, uint32_t timeout_ms)
{
    return host_until(host, finished, &ticket, timeout_ms);
}

static bool settled(struct host *host, void *state)
{
    (void)state;
    struct engine_state now;
    engine_state(host->engine, &now);
    return now.phase == ENGINE_IDLE && now.sections_behind == 0;
}

enum status host_settle(struct host *host, uint32_t timeout_ms)
{
    return host_until(host, settled, NULL, timeout_ms);
}
