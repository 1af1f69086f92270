/*
 * The server's decisions: whether a request is allowed, what it changes, and which line
 * of the access log records it.
 *
 * One thread (the committer) owns a struct core and calls core_handle for each
 * request inside its write transaction. No answer of core_handle may leave before that
 * transaction is durable and its checkpoints are signed. Pages and proofs can only be read
 * after that: the answer describes them, and produce.h makes them from a read transaction.
 *
 * The rights that follow from the statements are kept in memory by
 * keys/public/authority/authority.h, the same code that clients run. The database keeps only
 * the statements, so there is no second record of the rights that could differ. The changes of
 * a transaction stand in a try of the authority, from the first change until
 * core_effects_clear keeps them. After an abort core_take_back drops them, which costs as much
 * as the transaction did and cannot fail.
 */
#pragma once

#include "keys/public/authority/authority.h"
#include "proto/alcove.pb-c.h"
#include "server/core/peer.h"
#include "server/store/db.h"

#define CORE_SOURCE_BYTES         16u
#define CORE_CHECKPOINT_BYTES_MAX 512u

/* What both sides said in a login, hashed at the door. Core judges the login by it. */
struct core_login {
    uint8_t exporter[32];
    uint8_t hello_nonce[32];
    struct hash hello_hash;
    struct hash login_hash;
    uint64_t hello_statements_size;
    uint64_t hello_events_size;
};

struct brought; /* brought.h */

#define CORE_OP_LOGIN 1000u /* not on the wire: FRAME_LOGIN */

struct core_ask {
    const struct core_peer *peer; /* NULL before login */
    uint8_t source[CORE_SOURCE_BYTES];
    uint32_t op;
    struct request_id id;
    struct hash body_hash;
    const ProtobufCMessage *message; /* decoded body; NULL: the door found it malformed */
    bool ended; /* the connection's access ended before this was judged: it is refused */
    const struct core_login *login; /* CORE_OP_LOGIN only */
    bool revisions_verified;
    /* Of a submit: what it holds, as brought.h reads it for this peer; NULL: not read yet. */
    const struct brought *brought;
};

/* Both logs' signed heads after a batch; shared by its answers. */
struct core_checkpoints {
    uint64_t statements_size;
    uint64_t events_size;
    uint8_t statements[CORE_CHECKPOINT_BYTES_MAX];
    size_t statements_bytes;
    uint8_t events[CORE_CHECKPOINT_BYTES_MAX];
    size_t events_bytes;
};

/* Which parts of a leaf the asker may see. */
enum core_view {
    CORE_VIEW_ACTOR = 1, /* open, restricted; target unless refused */
    CORE_VIEW_CLIENT,    /* open, target */
    CORE_VIEW_AUDITOR,   /* all */
};

struct core_answer {
    enum status status; /* as sent */
    /* How the body comes about once the batch is durable (see produce_reply); NULL: it is
     * |body|, which is made already. */
    enum status (*produce)(struct txn *txn, const struct core_answer *answer,
                           const struct core_checkpoints *heads, uint8_t **out_body,
                           size_t *out_size);
    bool chunks;    /* a page: the reply is followed by the section's entries |from| to |to| */
    uint64_t event; /* seq of the request's event; UINT64_MAX: none */
    uint8_t *body;  /* from malloc, owned by the answer; may be NULL */
    size_t body_bytes;
    /* Parameters for |produce|. */
    uint64_t from;
    uint64_t to;
    uint64_t seen_statements;
    uint64_t seen_events;
    uint32_t local; /* section or chart */
    struct chain_label label;
    enum core_view view;
    uint64_t *seqs; /* events to show, from malloc, owned */
    size_t seq_count;
    bool more;
    uint64_t scanned_to;
    uint32_t log;
    struct hash login_hash;
    struct section_id section;
    /* Effects on connections. */
    bool login; /* |peer| is who the connection is from now on */
    struct core_peer peer;
    bool close;         /* after the answer */
    bool subscribe;     /* |sections| replace the connection's set */
    uint32_t *sections; /* local numbers, from malloc, owned */
    struct section_id *section_ids;
    size_t section_count;
};

void core_answer_clear(struct core_answer *answer);

/* What else a batch changed, for the committer to act on after the commit. */
enum core_effect_kind {
    CORE_EFFECT_MOVED = 1, /* a section has a new last number: push */
    CORE_EFFECT_LOST,      /* a member lost a section: stop streams, drop the subscription */
    CORE_EFFECT_OUT,       /* a member or one device is out: close its connections */
};
struct core_effect {
    enum core_effect_kind kind;
    uint32_t section_local;
    struct section_id section;
    uint64_t number;
    struct member_id member;
    struct hash device_statement; /* OUT of one device; zero: all of the member's */
};

struct core;

/* Reads all statements and admits them, in order, to an authority of its own. |db| is
 * borrowed. STATUS_CORRUPT when one is not admitted, or no line can be added to a log any more: then
 * nothing may be served. */
MUST_CHECK enum status core_open(struct db *db, const struct public_key *login_key, uint64_t now_ms,
                                 struct core **out_core);
/* The newest keys of the server that the root named; NULL: none. Borrowed. */
const struct statement_server_keys *core_server_keys(const struct core *core);
void core_close(struct core *core);
/* How many lines of the access log a member may leave in an hour from now on, instead of
 * LINES_PER_HOUR; 0: any number. */
void core_allow(struct core *core, uint32_t lines_per_hour);
/* To be called after an aborted batch: takes back everything that the batch changed in memory,
 * its effects and counts included. */
void core_take_back(struct core *core);

/*
 * Judges one request and writes what it does, its event included, into |txn|.
 * Expected refusals are answers, not failures: a status other than STATUS_OK means
 * the transaction must be aborted and core_take_back called. |now_ms| is the server's clock.
 */
MUST_CHECK enum status core_handle(struct core *core, struct txn *txn, const struct core_ask *ask,
                                   uint64_t now_ms, struct core_answer *out_answer);

/*
 * Answers one request of a server that may not go on by itself, in place of core_handle: nothing is
 * written, so that nothing is handed out either, no statement and no note. A login that holds is
 * told REWOUND, with the sizes of both logs here, if it has seen more; any other is told READ_ONLY.
 */
void core_turn_away(struct core *core, const struct core_ask *ask, uint64_t now_ms,
                    uint64_t statements, uint64_t events, struct core_answer *answer);

/* Does what is due at |now_ms|: ends the grants whose time has passed, and writes the count
 * of refused logins once a minute. */
MUST_CHECK enum status core_tick(struct core *core, struct txn *txn, uint64_t now_ms);
/* Whether core_tick has anything to do, so that an idle server writes nothing. */
bool core_tick_due(const struct core *core, uint64_t now_ms);
/* At the end of service: writes the count of refused logins although its minute is not
 * over. */
MUST_CHECK enum status core_flush(struct core *core, struct txn *txn, uint64_t now_ms);
bool core_flush_due(const struct core *core);

/* Hands over the effects gathered since the last call; the array is core's and valid
 * until the next core_handle. */
size_t core_effects(struct core *core, const struct core_effect **out_effects);
/* To be called after every commit, when the effects were acted on. Forgets them and keeps the
 * statements and counts so far: core_take_back no longer takes them back. */
void core_effects_clear(struct core *core);

/* Whether this op is asked by whoever is not logged in. Any thread. */
bool core_before_login(uint32_t op);

/* First start of a practice: genesis, server keys, the first admin's invitation, in
 * order, with bundles by hash. Own transaction. STATUS_ALREADY when it has one. */
MUST_CHECK enum status core_install(struct db *db, const struct span *statements, size_t count,
                                    const struct span *bundles, size_t bundle_count,
                                    uint64_t now_ms);
