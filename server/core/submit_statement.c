#include "server/core/submit.h"

#include "keys/public/random.h"
#include "server/store/ledger.h"
#include "server/store/section_log.h"
#include "server/store/state.h"

/* The answer to what does not hold: a wrong place is a lost race, all else is one refusal. */
static enum status answer_of(enum status status)
{
    if (status == STATUS_BAD_CHAIN) {
        return STATUS_CONFLICT;
    }
    if (status == STATUS_BAD_SIGNATURE || status == STATUS_EQUIVOCATION ||
        status == STATUS_EXPIRED) {
        return STATUS_REFUSED;
    }
    return status == STATUS_UNSUPPORTED ? STATUS_MALFORMED : status;
}

/* What is not visible to the peer must look as what is not there. */
static enum status permit_chain(struct core *core, const struct core_ask *ask,
                                const struct statement *statement)
{
    const struct authority_chain *chain =
        authority_chain(core->authority, &statement->link.label);
    const struct authority_member *peer = authority_member(core->authority, &ask->peer->member);

    if (peer == NULL) {
        return STATUS_REFUSED;
    }
    if (chain == NULL) {
        return statement->link.number == 0 ? STATUS_OK : STATUS_REFUSED;
    }
    return authority_sees_chain(core->authority, peer, chain) ? STATUS_OK : STATUS_REFUSED;
}

static void draft_of_statement(struct core *core, struct txn *txn, const struct core_ask *ask,
                               const struct statement *statement, struct event_draft *draft)
{
    const struct authority_chain *chain =
        authority_chain(core->authority, &statement->link.label);

    draft->action = statement->rule->action;
    draft->object = statement->hash;
    if (chain != NULL && chain->subject == STATEMENT_OF_SECTION) {
        (void)draft_section(core, txn, field_of(chain->id, ID_BYTES), draft);
    } else if (chain != NULL && chain->subject == STATEMENT_OF_MEMBER) {
        memcpy(draft->subject.bytes, chain->id, ID_BYTES);
        if (statement->rule->type == STATEMENT_DEVICE_REVOCATION &&
            !ID_EQUAL(&draft->subject, &ask->peer->member)) {
            draft->action = ACTION_REVOKE_DEVICE;
        }
    }
}

static enum status place_in_section(struct core *core, struct txn *txn,
                                    struct submit_plan *plan)
{
    const struct authority_section *section =
        authority_section_of(core->authority, &plan->label);
    enum status status;

    plan->number = 0;
    memset(&plan->head, 0, sizeof(plan->head));
    plan->section_local = 0;
    if (section == NULL) {
        return STATUS_OK;
    }
    status = names_find(txn, SCHEMA_ID_SECTION, section->id.bytes, &plan->section_local);
    if (status == STATUS_OK) {
        status = section_log_head(txn, plan->section_local, &plan->number, &plan->head);
    }
    return status;
}

static enum status admit_one(struct core *core, const struct core_ask *ask,
                             struct submit_plan *plan, size_t i)
{
    struct submit_statement *one = &plan->statements[i];
    enum authority_check check =
        ask->statement_verified[i] ? AUTHORITY_VERIFIED : AUTHORITY_VERIFY;
    enum status status = authority_admit_parsed(core->authority, &one->statement, one->seq,
                                                plan->time_ms, check, &one->result);

    if (status != STATUS_OK) {
        return answer_of(status);
    }
    plan->admitted++;
    if (one->result.has_position && (one->result.position_number != plan->number ||
                                     !ID_EQUAL(&one->result.position_head, &plan->head))) {
        return STATUS_CONFLICT;
    }
    if (plan->section_chain) {
        struct hash before = plan->head;

        plan->number++;
        leaf_section_head(&core->practice, &before, plan->number, ENTRY_STATEMENT,
                          &one->statement.hash, &plan->head);
    }
    return STATUS_OK;
}

static enum status parse_all(struct core *core, struct submit_plan *plan)
{
    for (size_t i = 0; i < plan->ask->n_statement; i++) {
        struct submit_statement *one = &plan->statements[i];
        enum status status =
            statement_parse(field_span(plan->ask->statement[i]), &core->practice, &one->statement);

        plan->statement_count = i + 1;
        if (status != STATUS_OK) {
            return answer_of(status);
        }
        if (i == 0) {
            plan->label = one->statement.link.label;
            plan->section_chain = one->statement.rule->subject == STATEMENT_OF_SECTION;
        } else if (!plan->section_chain ||
                   !ID_EQUAL(&one->statement.link.label, &plan->label)) {
            return STATUS_MALFORMED;
        }
    }
    if (!plan->section_chain && plan->ask->n_revision > 0) {
        return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

/* The signer must be who is logged in; the root's statements are brought by an admin. */
static enum status permit_signer(const struct core_ask *ask, const struct statement *statement)
{
    if (statement->link.by_root) {
        return ask->peer->role == ROLE_ADMIN ? STATUS_OK : STATUS_REFUSED;
    }
    return ID_EQUAL(&statement->link.member, &ask->peer->member) ? STATUS_OK : STATUS_REFUSED;
}

enum status submit_plan_statements(struct core *core, struct txn *txn,
                                   const struct core_ask *ask, struct submit_plan *plan,
                                   struct event_draft *draft)
{
    enum status status = parse_all(core, plan);
    uint64_t seq = ledger_size(txn, LEDGER_STATEMENTS);

    if (status == STATUS_OK) {
        draft_of_statement(core, txn, ask, &plan->statements[0].statement, draft);
        status = permit_chain(core, ask, &plan->statements[0].statement);
    }
    if (status == STATUS_OK && plan->section_chain) {
        status = place_in_section(core, txn, plan);
    }
    for (size_t i = 0; i < plan->statement_count && status == STATUS_OK; i++) {
        plan->statements[i].seq = seq + i;
        status = permit_signer(ask, &plan->statements[i].statement);
        if (status == STATUS_OK) {
            status = admit_one(core, ask, plan, i);
            /* Judging may tell more than the type: whom an invitation is for. */
            draft->action = i == 0 ? plan->statements[0].result.action : draft->action;
        }
    }
    return status;
}

enum status submit_take_back(struct core *core, struct txn *txn, struct submit_plan *plan)
{
    struct chain_head head;
    enum status status;

    if (plan->admitted == 0) {
        return STATUS_OK;
    }
    if (!plan->section_chain) {
        return STATUS_CORRUPT; /* single statements are the last step of their plan */
    }
    status = authority_forget_section(core->authority, &plan->label);
    if (status == STATUS_OK) {
        status = chain_log_head(txn, &plan->label, &head);
    }
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    for (uint64_t number = 0; status == STATUS_OK && number < head.count; number++) {
        struct chain_statement stored;
        struct authority_result result;
        uint64_t seq = 0;

        status = chain_log_find(txn, head.chain_local, number, &seq);
        if (status == STATUS_OK) {
            status = chain_log_get(txn, seq, &stored);
        }
        if (status == STATUS_OK) {
            status = authority_admit(core->authority, stored.bytes, seq, stored.time_ms,
                                     AUTHORITY_VERIFIED, &result);
        }
    }
    return status;
}

/* ---- applying */

static enum status name_if_new(struct txn *txn, enum schema_id_kind kind,
                               const uint8_t id[static ID_BYTES], uint32_t *out_local)
{
    enum status status = names_find(txn, kind, id, out_local);

    return status == STATUS_NOT_FOUND ? names_add(txn, kind, id, out_local) : status;
}

/* Small numbers for whatever the statement brought into being. */
static enum status name_new_ids(struct txn *txn, const struct statement *statement)
{
    uint32_t local;
    enum status status = STATUS_OK;

    switch (statement->rule->type) {
    case STATEMENT_INVITATION:
        return name_if_new(txn, SCHEMA_ID_MEMBER, statement->u.invitation.invited.bytes, &local);
    case STATEMENT_ENROLMENT:
        return name_if_new(txn, SCHEMA_ID_DEVICE, statement->u.enrolment.device.id.bytes, &local);
    case STATEMENT_DEVICE:
        return name_if_new(txn, SCHEMA_ID_DEVICE, statement->u.device.id.bytes, &local);
    case STATEMENT_SECTION:
        if (statement->u.section.has_chart) {
            status = name_if_new(txn, SCHEMA_ID_CHART, statement->u.section.chart.bytes, &local);
        }
        if (status == STATUS_OK) {
            status =
                name_if_new(txn, SCHEMA_ID_SECTION, statement->u.section.section.bytes, &local);
        }
        return status;
    default:
        return STATUS_OK;
    }
}

enum status statement_store(struct core *core, struct txn *txn, const struct statement *statement,
                            uint64_t seq, uint64_t time_ms)
{
    struct chain_statement_new record = {
        .label = statement->link.label,
        .subject_kind = (uint8_t)statement->rule->subject,
        .type = (uint16_t)statement->rule->type,
        .number = statement->link.number,
        .hash = statement->hash,
        .bytes = statement->bytes,
        .time_ms = time_ms,
    };
    struct hash leaf;
    uint64_t stored = 0;
    enum status status;

    (void)core;
    random_bytes(record.opening, sizeof(record.opening));
    status = chain_log_append(txn, &record, &stored, &leaf);
    if (status == STATUS_OK) {
        status = name_new_ids(txn, statement);
    }
    if (status == STATUS_OK && stored != seq) {
        return STATUS_CORRUPT;
    }
    return status;
}

static void draft_of_result(struct core *core, struct txn *txn,
                            const struct submit_statement *one, bool section_chain,
                            struct event_draft *draft)
{
    memset(draft, 0, sizeof(*draft));
    draft->action = one->result.action;
    draft->outcome = OUTCOME_OK;
    draft->object = one->statement.hash;
    draft->subject = one->result.subject;
    draft->basis_kind = one->result.basis_kind;
    draft->basis = one->result.basis;
    if (one->result.has_section) {
        (void)draft_section(core, txn, field_of(one->result.section.bytes, ID_BYTES), draft);
    }
    if (section_chain) {
        draft->change.kind = ENTRY_STATEMENT;
        draft->change.object = one->statement.hash;
        draft->change.object_seq = one->seq;
    }
}

static enum status effects_of_member(struct core *core, const struct submit_statement *one)
{
    struct core_effect effect = {.kind = CORE_EFFECT_OUT, .member = one->result.subject};

    if (one->statement.rule->type == STATEMENT_SUSPENSION) {
        return effect_add(core, &effect);
    }
    if (one->statement.rule->type == STATEMENT_DEVICE_REVOCATION) {
        effect.device_statement = one->statement.u.revoked;
        return effect_add(core, &effect);
    }
    return STATUS_OK;
}

static enum status apply_one(struct core *core, struct txn *txn, const struct core_ask *ask,
                             struct submit_plan *plan, size_t i, const struct event_reply *reply,
                             struct event_written *last)
{
    struct submit_statement *one = &plan->statements[i];
    struct event_draft draft;
    enum status status =
        statement_store(core, txn, &one->statement, one->seq, plan->time_ms);

    if (status != STATUS_OK) {
        return status;
    }
    draft_of_result(core, txn, one, plan->section_chain, &draft);
    if (i + 1 == plan->statement_count && plan->revision_count == 0) {
        draft.reply = *reply;
    }
    draft.purpose = plan->ask->purpose;
    status = event_write(core, txn, ask, &draft, last);
    if (status == STATUS_OK && plan->section_chain) {
        plan->section_local = draft.section_local;
        status = effects_of_section(core, txn,
                                    authority_section_of(core->authority, &plan->label),
                                    draft.section_local, last->numbers.section_number);
    } else if (status == STATUS_OK) {
        status = effects_of_member(core, one);
    }
    if (status == STATUS_OK) {
        status = echo_touched(core, txn, ask, &one->result, one->seq);
    }
    return status;
}

enum status submit_apply_statements(struct core *core, struct txn *txn,
                                    const struct core_ask *ask, struct submit_plan *plan,
                                    const struct event_reply *reply, struct event_written *last)
{
    for (size_t i = 0; i < plan->statement_count; i++) {
        enum status status = apply_one(core, txn, ask, plan, i, reply, last);

        if (status != STATUS_OK) {
            return status;
        }
    }
    if (plan->statement_count > 0 && plan->ask->bundle.len > 0) {
        uint8_t prefix[ID_BYTES];

        return state_blob_put(txn, field_span(plan->ask->bundle), prefix);
    }
    return STATUS_OK;
}
