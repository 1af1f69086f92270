/* Shared by the files of server/core/ alone. Committer's thread. */
#pragma once

#include "keys/public/log/leaf.h"
#include "proto/words.h"
#include "server/core/allowance.h"
#include "server/core/core.h"
#include "server/core/looks.h"
#include "server/core/meetings.h"
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
 * this send malformed requests, the device that was counted first is forgotten. */
#define MALFORMED_DEVICES_MAX 64u
struct malformed_requests {
    uint64_t minute;
    size_t count;
    size_t next; /* the place that is forgotten next */
    struct {
        uint32_t device_local;
        uint32_t requests;
    } devices[MALFORMED_DEVICES_MAX];
};

/* Asks of a known device that is sent away (sent_away.h). The one place more than
 * there are devices counts all others. */
#define SENT_AWAY_DEVICES_MAX 64u
struct sent_away {
    enum status why;
    uint32_t member_local;
    uint32_t device_local;             /* 0: a free place, and that of the others */
    uint64_t minute;                   /* of its last line, or of the first ask that is counted */
    uint64_t asks;                     /* counted since */
    uint8_t source[CORE_SOURCE_BYTES]; /* of the last one */
};

/* Counts that are not in the database. */
struct core_counts {
    struct refused_logins refused;
    struct malformed_requests malformed;
    struct sent_away sent_away[SENT_AWAY_DEVICES_MAX + 1];
};

struct past; /* core_past.c */

struct core {
    struct db *db;
    struct authority *authority;
    bool batch; /* the authority's outermost try is open: what is in no durable transaction */
    struct replay *replay;
    struct public_key login_key;
    struct practice_id practice;
    struct core_counts counts;
    struct core_counts settled; /* as of the last commit */
    struct past *past;
    struct looks looks;
    struct allowances *allowances;
    struct meetings *meetings;
    uint64_t now_ms;   /* leaf time of the request in hand: it never goes back */
    uint64_t clock_ms; /* the server's clock, for what is counted by the minute */
    struct core_effect *effects;
    size_t effect_count;
    size_t effect_room;
};

/* The content of an event in the making; zero means absent in every field. */
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

/* The one answer to whoever is refused before login: counted, without an event of its own, and the
 * connection ends. */
MUST_CHECK enum status refuse_before_login(struct core *core, const struct core_ask *ask,
                                           struct core_answer *answer);

/* Answers STATUS_OK without an event: for what hands out nothing that its asker was not let in to by
 * an event before. What is refused must leave one (answer_with). */
void answer_unlogged(struct core_answer *answer);

/* Looks up the section that an ask names and puts its local numbers, class and chart into
 * |draft|, whether or not the asker may know them. NULL when there is no such section. */
const struct authority_section *draft_section(struct core *core, struct txn *txn,
                                              ProtobufCBinaryData id, struct event_draft *draft);

/* Checks that no device has the device id of this ENROLMENT or DEVICE yet, since the server
 * keeps numbers under that id. STATUS_REFUSED when the id is taken; STATUS_OK for statements of
 * other types. */
MUST_CHECK enum status device_is_new(struct txn *txn, const struct statement *statement);

/* Appends a judged statement to its chain and to the log, and gives local numbers to the ids
 * that are new in it. */
MUST_CHECK enum status statement_store(struct core *core, struct txn *txn,
                                       const struct statement *statement, uint64_t seq,
                                       uint64_t time_ms);

MUST_CHECK enum status effect_add(struct core *core, const struct core_effect *effect);
/* A member's statement changed who is in these sections: one ECHO each. */
MUST_CHECK enum status echo_touched(struct core *core, struct txn *txn, const struct core_ask *ask,
                                    const struct authority_result *result, uint64_t seq);
/* Whoever is no longer in |section| among those it was ever granted to; from which number on
 * is kept, so that they are never told of anything later. */
MUST_CHECK enum status effects_of_section(struct core *core, struct txn *txn,
                                          const struct authority_section *section,
                                          uint32_t section_local, uint64_t number);

/*
 * Revisions and statements say what their author had seen of the logs, the chart and the
 * section. That must be this server's own past: if it were not, a later reader would take this
 * server for one that shows two histories. Recent answers are kept in memory, so past_forget
 * must be called after an abort.
 */
MUST_CHECK enum status past_new(struct past **out_past);
void past_free(struct past *past);
void past_forget(struct past *past);
/* STATUS_MALFORMED when a size is ahead of the log or a root is not the log's. */
MUST_CHECK enum status past_judge_seen(struct core *core, struct txn *txn, const struct seen *seen);
/* The same for a chart's running number and the leaf hash of that event. */
MUST_CHECK enum status past_judge_chart(struct core *core, struct txn *txn, uint32_t chart_local,
                                        uint64_t number, const struct hash *leaf);
/* The same for an epoch's list of author devices: it must name every device that has written in
 * the section, with its last number and link, and no other. |section_local| 0: a section in
 * which nobody has written yet. */
MUST_CHECK enum status past_judge_starts(struct core *core, struct txn *txn, uint32_t section_local,
                                         const struct statement_position *position);
/* To be called after an event about a chart was written. */
void past_note_chart(struct past *past, uint32_t chart_local, uint64_t number,
                     const struct hash *leaf);

/* Before the authority changes: opens the batch's try, unless it is open. */
void core_begin(struct core *core);

/* One row of the table of ops. */
struct op_row {
    uint32_t op;
    uint32_t action; /* of its event */
    bool before_login;
    enum status (*handle)(struct core *core, struct txn *txn, const struct core_ask *ask,
                          struct event_draft *draft, struct core_answer *answer);
};

/* The handlers, one for each op of the schema (op_state of OP_STATE) and one for logins, in
 * the op_*.c and submit.c. Each writes its event through answer_with or event_write. */
#define OP_HANDLER(op, name, text)                                                                 \
    MUST_CHECK enum status op_##name(struct core *core, struct txn *txn,                           \
                                     const struct core_ask *ask, struct event_draft *draft,        \
                                     struct core_answer *answer);
OP_LIST(OP_HANDLER)
OP_HANDLER(CORE_OP_LOGIN, login, "login")
#undef OP_HANDLER
