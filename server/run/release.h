/*
 * Has what is durable signed, and lets the answers go.
 *
 * Nothing is acknowledged without a signature (decision 7). While the signer is away the batch that
 * waits for one is held, nothing more is committed, and whoever asks is told UNAVAILABLE: nothing was
 * done, later. What was held is answered when the signer is back. Committer's thread.
 */
#pragma once

#include "server/run/request.h"

struct core;
struct heads;
struct queue;
struct roll;
struct signer_link;

struct release {
    /* Borrowed. */
    struct core *core;
    struct heads *heads;
    struct signer_link *signer;
    struct queue *queue;
    struct roll *roll;
    struct run_output output;
    /* Durable, and not signed yet. */
    bool waits;
    struct run_request *held;
    uint64_t shut_ms; /* when the queue was seen shut meanwhile; 0: it was not */
};

/* Moves |list|, which is durable, in; NULL: only the log moved. STATUS_OK: it was answered, or is held
 * (release_waits). Any other: the process must end. */
MUST_CHECK enum status release_list(struct release *release, struct run_request *list);
/* Whether something is held: then nothing may be committed. */
bool release_waits(const struct release *release);
/* Asks the signer again. STATUS_OK: release_waits says whether it is back. Any other: the process must
 * end; that is so too if it cannot come back, or the queue was shut five seconds ago. */
MUST_CHECK enum status release_again(struct release *release);
/* Moves |list| in, of which nothing was done, and says so to whoever asked. */
void release_refuse(struct release *release, struct run_request *list);
/* Frees a list of which nothing is said: the process ends. */
void release_drop(struct run_request *list);

/* By the clock that is never set back. */
uint64_t release_steady_ms(void);
/* Says that the process must end, and returns |status|. */
enum status release_give_up(enum status status, const char *what);
/* Makes the answer one that says that nothing was done. */
void release_fail_request(struct run_request *request, enum status status);
