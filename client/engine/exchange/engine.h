/*
 * The client's engine: it takes received frames and a person's wishes, and gives frames to
 * send and facts to keep. It touches no socket, no file and no clock; the time comes with
 * each call, in milliseconds since 1970.
 *
 * It believes nothing: every statement, leaf, page and checkpoint is checked against the
 * practice's genesis before it counts (decisions 2 to 6, 12, 15). What fails a check stops
 * the engine: an alarm says what and why, nothing is stored, shown or advanced, and no
 * further frame is accepted or sent until a new connection. Reading what was verified
 * earlier stays possible, and so does writing into the outbox.
 *
 * Reading is in view.h, writing notes in write.h, statements in act.h, the access log in
 * query.h, a newcomer's first steps in join.h, a new practice in found.h. One engine
 * belongs to one thread.
 */
#pragma once

#include "client/engine/common/types.h"
#include "keys/private/keystore.h"
#include "proto/ids.h"
#include "proto/status.h"

struct engine;

/* Loads what the storage holds. STATUS_OK; STATUS_CORRUPT when the storage contradicts
 * itself or the keystore: the caller empties everything but STORAGE_OUTBOX and
 * STORAGE_TYPED and tries again, which fetches it anew; STATUS_NO_MEMORY, STATUS_IO. */
MUST_CHECK enum status engine_new(const struct engine_config *config, struct engine **out_engine);
/* Wipes the keys it opened. NULL is allowed. */
void engine_free(struct engine *engine);

/* ---------------------------------------------------------------- the connection */

/* A connection to the pinned server is open; |exporter| is RFC 9266's of its TLS. Forgets
 * a connection before it. */
void engine_start(struct engine *engine, const uint8_t exporter[static ENGINE_EXPORTER_BYTES],
                  uint64_t now_ms);
/* The connection is gone. Requests without an answer are asked again next time. */
void engine_stop(struct engine *engine);
/*
 * One whole frame (a packed `Frame`, without the length before it).
 * STATUS_OK, or why the engine stopped: the caller closes the connection. The same is in
 * engine_alarm() if a check failed.
 */
MUST_CHECK enum status engine_receive(struct engine *engine, struct span frame, uint64_t now_ms);
/* The next frame to send, without its length; false if there is none. Borrowed until the
 * next call of any function of the engine. */
bool engine_next_frame(struct engine *engine, struct span *out_frame);
/* To be called about once a second, and after a wish was queued: starts a round of
 * syncing when there is a reason for one. */
void engine_tick(struct engine *engine, uint64_t now_ms);
/* Asks for a round of syncing even without a reason, on a person's word: at once, also when the
 * server could not answer before. */
void engine_sync(struct engine *engine);

/* The next ask does not wait, though the server could not answer the last one: a person wants
 * it. */
void engine_hurry(struct engine *engine);

struct engine_state {
    enum engine_phase phase;
    enum status why; /* for ENGINE_STOPPED */
    struct member_id member;
    uint32_t role;            /* 0 until our own chain was verified */
    uint64_t statements_size; /* verified */
    uint64_t events_size;
    uint64_t newest_leaf_ms; /* 0: none yet */
    int64_t clock_off_ms;    /* newest leaf minus our clock when it arrived */
    bool clock_shown;        /* more than ENGINE_CLOCK_SHOWN_MS off */
    bool clock_stopped;      /* writes wait for engine_confirm_clock */
    bool put_off;            /* the server takes nothing more from this device for a while (BUSY) */
    uint64_t witnessed_size; /* of the events log, under the policy's quorum; 0: never */
    size_t outbox_count;
    size_t sections_behind;  /* known to hold more than we have */
    size_t sections_stopped; /* of these, what follows could not be handed out at the last try */
    uint64_t rounds;         /* finished since engine_new */
    /* Progress of the pages under way. */
    uint64_t bytes_expected, bytes_received;
    uint64_t revisions_verified; /* since engine_new */
    uint64_t signatures_checked;
};
void engine_state(const struct engine *engine, struct engine_state *out_state);

/* The person says that this machine's clock is right though the server's is days ahead. Kept,
 * and good for what was seen and a day more: a server that moves on is asked about again.
 * STATUS_ALREADY when nothing is stopped; STATUS_IO, STATUS_FULL. */
MUST_CHECK enum status engine_confirm_clock(struct engine *engine);

/* Only true for what was received and verified whole: our chain, then everything. */
bool engine_synced_once(const struct engine *engine);

/* ---------------------------------------------------------------- what went wrong */

/* Oldest first; kept until engine_alarms_clear. The first ones are kept when there are
 * more than ENGINE_ALARMS_MAX. */
size_t engine_alarm_count(const struct engine *engine);
const struct engine_alarm *engine_alarm(const struct engine *engine, size_t index);
void engine_alarms_clear(struct engine *engine);

/* ---------------------------------------------------------------- wishes */

void engine_ticket(const struct engine *engine, uint64_t ticket, struct engine_ticket *out_ticket);
/* What waits in the outbox, oldest first. */
typedef bool engine_visit_ticket(void *visitor, uint64_t ticket, const struct engine_ticket *info);
void engine_outbox(const struct engine *engine, engine_visit_ticket *visit, void *visitor);
/* Takes back what was not sent yet. STATUS_OK, STATUS_NOT_FOUND, STATUS_CONFLICT (on its way
 * or done), STATUS_IO. */
MUST_CHECK enum status engine_take_back(struct engine *engine, uint64_t ticket);

/* The TLS keys to accept, SHA-256 of the SubjectPublicKeyInfo: the present one and the
 * announced next one (all zero if none). */
void engine_tls_pins(const struct engine *engine, struct hash *out_now, struct hash *out_next);
