#include "server/core/submit.h"

#include "server/store/section_log.h"

static bool note_repeats(const struct submit_plan *plan, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (ID_EQUAL(&plan->revisions[j].context.note, &plan->revisions[i].context.note)) {
            return true;
        }
    }
    return false;
}

enum status submit_plan_revisions(struct core *core, struct txn *txn, const struct core_ask *ask,
                                  struct submit_plan *plan)
{
    enum status status = STATUS_OK;
    if (plan->statement_count == 0) {
        status = names_find(txn, SCHEMA_ID_SECTION, plan->section->id.bytes, &plan->section_local);
        if (status == STATUS_OK) {
            status = section_log_head(txn, plan->section_local, &plan->number, &plan->head);
        }
    }
    if (status == STATUS_OK && plan->section->has_chart) {
        status = names_find(txn, SCHEMA_ID_CHART, plan->section->chart.bytes, &plan->chart_local);
        status = status == STATUS_NOT_FOUND ? STATUS_OK : status; /* made by this submit */
    }
    struct hash link;
    uint64_t number = 0;
    if (status == STATUS_OK) {
        status = position_get(txn, plan->section_local, ask->peer->device_local, &number, &link);
    }
    for (size_t i = 0; i < plan->revision_count && status == STATUS_OK; i++) {
        struct submit_revision *one = &plan->revisions[i];
        if (number > 0 && one->context.device_number == number && ID_EQUAL(&one->link, &link)) {
            return STATUS_ALREADY;
        }
        if (one->context.device_number != number + 1 ||
            (number > 0 && !ID_EQUAL(&one->context.device_link, &link))) {
            return STATUS_CONFLICT;
        }
        if (note_repeats(plan, i)) {
            return STATUS_MALFORMED;
        }
        status = submit_judge_revision(core, txn, plan, one);
        number++;
        link = one->link;
    }
    return status == STATUS_OK ? submit_judge_parents(txn, plan) : status;
}

/* ---- applying */

static enum status store_one(struct txn *txn, const struct submit_plan *plan,
                             struct submit_revision *one, uint64_t *out_seq)
{
    struct record record = {.context = field_span(one->wire->context),
                            .header = field_span(one->wire->header),
                            .envelope = field_span(one->wire->envelope)};
    struct note_revision_ref *head = &one->heads.heads[one->heads.count];
    memcpy(record.signature.bytes, one->wire->signature.data, SIGNATURE_BYTES);
    enum status status = record_append(txn, &record, field_span(one->wire->wrap), out_seq);
    if (status != STATUS_OK) {
        return status;
    }
    head->link = one->link;
    head->record_seq = *out_seq;
    head->revision = (uint32_t)one->context.revision;
    one->heads.count++;
    if (one->context.kind == REVISION_SIGNED) {
        one->heads.flags |= SUBMIT_NOTE_SIGNED;
    }
    note_head_put(txn, plan->section_local, &one->context.note, &one->heads);
    return db_status(txn);
}

/* What the events of all of them say. Looked up here and not while planning, since a section
 * made by this submit has its small numbers only now. */
static struct event_draft draft_of_all(struct core *core, struct txn *txn, struct submit_plan *plan)
{
    struct event_draft draft = {.outcome = OUTCOME_OK,
                                .purpose = plan->ask->purpose,
                                .basis_kind = plan->basis_kind,
                                .basis = plan->basis,
                                .change = {.kind = ENTRY_REVISION}};
    (void)draft_section(core, txn, field_of(plan->section->id.bytes, ID_BYTES), &draft);
    plan->section_local = draft.section_local;
    return draft;
}

static enum status apply_all(struct core *core, struct txn *txn, const struct core_ask *ask,
                             struct submit_plan *plan, const struct event_reply *reply,
                             struct event_written *last)
{
    struct event_draft draft = draft_of_all(core, txn, plan);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < plan->revision_count && status == STATUS_OK; i++) {
        struct submit_revision *one = &plan->revisions[i];
        draft.action = submit_revision_action(one);
        draft.note = one->context.note;
        draft.object = one->link;
        draft.change.object = one->link;
        if (i + 1 == plan->revision_count) {
            draft.reply = *reply;
        }
        status = store_one(txn, plan, one, &draft.change.object_seq);
        if (status == STATUS_OK) {
            status = event_write(core, txn, ask, &draft, last);
        }
    }
    return status;
}

enum status submit_apply_revisions(struct core *core, struct txn *txn, const struct core_ask *ask,
                                   struct submit_plan *plan, const struct event_reply *reply,
                                   struct event_written *last)
{
    if (plan->revision_count == 0) {
        return STATUS_OK;
    }
    enum status status = apply_all(core, txn, ask, plan, reply, last);
    if (status == STATUS_OK) {
        status = submit_erase(txn, plan);
    }
    if (status != STATUS_OK) {
        return status;
    }
    position_put(txn, plan->section_local, ask->peer->device_local,
                 plan->revisions[plan->revision_count - 1].context.device_number,
                 &plan->revisions[plan->revision_count - 1].link);
    struct core_effect moved = {.kind = CORE_EFFECT_MOVED};
    moved.section_local = plan->section_local;
    moved.section = plan->section->id;
    moved.number = last->numbers.section_number;
    return effect_add(core, &moved);
}
