/*
 * The agent: one process per profile that holds the unlocked keys, the cache and the
 * connection, and does the other commands' work.
 *
 * It works for one command after another. Between commands it keeps the connection, takes the
 * server's pushes and sends the outbox. It ends and wipes the keys when it is asked to, on
 * SIGTERM, SIGINT and SIGHUP, after an idle time without a command, and when the machine has
 * slept. A person who types in an editor is not idle: a command that waits for them holds a
 * connection (TALK_HOLD), which counts as use for AGENT_HOLD_MS at most, since an editor that was
 * forgotten must not keep the keys for ever. The commands are given to it as functions, since they
 * are above this layer. One thread.
 */
#pragma once

#include "client/agent/host.h"
#include "client/agent/talk.h"

#define AGENT_MINUTE_MS        60000ull
#define AGENT_IDLE_MINUTES     10u /* unless it is told another time */
#define AGENT_IDLE_MINUTES_MAX 240u
#define AGENT_HOLD_MS          (12ull * 60u * AGENT_MINUTE_MS)
#define AGENT_SLEPT_MS         1000u

struct agent_work {
    /* Runs one command, or answers what its caller asks first, and returns the exit code.
     * |*out_out| and |*out_err| receive descriptors of memory with the output; the agent closes
     * them. */
    uint8_t (*run)(struct host *host, const struct talk_request *request, int *out_out,
                   int *out_err);
    /* A watcher of changes; NULL: no memory. */
    void *(*watch_new)(const struct talk_request *request);
    /* A text that tells the changes since the last call, or NULL; the agent frees it. */
    char *(*watch_step)(void *watch, struct host *host);
    void (*watch_free)(void *watch);
};

/* Why the agent ended. */
enum agent_end {
    AGENT_END_ASKED,
    AGENT_END_SIGNAL,
    AGENT_END_IDLE,
    AGENT_END_SLEPT,
    AGENT_END_BROKEN, /* the loop cannot go on */
};

struct agent;

/* Begins to listen; |host| and |work| are borrowed. STATUS_IO, STATUS_NO_MEMORY. */
MUST_CHECK enum status agent_new(const char *profile, struct host *host,
                                 const struct agent_work *work, uint64_t idle_ms,
                                 struct agent **out_agent);
/* Works until there is a reason to end. */
enum agent_end agent_run(struct agent *agent);
/* Takes the socket away. To be called before the host is closed. */
void agent_quiet(struct agent *agent);
/* Frees the agent. To be called after the host was closed: it answers the caller who asked for
 * the lock, so that the answer means that the keys are gone. NULL is allowed. */
void agent_free(struct agent *agent);
