#include "client/agent/agent.h"

#include "client/agent/clock.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define STEP_MS       500u
#define WATCHERS_MAX  16u
#define HOLDERS_MAX   16u
#define PROFILE_BYTES 4096u
#define EXIT_LOCKED   6u

struct watcher {
    int fd; /* -1: free */
    void *watch;
};

struct holder {
    int fd; /* -1: free */
    uint64_t until_ms;
};

struct agent {
    char profile[PROFILE_BYTES];
    struct host *host;
    const struct agent_work *work;
    int listener;
    bool ready; /* somebody waits to be served */
    int locker; /* the connection that asked for the lock, or -1 */
    uint64_t idle_ms;
    uint64_t last_ms;
    uint64_t slept_ms;
    struct watcher watchers[WATCHERS_MAX];
    struct holder holders[HOLDERS_MAX];
};

static volatile sig_atomic_t signalled;

static void on_signal(int signal)
{
    (void)signal;
    signalled = 1;
}

static void take_signals(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        (void)sigaction(signals[i], &action, NULL);
    }
    (void)signal(SIGPIPE, SIG_IGN);
}

static void on_caller(void *state, int fd)
{
    struct agent *agent = state;
    (void)fd;
    agent->ready = true;
}

enum status agent_new(const char *profile, struct host *host, const struct agent_work *work,
                      uint64_t idle_ms, struct agent **out_agent)
{
    struct agent *agent = calloc(1, sizeof *agent);
    if (agent == NULL || strlen(profile) >= sizeof agent->profile) {
        free(agent);
        return STATUS_NO_MEMORY;
    }
    memcpy(agent->profile, profile, strlen(profile) + 1);
    agent->host = host;
    agent->work = work;
    agent->locker = -1;
    for (size_t i = 0; i < WATCHERS_MAX; i++) {
        agent->watchers[i].fd = -1;
    }
    for (size_t i = 0; i < HOLDERS_MAX; i++) {
        agent->holders[i].fd = -1;
    }
    agent->idle_ms = idle_ms;
    signalled = 0;
    take_signals();
    host_stop_when(host, &signalled);
    enum status status = talk_listen(profile, &agent->listener);
    if (status == STATUS_OK) {
        status = wire_watch(host_wire(host), agent->listener, on_caller, agent);
        if (status != STATUS_OK) {
            (void)close(agent->listener);
            talk_unlink(profile);
        }
    }
    if (status != STATUS_OK) {
        free(agent);
        return status;
    }
    agent->last_ms = clock_awake_ms();
    agent->slept_ms = clock_slept_ms();
    *out_agent = agent;
    return STATUS_OK;
}

/* ---- watchers */

static void drop_watcher(struct agent *agent, struct watcher *watcher)
{
    (void)close(watcher->fd);
    agent->work->watch_free(watcher->watch);
    watcher->fd = -1;
    watcher->watch = NULL;
}

static bool add_watcher(struct agent *agent, int fd, const struct talk_request *request)
{
    for (size_t i = 0; i < WATCHERS_MAX; i++) {
        struct watcher *watcher = &agent->watchers[i];
        if (watcher->fd < 0) {
            watcher->watch = agent->work->watch_new(request);
            watcher->fd = watcher->watch == NULL ? -1 : fd;
            return watcher->fd >= 0;
        }
    }
    return false;
}

/* The other end of a watch or a hold sends nothing, so a readable descriptor means that it closed. */
static bool is_gone(int fd)
{
    uint8_t byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

static void step_watchers(struct agent *agent)
{
    for (size_t i = 0; i < WATCHERS_MAX; i++) {
        struct watcher *watcher = &agent->watchers[i];
        if (watcher->fd < 0) {
            continue;
        }
        char *text = agent->work->watch_step(watcher->watch, agent->host);
        if ((text != NULL &&
             talk_send_text(watcher->fd, span_of(text, strlen(text))) != STATUS_OK) ||
            is_gone(watcher->fd)) {
            drop_watcher(agent, watcher);
        }
        free(text);
    }
}

/* ---- people who type */

static bool add_holder(struct agent *agent, int fd)
{
    for (size_t i = 0; i < HOLDERS_MAX; i++) {
        if (agent->holders[i].fd < 0) {
            agent->holders[i].fd = fd;
            agent->holders[i].until_ms = clock_awake_ms() + AGENT_HOLD_MS;
            return true;
        }
    }
    return false;
}

/* The idle time begins when the last of them is done, so that the text is still taken. */
static void step_holders(struct agent *agent)
{
    for (size_t i = 0; i < HOLDERS_MAX; i++) {
        struct holder *holder = &agent->holders[i];
        if (holder->fd < 0) {
            continue;
        }
        uint64_t now_ms = clock_awake_ms();
        bool over = now_ms >= holder->until_ms;
        agent->last_ms = over ? agent->last_ms : now_ms;
        if (over || is_gone(holder->fd)) {
            (void)close(holder->fd);
            holder->fd = -1;
        }
    }
}

/* ---- callers */

/* A caller that went away changes nothing: the command was carried out all the same. */
static void tell_last(int fd, uint8_t code, int out, int err)
{
    enum status status = talk_send_last(fd, code, out, err);
    (void)status;
}

static void run_command(struct agent *agent, int fd, const struct talk_request *request)
{
    int out = -1;
    int err = -1;
    uint8_t code = agent->work->run(agent->host, request, &out, &err);
    host_rest(agent->host);
    tell_last(fd, code, out, err);
    if (out >= 0) {
        (void)close(out);
    }
    if (err >= 0) {
        (void)close(err);
    }
}

static void serve(struct agent *agent, int fd)
{
    struct talk_request request;
    if (talk_receive_request(fd, &request) != STATUS_OK) {
        (void)close(fd);
        return;
    }
    bool keep = false;
    switch (request.kind) {
    case TALK_RUN:
    case TALK_ASK:
        run_command(agent, fd, &request);
        break;
    case TALK_WATCH:
        keep = add_watcher(agent, fd, &request);
        break;
    case TALK_HOLD:
        keep = add_holder(agent, fd);
        break;
    case TALK_LOCK:
        keep = agent->locker < 0;
        agent->locker = keep ? fd : agent->locker;
        break;
    }
    if (!keep) {
        (void)close(fd);
    }
    if (request.kind != TALK_WATCH) {
        agent->last_ms = clock_awake_ms();
    }
    talk_request_deinit(&request);
}

/* While a command runs the listener is not watched: a second caller, who is not served yet,
 * would keep the loop inside that command from ever waiting. */
static enum status serve_callers(struct agent *agent)
{
    agent->ready = false;
    wire_unwatch(host_wire(agent->host), agent->listener);
    int fd = -1;
    enum status status;
    do {
        status = talk_accept(agent->listener, &fd);
        if (status == STATUS_OK) {
            serve(agent, fd);
        }
    } while (status != STATUS_NOT_FOUND && signalled == 0 && agent->locker < 0 &&
             clock_slept_ms() < agent->slept_ms + AGENT_SLEPT_MS);
    return wire_watch(host_wire(agent->host), agent->listener, on_caller, agent);
}

/* ---- the loop */

enum agent_end agent_run(struct agent *agent)
{
    for (;;) {
        if (signalled != 0) {
            return AGENT_END_SIGNAL;
        }
        if (clock_slept_ms() >= agent->slept_ms + AGENT_SLEPT_MS) {
            return AGENT_END_SLEPT;
        }
        if (agent->ready && serve_callers(agent) != STATUS_OK) {
            return AGENT_END_BROKEN;
        }
        if (agent->locker >= 0) {
            return AGENT_END_ASKED;
        }
        step_holders(agent);
        if (clock_awake_ms() - agent->last_ms >= clock_idle_limit_ms(agent->idle_ms)) {
            return AGENT_END_IDLE;
        }
        step_watchers(agent);
        enum status status = host_stay_connected(agent->host);
        if (status == STATUS_OK || status == STATUS_MALFORMED) {
            status = host_step(agent->host, STEP_MS);
        }
        if (status != STATUS_OK || host_save(agent->host) == STATUS_NO_MEMORY) {
            return AGENT_END_BROKEN;
        }
        host_rest(agent->host);
    }
}

void agent_quiet(struct agent *agent)
{
    wire_unwatch(host_wire(agent->host), agent->listener);
    talk_unlink(agent->profile);
    (void)close(agent->listener);
    agent->listener = -1;
    agent->host = NULL;
}

void agent_free(struct agent *agent)
{
    if (agent == NULL) {
        return;
    }
    for (size_t i = 0; i < WATCHERS_MAX; i++) {
        struct watcher *watcher = &agent->watchers[i];
        if (watcher->fd >= 0) {
            tell_last(watcher->fd, EXIT_LOCKED, -1, -1);
            drop_watcher(agent, watcher);
        }
    }
    for (size_t i = 0; i < HOLDERS_MAX; i++) {
        if (agent->holders[i].fd >= 0) {
            (void)close(agent->holders[i].fd);
        }
    }
    if (agent->locker >= 0) {
        tell_last(agent->locker, 0, -1, -1);
        (void)close(agent->locker);
    }
    free(agent);
}
