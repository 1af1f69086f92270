/* Shared by the files of server/core/ alone. Committer's thread. */
#pragma once

#include "keys/public/log/leaf.h"
#include "server/core/core.h"
#include "server/store/chain_log.h"
#include "server/store/events.h"
#include "server/store/names.h"
#include "server/store/replay.h"

/* Refused logins of the running minute, by truncated address (decision 14). */
struct refused_logins {
    uint64_t minute;
    size_t count;
    struct {
        uint8_t source[CORE_SOURCE_BYTES];
        uint64_t attempts;
    } sources[LOGIN_REFUSED_ADDRESSES_PER_MINUTE_MAX];
    uint64_t others;
};

/* Malformed requests of the running minute, by device (decision 14). When more devices than
 * this send some, the one that is counted longest is forgotten. */
#define MALFORMED_DEVICES_MAX 64u
struct malformed_requests {
    uint64_t minute;
    size_t count;
    size_t next; /* to be forgotten */
    struct {
        uint32_t device_local;
        uint32_t requests;
    } devices[MALFORMED_DEVICES_MAX];
};

/* What is counted but not in the database. */
struct core_counts {
    struct refused_logins refused;
    struct malformed_requests malformed;
};

struct past; /* past.c */

struct core {
    struct db *db;
    struct authority *authority;
    struct replay *replay;
    struct public_key login_key;
    struct practice_id practice;
    struct core_counts counts;
    struct core_counts settled; /* as of the last commit */
    struct past *past;
    uint64_t now_ms;   /* leaf time of the request in hand: it never goes back */
    uint64_t clock_ms; /* the server's clock, for what is counted by the minute */
    struct core_effect *effects;
    size_t effect_count;
    size_t effect_room;
};

/* What an event will say; zero is absent everywhere. */
struct event_draft {
    uint32_t action;
    uint32_t outcome;
    enum status reason;
    uint32_t purpose;
    uint64_t count;
    uint32_t class;
    struct chart_id chart;
    struct section_id section;
    struct note_id note;
    struct hash object;
    uint64_t from;
    uint64_t to;
    uint32_t basis_kind;
    struct hash basis;
    struct member_id subject;
    uint32_t chart_local;
    uint32_t section_local;
    struct event_change change; /* kind 0: changes no section */
    struct event_reply reply;
};

struct event_written {
    uint64_t seq;
    struct hash leaf;
    struct event_numbers numbers;
};

/* Appends the event of |ask| (or of the server itself: NULL). Only unexpected failures. */
MUST_CHECK enum status event_write(struct core *core, struct txn *txn, const struct core_ask *ask,
                                   const struct event_draft *draft,
                                   struct event_written *out_written);

/* Answers |ask| with |status| and writes its one event. */
MUST_CHECK enum status answer_with(struct core *core, struct txn *txn, const struct core_ask *ask,
                                   struct event_draft *draft, enum status status,
                                   struct core_answer *answer);

/* The section an ask names: what is known of it goes into |draft| (locals, class, chart),
 * whether or not the asker may know. NULL when there is none. */
const struct authority_section *draft_section(struct core *core, struct txn *txn,
                                              ProtobufCBinaryData id, struct event_draft *draft);

/* Devices of different members have different ids: the server counts under them. For an
 * ENROLMENT or a DEVICE, else fine. STATUS_REFUSED when the id is taken. */
MUST_CHECK enum status device_is_new(struct txn *txn, const struct statement *statement);

/* Appends a judged statement to its chain and the log, and names what it brought. */
MUST_CHECK enum status statement_store(struct core *core, struct txn *txn,
                                       const struct statement *statement, uint64_t seq,
                                       uint64_t time_ms);

MUST_CHECK enum status effect_add(struct core *core, const struct core_effect *effect);

/*
 * What a signed word says of the past must be this server's own past, or whoever reads it
 * later would hold the server for one that shows different histories. Kept in memory as
 * far as it was asked lately; forget after an abort.
 */
MUST_CHECK enum status past_new(struct past **out_past);
void past_free(struct past *past);
void past_forget(struct past *past);
/* STATUS_MALFORMED when a size is ahead of the log or a root is not the log's. */
MUST_CHECK enum status past_judge_seen(struct core *core, struct txn *txn, const struct seen *seen);
/* The same for a chart's running number and the leaf hash of that event. */
MUST_CHECK enum status past_judge_chart(struct core *core, struct txn *txn, uint32_t chart_local,
                                        uint64_t number, const struct hash *leaf);
/* The same for where authors' own numbers stand: all of them and nothing else.
 * |section_local| 0: nobody has written yet. */
MUST_CHECK enum status past_judge_starts(struct core *core, struct txn *txn, uint32_t section_local,
                                         const struct statement_position *position);
/* An event about a chart was written. */
void past_note_chart(struct past *past, uint32_t chart_local, uint64_t number,
                     const struct hash *leaf);

/* One row of the table of ops. */
struct op_row {
    uint32_t op;
    const char *name;
    uint32_t action; /* of its event */
    bool before_login;
    enum status (*handle)(struct core *core, struct txn *txn, const struct core_ask *ask,
                          struct event_draft *draft, struct core_answer *answer);
};

/* The handlers, by file. Each writes its event through answer_with or event_write. */
#define OP_HANDLER(name)                                                                           \
    MUST_CHECK enum status name(struct core *core, struct txn *txn, const struct core_ask *ask,    \
                                struct event_draft *draft, struct core_answer *answer)
OP_HANDLER(op_login);
OP_HANDLER(op_bundle);
OP_HANDLER(op_enrol);
OP_HANDLER(op_state);
OP_HANDLER(op_leaves);
OP_HANDLER(op_chain);
OP_HANDLER(op_checkpoint);
OP_HANDLER(op_proof);
OP_HANDLER(op_submit);
OP_HANDLER(op_page);
OP_HANDLER(op_subscribe);
OP_HANDLER(op_opened);
OP_HANDLER(op_events);
OP_HANDLER(op_event_leaves);
