/* Shared by the files of server/core/ alone. Committer's thread. */
#pragma once

#include "keys/public/leaf.h"
#include "server/core/core.h"
#include "server/store/chain_log.h"
#include "server/store/events.h"
#include "server/store/names.h"
#include "server/store/replay.h"

/* Refused logins of the running minute, by truncated address (decision 14). */
#define REFUSED_SOURCES_MAX 64u
struct refused_logins {
    uint64_t minute;
    size_t count;
    struct {
        uint8_t source[CORE_SOURCE_BYTES];
        uint64_t attempts;
    } sources[REFUSED_SOURCES_MAX];
    uint64_t others;
};

struct core {
    struct db *db;
    struct authority *authority;
    struct replay *replay;
    struct public_key login_key;
    struct practice_id practice;
    struct refused_logins refused;
    uint64_t now_ms; /* of the request in hand */
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
MUST_CHECK enum status event_write(struct core *core, struct txn *txn,
                                   const struct core_ask *ask, const struct event_draft *draft,
                                   struct event_written *out_written);

/* Answers |ask| with |status| and writes its one event. */
MUST_CHECK enum status answer_with(struct core *core, struct txn *txn,
                                   const struct core_ask *ask, struct event_draft *draft,
                                   enum status status, struct core_answer *answer);

/* The section an ask names: what is known of it goes into |draft| (locals, class, chart),
 * whether or not the asker may know. NULL when there is none. */
const struct authority_section *draft_section(struct core *core, struct txn *txn,
                                              ProtobufCBinaryData id,
                                              struct event_draft *draft);

/* Appends a judged statement to its chain and the log, and names what it brought. */
MUST_CHECK enum status statement_store(struct core *core, struct txn *txn,
                                       const struct statement *statement, uint64_t seq,
                                       uint64_t time_ms);

MUST_CHECK enum status effect_add(struct core *core, const struct core_effect *effect);

/* One row of the table of ops. */
struct op_row {
    uint32_t op;
    const char *name;
    uint32_t action;  /* of its event */
    bool before_login;
    enum status (*handle)(struct core *core, struct txn *txn, const struct core_ask *ask,
                          struct event_draft *draft, struct core_answer *answer);
};

/* The handlers, by file. Each writes its event through answer_with or event_write. */
#define OP_HANDLER(name)                                                                         \
    MUST_CHECK enum status name(struct core *core, struct txn *txn, const struct core_ask *ask,  \
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
