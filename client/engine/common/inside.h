/*
 * The engine's state, shared by its files and by nobody else.
 *
 * Ownership: the engine owns everything here but the keystore's content and the storage.
 * Which file changes what is said at each part. One thread.
 */
#pragma once

#include "client/engine/common/request.h"
#include "client/engine/exchange/engine.h"
#include "client/engine/log/carried.h"
#include "client/engine/log/leaves.h"
#include "keys/public/authority/authority.h"
#include "keys/public/authority/timeline.h"

#define INSIDE_ERROR_CHARS 64u

/* A statement that we may see, verified against its leaf (fact.c). */
struct fact {
    uint64_t seq;
    uint64_t time_ms;
    struct hash opening;
    struct chain_label label;
    uint64_t number;
    uint32_t type;
    uint8_t *bytes;
    size_t size;
    bool folded; /* signatures and place checked by the authority once */
    bool stored;
};

/* A chain that the server says we may see (chain.c). */
struct chain_known {
    struct chain_label label;
    uint32_t subject; /* StatementType of its number 0 */
    uint8_t id[ID_BYTES];
    uint64_t count; /* of its statements here */
};

struct epoch_key {
    uint64_t epoch;
    struct hash statement;
    struct secret *key;
};

/* One revision, without its text (index.c). */
struct indexed {
    uint64_t number;
    struct note_id note;
    struct hash link;
    uint64_t revision;
    uint32_t kind;
    struct member_id author;
    struct hash device;
    uint64_t epoch;
    size_t parent_first, parent_count; /* in index.parents */
    bool head;
    bool erased;
    bool sealed; /* kept as received: no key yet */
};
struct index {
    bool built;
    struct indexed *items; /* by number */
    size_t count, capacity;
    struct hash *parents;
    size_t parent_used, parent_capacity;
};

/* A section that we hold or are offered (section.c). */
struct section {
    struct section_id id;
    struct chain_label label;
    uint32_t local;    /* its short name in storage keys */
    bool listed;       /* in the newest STATE */
    uint64_t known;    /* last number, the server's word */
    uint64_t ended_at; /* number at which we were removed; 0: in */
    uint64_t denied;   /* the server refused to hand out numbers up to this one */
    bool started;      /* the timeline stands at a place that we trust */
    struct timeline timeline;
    struct hash verified_device[EPOCH_STARTS_MAX]; /* one signature of them was checked */
    size_t verified_count;
    /* A revision of ours that the server refused: its number is used again (decision 12). */
    uint64_t refused_number;
    struct hash refused_link;
    struct epoch_key *keys; /* by epoch */
    size_t key_count;
    size_t epochs_tried, reseals_tried; /* how many of the authority's were looked at */
    uint64_t start_epoch;               /* from which we were given the log; 0: from its start */
    uint64_t missing_number;            /* an entry there named something not yet known */
    struct index index;
};

/* The highest place in a chart's own history that anybody told us (decision 15). */
struct chart_seen {
    struct chart_id chart;
    uint64_t number;
    struct hash leaf;
};

#define NAME_BYTES_MAX 128u

/* What a person is called (name.c), and who gave the name; what comes later here goes before what comes earlier. */
enum name_from {
    NAME_OURS, /* our own word (petname.c) */
    NAME_CHART,
    NAME_DIRECTORY,
};

struct person_name {
    struct member_id member;
    enum name_from from;
    char text[NAME_BYTES_MAX];
};

struct wish;  /* wish.h */
struct query; /* queries.h */

struct engine {
    struct keystore_content *content;
    struct engine_config config;
    struct storage storage;
    struct practice_id practice;
    enum engine_phase phase;
    enum status why;

    /* The connection (login.c). */
    uint8_t exporter[ENGINE_EXPORTER_BYTES];
    struct hash hello_hash;
    uint8_t hello_nonce[HELLO_NONCE_BYTES];
    uint8_t client_nonce[HELLO_NONCE_BYTES];
    struct hash login_hash;
    struct public_key server_login_key;
    struct seen_log hello_statements, hello_events;
    struct seen_log login_statements, login_events; /* what our login said we had seen */
    struct requests requests;

    /* What was verified (advance.c). */
    struct seen_log statements, events;
    struct carried_list carried; /* what authors say that they have seen (carried.c) */
    uint64_t now_ms;
    uint64_t newest_leaf_ms;
    uint64_t newest_leaf_at_ms;  /* our clock when it came */
    uint64_t clock_confirmed_ms; /* so far ahead a person found right */

    struct leaves leaves;
    struct seen_log leaves_goal;
    struct fact *facts; /* by seq */
    size_t fact_count, fact_capacity;
    struct chain_known *chains;
    size_t chain_count, chain_capacity;
    struct authority *authority;
    uint64_t folded_seq; /* one more than the last fact folded */

    struct section *sections;
    size_t section_count, section_capacity;
    struct chart_seen *charts;
    size_t chart_count;

    struct person_name *names;
    size_t name_count, name_capacity;
    char practice_name[NAME_BYTES_MAX]; /* empty: not known */

    /* The round of syncing (sync.c). */
    bool want_checkpoint;
    bool want_state;
    bool want_fold;
    bool want_subscribe;
    bool synced_once;
    bool round_open;
    uint64_t retry_at_ms; /* the server was busy: nothing is asked before */

    /* The outbox (wish.c). */
    struct wish *wishes;
    uint64_t next_ticket;
    struct engine_ticket outcomes[256];
    uint64_t outcome_tickets[256];
    size_t outcome_next;

    struct query *queries;
    uint8_t *draft; /* what write_draft_load lent out */
    size_t draft_size;

    struct engine_alarm alarms[ENGINE_ALARMS_MAX];
    size_t alarm_count;
    struct engine_state state; /* counters only */
};

/* ---- alarm.c */

/* Keeps the alarm, stops the engine, returns |status|. |evidence| may be empty. */
enum status alarm_stop(struct engine *engine, enum status status, const char *reason,
                       const char *evidence);
/* The same with "what number N" as evidence. */
enum status alarm_stop_at(struct engine *engine, enum status status, const char *reason,
                          const char *what, uint64_t number);
/* Keeps the alarm without stopping: for what a person must hear but cannot hurt. */
void alarm_tell(struct engine *engine, enum status status, const char *reason,
                const char *evidence);
/* Our own troubles (memory, disk) and the peer's: the former are not alarms. */
bool alarm_is_ours(enum status status);

/* ---- advance.c */

enum advance_log { ADVANCE_STATEMENTS = 1, ADVANCE_EVENTS = 2 };

/* Opens a checkpoint note with the pinned log key and origin. STATUS_BAD_SIGNATURE,
 * STATUS_MALFORMED. */
MUST_CHECK enum status advance_open(const struct engine *engine, enum advance_log log,
                                    struct span note, struct seen_log *out_seen);
/*
 * Checks that |next| extends |from|, and |from| is what we said we had. A size below is
 * STATUS_REWOUND, the same size with another root STATUS_EQUIVOCATION, else STATUS_BAD_PROOF.
 */
MUST_CHECK enum status advance_extends(const struct seen_log *from, const struct seen_log *next,
                                       const ProtobufCBinaryData *path, size_t path_count);
/* Both, for an Advance in a reply. */
MUST_CHECK enum status advance_check(const struct engine *engine, enum advance_log log,
                                     const Alcove__Advance *advance, const struct seen_log *from,
                                     struct seen_log *out_seen);
/* Makes it ours, and the keystore's. |next| must extend what we have. */
void advance_accept(struct engine *engine, enum advance_log log, const struct seen_log *next);
/* A time from a verified leaf. */
void advance_time(struct engine *engine, uint64_t leaf_ms);
/* What we sign that we have seen. Borrows from |engine|. */
void advance_seen(const struct engine *engine, Alcove__Seen *out_seen);
/* The later of our clock and the newest leaf's time: what a writer goes by. */
uint64_t advance_writer_ms(const struct engine *engine);
struct authority_when advance_when(const struct engine *engine);

/* ---- fact.c */

MUST_CHECK enum status fact_load(struct engine *engine);
/* Takes one statement in; it must open the leaf at |seq|. Not stored yet. */
MUST_CHECK enum status fact_add(struct engine *engine, const struct chain_label *label,
                                uint64_t number, const Alcove__ChainEntry *entry);
/* Takes the statements of a chain, in order; that the server shows none is an alarm. */
MUST_CHECK enum status fact_reply(struct engine *engine, const struct request *request,
                                  const Alcove__ChainReply *reply);
/* Stores accepted leaves from index |from| on, and what was folded and not yet stored. */
MUST_CHECK enum status fact_store(struct engine *engine, uint64_t leaves_from);
/* Forgets what was received and not folded. */
void fact_drop_unfolded(struct engine *engine);
/* Frees all. */
void fact_deinit(struct engine *engine);

/* ---- chain.c */

struct chain_known *chain_find(struct engine *engine, const struct chain_label *label);
MUST_CHECK enum status chain_list(struct engine *engine, const Alcove__ChainState *state);
/* The next chain that the log holds more of than we have; false: none. */
bool chain_missing(const struct engine *engine, size_t *out_chain);

/* ---- fold.c */

/* Brings the authority up to all facts; starts again when an older chain appeared. */
MUST_CHECK enum status fold_run(struct engine *engine);
/* Our own member; NULL before our chain was folded. */
const struct authority_member *fold_self(const struct engine *engine);

/* ---- section.c */

MUST_CHECK enum status section_load(struct engine *engine);
void section_deinit(struct engine *engine);
struct section *section_find(const struct engine *engine, const struct section_id *id);
MUST_CHECK enum status section_list(struct engine *engine, const Alcove__SectionState *state);
/* Opens what epoch keys are sealed to us. A seal that should open and does not is told. */
MUST_CHECK enum status section_open_keys(struct engine *engine, struct section *section);
const struct secret *section_key(const struct section *section, const struct hash *epoch);
/* Sets the timeline at its beginning, once we hold a key. */
MUST_CHECK enum status section_begin(struct engine *engine, struct section *section);
/* Whether there is a page to ask for. */
bool section_behind(const struct section *section);
/* Notes durably that everything was here once; nothing the second time. */
MUST_CHECK enum status section_store_synced(struct engine *engine);
/* Within a transaction of the caller. */
MUST_CHECK enum status section_store(struct engine *engine, const struct section *section);
/* The highest place in the chart's history that we know of; NULL: none. */
const struct chart_seen *section_chart_seen(const struct engine *engine,
                                            const struct chart_id *chart);
MUST_CHECK enum status section_chart_saw(struct engine *engine, const struct chart_id *chart,
                                         uint64_t number, const struct hash *leaf);

/* ---- page.c */

MUST_CHECK enum status page_ask(struct engine *engine, size_t section);
MUST_CHECK enum status page_reply(struct engine *engine, struct request *request,
                                  const Alcove__PageReply *reply);
/* One frame of chunks; |more| says that the chunk goes on in the next. */
MUST_CHECK enum status page_chunk(struct engine *engine, struct request *request, bool more,
                                  struct span body);
void page_drop(struct request *request);

/* ---- login.c */

MUST_CHECK enum status login_hello(struct engine *engine, struct span body);
MUST_CHECK enum status login_reply(struct engine *engine, uint32_t code, struct span body);

/* ---- sync.c */

/* Asks for the next thing; nothing left: idle. */
MUST_CHECK enum status sync_next(struct engine *engine);
MUST_CHECK enum status sync_reply(struct engine *engine, struct request *request, uint32_t code,
                                  struct span body);
MUST_CHECK enum status sync_push(struct engine *engine, struct span body);

/* ---- wish.c, submit.c */

MUST_CHECK enum status wish_load(struct engine *engine);
void wish_deinit(struct engine *engine);
/* Builds and sends the next one. May find that it cannot be: then it has failed for good or
 * waits, and *out_asked is false. */
MUST_CHECK enum status submit_ask(struct engine *engine, bool *out_asked);
MUST_CHECK enum status submit_reply(struct engine *engine, struct request *request, uint32_t code,
                                    struct span body);
void wish_ticket(const struct engine *engine, uint64_t ticket, struct engine_ticket *out_ticket);
/* The connection went: what was sent may or may not be stored. */
void submit_lost(struct engine *engine);

/* ---- query_ask.c */

MUST_CHECK enum status queries_next(struct engine *engine, bool *out_asked);
MUST_CHECK enum status queries_reply(struct engine *engine, struct request *request, uint32_t code,
                                     struct span body);
void queries_deinit(struct engine *engine);
void queries_lost(struct engine *engine);
/* False: not a ticket of the access log. */
bool queries_ticket(const struct engine *engine, uint64_t ticket, struct engine_ticket *out_ticket);

/* ---- name.c */

/* Whether a text is a NOTE_NAME note, by its first field. */
bool name_is(struct span text);
/* Takes it if |author| may name that person in that section; passes over it otherwise. */
MUST_CHECK enum status name_take(struct engine *engine, const struct authority_section *facts,
                                 const struct member_id *author, struct span text);
/* What we call them ourselves, unless a note said better. At most 127 bytes. */
MUST_CHECK enum status name_pet(struct engine *engine, const struct member_id *member,
                                struct span text);
/* From the sections in which names are kept. */
MUST_CHECK enum status name_load(struct engine *engine);
/* The name, or the first digits of the id; terminated. */
void name_say(const struct engine *engine, const struct member_id *member,
              char out_name[static NAME_BYTES_MAX]);
/* NULL: nobody told us. */
const char *name_of(const struct engine *engine, const struct member_id *member);

/* ---- index.c */

MUST_CHECK enum status index_build(struct engine *engine, struct section *section);
/* Adds one to a built index; does nothing to one that is not. */
MUST_CHECK enum status index_add(struct section *section, const struct indexed *item,
                                 const struct hash *parents);
void index_deinit(struct index *index);
