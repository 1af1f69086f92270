/* Judges whether the revisions of a submit continue the stored section, chart and note. */
#include "server/core/submit.h"

#include "server/store/section_log.h"

/* How far concurrent edits of one note are looked for, in one submit. */
#define CONCURRENT_ENTRIES_MAX 4096u
#define ENTRIES_AT_ONCE        64u

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

static enum status judge_kind(const struct note_head *heads, bool exists, uint32_t kind)
{
    bool appends = kind == REVISION_ADDENDUM || kind == REVISION_CORRECTION;
    bool locked = exists && (heads->flags & SUBMIT_NOTE_SIGNED) != 0;
    if (kind == REVISION_TOMBSTONE) {
        return exists ? STATUS_OK : STATUS_CONFLICT;
    }
    if (locked && !appends && kind != REVISION_LATE_ENTRY) {
        return STATUS_LOCKED;
    }
    return appends && !locked ? STATUS_CONFLICT : STATUS_OK;
}

/* A revision's number within its note is one more than its highest parent's. The numbers of
 * parents that are no longer heads are found later, from the revisions that followed them
 * (submit_judge_parents). */
static enum status judge_number(const struct submit_revision *one)
{
    const struct revision_context *context = &one->context;
    if (context->revision < one->least || context->revision > one->most ||
        context->revision > UINT32_MAX) {
        return STATUS_CONFLICT;
    }
    return one->heads.count < NOTE_HEAD_SIBLINGS_MAX ? STATUS_OK : STATUS_CONFLICT;
}

/* The context of a stored revision, which was well formed when it came. */
static enum status stored_context(struct txn *txn, uint64_t seq, struct record *out_record,
                                  struct revision_context *out_context)
{
    enum status status = record_peek(txn, seq, out_record);
    if (status == STATUS_OK) {
        status = revision_context_parse(out_record->context, out_context);
    }
    return status == STATUS_OK || status == STATUS_NO_MEMORY || status == STATUS_IO
               ? status
               : STATUS_CORRUPT;
}

#ifdef ALCOVE_TEST_HOOKS
bool submit_test_anybodys_notes;
#else
static const bool submit_test_anybodys_notes = false;
#endif

/* A note is its author's alone, whatever device they use: all its revisions are by one member, so
 * that any of them tells who that is. Only erasing is no word of the author's. */
static enum status judge_note_author(struct txn *txn, const struct note_head *heads,
                                     const struct revision_context *context)
{
    if (context->kind == REVISION_TOMBSTONE || submit_test_anybodys_notes) {
        return STATUS_OK;
    }
    struct record record;
    struct revision_context first;
    enum status status = heads->count == 0
                             ? STATUS_CORRUPT
                             : stored_context(txn, heads->heads[0].record_seq, &record, &first);
    if (status != STATUS_OK) {
        return status;
    }
    return ID_EQUAL(&first.member, &context->member) ? STATUS_OK : STATUS_REFUSED;
}

/* Compare-and-set on the note's heads. */
static enum status judge_note(struct txn *txn, struct submit_plan *plan,
                              struct submit_revision *one)
{
    const struct revision_context *context = &one->context;
    enum status status = plan->section_local == 0
                             ? STATUS_NOT_FOUND
                             : note_head_get(txn, plan->section_local, &context->note, &one->heads);
    bool exists = status == STATUS_OK;
    if (status == STATUS_NOT_FOUND) {
        memset(&one->heads, 0, sizeof one->heads);
    } else if (status != STATUS_OK) {
        return status;
    }
    status = exists ? judge_note_author(txn, &one->heads, context) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    plan->conflict = one->heads;
    status = judge_kind(&one->heads, exists, context->kind);
    if (status != STATUS_OK) {
        return status;
    }
    if (exists != (context->parent_count > 0)) {
        return STATUS_CONFLICT;
    }
    uint64_t highest = 0;
    for (size_t i = 0; i < context->parent_count; i++) {
        size_t at = 0;
        one->missing[i] = !heads_hold(&one->heads, &context->parent[i], &at);
        if (!one->missing[i]) {
            highest =
                one->heads.heads[at].revision > highest ? one->heads.heads[at].revision : highest;
            one->heads.heads[at] = one->heads.heads[--one->heads.count];
        }
    }
    one->least = highest + 1;
    one->most = highest + 1;
    return STATUS_OK;
}

/* The section number and head that the author names must be of this section's own past. */
static enum status judge_section_seen(struct txn *txn, const struct submit_plan *plan,
                                      const struct revision_context *context)
{
    if (context->section_number > plan->number) {
        return STATUS_CONFLICT;
    }
    if (context->section_number == plan->number) {
        return ID_EQUAL(&context->section_head, &plan->head) ? STATUS_OK : STATUS_CONFLICT;
    }
    if (context->section_number == 0 || plan->section_local == 0) {
        return STATUS_CONFLICT;
    }
    struct section_change change;
    enum status status =
        section_log_get(txn, plan->section_local, context->section_number, &change);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_CONFLICT; /* a number this very submit makes */
    }
    if (status != STATUS_OK) {
        return status;
    }
    return ID_EQUAL(&context->section_head, &change.head) ? STATUS_OK : STATUS_CONFLICT;
}

/* So must the chart's number and leaf, and the sizes and roots of the two logs. */
static enum status judge_seen(struct core *core, struct txn *txn, const struct submit_plan *plan,
                              const struct revision_context *context)
{
    enum status status = judge_section_seen(txn, plan, context);
    if (status == STATUS_OK) {
        status = past_judge_chart(core, txn, plan->chart_local, context->chart_number,
                                  &context->chart_leaf);
    }
    if (status == STATUS_OK && context->has_seen) {
        status = past_judge_seen(core, txn, &context->seen);
    }
    return status;
}

static enum status judge_epoch(struct core *core, const struct submit_plan *plan,
                               const struct revision_context *context)
{
    struct authority_when when = authority_now(core->now_ms);
    const struct authority_epoch *epoch = authority_epoch(plan->section, when);
    if (epoch == NULL || authority_closed(core->authority, plan->section, when) ||
        epoch->epoch != context->epoch || !ID_EQUAL(&epoch->statement, &context->epoch_statement)) {
        return STATUS_NEEDS_EPOCH;
    }
    return STATUS_OK;
}

enum status submit_judge_revision(struct core *core, struct txn *txn, struct submit_plan *plan,
                                  struct submit_revision *one)
{
    const struct revision_context *context = &one->context;
    if (!ID_EQUAL(&context->section, &plan->section->id) ||
        context->class != plan->section->class || context->has_chart != plan->section->has_chart ||
        (context->has_chart && !ID_EQUAL(&context->chart, &plan->section->chart))) {
        return STATUS_MALFORMED;
    }
    enum status status = judge_epoch(core, plan, context);
    if (status == STATUS_OK) {
        status = judge_seen(core, txn, plan, context);
    }
    return status == STATUS_OK ? judge_note(txn, plan, one) : status;
}

/* ---- parents that are no longer heads */

static bool waits(const struct submit_revision *one)
{
    for (size_t i = 0; i < one->context.parent_count; i++) {
        if (one->missing[i]) {
            return true;
        }
    }
    return false;
}

/* A parent was a head when its author last looked if a revision stored since follows it: two
 * devices that edited at once keep both. */
static void match_one(struct submit_revision *one, uint64_t number,
                      const struct revision_context *other)
{
    if (number <= one->context.section_number || !ID_EQUAL(&other->note, &one->context.note)) {
        return;
    }
    for (size_t i = 0; i < one->context.parent_count; i++) {
        for (size_t j = 0; one->missing[i] && j < other->parent_count; j++) {
            if (ID_EQUAL(&other->parent[j], &one->context.parent[i])) {
                one->missing[i] = false;
                one->most = other->revision > one->most ? other->revision : one->most;
            }
        }
    }
}

static enum status match_entry(struct txn *txn, struct submit_plan *plan,
                               const struct section_change *entry)
{
    if (entry->change.kind != ENTRY_REVISION) {
        return STATUS_OK;
    }
    struct revision_context other;
    struct record record;
    enum status status = stored_context(txn, entry->change.object_seq, &record, &other);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < plan->revision_count; i++) {
        match_one(&plan->revisions[i], entry->number, &other);
    }
    return STATUS_OK;
}

/* One walk for all such parents, so that no submit costs more than CONCURRENT_ENTRIES_MAX. */
static enum status match_parents(struct txn *txn, struct submit_plan *plan, uint64_t after)
{
    struct section_change entries[ENTRIES_AT_ONCE];
    size_t looked = 0;
    size_t count = 1;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && count > 0 && looked < CONCURRENT_ENTRIES_MAX) {
        status =
            section_log_page(txn, plan->section_local, after, entries, ENTRIES_AT_ONCE, &count);
        for (size_t i = 0; i < count && status == STATUS_OK; i++) {
            after = entries[i].number;
            status = match_entry(txn, plan, &entries[i]);
        }
        looked += count;
    }
    return status;
}

enum status submit_judge_parents(struct txn *txn, struct submit_plan *plan)
{
    uint64_t after = UINT64_MAX;
    for (size_t i = 0; i < plan->revision_count; i++) {
        const struct submit_revision *one = &plan->revisions[i];
        if (waits(one) && one->context.section_number < after) {
            after = one->context.section_number;
        }
    }
    enum status status = STATUS_OK;
    if (after != UINT64_MAX && plan->section_local != 0) {
        status = match_parents(txn, plan, after);
    }
    for (size_t i = 0; i < plan->revision_count && status == STATUS_OK; i++) {
        struct submit_revision *one = &plan->revisions[i];
        status = waits(one) ? STATUS_CONFLICT : judge_number(one);
        if (status == STATUS_CONFLICT && plan->section_local != 0) {
            enum status found =
                note_head_get(txn, plan->section_local, &one->context.note, &plan->conflict);
            status = found == STATUS_OK || found == STATUS_NOT_FOUND ? status : found;
        }
    }
    return status;
}

/* ---- tombstones */

static bool erases(const struct submit_plan *plan, const struct note_id *note)
{
    for (size_t i = 0; i < plan->revision_count; i++) {
        if (plan->revisions[i].context.kind == REVISION_TOMBSTONE &&
            ID_EQUAL(&plan->revisions[i].context.note, note)) {
            return true;
        }
    }
    return false;
}

static enum status erase_entry(struct txn *txn, const struct submit_plan *plan,
                               const struct section_change *entry)
{
    if (entry->change.kind != ENTRY_REVISION) {
        return STATUS_OK;
    }
    struct revision_context context;
    struct record record;
    enum status status = stored_context(txn, entry->change.object_seq, &record, &context);
    if (status != STATUS_OK) {
        return status;
    }
    if (record.erased || !erases(plan, &context.note)) {
        return STATUS_OK;
    }
    return record_erase(txn, entry->change.object_seq);
}

enum status submit_erase(struct txn *txn, const struct submit_plan *plan)
{
    bool needed = false;
    for (size_t i = 0; i < plan->revision_count; i++) {
        needed |= plan->revisions[i].context.kind == REVISION_TOMBSTONE;
    }
    struct section_change entries[ENTRIES_AT_ONCE];
    uint64_t after = 0;
    size_t count = 1;
    enum status status = STATUS_OK;
    while (needed && status == STATUS_OK && count > 0 && after < plan->number) {
        status =
            section_log_page(txn, plan->section_local, after, entries, ENTRIES_AT_ONCE, &count);
        for (size_t i = 0; i < count && status == STATUS_OK; i++) {
            after = entries[i].number;
            if (after <= plan->number) {
                status = erase_entry(txn, plan, &entries[i]);
            }
        }
    }
    return status;
}
