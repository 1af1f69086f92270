#include "server/core/internal.h"

#include "server/core/position.h"
#include "server/store/ledger.h"
#include "server/store/state.h"

/* Every op, the action of its event, whether it is asked before login, and who handles it:
 * reading this is reading the server. A login is a frame of its own kind and has a number outside
 * the wire's. */
static const struct op_row OPS[] = {
    {CORE_OP_LOGIN, ACTION_LOGIN, true, op_login},
    {OP_BUNDLE, ACTION_BUNDLE, true, op_bundle},
    {OP_ENROL, ACTION_ENROL, true, op_enrol},
    {OP_STATE, ACTION_SYNC_AUTHORITY, false, op_state},
    {OP_LEAVES, ACTION_SYNC_AUTHORITY, false, op_leaves},
    {OP_CHAIN, ACTION_SYNC_AUTHORITY, false, op_chain},
    {OP_CHECKPOINT, ACTION_SYNC_AUTHORITY, false, op_checkpoint},
    {OP_PROOF, ACTION_SYNC_AUTHORITY, false, op_proof},
    {OP_SUBMIT, ACTION_WRITE, false, op_submit},
    {OP_PAGE, ACTION_READ, false, op_page},
    {OP_SUBSCRIBE, ACTION_SUBSCRIBE, false, op_subscribe},
    {OP_OPENED, ACTION_OPENED, false, op_opened},
    {OP_EVENTS, ACTION_LOG_OWN, false, op_events},
    {OP_EVENT_LEAVES, ACTION_LOG_ALL, false, op_event_leaves},
};

#define COUNT_OP(op, name) +1
_Static_assert(ARRAY_LEN(OPS) == 1 OP_LIST(COUNT_OP), "a row for each op, and one for logins");
#undef COUNT_OP

/* Reads the grants that the clock ended and whose end is in the log already. */
static enum status load_ended(struct core *core, struct txn *txn)
{
    struct db_walk *walk = NULL;
    struct span key;
    struct span value;
    enum status status = state_walk(txn, CORE_STATE_ENDED, 0, &walk);
    enum status closed;

    if (status != STATUS_OK) {
        return status;
    }
    while (status == STATUS_OK && db_walk_next(walk, &key, &value)) {
        struct section_id section;
        struct hash grant;
        uint8_t kind;
        uint32_t a;
        uint32_t b;

        state_key_of(key, &kind, &a, &b);
        if (value.size != HASH_BYTES) {
            status = STATUS_CORRUPT;
            break;
        }
        memcpy(grant.bytes, value.data, HASH_BYTES);
        status = names_id(txn, SCHEMA_ID_SECTION, a, section.bytes);
        if (status == STATUS_OK) {
            status = authority_mark_ended(core->authority, &section, &grant);
        }
    }
    closed = db_walk_close(walk);
    return status == STATUS_OK ? closed : status;
}

/* A statement's signature was verified before it was stored, and its leaf is checked when it is
 * read. Here the authority checks place and meaning again. */
static enum status load(struct core *core)
{
    struct txn *txn = NULL;
    enum status status = authority_new(&core->practice, 0, &core->authority);
    uint64_t size;

    if (status == STATUS_OK) {
        status = db_begin_read(core->db, &txn);
    }
    if (status != STATUS_OK) {
        return status;
    }
    size = ledger_size(txn, LEDGER_STATEMENTS);
    for (uint64_t seq = 0; seq < size && status == STATUS_OK; seq++) {
        struct chain_statement stored;
        struct authority_result result;

        status = chain_log_get(txn, seq, &stored);
        if (status == STATUS_OK) {
            status = authority_admit(core->authority, stored.bytes, seq, stored.time_ms,
                                     AUTHORITY_VERIFIED, &result);
            if (status != STATUS_OK) {
                (void)fprintf(stderr, "alcoved: statement %llu does not hold: %s\n",
                              (unsigned long long)seq, authority_reason_text(result.reason));
                status = STATUS_CORRUPT;
            }
        }
    }
    if (status == STATUS_OK) {
        status = load_ended(core, txn);
    }
    db_abort(txn);
    return status;
}

enum status core_open(struct db *db, const struct public_key *login_key, uint64_t now_ms,
                      struct core **out_core)
{
    struct core *core = calloc(1, sizeof(*core));
    enum status status;

    if (core == NULL) {
        return STATUS_NO_MEMORY;
    }
    core->db = db;
    core->login_key = *login_key;
    core->now_ms = now_ms;
    core->counts.refused.minute = now_ms / 60000u;
    core->settled = core->counts;
    status = past_new(&core->past);
    if (status == STATUS_OK) {
        status = db_practice(db, &core->practice);
    }
    if (status == STATUS_OK) {
        status = load(core);
    }
    if (status == STATUS_OK) {
        status = replay_new(db, now_ms, &core->replay);
    }
    if (status != STATUS_OK) {
        core_close(core);
        return status;
    }
    *out_core = core;
    return STATUS_OK;
}

void core_close(struct core *core)
{
    if (core != NULL) {
        authority_free(core->authority);
        replay_free(core->replay);
        past_free(core->past);
        free(core->effects);
        free(core);
    }
}

void core_begin(struct core *core)
{
    if (!core->batch) {
        authority_try_begin(core->authority);
        core->batch = true;
    }
}

void core_take_back(struct core *core)
{
    if (core->batch) {
        authority_try_drop(core->authority);
        core->batch = false;
    }
    core->effect_count = 0;
    core->counts = core->settled;
    past_forget(core->past);
}

const struct authority *core_authority(const struct core *core)
{
    return core->authority;
}

const struct authority_section *draft_section(struct core *core, struct txn *txn,
                                              ProtobufCBinaryData id, struct event_draft *draft)
{
    const struct authority_section *section;

    if (!field_section(id, &draft->section)) {
        return NULL;
    }
    section = authority_section(core->authority, &draft->section);
    if (section == NULL) {
        return NULL;
    }
    draft->class = section->class;
    if (names_find(txn, SCHEMA_ID_SECTION, section->id.bytes, &draft->section_local) != STATUS_OK) {
        draft->section_local = 0;
    }
    if (section->has_chart) {
        draft->chart = section->chart;
        if (names_find(txn, SCHEMA_ID_CHART, section->chart.bytes, &draft->chart_local) !=
            STATUS_OK) {
            draft->chart_local = 0;
        }
    }
    return section;
}

static const struct op_row *find_op(uint32_t op)
{
    for (size_t i = 0; i < ARRAY_LEN(OPS); i++) {
        if (OPS[i].op == op) {
            return &OPS[i];
        }
    }
    return NULL;
}

bool core_before_login(uint32_t op)
{
    const struct op_row *row = find_op(op);

    return row != NULL && row->before_login;
}

/* Counts one malformed request of a device. Returns how many it sent this minute. */
static uint32_t count_malformed(struct core *core, uint32_t device_local)
{
    struct malformed_requests *malformed = &core->counts.malformed;
    size_t at = 0;

    if (malformed->minute != core->clock_ms / 60000u) {
        memset(malformed, 0, sizeof(*malformed));
        malformed->minute = core->clock_ms / 60000u;
    }
    while (at < malformed->count && malformed->devices[at].device_local != device_local) {
        at++;
    }
    if (at == MALFORMED_DEVICES_MAX) {
        at = malformed->next;
        malformed->next = (at + 1) % MALFORMED_DEVICES_MAX;
        malformed->devices[at].requests = 0;
    } else if (at == malformed->count) {
        malformed->count++;
    }
    malformed->devices[at].device_local = device_local;
    return ++malformed->devices[at].requests;
}

/* Whether the peer that the door named is still in: a request before this one may have revoked
 * its device or suspended its member (decision 25). */
static bool still_in(const struct core *core, const struct core_ask *ask)
{
    struct authority_when when = authority_now(core->now_ms);
    const struct authority_member *member = authority_member(core->authority, &ask->peer->member);
    const struct authority_device *device =
        authority_device(core->authority, &ask->peer->device_statement);

    return !ask->ended && member != NULL && device != NULL && authority_active(member, when) &&
           authority_device_live(device, when);
}

static enum status handle_peer(struct core *core, struct txn *txn, const struct op_row *row,
                               const struct core_ask *ask, struct core_answer *answer)
{
    struct event_draft draft = {.basis_kind = BASIS_SELF};
    bool formed = row != NULL && ask->message != NULL && !row->before_login;
    enum status status;

    draft.action = formed ? row->action : (uint32_t)ACTION_MALFORMED;
    if (!still_in(core, ask)) {
        status = answer_with(core, txn, ask, &draft, STATUS_REFUSED, answer);
        answer->close = true;
        return status;
    }
    if (formed) {
        status = row->handle(core, txn, ask, &draft, answer);
    } else {
        status = answer_with(core, txn, ask, &draft, STATUS_MALFORMED, answer);
    }
    if (status == STATUS_OK && answer->status == STATUS_MALFORMED &&
        count_malformed(core, ask->peer->device_local) > MALFORMED_PER_DEVICE_PER_MINUTE_MAX) {
        answer->close = true;
    }
    return status;
}

enum status core_handle(struct core *core, struct txn *txn, const struct core_ask *ask,
                        uint64_t now_ms, struct core_answer *answer)
{
    const struct op_row *row = find_op(ask->op);
    struct event_draft draft = {.basis_kind = BASIS_SELF};
    enum status room = db_room_reading(txn);

    core_answer_clear(answer);
    core->now_ms = events_time(txn, now_ms);
    core->clock_ms = now_ms;
    /* A request that cannot leave its event cannot be served: without room for a line of the
     * log even reading stops. */
    if (room != STATUS_OK) {
        answer->status = STATUS_FULL;
        return room == STATUS_FULL ? STATUS_OK : room;
    }
    if (ask->peer != NULL) {
        return handle_peer(core, txn, row, ask, answer);
    }
    if (row == NULL || !row->before_login || ask->message == NULL) {
        answer->status = STATUS_MALFORMED;
        answer->close = true;
        return STATUS_OK;
    }
    draft.action = row->action;
    return row->handle(core, txn, ask, &draft, answer);
}

/* Puts one statement where a new practice begins. */
static enum status install_one(struct core *core, struct txn *txn, struct span bytes,
                               uint64_t time_ms)
{
    struct statement statement;
    struct authority_result result;
    struct authority_judgement judgement;
    struct event_draft draft = {.outcome = OUTCOME_OK, .basis_kind = BASIS_ROLE};
    struct event_written written;
    uint64_t seq = ledger_size(txn, LEDGER_STATEMENTS);
    enum status status = statement_parse(bytes, &core->practice, &statement);

    if (status == STATUS_OK) {
        status = authority_judge(core->authority, &statement, seq, time_ms, AUTHORITY_VERIFY,
                                 &result, &judgement);
    }
    if (status == STATUS_OK) {
        status = authority_apply(&judgement);
    }
    if (status == STATUS_OK) {
        status = statement_store(core, txn, &statement, seq, time_ms);
    }
    if (status == STATUS_OK) {
        draft.action = statement.rule->action;
        draft.object = statement.hash;
        draft.subject = result.subject;
        status = event_write(core, txn, NULL, &draft, &written);
    }
    statement_free(&statement);
    return status;
}

enum status core_install(struct db *db, const struct span *statements, size_t count,
                         const struct span *bundles, size_t bundle_count, uint64_t now_ms)
{
    struct core core = {.db = db, .now_ms = now_ms};
    struct practice_id practice;
    struct txn *txn = NULL;
    enum status status = count == 0 ? STATUS_MALFORMED : STATUS_OK;

    if (status == STATUS_OK && db_practice(db, &practice) == STATUS_OK) {
        status = STATUS_ALREADY;
    }
    if (status == STATUS_OK) {
        statement_practice_id(statements[0], &core.practice);
        status = db_set_practice(db, &core.practice);
    }
    if (status == STATUS_OK) {
        status = authority_new(&core.practice, 0, &core.authority);
    }
    if (status == STATUS_OK) {
        status = db_begin_write(db, &txn);
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = install_one(&core, txn, statements[i], events_time(txn, now_ms));
    }
    for (size_t i = 0; i < bundle_count && status == STATUS_OK; i++) {
        uint8_t prefix[ID_BYTES];

        status = state_blob_put(txn, bundles[i], prefix);
    }
    if (status == STATUS_OK) {
        status = db_commit(txn);
    } else {
        db_abort(txn);
    }
    authority_free(core.authority);
    return status;
}
