/*
 * The answers given to recent writes, so that a retry after a lost reply gets the first
 * answer and never a duplicate (decision 22).
 *
 * The answer is stored inside the write's event (events.h, struct event_reply), hence in the
 * same transaction and without a page of its own. What is here is an index in memory from
 * (device, request id) to that event, built at start from the newest events. A hit is
 * believed only after the event itself was read and matches, so entries of a transaction
 * that was aborted do no harm and need no undoing.
 *
 * Window: REPLAY_WINDOW_MS by leaf time, REPLAY_PER_DEVICE_MAX writes per device, and
 * REPLAY_ENTRIES_MAX in all, oldest out first. Past it a revision is recognised by its device
 * number and link and a statement by its chain number. Committer thread only.
 */
#pragma once

#include "proto/limits.h"
#include "server/store/events.h"

#define REPLAY_ENTRIES_MAX (1u << 20)

struct replay;

/*
 * Reads the newest events of |db| back to the window's end, |now_ms| being the server's
 * clock. The caller frees it with replay_free. STATUS_NO_MEMORY, STATUS_CORRUPT.
 */
MUST_CHECK enum status replay_new(struct db *db, uint64_t now_ms, struct replay **out_replay);
void replay_free(struct replay *replay);

/*
 * The remembered answer to (device, request), if any. Call it after policy (decision 13).
 *
 * STATUS_OK: *out_event is that write's event and its reply.outcome the first answer;
 * STATUS_NOT_FOUND; STATUS_CONFLICT: the same id with another request hash, to be refused.
 */
MUST_CHECK enum status replay_find(struct replay *replay, struct txn *txn, uint32_t device_local,
                                   const struct request_id *request,
                                   const struct hash *request_hash, uint64_t now_ms,
                                   struct event_stored *out_event);

/* After events_append of a write, also within the same batch: finds |event_seq| later. */
void replay_add(struct replay *replay, uint32_t device_local, const struct request_id *request,
                uint64_t event_seq, uint64_t time_ms);
