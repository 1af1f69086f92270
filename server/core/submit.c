#include "server/core/submit.h"

#include "keys/public/bytes/cursor.h"
#include "proto/purpose.h"
#include "server/core/produce_internal.h"

#define OUTCOME_BYTES 8u

static void plan_free(struct submit_plan *plan)
{
    brought_free(plan->read_here);
    free(plan->revisions);
    free(plan);
}

/* The reply to a submit that was stored, from the event of the last thing in it. The event's proof
 * comes after the commit, as the reply's last field. */
static enum status reply_stored(const struct submit_plan *plan, const struct event_written *last,
                                uint64_t statement_seq, struct core_answer *answer)
{
    Alcove__SubmitReply reply = ALCOVE__SUBMIT_REPLY__INIT;
    reply.event = last->seq;
    reply.event_leaf = field_of(last->leaf.bytes, HASH_BYTES);
    if (last->numbers.section_number != 0) {
        reply.section_number = last->numbers.section_number;
        reply.section_head = field_of(last->numbers.section_head.bytes, HASH_BYTES);
    }
    reply.chart_number = last->numbers.chart_number;
    reply.statement_seq = statement_seq;
    answer->event = last->seq;
    if (plan->ask->events_size > 0) {
        answer->produce = produce_submit;
        answer->seen_events = plan->ask->events_size;
    }
    return message_pack(&reply.base, &answer->body, &answer->body_bytes);
}

/* A CONFLICT carries details only for a peer who may see the note or chain that moved on. */
static enum status reply_conflict(struct core *core, const struct submit_plan *plan,
                                  struct core_answer *answer)
{
    Alcove__SubmitReply reply = ALCOVE__SUBMIT_REPLY__INIT;
    const struct authority_chain *chain =
        plan->statement_count == 0 ? NULL : authority_chain(core->authority, &plan->label);
    ProtobufCBinaryData heads[NOTE_HEAD_SIBLINGS_MAX];
    for (size_t i = 0; i < plan->conflict.count; i++) {
        heads[i] = field_of(plan->conflict.heads[i].link.bytes, HASH_BYTES);
    }
    reply.n_head = plan->conflict.count;
    reply.head = heads;
    reply.section_number = plan->number;
    reply.chain_count = chain == NULL ? 0 : chain->count;
    reply.event = answer->event;
    return message_pack(&reply.base, &answer->body, &answer->body_bytes);
}

/* Gives the first answer again, to a retry after a lost reply. */
static enum status answer_again(struct core *core, struct txn *txn, const struct core_ask *ask,
                                const struct submit_plan *plan, struct event_draft *draft,
                                const struct event_stored *first, struct core_answer *answer)
{
    struct event_written last = {.seq = first->seq, .leaf = first->leaf_hash};
    last.numbers.section_number = first->section_number;
    last.numbers.section_head = first->section_head;
    last.numbers.chart_number = first->chart_number;
    uint64_t statement_seq = 0;
    if (first->reply.outcome.size == OUTCOME_BYTES) {
        statement_seq = cursor_get_u64(first->reply.outcome.data);
    }
    enum status status = answer_with(core, txn, ask, draft, STATUS_ALREADY, answer);
    if (status != STATUS_OK) {
        return status;
    }
    answer->status = STATUS_OK;
    return reply_stored(plan, &last, statement_seq, answer);
}

static enum status apply(struct core *core, struct txn *txn, const struct core_ask *ask,
                         struct submit_plan *plan, struct core_answer *answer)
{
    uint64_t seq = plan->statement_count == 0 ? 0 : plan->statements[0].seq;
    uint8_t outcome[OUTCOME_BYTES] = {0};
    struct event_reply reply = {.request = ask->id,
                                .request_hash = ask->body_hash,
                                .outcome = span_of(outcome, sizeof outcome)};
    struct event_written last;
    memset(&last, 0, sizeof last);
    cursor_put_u64(outcome, seq);
    enum status status = submit_apply_statements(core, txn, ask, plan, &reply, &last);
    if (status == STATUS_OK) {
        status = submit_apply_revisions(core, txn, ask, plan, &reply, &last);
    }
    if (status == STATUS_OK) {
        replay_add(core->replay, ask->peer->device_local, &ask->id, last.seq, plan->time_ms);
        answer->status = STATUS_OK;
        status = reply_stored(plan, &last, seq, answer);
    }
    return status;
}

static bool unexpected(enum status status)
{
    return status == STATUS_NO_MEMORY || status == STATUS_IO || status == STATUS_CORRUPT;
}

/* The checks that need nothing stored. */
static bool well_formed(const struct core_ask *ask, const Alcove__SubmitAsk *submit)
{
    return submit->n_statement + submit->n_revision > 0 &&
           submit->n_statement <= SUBMIT_STATEMENTS_MAX &&
           submit->n_revision <= SUBMIT_REVISIONS_MAX &&
           (submit->n_revision == 0 || ask->revisions_verified) &&
           submit->purpose <= PURPOSE_HCOMPL;
}

/* A full store still takes a submit that erases or that ends somebody's access. */
static bool takes_away(const struct submit_plan *plan)
{
    bool away = true;
    for (size_t i = 0; i < plan->statement_count; i++) {
        uint32_t type = plan->statements[i].statement->rule->type;
        away = away && (type == STATEMENT_REVOCATION || type == STATEMENT_DEVICE_REVOCATION ||
                        type == STATEMENT_RELATION_END || type == STATEMENT_SUSPENSION);
    }
    for (size_t i = 0; i < plan->revision_count; i++) {
        away = away && plan->revisions[i].context.kind == REVISION_TOMBSTONE;
    }
    return away && (plan->statement_count == 0 || plan->ask->n_revision == 0);
}

/* Whether the peer may name this purpose where the submit changes something. Statements alone need
 * none. */
static bool purpose_holds(const struct core *core, const struct core_ask *ask,
                          const struct submit_plan *plan)
{
    const struct authority_member *peer = authority_member(core->authority, &ask->peer->member);
    const struct authority_section *section =
        plan->section_chain ? authority_section_of(core->authority, &plan->label) : plan->section;
    if (plan->revision_count == 0 && plan->ask->purpose == PURPOSE_NONE) {
        return true;
    }
    if (section == NULL || peer == NULL) {
        return false;
    }
    uint32_t relations =
        authority_section_relations(core->authority, section, peer, authority_now(core->now_ms));
    return purpose_fits(peer->role, relations, section->class, plan->ask->purpose);
}

/* Plans; |*out_again| is set when this very request was answered before. */
static enum status plan_submit(struct core *core, struct txn *txn, const struct core_ask *ask,
                               struct submit_plan *plan, struct event_draft *draft,
                               struct event_stored *first, bool *out_again)
{
    *out_again = false;
    if (!well_formed(ask, plan->ask)) {
        return STATUS_MALFORMED;
    }
    /* As read at the door, on a thread that has time, or else now. */
    if (ask->brought == NULL) {
        plan->read_here = brought_read(&core->practice, ask->peer, plan->ask);
    }
    plan->brought = ask->brought != NULL ? ask->brought : plan->read_here;
    if (plan->brought == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = plan->ask->n_statement == 0
                             ? submit_permit_revisions(core, txn, ask, plan, draft)
                             : submit_permit_statements(core, txn, ask, plan, draft);
    if (status != STATUS_OK) {
        return status;
    }
    status = replay_find(core->replay, txn, ask->peer->device_local, &ask->id, &ask->body_hash,
                         core->now_ms, first);
    if (status == STATUS_OK) {
        *out_again = true;
        return STATUS_OK;
    }
    if (status != STATUS_NOT_FOUND) {
        return status == STATUS_CONFLICT ? STATUS_REFUSED : status;
    }
    status = takes_away(plan) ? STATUS_OK : db_room(txn);
    if (status == STATUS_OK && plan->ask->n_statement > 0) {
        status = submit_plan_statements(core, txn, plan, draft);
        if (status == STATUS_OK && plan->ask->n_revision > 0) {
            status = submit_permit_revisions(core, txn, ask, plan, draft);
        }
    }
    if (status == STATUS_OK && plan->revision_count > 0) {
        status = submit_plan_revisions(core, txn, ask, plan);
    }
    return status == STATUS_OK && !purpose_holds(core, ask, plan) ? STATUS_REFUSED : status;
}

static enum status refuse(struct core *core, struct txn *txn, const struct core_ask *ask,
                          const struct submit_plan *plan, struct event_draft *draft,
                          enum status why, struct core_answer *answer)
{
    enum status status = answer_with(core, txn, ask, draft, why, answer);
    if (status == STATUS_OK && (why == STATUS_CONFLICT || why == STATUS_ALREADY)) {
        status = reply_conflict(core, plan, answer);
    }
    return status;
}

enum status op_submit(struct core *core, struct txn *txn, const struct core_ask *ask,
                      struct event_draft *draft, struct core_answer *answer)
{
    struct submit_plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL) {
        return STATUS_NO_MEMORY;
    }
    plan->ask = (const Alcove__SubmitAsk *)(const void *)ask->message;
    plan->time_ms = events_time(txn, core->now_ms);
    draft->purpose = plan->ask->purpose;
    core_begin(core);
    authority_try_begin(core->authority);
    struct event_stored first;
    bool again = false;
    enum status status = plan_submit(core, txn, ask, plan, draft, &first, &again);
    /* Ended before the answer, so that a refusal tells of what is, not of what was tried; and
     * before anything is written, which is taken back with the whole batch or not at all. */
    if (status == STATUS_OK) {
        authority_try_keep(core->authority);
    } else {
        authority_try_drop(core->authority);
    }
    if (again) {
        status = answer_again(core, txn, ask, plan, draft, &first, answer);
    } else if (status == STATUS_OK) {
        status = apply(core, txn, ask, plan, answer);
    } else if (!unexpected(status)) {
        status = refuse(core, txn, ask, plan, draft, status, answer);
    }
    plan_free(plan);
    return status;
}
