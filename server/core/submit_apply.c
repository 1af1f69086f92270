/* Stores judged statements, gives local numbers to their ids, and collects their effects. */
#include "server/core/submit.h"

#include "keys/public/bytes/random.h"
#include "server/store/state.h"

static enum status name_if_new(struct txn *txn, enum schema_id_kind kind,
                               const uint8_t id[static ID_BYTES], uint32_t *out_local)
{
    enum status status = names_find(txn, kind, id, out_local);
    return status == STATUS_NOT_FOUND ? names_add(txn, kind, id, out_local) : status;
}

/* Gives local numbers to the members, devices, charts and sections that the statement made. */
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
    (void)core;
    random_bytes(record.opening, sizeof record.opening);
    struct hash leaf;
    uint64_t stored = 0;
    enum status status = chain_log_append(txn, &record, &stored, &leaf);
    if (status == STATUS_OK) {
        status = name_new_ids(txn, statement);
    }
    if (status == STATUS_OK && stored != seq) {
        return STATUS_CORRUPT;
    }
    return status;
}

static void draft_of_result(struct core *core, struct txn *txn, const struct submit_statement *one,
                            bool section_chain, struct event_draft *draft)
{
    memset(draft, 0, sizeof *draft);
    draft->action = one->result.action;
    draft->outcome = OUTCOME_OK;
    draft->object = one->statement->hash;
    draft->subject = one->result.subject;
    draft->basis_kind = one->result.basis_kind;
    draft->basis = one->result.basis;
    if (one->result.has_section) {
        (void)draft_section(core, txn, field_of(one->result.section.bytes, ID_BYTES), draft);
    }
    if (section_chain) {
        draft->change.kind = ENTRY_STATEMENT;
        draft->change.object = one->statement->hash;
        draft->change.object_seq = one->seq;
    }
}

static enum status effects_of_member(struct core *core, const struct submit_statement *one)
{
    struct core_effect effect = {.kind = CORE_EFFECT_OUT, .member = one->result.subject};
    if (one->statement->rule->type == STATEMENT_SUSPENSION) {
        return effect_add(core, &effect);
    }
    if (one->statement->rule->type == STATEMENT_DEVICE_REVOCATION) {
        effect.device_statement = one->statement->u.revoked;
        return effect_add(core, &effect);
    }
    return STATUS_OK;
}

static enum status apply_one(struct core *core, struct txn *txn, const struct core_ask *ask,
                             struct submit_plan *plan, size_t i, const struct event_reply *reply,
                             struct event_written *last)
{
    struct submit_statement *one = &plan->statements[i];
    enum status status = statement_store(core, txn, one->statement, one->seq, plan->time_ms);
    if (status != STATUS_OK) {
        return status;
    }
    struct event_draft draft;
    draft_of_result(core, txn, one, plan->section_chain, &draft);
    if (i + 1 == plan->statement_count && plan->revision_count == 0) {
        draft.reply = *reply;
    }
    draft.purpose = plan->ask->purpose;
    status = event_write(core, txn, ask, &draft, last);
    if (status == STATUS_OK && plan->section_chain) {
        plan->section_local = draft.section_local;
        status = effects_of_section(core, txn, authority_section_of(core->authority, &plan->label),
                                    draft.section_local, last->numbers.section_number);
    } else if (status == STATUS_OK) {
        status = effects_of_member(core, one);
    }
    if (status == STATUS_OK) {
        status = echo_touched(core, txn, ask, &one->result, one->seq);
    }
    return status;
}

enum status submit_apply_statements(struct core *core, struct txn *txn, const struct core_ask *ask,
                                    struct submit_plan *plan, const struct event_reply *reply,
                                    struct event_written *last)
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
