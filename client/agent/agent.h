/*
 * The agent: one process per profile that holds the unlocked keys, the cache and the
 * connection, and does the other commands' work.
 *
 * It works for one command after another; between them it keeps the connection, takes what
 * the server pushes and sends what waits. It ends, and the keys are wiped, when asked to, on
 * SIGTERM, SIGINT and SIGHUP, after AGENT_IDLE_MS without a command, and when the machine has
 * slept. What it works with is given as functions, since commands are above this layer. One
 * thread.
 */
#pragma once

#include "client/agent/host.h"
#include "client/agent/talk.h"

#define AGENT_IDLE_MS  (10ull * 60u * 1000u)
#define AGENT_SLEPT_MS 1000u

struct agent_work {
    /* Runs one command; |*out_out| and |*out_err| receive descriptors of memory with what it
     * printed, which the agent closes. Returns the exit code. */
    uint8_t (*run)(struct host *host, const struct talk_request *request, int *out_out,
                   int *out_err);
    /* A watcher of changes; NULL: no memory. */
    void *(*watch_new)(const struct talk_request *request);
    /* What changed since the last call, or NULL; the agent frees it. */
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
                                 const struct agent_work *work, struct agent **out_agent);
/* Works until there is a reason to end. */
enum agent_end agent_run(struct agent *agent);
/* Takes the socket away. To be called before the host is closed. */
void agent_quiet(struct agent *agent);
/* Answers who asked for the lock, which is to be called after the host was closed. NULL is
 * allowed. */
void agent_free(struct agent *agent);
