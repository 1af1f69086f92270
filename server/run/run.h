/*
 * The committer: one thread that owns all writes and every decision.
 *
 * Requests come from the network threads through one bounded queue. The committer
 * takes everything that waits (RUN_BATCH_REQUESTS_MAX, RUN_BATCH_BYTES_MAX), lets core
 * judge and write each inside one transaction, commits it durably, has the signer sign
 * both logs' new heads, and only then hands the answers out. No timer: what arrives
 * during one commit is the next batch. A batch that fails unexpectedly is run again one
 * request at a time, so only the culprit fails; a disk that fails ends the process with
 * nothing answered, since nothing unacknowledged was promised.
 */
#pragma once

#include "server/core/core.h"

#define RUN_BATCH_REQUESTS_MAX 256u
#define RUN_BATCH_BYTES_MAX    (4u * 1024u * 1024u)
#define RUN_QUEUE_REQUESTS_MAX 4096u
#define RUN_QUEUE_BYTES_MAX    (64u * 1024u * 1024u)

/*
 * A connection as the threads share it: counted references; |peer| is written once by
 * the committer before |admitted| becomes true, and read by others only after that.
 */
struct run_connection;

struct run_connection *run_connection_new(uint64_t number, const uint8_t exporter[32],
                                          const uint8_t source[CORE_SOURCE_BYTES]);
void run_connection_hold(struct run_connection *connection);
void run_connection_drop(struct run_connection *connection);
uint64_t run_connection_number(const struct run_connection *connection);
const uint8_t *run_connection_source(const struct run_connection *connection);
/* NULL until logged in. */
const struct core_peer *run_connection_peer(const struct run_connection *connection);
/* The hello's part of the login, filled by the door before it sends the hello. */
struct core_login *run_connection_login(struct run_connection *connection);
/* How often this connection lost access to something. A stream compares it with the value
 * in its request before every frame, and stops when it differs: the reader asks again. */
uint64_t run_connection_losses(const struct run_connection *connection);

/* One request on its way. The body and what was decoded from it move with it. */
struct run_request {
    struct run_request *next;
    struct run_connection *connection; /* a reference of its own */
    struct core_ask ask;
    size_t bytes;
    bool closed; /* no request: the connection is gone */
    void *owned; /* freed by |release|: body and decoded message */
    void (*release)(void *owned);
    uint64_t losses;           /* of the connection when this was judged */
    bool ends;                 /* this is what ends the connection */
    struct core_answer answer; /* the committer's */
};
void run_request_free(struct run_request *request);

/* A batch's signed heads, shared by its answers and counted. */
struct run_checkpoints;
void run_checkpoints_hold(struct run_checkpoints *checkpoints);
void run_checkpoints_drop(struct run_checkpoints *checkpoints);
const struct core_checkpoints *run_checkpoints_view(const struct run_checkpoints *checkpoints);

/* Where answers go; called on the committer's thread. */
struct run_output {
    void *state;
    /* What is in request->answer may be moved out; the request is freed afterwards.
     * |checkpoints| is shared: take a reference to keep it. */
    void (*answer)(void *state, struct run_request *request, struct run_checkpoints *checkpoints);
    void (*push)(void *state, struct run_connection *connection, const struct core_effect *moved,
                 struct run_checkpoints *checkpoints);
    void (*cut)(void *state, struct run_connection *connection);
};

struct run;
struct signer_link; /* signer_link.h */

/* Has the present heads signed, then starts the thread. |db|, |core| and |signer| are
 * borrowed until run_finish. STATUS_UNAVAILABLE: the signer does not sign; STATUS_REWOUND:
 * the database is shorter than what was signed. */
MUST_CHECK enum status run_start(struct db *db, struct core *core, struct signer_link *signer,
                                 const struct run_output *output, struct run **out_run);
/* Moves the request in: true. False: full, the request stays the caller's. Any thread. */
bool run_offer(struct run *run, struct run_request *request);
/* The newest signed heads, with a reference. Any thread. */
struct run_checkpoints *run_checkpoints_now(struct run *run);
/* Works off the queue, then ends the thread. What is offered afterwards is refused.
 * NULL is allowed. */
void run_finish(struct run *run);
/* After run_finish, and after the transport ended: its last connections still say that they
 * closed. NULL is allowed. */
void run_free(struct run *run);
