#include "keys/public/authority/timeline_internal.h"

/* ---------------------------------------------------------------- small parts */

static enum status refuse(struct timeline_plan *plan, enum timeline_reason reason)
{
    plan->reason = reason;
    return reason == TIMELINE_UNKNOWN_OBJECT ? STATUS_NOT_FOUND : STATUS_BAD_CHAIN;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The server writes an entry for a statement down together with the statement. */
static enum status judge_time(struct timeline_plan *plan, uint64_t leaf_time_ms)
{
    return plan->entry->time_ms == leaf_time_ms ? STATUS_OK : refuse(plan, TIMELINE_TIME_OTHER);
}

/* Whether a statement between two moments of the log changed who is in. */
static bool live_differs(const struct authority *authority, const struct authority_section *section,
                         uint64_t from_seq, uint64_t to_seq, uint64_t time_ms)
{
    struct authority_when from = {from_seq, time_ms};
    struct authority_when to = {to_seq, time_ms};
    struct hash was;
    authority_live_digest(authority, section, from, &was);
    struct hash is;
    authority_live_digest(authority, section, to, &is);
    return !ID_EQUAL(&was, &is);
}

/* ---------------------------------------------------------------- statements */

static enum status judge_statement(struct timeline_plan *plan)
{
    const struct timeline *timeline = plan->timeline;
    const struct authority_section *section = plan->section;
    if (timeline->chain_next >= section->entry_count) {
        return refuse(plan, TIMELINE_UNKNOWN_OBJECT);
    }
    const struct authority_entry *entry = &section->entries[timeline->chain_next];
    if (!ID_EQUAL(&entry->statement, &plan->entry->object)) {
        return refuse(plan, TIMELINE_NOT_NEXT);
    }
    if (entry->seq < timeline->when.seq) {
        return refuse(plan, TIMELINE_OUT_OF_ORDER);
    }
    /* No statement of the section's own chain lies in between: this is the next one. */
    if (live_differs(plan->authority, section, timeline->when.seq, entry->seq, entry->time_ms)) {
        return refuse(plan, TIMELINE_MISSING_ECHO);
    }
    bool positioned = entry->type == STATEMENT_EPOCH || entry->type == STATEMENT_RESEAL;
    if (positioned && (entry->position_number != timeline->number ||
                       !ID_EQUAL(&entry->position_head, &timeline->head))) {
        return refuse(plan, TIMELINE_BAD_POSITION);
    }
    plan->when.seq = entry->seq + 1u;
    plan->when.time_ms = later(timeline->when.time_ms, entry->time_ms);
    plan->chain_next = timeline->chain_next + 1u;
    return judge_time(plan, entry->time_ms);
}

static enum status judge_echo(struct timeline_plan *plan)
{
    const struct timeline *timeline = plan->timeline;
    const struct authority_section *section = plan->section;
    const struct member_fact *fact = authority_member_fact(plan->authority, &plan->entry->object);
    if (fact == NULL) {
        return refuse(plan, TIMELINE_UNKNOWN_OBJECT);
    }
    bool skips = timeline->chain_next < section->entry_count &&
                 section->entries[timeline->chain_next].seq < fact->seq;
    if (fact->seq < timeline->when.seq || skips) {
        return refuse(plan, TIMELINE_OUT_OF_ORDER);
    }
    if (live_differs(plan->authority, section, timeline->when.seq, fact->seq, fact->time_ms)) {
        return refuse(plan, TIMELINE_MISSING_ECHO);
    }
    if (!live_differs(plan->authority, section, fact->seq, fact->seq + 1u, fact->time_ms)) {
        return refuse(plan, TIMELINE_NOT_TOUCHED);
    }
    plan->when.seq = fact->seq + 1u;
    plan->when.time_ms = later(timeline->when.time_ms, fact->time_ms);
    return judge_time(plan, fact->time_ms);
}

static enum status judge_ended(struct timeline_plan *plan)
{
    const struct timeline *timeline = plan->timeline;
    const struct authority_grant *grant = authority_grant(plan->section, &plan->entry->object);
    if (grant == NULL) {
        return refuse(plan, TIMELINE_UNKNOWN_OBJECT);
    }
    /* Several may end at one moment: the clock may stand at this end already. */
    struct authority_when from = timeline->when;
    from.time_ms = timeline->when.time_ms > 0 ? timeline->when.time_ms - 1u : 0;
    uint64_t end = authority_grant_end_after(plan->authority, plan->section, grant, from);
    if (end == 0) {
        return refuse(plan, TIMELINE_NOT_ENDING);
    }
    plan->when.time_ms = later(timeline->when.time_ms, end);
    return plan->entry->time_ms >= end ? STATUS_OK : refuse(plan, TIMELINE_TIME_OTHER);
}

/* ---------------------------------------------------------------- revisions */

static bool belongs_here(const struct authority_section *section,
                         const struct revision_context *context)
{
    return ID_EQUAL(&section->id, &context->section) && section->class == context->class &&
           section->has_chart == context->has_chart && ID_EQUAL(&section->chart, &context->chart);
}

static enum status judge_author(struct timeline_plan *plan, const struct revision_context *context)
{
    const struct authority_member *member = authority_member(plan->authority, &context->member);
    const struct authority_device *device = authority_device(plan->authority, &context->device);
    uint32_t action =
        context->kind == REVISION_TOMBSTONE ? (uint32_t)ACTION_ERASE : (uint32_t)ACTION_WRITE;
    if (member == NULL || device == NULL) {
        return refuse(plan, TIMELINE_UNKNOWN_OBJECT);
    }
    if (!ID_EQUAL(&device->member, &context->member)) {
        return refuse(plan, TIMELINE_WRONG_DEVICE);
    }
    /* There is no need to ask when the device began: it holds an epoch's key, hence a numbered
     * seal. */
    if (device->revoked_seq < plan->when.seq) {
        return refuse(plan, TIMELINE_DEVICE_REVOKED);
    }
    /* Also by the clock: the end of these rights would have been written down before. */
    struct authority_when when = {plan->when.seq, later(plan->when.time_ms, plan->entry->time_ms)};
    return authority_may(plan->authority, member, action, context->class, plan->section, NULL, when,
                         NULL, NULL)
               ? STATUS_OK
               : refuse(plan, TIMELINE_NO_RIGHT);
}

static enum status judge_epoch(struct timeline_plan *plan, const struct revision_context *context)
{
    const struct authority_epoch *epoch = authority_epoch(plan->section, plan->when);
    if (timeline_closed(plan->timeline, plan->authority, plan->section)) {
        return refuse(plan, TIMELINE_CLOSED);
    }
    if (epoch == NULL || epoch->epoch != context->epoch ||
        !ID_EQUAL(&epoch->statement, &context->epoch_statement)) {
        return refuse(plan, TIMELINE_WRONG_EPOCH);
    }
    return STATUS_OK;
}

static enum status judge_numbers(struct timeline_plan *plan, const struct revision_context *context)
{
    const struct timeline *timeline = plan->timeline;
    uint64_t number = 0;
    struct hash link;
    timeline_device_position(timeline, &context->device, &number, &link);
    if (context->device_number != number + 1u) {
        return refuse(plan, TIMELINE_DEVICE_NUMBER);
    }
    if (!ID_EQUAL(&context->device_link, &link)) {
        return refuse(plan, TIMELINE_DEVICE_LINK);
    }
    if (context->section_number > timeline->number) {
        return refuse(plan, TIMELINE_AHEAD);
    }
    const struct hash *head = timeline_head_at(timeline, context->section_number);
    if (head != NULL && !ID_EQUAL(head, &context->section_head)) {
        return refuse(plan, TIMELINE_OTHER_HEAD);
    }
    return STATUS_OK;
}

/* Without its context: what can be judged is whether its device could write here. */
static enum status judge_lost(struct timeline_plan *plan)
{
    CHECK(plan->entry->lost_device != NULL);
    const struct authority_device *device =
        authority_device(plan->authority, plan->entry->lost_device);
    if (device == NULL) {
        return refuse(plan, TIMELINE_UNKNOWN_OBJECT);
    }
    const struct revision_context context = {.member = device->member,
                                             .device = *plan->entry->lost_device,
                                             .class = plan->section->class,
                                             .kind = REVISION_DRAFT};
    enum status status = judge_author(plan, &context);
    if (status == STATUS_OK && timeline_closed(plan->timeline, plan->authority, plan->section)) {
        return refuse(plan, TIMELINE_CLOSED);
    }
    return status;
}

static enum status judge_revision(struct timeline_plan *plan)
{
    const struct revision_context *context = plan->entry->context;
    if (context == NULL) {
        return judge_lost(plan);
    }
    if (!belongs_here(plan->section, context)) {
        return refuse(plan, TIMELINE_WRONG_SECTION);
    }
    enum status status = judge_author(plan, context);
    if (status == STATUS_OK) {
        status = judge_epoch(plan, context);
    }
    return status == STATUS_OK ? judge_numbers(plan, context) : status;
}

static enum status judge_kind(struct timeline_plan *plan)
{
    switch (plan->entry->kind) {
    case ENTRY_REVISION:
        return judge_revision(plan);
    case ENTRY_STATEMENT:
        return judge_statement(plan);
    case ENTRY_ECHO:
        return judge_echo(plan);
    case ENTRY_ENDED:
        return judge_ended(plan);
    default:
        return refuse(plan, TIMELINE_BAD_KIND);
    }
}

enum status timeline_plan_entry(const struct timeline *timeline, const struct authority *authority,
                                const struct timeline_entry *entry, struct timeline_plan *plan)
{
    *plan = (struct timeline_plan){
        .timeline = timeline,
        .authority = authority,
        .entry = entry,
        .section = authority_section(authority, &timeline->section),
        .when = timeline->when,
        .chain_next = timeline->chain_next,
    };
    if (plan->section == NULL) {
        return refuse(plan, TIMELINE_UNKNOWN_OBJECT);
    }
    enum status status = judge_kind(plan);
    return status == STATUS_OK && entry->time_ms < timeline->time_ms
               ? refuse(plan, TIMELINE_TIME_BACK)
               : status;
}

/* Each statement counts at its own time: whoever comes back when their right is over by the clock
 * changes nothing, and no echo will ever tell of it. */
static bool owes_echo(const struct timeline *timeline, const struct authority *authority,
                      const struct authority_section *section)
{
    for (size_t i = authority->fact_list.count; i > 0; i--) {
        const struct member_fact *fact = authority->fact_list.items[i - 1u];
        if (fact->seq < timeline->when.seq) {
            return false;
        }
        if (live_differs(authority, section, fact->seq, fact->seq + 1u, fact->time_ms)) {
            return true;
        }
    }
    return false;
}

bool timeline_behind(const struct timeline *timeline, const struct authority *authority)
{
    const struct authority_section *section = authority_section(authority, &timeline->section);
    if (section == NULL) {
        return false;
    }
    return timeline->chain_next < section->entry_count ||
           (live_differs(authority, section, timeline->when.seq, AUTHORITY_NEVER,
                         timeline->when.time_ms) &&
            owes_echo(timeline, authority, section));
}

const char *timeline_reason_text(enum timeline_reason reason)
{
    static const char *const texts[] = {
        [TIMELINE_FINE] = "fine",
        [TIMELINE_NOT_NEXT] = "not the next statement of the section's chain",
        [TIMELINE_UNKNOWN_OBJECT] = "names something that is not known",
        [TIMELINE_OUT_OF_ORDER] = "older than what is numbered already",
        [TIMELINE_MISSING_ECHO] = "a change of who is in was left out",
        [TIMELINE_BAD_POSITION] = "states another place in the section",
        [TIMELINE_NOT_TOUCHED] = "changes nothing in this section",
        [TIMELINE_NOT_ENDING] = "a grant that does not end now",
        [TIMELINE_WRONG_SECTION] = "belongs to another section, class or chart",
        [TIMELINE_WRONG_DEVICE] = "not a device of its author",
        [TIMELINE_DEVICE_REVOKED] = "written by a revoked device",
        [TIMELINE_NO_RIGHT] = "its author could not write here then",
        [TIMELINE_CLOSED] = "written while the section waited for a new epoch",
        [TIMELINE_WRONG_EPOCH] = "not under the epoch in force",
        [TIMELINE_DEVICE_NUMBER] = "a gap or repeat in its device's own numbers",
        [TIMELINE_DEVICE_LINK] = "does not follow its device's last revision",
        [TIMELINE_AHEAD] = "says it saw what comes later",
        [TIMELINE_OTHER_HEAD] = "its author saw another history of this section",
        [TIMELINE_BAD_KIND] = "no kind of entry",
        [TIMELINE_TIME_BACK] = "written down earlier than the entry before it",
        [TIMELINE_TIME_OTHER] = "written down at another time than what it stands for",
    };
    return (size_t)reason < ARRAY_LEN(texts) && texts[reason] != NULL ? texts[reason] : "unknown";
}
