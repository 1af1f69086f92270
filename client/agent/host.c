#include "client/agent/host_internal.h"

#include "client/agent/clock.h"
#include "client/store/store.h"
#include "keys/private/keystore.h"

#include <stdio.h>

#define PATH_BYTES_MAX 4096u
#define STEP_MS        100u

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
    struct wire_handler handler;
    if (status == STATUS_OK) {
        wire_options_default(&options);
        host_wire_handler(host, &handler);
        status = wire_new(&options, &handler, &host->wire);
    }
    if (status != STATUS_OK) {
        host_close(host);
        return status;
    }
    *out_host = host;
    return STATUS_OK;
}

void host_when_slow(struct host *host, void (*slow)(void *state), void *state)
{
    host->slow = slow;
    host->slow_state = state;
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

void host_rest(struct host *host)
{
    store_rest(host->store);
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
    host_pump_out(host);
    enum status status = host_try_next_pin(host);
    if (status == STATUS_OK) {
        status = wire_service(host->wire, wait_ms);
    }
    host_pump_out(host);
    struct engine_state now;
    engine_state(host->engine, &now);
    if (now.phase == ENGINE_IDLE && host->idle_ms == 0) {
        host->idle_ms = clock_awake_ms();
    }
    return status;
}

static enum status engine_trouble(struct host *host)
{
    struct engine_state state;
    engine_state(host->engine, &state);
    if (state.phase != ENGINE_STOPPED) {
        return STATUS_OK;
    }
    /* A server that hands out nothing is as good as one that is away: what is here is read, and what
     * is written waits. */
    return state.why == STATUS_READ_ONLY ? STATUS_OFFLINE
           : state.why == STATUS_OK      ? STATUS_REFUSED
                                         : state.why;
}

enum status host_until(struct host *host, bool (*done)(struct host *host, void *state), void *state,
                       uint32_t timeout_ms)
{
    uint64_t begin_ms = clock_awake_ms();
    uint64_t end_ms = begin_ms + timeout_ms;
    bool told = host->slow == NULL;
    enum status status = host_asked_just_now(host) ? engine_trouble(host) : host_connect(host);
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
        if (!told && clock_awake_ms() - begin_ms >= HOST_MOMENT_MS) {
            told = true;
            host->slow(host->slow_state);
        }
        status = host_step(host, STEP_MS);
        if (status == STATUS_OK && !host->connecting) {
            status = engine_trouble(host);
        }
    }
    return status;
}

static bool find_held(void *visitor, uint64_t ticket, const struct engine_ticket *info)
{
    enum status *why = visitor;
    (void)ticket;
    *why = info->wish == ENGINE_WISH_WAITING ? info->status : STATUS_OK;
    return *why == STATUS_OK;
}

enum status host_held(const struct host *host)
{
    enum status why = STATUS_OK;
    engine_outbox(host->engine, find_held, &why);
    return why;
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
    return now.phase == ENGINE_IDLE && now.rounds > goal->rounds &&
           (is_sent(host) || host_held(host) != STATUS_OK);
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

struct brief {
    struct sync_goal goal;
    uint64_t begin_ms;
};

static bool synced_or_silent(struct host *host, void *state)
{
    struct brief *brief = state;
    uint64_t since_ms = brief->begin_ms > host->heard_ms ? brief->begin_ms : host->heard_ms;
    uint64_t now_ms = clock_awake_ms();
    bool done = synced(host, &brief->goal);
    host->silent_ms = !done && now_ms - since_ms >= HOST_MOMENT_MS ? now_ms : 0;
    return done || host->silent_ms != 0;
}

enum status host_sync_briefly(struct host *host, uint32_t timeout_ms)
{
    uint64_t now_ms = clock_awake_ms();
    if (!host->connecting && !host_online(host) && host->backoff.trouble == BACKOFF_UNREACHABLE &&
        now_ms < host->backoff.failed_ms + HOST_KNOWN_MS) {
        return STATUS_OFFLINE;
    }
    if (host->silent_ms > host->heard_ms && now_ms < host->silent_ms + HOST_KNOWN_MS) {
        return STATUS_BUSY;
    }
    struct engine_state now;
    engine_state(host->engine, &now);
    struct brief brief = {.begin_ms = now_ms};
    brief.goal.rounds = now.rounds;
    engine_sync(host->engine);
    enum status status = host_until(host, synced_or_silent, &brief, timeout_ms);
    return status == STATUS_OK && host->silent_ms != 0 ? STATUS_BUSY : status;
}

static bool finished(struct host *host, void *state)
{
    struct engine_ticket ticket;
    engine_ticket(host->engine, *(const uint64_t *)state, &ticket);
    struct engine_state now;
    engine_state(host->engine, &now);
    return ticket.wish == ENGINE_WISH_DONE || ticket.wish == ENGINE_WISH_FAILED ||
           ticket.wish == ENGINE_WISH_NONE ||
           (ticket.wish == ENGINE_WISH_WAITING && ticket.status != STATUS_OK &&
            now.phase == ENGINE_IDLE);
}

enum status host_finish(struct host *host, uint64_t ticket, uint32_t timeout_ms)
{
    engine_hurry(host->engine);
    return host_until(host, finished, &ticket, timeout_ms);
}

static bool answered(struct host *host, void *state)
{
    struct engine_ticket ticket;
    engine_ticket(host->engine, *(const uint64_t *)state, &ticket);
    bool under_way = ticket.wish == ENGINE_WISH_WAITING || ticket.wish == ENGINE_WISH_SENT;
    return !under_way || ticket.status != STATUS_OK;
}

enum status host_answer(struct host *host, uint64_t ticket, uint32_t timeout_ms)
{
    engine_hurry(host->engine);
    return host_until(host, answered, &ticket, timeout_ms);
}

static bool settled(struct host *host, void *state)
{
    (void)state;
    struct engine_state now;
    engine_state(host->engine, &now);
    return now.phase == ENGINE_IDLE && now.sections_behind == now.sections_stopped;
}

enum status host_settle(struct host *host, uint32_t timeout_ms)
{
    return host_until(host, settled, NULL, timeout_ms);
}
