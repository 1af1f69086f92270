#include "server/core/submit.h"

#include "server/store/section_log.h"
#include "server/store/state.h"

#define POSITION_BYTES (8u + HASH_BYTES)

enum status position_get(struct txn *txn, uint32_t section_local, uint32_t device_local,
                         uint64_t *out_number, struct hash *out_link)
{
    struct span value;
    enum status status = state_get(txn, CORE_STATE_POSITION, section_local, device_local, &value);

    *out_number = 0;
    memset(out_link, 0, sizeof(*out_link));
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (status == STATUS_OK && value.size != POSITION_BYTES) {
        return STATUS_CORRUPT;
    }
    if (status == STATUS_OK) {
        for (size_t i = 0; i < 8; i++) {
            *out_number = *out_number << 8 | value.data[i];
        }
        memcpy(out_link->bytes, value.data + 8, HASH_BYTES);
    }
    return status;
}

void position_put(struct txn *txn, uint32_t section_local, uint32_t device_local, uint64_t number,
                  const struct hash *link)
{
    uint8_t value[POSITION_BYTES];

    for (size_t i = 0; i < 8; i++) {
        value[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    memcpy(value + 8, link->bytes, HASH_BYTES);
    state_put(txn, CORE_STATE_POSITION, section_local, device_local, span_of(value, sizeof(value)));
}

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
    struct hash link;
    uint64_t number = 0;
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
    enum status status;

    memcpy(record.signature.bytes, one->wire->signature.data, SIGNATURE_BYTES);
    status = record_append(txn, &record, field_span(one->wire->wrap), out_seq);
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

enum status submit_apply_revisions(struct core *core, struct txn *txn, const struct core_ask *ask,
                                   struct submit_plan *plan, const struct event_reply *reply,
                                   struct event_written *last)
{
    enum status status = STATUS_OK;
    struct core_effect moved = {.kind = CORE_EFFECT_MOVED};

    for (size_t i = 0; i < plan->revision_count && status == STATUS_OK; i++) {
        struct submit_revision *one = &plan->revisions[i];
        struct event_draft draft = {.outcome = OUTCOME_OK, .change = {.kind = ENTRY_REVISION}};

        (void)draft_section(core, txn, field_of(plan->section->id.bytes, ID_BYTES), &draft);
        draft.action = submit_revision_action(one);
        (void)authority_may(core->authority, authority_member(core->authority, &ask->peer->member),
                            draft.action, plan->section->class, plan->section, NULL,
                            authority_now(core->now_ms), &draft.basis_kind, &draft.basis);
        plan->section_local = draft.section_local;
        draft.note = one->context.note;
        draft.object = one->link;
        draft.purpose = plan->ask->purpose;
        draft.change.object = one->link;
        if (i + 1 == plan->revision_count) {
            draft.reply = *reply;
        }
        status = store_one(txn, plan, one, &draft.change.object_seq);
        if (status == STATUS_OK) {
            status = event_write(core, txn, ask, &draft, last);
        }
    }
    if (status == STATUS_OK) {
        status = submit_erase(txn, plan);
    }
    if (status != STATUS_OK || plan->revision_count == 0) {
        return status;
    }
    position_put(txn, plan->section_local, ask->peer->device_local,
                 plan->revisions[plan->revision_count - 1].context.device_number,
                 &plan->revisions[plan->revision_count - 1].link);
    moved.section_local = plan->section_local;
    moved.section = plan->section->id;
    moved.number = last->numbers.section_number;
    return effect_add(core, &moved);
}
