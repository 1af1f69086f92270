#include "client/engine/api/view.h"

#include "client/engine/exchange/inside.h"
#include "client/engine/log/advance.h"
#include "client/engine/log/fold.h"

_Static_assert(VIEW_NAME_BYTES_MAX == NAME_BYTES_MAX, "one size of names");

/* People and what binds them. */

void view_name(const struct engine *engine, const struct member_id *member,
               char out_name[static VIEW_NAME_BYTES_MAX])
{
    name_say(&engine->names, member, out_name);
}

bool view_is_named(const struct engine *engine, const struct member_id *member)
{
    return name_of(&engine->names, member) != NULL;
}

const char *view_practice_name(const struct engine *engine)
{
    return engine->names.practice;
}

static bool delegated(const struct engine *engine, const struct authority_member *member)
{
    uint32_t relations =
        authority_relations(engine->log.authority, member, NULL, advance_when(&engine->log));
    return (relations & POLICY_DELEGATED) != 0;
}

static void fill_member(const struct engine *engine, const struct authority_member *facts,
                        struct view_member *out)
{
    struct authority_when when = advance_when(&engine->log);
    *out = (struct view_member){.member = facts->id,
                                .role = facts->role,
                                .enrolled = facts->enrolled,
                                .suspended = facts->enrolled && !authority_active(facts, when),
                                .delegated = delegated(engine, facts),
                                .inviter = facts->inviter,
                                .identity = facts->identity,
                                .invitation = facts->invitation,
                                .invitation_expires_ms = facts->expires_ms,
                                .withdrawn = !facts->enrolled && facts->suspensions != NULL};
    out->vouched = !facts->by_root && !ID_EQUAL(&facts->inviter, &engine->common.content->member) &&
                   !ID_EQUAL(&facts->id, &engine->common.content->member);
    for (const struct authority_device *device = facts->devices; device != NULL;
         device = device->next) {
        out->devices += authority_device_live(device, when) ? 1 : 0;
    }
    view_name(engine, &facts->id, out->name);
}

void view_members(const struct engine *engine, view_visit_member *visit, void *visitor)
{
    size_t count =
        engine->log.authority == NULL ? 0 : authority_member_count(engine->log.authority);
    for (size_t i = 0; i < count; i++) {
        struct view_member member;
        fill_member(engine, authority_member_at(engine->log.authority, i), &member);
        if (!visit(visitor, &member)) {
            return;
        }
    }
}

enum status view_member(const struct engine *engine, const struct member_id *member,
                        struct view_member *out_member)
{
    const struct authority_member *facts =
        engine->log.authority == NULL ? NULL : authority_member(engine->log.authority, member);
    if (facts == NULL) {
        return STATUS_NOT_FOUND;
    }
    fill_member(engine, facts, out_member);
    return STATUS_OK;
}

bool view_is_resumption(const struct engine *engine, struct span statement)
{
    bool found = false;
    for (size_t i = 0; i < engine->log.fact_count && !found; i++) {
        const struct fact *fact = &engine->log.facts[i];
        struct statement parsed;
        if (fact->type == STATEMENT_RESUMPTION &&
            statement_parse(span_of(fact->bytes, fact->size), &engine->common.practice, &parsed) ==
                STATUS_OK) {
            found = span_equal(ID_SPAN(&parsed.hash), statement);
            statement_free(&parsed);
        }
    }
    return found;
}

static bool visit_relations(const struct authority_member *subject, struct authority_when when,
                            view_visit_relation *visit, void *visitor)
{
    for (const struct authority_relation *relation = subject->relations; relation != NULL;
         relation = relation->next) {
        struct view_relation shown = {
            .statement = relation->statement,
            .subject = relation->subject,
            .staff = relation->staff,
            .kind = relation->kind,
            .until_ms = relation->until_ms,
            .ended = relation->ended_seq != AUTHORITY_NEVER ||
                     (relation->until_ms != 0 && relation->until_ms <= when.time_ms)};
        if (!visit(visitor, &shown)) {
            return false;
        }
    }
    return true;
}

void view_relations(const struct engine *engine, view_visit_relation *visit, void *visitor)
{
    size_t count =
        engine->log.authority == NULL ? 0 : authority_member_count(engine->log.authority);
    for (size_t i = 0; i < count; i++) {
        if (!visit_relations(authority_member_at(engine->log.authority, i),
                             advance_when(&engine->log), visit, visitor)) {
            return;
        }
    }
}
