#include "server/core/submit.h"

#include "server/store/section_log.h"
#include "server/store/state.h"

#define NOTE_FLAG_SIGNED 1u
/* How far back concurrent edits of one note are looked for. */
#define CONCURRENT_ENTRIES_MAX 4096u
#define POSITION_BYTES (8u + HASH_BYTES)

enum status position_get(struct txn *txn, uint32_t section_local, uint32_t device_local,
                         uint64_t *out_number, struct hash *out_link)
{
    struct span value;
    enum status status =
        state_get(txn, CORE_STATE_POSITION, section_local, device_local, &value);

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
    state_put(txn, CORE_STATE_POSITION, section_local, device_local,
              span_of(value, sizeof(value)));
}

static bool heads_hold(const struct note_head *heads, const struct hash *link, size_t *out_index)
{
    for (size_t i = 0; i < heads->count; i++) {
        if (ID_EQUAL(&heads->heads[i].link, link)) {
            *out_index = i;
            return true;
        }
    }
    return false;
}

/* Whether |parent| was a head of the note when its author last looked: then it is the
 * parent of a revision stored since. Two devices that edited at once keep both. */
static enum status parent_was_head(struct txn *txn, const struct submit_plan *plan,
                                   const struct revision_context *context,
                                   const struct hash *parent)
{
    struct section_change change;
    uint64_t stored = 0;
    struct hash head;
    enum status status = section_log_head(txn, plan->section_local, &stored, &head);

    if (status != STATUS_OK) {
        return status;
    }
    for (uint64_t n = context->section_number + 1;
         n <= stored && n - context->section_number <= CONCURRENT_ENTRIES_MAX; n++) {
        struct revision_context other;
        struct record record;

        status = section_log_get(txn, plan->section_local, n, &change);
        if (status != STATUS_OK) {
            return status;
        }
        if (change.change.kind != ENTRY_REVISION) {
            continue;
        }
        if (record_peek(txn, change.change.object_seq, &record) != STATUS_OK ||
            revision_context_parse(record.context, &other) != STATUS_OK) {
            return STATUS_CORRUPT;
        }
        for (size_t i = 0; ID_EQUAL(&other.note, &context->note) && i < other.parent_count; i++) {
            if (ID_EQUAL(&other.parent[i], parent)) {
                return STATUS_OK;
            }
        }
    }
    return STATUS_CONFLICT;
}

static enum status judge_kind(const struct note_head *heads, bool exists, uint32_t kind)
{
    bool appends = kind == REVISION_ADDENDUM || kind == REVISION_CORRECTION;
    bool locked = exists && (heads->flags & NOTE_FLAG_SIGNED) != 0;

    if (kind == REVISION_TOMBSTONE) {
        return exists ? STATUS_OK : STATUS_CONFLICT;
    }
    if (locked && !appends && kind != REVISION_LATE_ENTRY) {
        return STATUS_LOCKED;
    }
    return appends && !locked ? STATUS_CONFLICT : STATUS_OK;
}

/* Compare-and-set on the note's heads. */
static enum status judge_note(struct txn *txn, struct submit_plan *plan,
                              struct submit_revision *one)
{
    const struct revision_context *context = &one->context;
    enum status status =
        plan->section_local == 0
            ? STATUS_NOT_FOUND
            : note_head_get(txn, plan->section_local, &context->note, &one->heads);
    bool exists = status == STATUS_OK;
    uint64_t highest = 0;

    if (status == STATUS_NOT_FOUND) {
        memset(&one->heads, 0, sizeof(one->heads));
    } else if (status != STATUS_OK) {
        return status;
    }
    plan->conflict = one->heads;
    status = judge_kind(&one->heads, exists, context->kind);
    if (status != STATUS_OK) {
        return status;
    }
    if (exists != (context->parent_count > 0) || (!exists && context->revision != 1)) {
        return STATUS_CONFLICT;
    }
    for (size_t i = 0; i < context->parent_count; i++) {
        size_t at = 0;

        if (heads_hold(&one->heads, &context->parent[i], &at)) {
            highest = one->heads.heads[at].revision > highest ? one->heads.heads[at].revision
                                                              : highest;
            one->heads.heads[at] = one->heads.heads[--one->heads.count];
        } else {
            status = parent_was_head(txn, plan, context, &context->parent[i]);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    if ((exists && context->revision <= highest) || context->revision > UINT32_MAX) {
        return STATUS_CONFLICT;
    }
    return one->heads.count < NOTE_HEAD_SIBLINGS_MAX ? STATUS_OK : STATUS_CONFLICT;
}

/* What the author says of the section must be this section's own past. */
static enum status judge_seen(struct txn *txn, const struct submit_plan *plan,
                              const struct revision_context *context)
{
    struct section_change change;
    enum status status;

    if (context->section_number > plan->number) {
        return STATUS_CONFLICT;
    }
    if (context->section_number == plan->number) {
        return ID_EQUAL(&context->section_head, &plan->head) ? STATUS_OK : STATUS_CONFLICT;
    }
    if (context->section_number == 0 || plan->section_local == 0) {
        return STATUS_CONFLICT;
    }
    status = section_log_get(txn, plan->section_local, context->section_number, &change);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_CONFLICT; /* a number this very submit makes */
    }
    if (status != STATUS_OK) {
        return status;
    }
    return ID_EQUAL(&context->section_head, &change.head) ? STATUS_OK : STATUS_CONFLICT;
}

static enum status judge_epoch(struct core *core, const struct submit_plan *plan,
                               const struct revision_context *context)
{
    struct authority_when when = authority_now(core->now_ms);
    const struct authority_epoch *epoch = authority_epoch(plan->section, when);

    if (epoch == NULL || authority_closed(core->authority, plan->section, when) ||
        epoch->epoch != context->epoch ||
        !ID_EQUAL(&epoch->statement, &context->epoch_statement)) {
        return STATUS_NEEDS_EPOCH;
    }
    return STATUS_OK;
}

static enum status judge_one(struct core *core, struct txn *txn, struct submit_plan *plan,
                             struct submit_revision *one)
{
    const struct revision_context *context = &one->context;
    enum status status;

    if (!ID_EQUAL(&context->section, &plan->section->id) ||
        context->class != plan->section->class ||
        context->has_chart != plan->section->has_chart ||
        (context->has_chart && !ID_EQUAL(&context->chart, &plan->section->chart))) {
        return STATUS_MALFORMED;
    }
    status = judge_epoch(core, plan, context);
    if (status == STATUS_OK) {
        status = judge_seen(txn, plan, context);
    }
    return status == STATUS_OK ? judge_note(txn, plan, one) : status;
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
        status = judge_one(core, txn, plan, one);
        number++;
        link = one->link;
    }
    return status;
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
        one->heads.flags |= NOTE_FLAG_SIGNED;
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
