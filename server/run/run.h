/*
 * The committer: one thread that owns all writes and every decision.
 *
 * Requests come from the network threads through one bounded queue. The committer
 * takes everything that waits (RUN_BATCH_REQUESTS_MAX, RUN_BATCH_BYTES_MAX), lets core
 * judge and write each inside one transaction, commits it durably, has the signer sign
 * both logs' new heads, and only then hands the answers out. No timer: what arrives
 * during one commit is the next batch. A batch that fails unexpectedly is run again one
 * request at a time, so only the culprit fails; a disk that fails ends the process with
 * nothing answered, since nothing unacknowledged was promised. While the signer is away the
 * batch that waits for it is held, and everybody else is told UNAVAILABLE (release.h).
 */
#pragma once

#include "server/run/request.h"

#define RUN_BATCH_REQUESTS_MAX 256u
#define RUN_BATCH_BYTES_MAX    (4u * 1024u * 1024u)
#define RUN_QUEUE_REQUESTS_MAX 4096u
#define RUN_QUEUE_BYTES_MAX    (64u * 1024u * 1024u)

struct run;
struct signer_link; /* signer_link.h */
struct clock_guard; /* clock_guard.h */

/* Has the present heads signed. |db|, |core|, |signer| and |clock| are borrowed until run_finish;
 * |clock| NULL: any time is taken. STATUS_UNAVAILABLE: the signer does not sign; STATUS_REWOUND:
 * the database is shorter than what was signed. */
MUST_CHECK enum status run_new(struct db *db, struct core *core, struct signer_link *signer,
                               struct clock_guard *clock, const struct run_output *output,
                               struct run **out_run);
/*
 * One turn of the committer: waits for requests, at most |wait_ms|, and does all that is written
 * above with what it took. |*out_idle|: there was nothing to do, and nothing is held. STATUS_OK; any other: the disk or the
 * signer failed for good, nothing of the batch was answered, and the process must end. The thread
 * of run_start does nothing else; the simulator, which has no threads, calls it by itself.
 */
MUST_CHECK enum status run_turn(struct run *run, uint32_t wait_ms, bool *out_idle);
/* run_new and the thread. STATUS_NO_MEMORY too. */
MUST_CHECK enum status run_start(struct db *db, struct core *core, struct signer_link *signer,
                                 struct clock_guard *clock, const struct run_output *output,
                                 struct run **out_run);
/*
 * The same for a server that may not go on by itself, since its database is older than what was signed,
 * or was put back and nobody knows what was signed: nothing is written, everybody is turned away
 * (core_turn_away), and no signer is asked. |greeting|: heads that the log key signed, for the
 * Hello. STATUS_NO_MEMORY, STATUS_IO.
 */
MUST_CHECK enum status run_start_read_only(struct db *db, struct core *core,
                                           const struct core_checkpoints *greeting,
                                           const struct run_output *output, struct run **out_run);
/* Moves the request in: true. False: full, the request stays the caller's. Any thread. */
bool run_offer(struct run *run, struct run_request *request);
/* The newest signed heads, with a reference. Any thread. */
struct run_checkpoints *run_checkpoints_now(struct run *run);
/* From its next turn on: the map, if it is larger than it was, and how many lines of the access log a
 * member may leave in an hour. Any thread. */
void run_change(struct run *run, uint64_t map_bytes, uint32_t lines_per_hour);
/* Works off the queue, then ends the thread. What is offered afterwards is refused.
 * NULL is allowed. */
void run_finish(struct run *run);
/* After run_finish, and after the transport ended: its last connections still say that they
 * closed. NULL is allowed. */
void run_free(struct run *run);
