#include "client/engine/api/view.h"

#include "client/engine/exchange/inside.h"
#include "client/engine/log/advance.h"
#include "client/engine/log/fold.h"

/* Sections, and who can open them. */

static void fill(const struct engine *engine, const struct section *section,
                 struct view_section *out)
{
    *out = (struct view_section){.section = section->id,
                                 .number = section->started ? section->timeline.number : 0,
                                 .number_known = section->known,
                                 .ended = section->ended_at > 0,
                                 .notes = section->index.notes - section->index.names};
    const struct authority_section *facts =
        engine->log.authority == NULL ? NULL
                                      : authority_section(engine->log.authority, &section->id);
    if (facts == NULL) {
        return;
    }
    struct authority_when when = advance_when(&engine->log);
    out->chart = facts->chart;
    out->class = facts->class;
    out->client = facts->client;
    out->owner = facts->maker;
    out->epoch = facts->epoch_count;
    out->closed = authority_closed(engine->log.authority, facts, when);
    const struct authority_member *self = fold_self(&engine->log);
    if (self != NULL) {
        out->rights = authority_rights(engine->log.authority, facts, self, when, NULL);
    }
    const struct authority_epoch *epoch = authority_epoch(facts, when);
    out->readable = epoch != NULL && section_key(section, &epoch->statement) != NULL;
}

void view_sections(const struct engine *engine, view_visit_section *visit, void *visitor)
{
    for (size_t i = 0; i < engine->sections.count; i++) {
        struct view_section shown;
        fill(engine, &engine->sections.items[i], &shown);
        if (shown.class != CLASS_NONE && !visit(visitor, &shown)) {
            return;
        }
    }
}

enum status view_section(const struct engine *engine, const struct section_id *section,
                         struct view_section *out_section)
{
    const struct section *found = section_find(&engine->sections, section);
    if (found == NULL) {
        return STATUS_NOT_FOUND;
    }
    fill(engine, found, out_section);
    return STATUS_OK;
}

static const char *relation_words(uint32_t kind)
{
    switch (kind) {
    case RELATION_TREATS:
        return "treats the client";
    case RELATION_COVERS:
        return "covers for the therapist";
    case RELATION_SUPERVISES:
        return "supervises the therapist";
    case RELATION_TRAINS:
        return "trains the therapist";
    default:
        return "related";
    }
}

void view_rests(const struct engine *engine, const struct section_id *section,
                const struct member_id *member, uint32_t rights,
                char out_words[static VIEW_NAME_BYTES_MAX], uint64_t *out_until_ms)
{
    const struct authority *authority = engine->log.authority;
    out_words[0] = '\0';
    *out_until_ms = 0;
    const struct authority_section *facts =
        authority == NULL ? NULL : authority_section(authority, section);
    const struct authority_member *of = facts == NULL ? NULL : authority_member(authority, member);
    if (of == NULL) {
        return;
    }
    uint32_t kind = BASIS_NONE;
    struct hash basis;
    (void)authority_basis_of(authority, facts, of, rights, advance_when(&engine->log), &kind,
                             &basis);
    const struct authority_relation *relation =
        kind == BASIS_RELATION ? authority_relation(authority, &basis) : NULL;
    if (relation != NULL) {
        (void)snprintf(out_words, VIEW_NAME_BYTES_MAX, "%s", relation_words(relation->kind));
        *out_until_ms = relation->until_ms;
    }
}

static void reason_of(const struct authority_section *facts, const struct authority_live *live,
                      struct view_access *out)
{
    out->grant = live->grant->statement;
    out->basis = live->grant->statement;
    out->basis_kind = BASIS_GRANT;
    const char *why = "was granted it";
    if (ID_EQUAL(&live->member->id, &facts->maker)) {
        why = "made it";
        out->basis_kind = BASIS_OWNER;
        memset(out->grant.bytes, 0, sizeof out->grant.bytes);
    } else if ((live->relations & POLICY_OWN_CHART) != 0) {
        why = "their own chart; granted";
    }
    if (live->relation != NULL) {
        out->basis_kind = out->basis_kind == BASIS_OWNER ? BASIS_OWNER : BASIS_RELATION;
        out->basis = live->relation->statement;
        (void)snprintf(out->reason, sizeof out->reason, "%s; %s", why,
                       relation_words(live->relation->kind));
        return;
    }
    (void)snprintf(out->reason, sizeof out->reason, "%s", why);
}

static bool sealed_to(const struct authority_epoch *epoch, const struct authority_member *member)
{
    for (size_t i = 0; epoch != NULL && i < epoch->recipient_count; i++) {
        if (epoch->recipients[i].kind == RECIPIENT_RECOVERY &&
            ID_EQUAL(&epoch->recipients[i].hash, &member->enrolment)) {
            return true;
        }
    }
    return false;
}

enum status view_access(const struct engine *engine, const struct section_id *section,
                        view_visit_access *visit, void *visitor)
{
    const struct authority_section *facts =
        engine->log.authority == NULL ? NULL : authority_section(engine->log.authority, section);
    if (facts == NULL) {
        return STATUS_NOT_FOUND;
    }
    struct authority_when when = advance_when(&engine->log);
    struct authority_live live[SECTION_MEMBERS_MAX];
    size_t count = authority_live(engine->log.authority, facts, when, live, SECTION_MEMBERS_MAX);
    const struct authority_epoch *epoch = authority_epoch(facts, when);
    for (size_t i = 0; i < count; i++) {
        struct view_access shown = {
            .member = live[i].member->id,
            .role = live[i].member->role,
            .rights = live[i].rights,
            .until_ms = authority_grant_end_ms(engine->log.authority, facts, live[i].grant),
            .in_epoch = sealed_to(epoch, live[i].member)};
        for (const struct authority_device *device = live[i].member->devices; device != NULL;
             device = device->next) {
            shown.devices += authority_device_live(device, when) ? 1 : 0;
        }
        view_name(engine, &shown.member, shown.name);
        reason_of(facts, &live[i], &shown);
        if (!visit(visitor, &shown)) {
            break;
        }
    }
    return STATUS_OK;
}
