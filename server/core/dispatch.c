#include "server/core/internal.h"

#include "server/core/sent_away.h"

/* Every op, the action of its event, whether it is asked before login, and who handles it:
 * reading this is reading the server. A login is a frame of its own kind and has a number outside
 * the wire's. */
static const struct op_row OPS[] = {
    {CORE_OP_LOGIN, ACTION_LOGIN, true, op_login},
    {OP_BUNDLE, ACTION_BUNDLE, true, op_bundle},
    {OP_ENROL, ACTION_ENROL, true, op_enrol},
    {OP_MEET_OPEN, ACTION_DEVICE, true, op_meet_open},
    {OP_MEET, ACTION_DEVICE, true, op_meet},
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

_Static_assert(ARRAY_LEN(OPS) == OP_COUNT + 1u, "a row for each op, and one for logins");

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
    if (malformed->minute != core->clock_ms / 60000u) {
        memset(malformed, 0, sizeof *malformed);
        malformed->minute = core->clock_ms / 60000u;
    }
    size_t at = 0;
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

/* What a request that is in may leave is bounded (allowance.h). A request that must wait is not looked
 * at, so that its answer tells nothing. */
static enum status handle_paid(struct core *core, struct txn *txn, const struct op_row *row,
                               const struct core_ask *ask, struct event_draft *draft,
                               struct core_answer *answer)
{
    bool formed = row != NULL && ask->message != NULL && !row->before_login;
    bool change = formed && (row->action == ACTION_WRITE || row->action == ACTION_SYNC_AUTHORITY);
    draft->action = formed ? row->action : (uint32_t)ACTION_MALFORMED;
    if (!allowance_left(core->allowances, ask->peer, change ? ALLOWANCE_CHANGE : ALLOWANCE_LOOK,
                        core->clock_ms)) {
        answer->status = STATUS_BUSY;
        return sent_away_is_news(core, ask, ask->peer, STATUS_BUSY)
                   ? answer_with(core, txn, ask, draft, STATUS_BUSY, answer)
                   : STATUS_OK;
    }
    uint64_t before = db_counter(txn, SCHEMA_NEXT_EVENT);
    enum status status = formed ? row->handle(core, txn, ask, draft, answer)
                                : answer_with(core, txn, ask, draft, STATUS_MALFORMED, answer);
    if (status == STATUS_OK) {
        status = allowance_take(core->allowances, ask->peer,
                                db_counter(txn, SCHEMA_NEXT_EVENT) - before, core->clock_ms);
    }
    return status;
}

static enum status handle_peer(struct core *core, struct txn *txn, const struct op_row *row,
                               const struct core_ask *ask, struct core_answer *answer)
{
    struct event_draft draft = {.basis_kind = BASIS_SELF};
    enum status status = STATUS_OK;
    if (!still_in(core, ask)) {
        draft.action = row != NULL && ask->message != NULL && !row->before_login
                           ? row->action
                           : (uint32_t)ACTION_MALFORMED;
        if (sent_away_is_news(core, ask, ask->peer, STATUS_REFUSED)) {
            status = answer_with(core, txn, ask, &draft, STATUS_REFUSED, answer);
        }
        answer->status = STATUS_REFUSED;
        answer->close = true;
        return status;
    }
    status = handle_paid(core, txn, row, ask, &draft, answer);
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
    struct event_draft draft = {.basis_kind = BASIS_SELF};
    draft.action = row->action;
    return row->handle(core, txn, ask, &draft, answer);
}
