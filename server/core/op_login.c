#include "server/core/internal.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/hash.h"
#include "keys/public/verify.h"
#include "proto/packing.h"
#include "server/core/produce_internal.h"
#include "server/core/sent_away.h"
#include "server/store/ledger.h"
#include "server/store/state.h"

/* Counts an attempt before login; its event is written when the minute ends (tick.c). */
static void count_refused(struct core *core, const uint8_t source[CORE_SOURCE_BYTES])
{
    struct refused_logins *refused = &core->counts.refused;
    for (size_t i = 0; i < refused->count; i++) {
        if (memcmp(refused->sources[i].source, source, CORE_SOURCE_BYTES) == 0) {
            refused->sources[i].attempts++;
            return;
        }
    }
    if (refused->count == LOGIN_REFUSED_ADDRESSES_PER_MINUTE_MAX) {
        refused->others++;
        return;
    }
    if (refused->count == 0 && refused->others == 0) {
        refused->minute = core->clock_ms / 60000u;
    }
    memcpy(refused->sources[refused->count].source, source, CORE_SOURCE_BYTES);
    refused->sources[refused->count].attempts = 1;
    refused->count++;
}

enum status refuse_before_login(struct core *core, const struct core_ask *ask,
                                struct core_answer *answer)
{
    count_refused(core, ask->source);
    answer->status = STATUS_REFUSED;
    answer->event = UINT64_MAX;
    answer->close = true;
    return STATUS_OK;
}

static bool login_signed(const struct core *core, const struct core_ask *ask,
                         const Alcove__Login *login, const struct seen *seen,
                         const struct public_key *key)
{
    uint8_t statements_size[8];
    uint8_t events_size[8];
    struct hash server_key;
    struct span parts[] = {
        span_of(ask->login->exporter, 32),
        span_of(ask->login->hello_nonce, 32),
        field_span(login->nonce),
        ID_SPAN(&server_key),
        ID_SPAN(&ask->login->hello_hash),
        field_span(login->member),
        field_span(login->device_statement),
        span_of(statements_size, 8),
        ID_SPAN(&seen->statements_root),
        span_of(events_size, 8),
        ID_SPAN(&seen->events_root),
    };
    hash_bytes(ID_SPAN(&core->login_key), &server_key);
    cursor_put_u64(statements_size, seen->statements_size);
    cursor_put_u64(events_size, seen->events_size);
    struct signature signature;
    return field_signature(login->signature, &signature) &&
           verify_frame(LABEL_LOGIN_CLIENT, &core->practice, parts, ARRAY_LEN(parts), key,
                        &signature) == STATUS_OK;
}

static bool well_formed(const Alcove__Login *login, struct member_id *out_member,
                        struct hash *out_device, struct seen *out_seen)
{
    memset(out_seen, 0, sizeof *out_seen);
    uint8_t nonce[32];
    bool has_seen = false;
    return login->version == WIRE_VERSION && field_required(login->nonce, nonce, sizeof nonce) &&
           field_member(login->member, out_member) &&
           field_hash(login->device_statement, out_device) &&
           (login->seen == NULL || statement_seen_parse(login->seen, out_seen, &has_seen));
}

static enum status fill_peer(struct txn *txn, const struct authority_member *member,
                             const struct authority_device *device, struct core_peer *out)
{
    enum status status = names_find(txn, SCHEMA_ID_MEMBER, member->id.bytes, &out->member_local);
    if (status == STATUS_OK) {
        status = names_find(txn, SCHEMA_ID_DEVICE, device->keys.id.bytes, &out->device_local);
    }
    out->member = member->id;
    out->role = member->role;
    out->device_statement = device->statement;
    out->device = device->keys.id;
    out->content_key = device->keys.content;
    return status;
}

/* The event names the actor although the peer is not yet admitted. */
static enum status write_login(struct core *core, struct txn *txn, const struct core_ask *ask,
                               struct event_draft *draft, enum status outcome,
                               struct core_answer *answer)
{
    struct core_ask as_peer = *ask;
    as_peer.peer = &answer->peer;
    return answer_with(core, txn, &as_peer, draft, outcome, answer);
}

static enum status admit(struct core *core, struct txn *txn, const struct core_ask *ask,
                         struct event_draft *draft, const struct authority_member *member,
                         const struct authority_device *device, const struct seen *seen,
                         struct core_answer *answer)
{
    bool rewound = seen->statements_size > ask->login->hello_statements_size ||
                   seen->events_size > ask->login->hello_events_size;
    enum status status = fill_peer(txn, member, device, &answer->peer);
    if (status != STATUS_OK) {
        return status;
    }
    enum status outcome = STATUS_OK;
    if (!authority_active(member, authority_now(core->now_ms))) {
        outcome = STATUS_SUSPENDED;
    } else if (rewound) {
        outcome = STATUS_REWOUND;
    } else if (!allowance_left(core->allowances, &answer->peer, ALLOWANCE_CHANGE, core->clock_ms)) {
        outcome = STATUS_BUSY;
    }
    if (outcome == STATUS_OK ||
        sent_away_is_news(core, ask, &answer->peer,
                          outcome == STATUS_SUSPENDED ? STATUS_REFUSED : outcome)) {
        status = write_login(core, txn, ask, draft, outcome, answer);
    }
    if (status != STATUS_OK) {
        return status;
    }
    answer->status = outcome;
    answer->produce = produce_login;
    answer->seen_statements = seen->statements_size;
    answer->seen_events = seen->events_size;
    answer->from = ask->login->hello_statements_size;
    answer->to = ask->login->hello_events_size;
    if (outcome == STATUS_OK) {
        looks_forget(&core->looks, answer->peer.device_local);
        status = allowance_take(core->allowances, &answer->peer, 1, core->clock_ms);
    }
    answer->login = outcome == STATUS_OK;
    answer->close = outcome != STATUS_OK;
    return status;
}

struct login_of {
    const struct authority_member *member;
    const struct authority_device *device;
    struct seen seen;
};

/* Unknown member, unknown device, revoked device and bad signature are one answer after
 * the same work: one signature is verified in each case (AT-50). */
static bool login_known(const struct core *core, const struct core_ask *ask, struct login_of *out)
{
    const Alcove__Login *login = (const Alcove__Login *)(const void *)ask->message;
    struct member_id id;
    struct hash statement;
    if (!well_formed(login, &id, &statement, &out->seen)) {
        return false;
    }
    out->member = authority_member(core->authority, &id);
    out->device = authority_device(core->authority, &statement);
    bool known = out->member != NULL && out->member->enrolled && out->device != NULL &&
                 ID_EQUAL(&out->device->member, &out->member->id) &&
                 authority_device_live(out->device, authority_now(core->now_ms));
    const struct public_key *key = known ? &out->device->keys.login : &core->login_key;
    return login_signed(core, ask, login, &out->seen, key) && known;
}

enum status op_login(struct core *core, struct txn *txn, const struct core_ask *ask,
                     struct event_draft *draft, struct core_answer *answer)
{
    struct login_of login;
    if (!login_known(core, ask, &login)) {
        return refuse_before_login(core, ask, answer);
    }
    return admit(core, txn, ask, draft, login.member, login.device, &login.seen, answer);
}

void core_turn_away(struct core *core, const struct core_ask *ask, uint64_t now_ms,
                    uint64_t statements, uint64_t events, struct core_answer *answer)
{
    core_answer_clear(answer);
    core->now_ms = now_ms > core->now_ms ? now_ms : core->now_ms;
    answer->event = UINT64_MAX;
    answer->close = true;
    answer->status = STATUS_READ_ONLY;
    if (ask->op != CORE_OP_LOGIN || ask->message == NULL) {
        return;
    }
    struct login_of login;
    if (!login_known(core, ask, &login)) {
        answer->status = STATUS_REFUSED;
    } else if (!authority_active(login.member, authority_now(core->now_ms))) {
        answer->status = STATUS_SUSPENDED;
    } else if (login.seen.statements_size > statements || login.seen.events_size > events) {
        answer->status = STATUS_REWOUND;
        answer->produce = produce_login;
        answer->seen_statements = statements;
        answer->seen_events = events;
        answer->from = statements;
        answer->to = events;
    }
}

enum status op_bundle(struct core *core, struct txn *txn, const struct core_ask *ask,
                      struct event_draft *draft, struct core_answer *answer)
{
    const Alcove__BundleAsk *message = (const Alcove__BundleAsk *)(const void *)ask->message;
    Alcove__BundleReply reply = ALCOVE__BUNDLE_REPLY__INIT;
    (void)draft;
    uint8_t prefix[ID_BYTES];
    struct span bundle;
    enum status status = STATUS_NOT_FOUND;
    if (field_required(message->hash, prefix, sizeof prefix)) {
        status = state_blob_get(txn, prefix, &bundle);
        if (status == STATUS_NOT_FOUND &&
            meetings_bundle(core->meetings, prefix, core->clock_ms, &bundle)) {
            status = STATUS_OK;
        }
    }
    if (status == STATUS_NOT_FOUND) {
        return refuse_before_login(core, ask, answer);
    }
    if (status == STATUS_OK) {
        reply.bundle = field_of(bundle.data, bundle.size);
        status = message_pack(&reply.base, &answer->body, &answer->body_bytes);
    }
    return status;
}

// NOLINTNEXTLINE(readability-function-size): nine values of one enrolment, used once
static enum status enrol_stored(struct core *core, struct txn *txn, const struct core_ask *ask,
                                struct event_draft *draft, const struct statement *statement,
                                const struct authority_result *result, uint64_t seq,
                                uint64_t time_ms, struct core_answer *answer)
{
    Alcove__EnrolReply reply = ALCOVE__ENROL_REPLY__INIT;
    const struct authority_member *member =
        authority_member(core->authority, &statement->link.member);
    const struct authority_device *device = authority_device(core->authority, &statement->hash);
    enum status status = statement_store(core, txn, statement, seq, time_ms);
    if (status == STATUS_OK && (member == NULL || device == NULL)) {
        status = STATUS_CORRUPT;
    }
    if (status == STATUS_OK) {
        status = fill_peer(txn, member, device, &answer->peer);
    }
    if (status == STATUS_OK) {
        draft->object = statement->hash;
        draft->subject = result->subject;
        draft->basis_kind = BASIS_INVITATION;
        draft->basis = statement->link.previous;
        status = write_login(core, txn, ask, draft, STATUS_OK, answer);
    }
    if (status == STATUS_OK) {
        reply.statement_seq = seq;
        reply.event = answer->event;
        status = message_pack(&reply.base, &answer->body, &answer->body_bytes);
    }
    return status;
}

enum status op_enrol(struct core *core, struct txn *txn, const struct core_ask *ask,
                     struct event_draft *draft, struct core_answer *answer)
{
    const Alcove__EnrolAsk *message = (const Alcove__EnrolAsk *)(const void *)ask->message;
    uint64_t seq = ledger_size(txn, LEDGER_STATEMENTS);
    uint64_t time_ms = core->now_ms;
    struct statement statement;
    enum status status =
        statement_parse(field_span(message->statement), &core->practice, &statement);
    if (status == STATUS_OK && statement.rule->type != STATEMENT_ENROLMENT) {
        status = STATUS_MALFORMED;
    }
    struct authority_result result;
    struct authority_judgement judgement;
    if (status == STATUS_OK) {
        status = authority_judge(core->authority, &statement, seq, time_ms, AUTHORITY_VERIFY,
                                 &result, &judgement);
    }
    /* Whoever reads the log later judges by it as well, and would stop. */
    if (status == STATUS_OK && statement.link.has_seen) {
        status = past_judge_seen(core, txn, &statement.link.seen);
    }
    if (status == STATUS_OK) {
        status = db_room(txn);
    }
    if (status == STATUS_OK) {
        status = device_is_new(txn, &statement);
    }
    if (status == STATUS_OK) {
        core_begin(core);
        status = authority_apply(&judgement);
    }
    if (status == STATUS_OK) {
        status = enrol_stored(core, txn, ask, draft, &statement, &result, seq, time_ms, answer);
    } else if (status == STATUS_ALREADY || status == STATUS_FULL) {
        /* A retry after a lost answer: the same bytes that are stored, so ALREADY tells nothing
         * new. */
        answer->status = status;
        status = STATUS_OK;
    } else if (status != STATUS_NO_MEMORY && status != STATUS_IO && status != STATUS_CORRUPT) {
        status = refuse_before_login(core, ask, answer);
    }
    statement_free(&statement);
    return status;
}
