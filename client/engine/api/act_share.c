#include "client/engine/api/act.h"

#include "client/engine/api/act_inside.h"
#include "client/engine/api/write.h"
#include "client/engine/log/advance.h"
#include "client/engine/log/fold.h"
#include "keys/public/bytes/random.h"
#include "proto/policy.h"

/* Sections, charts, and who can open them. */

static const struct chart_id no_chart;

static enum status section_wish(struct engine *engine, uint32_t class, const struct chart_id *chart,
                                const struct member_id *client, struct wish **out_wish)
{
    struct wish *wish = NULL;
    enum status status = wish_new(&engine->outbox, WISH_SECTION, &wish);
    if (status != STATUS_OK) {
        return status;
    }
    random_bytes(wish->section.bytes, sizeof wish->section.bytes);
    wish->class = class;
    wish->chart = *chart;
    wish->member = *client;
    *out_wish = wish;
    return STATUS_OK;
}

static enum status may_create(const struct engine *engine, uint32_t class,
                              const struct member_id *client_id)
{
    const struct authority_member *client = NULL;
    if (class != CLASS_DIRECTORY) {
        client = authority_member(engine->log.authority, client_id);
        if (client == NULL || !client->enrolled) {
            return STATUS_NOT_FOUND;
        }
    }
    return authority_may(engine->log.authority, fold_self(&engine->log), ACTION_CREATE_SECTION,
                         class, NULL, client, advance_when(&engine->log), NULL, NULL)
               ? STATUS_OK
               : STATUS_REFUSED;
}

/* The names that belong into a new section: the client's, and for the client and colleagues ours. */
static enum status names_in(struct engine *engine, uint32_t class, const struct section_id *section,
                            const struct member_id *client, struct span client_name)
{
    const struct member_id *self = &engine->common.content->member;
    const char *own = name_of(&engine->names, self);
    if (class == CLASS_SESSION && client_name.size > 0) {
        return act_name(engine, class, section, client, client_name);
    }
    return (class == CLASS_SHARED || class == CLASS_DIRECTORY) && own != NULL
               ? act_name(engine, class, section, self, span_of(own, strlen(own)))
               : STATUS_OK;
}

enum status act_section(struct engine *engine, uint32_t class, const struct chart_id *chart,
                        const struct member_id *client, uint64_t now_ms,
                        struct section_id *out_section, struct chart_id *out_chart,
                        uint64_t *out_ticket)
{
    enum status status = act_begin(engine, now_ms);
    if (status == STATUS_OK) {
        status = policy_class_valid(class) ? may_create(engine, class, client) : STATUS_USAGE;
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct chart_id of = *chart;
    if (class != CLASS_DIRECTORY && ID_EQUAL(&of, &no_chart)) {
        statement_chart_id(client, &engine->common.practice, &of);
    }
    struct wish *wish = NULL;
    status = section_wish(engine, class, &of, client, &wish);
    if (status != STATUS_OK) {
        return status;
    }
    *out_section = wish->section;
    *out_chart = of;
    status = wish_add(&engine->outbox, wish, out_ticket);
    return status == STATUS_OK && class == CLASS_DIRECTORY
               ? names_in(engine, class, out_section, client, span_of(NULL, 0))
               : status;
}

/* What a therapist has of one class in a client's chart. */
struct place {
    bool in;                      /* they write in one already */
    const struct section_id *own; /* one that they made, and that has no owner now */
};

static struct place place_in(const struct engine *engine, uint32_t class,
                             const struct member_id *client)
{
    const struct authority *authority = engine->log.authority;
    struct place place = {0};
    for (size_t i = 0; i < engine->sections.count; i++) {
        const struct authority_section *facts =
            authority_section(authority, &engine->sections.items[i].id);
        if (facts == NULL || facts->class != class || !ID_EQUAL(&facts->client, client)) {
            continue;
        }
        place.in |= act_may_write(engine, facts);
        if (authority_takes_back(authority, facts, fold_self(&engine->log),
                                 advance_when(&engine->log))) {
            place.own = &facts->id;
        }
    }
    return place;
}

/* A request's statements are of one chain, so that each section of a chart is a wish of its own. */
static enum status chart_section(struct engine *engine, uint32_t class,
                                 const struct chart_id *chart, const struct member_id *client,
                                 struct section_id *out_section, uint64_t *out_ticket)
{
    struct wish *wish = NULL;
    enum status status = section_wish(engine, class, chart, client, &wish);
    if (status != STATUS_OK) {
        return status;
    }
    if (class == CLASS_SHARED) {
        wish->rights = RIGHT_READ | RIGHT_WRITE;
    }
    *out_section = wish->section;
    return wish_add(&engine->outbox, wish, out_ticket);
}

static enum status take_back(struct engine *engine, const struct section_id *section,
                             uint64_t *out_ticket)
{
    struct wish *wish = NULL;
    enum status status = wish_new(&engine->outbox, WISH_GRANT, &wish);
    if (status != STATUS_OK) {
        return status;
    }
    wish->section = *section;
    wish->member = engine->common.content->member;
    wish->rights = RIGHT_READ | RIGHT_WRITE | RIGHT_OWN;
    return wish_add(&engine->outbox, wish, out_ticket);
}

/* One of the sections: nothing if they are in one, else their own taken back, or a new one. */
static enum status chart_part(struct engine *engine, uint32_t class, const struct chart_id *chart,
                              const struct member_id *client, struct span client_name, size_t *made,
                              uint64_t *out_ticket)
{
    struct place place = place_in(engine, class, client);
    if (place.in) {
        return STATUS_OK;
    }
    (*made)++;
    if (place.own != NULL) {
        return take_back(engine, place.own, out_ticket);
    }
    struct section_id section;
    enum status status = chart_section(engine, class, chart, client, &section, out_ticket);
    return status == STATUS_OK ? names_in(engine, class, &section, client, client_name) : status;
}

enum status act_chart(struct engine *engine, const struct member_id *client,
                      struct span client_name, uint64_t now_ms, struct chart_id *out_chart,
                      uint64_t *out_ticket)
{
    static const uint32_t classes[] = {CLASS_SESSION, CLASS_PROGRESS, CLASS_PROCESS, CLASS_SHARED};
    enum status status = client_name.size == 0 || name_is_good(client_name)
                             ? act_begin(engine, now_ms)
                             : STATUS_MALFORMED;
    for (size_t i = 0; i < ARRAY_LEN(classes) && status == STATUS_OK; i++) {
        status = may_create(engine, classes[i], client);
    }
    if (status != STATUS_OK) {
        return status;
    }
    statement_chart_id(client, &engine->common.practice, out_chart);
    size_t made = 0;
    for (size_t i = 0; i < ARRAY_LEN(classes) && status == STATUS_OK; i++) {
        status = chart_part(engine, classes[i], out_chart, client, client_name, &made, out_ticket);
    }
    return status == STATUS_OK && made == 0 ? STATUS_ALREADY : status;
}

/* Nobody whom we know compared the short code with the grantee yet. */
static bool first_grant_to(const struct engine *engine, const struct member_id *member)
{
    for (size_t i = 0; i < authority_section_count(engine->log.authority); i++) {
        const struct authority_section *facts = authority_section_at(engine->log.authority, i);
        for (size_t g = 0; g < facts->grant_count; g++) {
            if (ID_EQUAL(&facts->grants[g].member, member) &&
                ID_EQUAL(&facts->maker, &engine->common.content->member)) {
                return false;
            }
        }
    }
    return true;
}

static enum status may_share(const struct engine *engine, const struct section_id *section,
                             uint32_t action)
{
    const struct authority_section *facts = authority_section(engine->log.authority, section);
    if (facts == NULL || section_find(&engine->sections, section) == NULL) {
        return STATUS_NOT_FOUND;
    }
    return authority_may(engine->log.authority, fold_self(&engine->log), action, facts->class,
                         facts, NULL, advance_when(&engine->log), NULL, NULL)
               ? STATUS_OK
               : STATUS_REFUSED;
}

/* |out_basis|: the relation on which it rests; zero: none is needed. */
static enum status may_hold(const struct engine *engine, const struct act_grant *grant,
                            struct hash *out_basis)
{
    const struct authority_section *facts =
        authority_section(engine->log.authority, &grant->section);
    const struct authority_member *member = authority_member(engine->log.authority, &grant->member);
    if (member == NULL || !member->enrolled) {
        return STATUS_NOT_FOUND;
    }
    uint32_t kind = BASIS_NONE;
    uint32_t rights = authority_basis_of(engine->log.authority, facts, member, grant->rights,
                                         advance_when(&engine->log), &kind, out_basis);
    if (grant->rights == 0 || rights != grant->rights) {
        return STATUS_REFUSED;
    }
    bool vouched = !member->by_root && !ID_EQUAL(&member->inviter, &engine->common.content->member);
    if (facts->class == CLASS_PROCESS && vouched && !grant->code_compared &&
        first_grant_to(engine, &grant->member)) {
        return STATUS_UNSUPPORTED;
    }
    return STATUS_OK;
}

enum status act_grant(struct engine *engine, const struct act_grant *grant, uint64_t now_ms,
                      uint64_t *out_ticket)
{
    enum status status = act_begin(engine, now_ms);
    if (status == STATUS_OK) {
        status = may_share(engine, &grant->section, ACTION_GRANT);
    }
    struct hash basis = {{0}};
    if (status == STATUS_OK) {
        status = may_hold(engine, grant, &basis);
    }
    struct wish *wish = NULL;
    if (status == STATUS_OK) {
        status = wish_new(&engine->outbox, WISH_GRANT, &wish);
    }
    if (status != STATUS_OK) {
        return status;
    }
    wish->section = grant->section;
    wish->member = grant->member;
    wish->object = basis;
    wish->rights = grant->rights;
    wish->until_ms = grant->until_ms;
    wish->history_from = grant->history_from;
    status = wish_add(&engine->outbox, wish, out_ticket);
    const struct authority_section *facts =
        authority_section(engine->log.authority, &grant->section);
    return status == STATUS_OK && facts->has_chart
               ? act_name_colleague(engine, &facts->client, &grant->member)
               : status;
}

static enum status on_section(struct engine *engine, enum wish_kind kind, uint32_t action,
                              const struct section_id *section, const struct member_id *member,
                              uint64_t now_ms, uint64_t *out_ticket)
{
    enum status status = act_begin(engine, now_ms);
    if (status == STATUS_OK) {
        status = may_share(engine, section, action);
    }
    struct wish *wish = NULL;
    if (status == STATUS_OK) {
        status = wish_new(&engine->outbox, kind, &wish);
    }
    if (status != STATUS_OK) {
        return status;
    }
    wish->section = *section;
    if (member != NULL) {
        wish->member = *member;
    }
    return wish_add(&engine->outbox, wish, out_ticket);
}

enum status act_revoke(struct engine *engine, const struct section_id *section,
                       const struct member_id *member, uint64_t now_ms, uint64_t *out_ticket)
{
    return on_section(engine, WISH_REVOKE, ACTION_REVOKE, section, member, now_ms, out_ticket);
}

enum status act_rotate(struct engine *engine, const struct section_id *section, uint64_t now_ms,
                       uint64_t *out_ticket)
{
    return on_section(engine, WISH_ROTATE, ACTION_ROTATE, section, NULL, now_ms, out_ticket);
}

static bool grant_is_coming(const struct engine *engine, const struct act_grant *grant)
{
    for (const struct wish *wish = engine->outbox.first; wish != NULL; wish = wish->next) {
        if (wish->kind == WISH_GRANT && wish->state != ENGINE_WISH_FAILED &&
            ID_EQUAL(&wish->section, &grant->section) && ID_EQUAL(&wish->member, &grant->member)) {
            return true;
        }
    }
    return false;
}

enum status act_directory(struct engine *engine, uint64_t now_ms, size_t *out_granted)
{
    *out_granted = 0;
    enum status status = act_begin(engine, now_ms);
    for (size_t i = 0; i < engine->sections.count && status == STATUS_OK; i++) {
        const struct authority_section *facts =
            authority_section(engine->log.authority, &engine->sections.items[i].id);
        if (facts == NULL || facts->class != CLASS_DIRECTORY ||
            may_share(engine, &facts->id, ACTION_GRANT) != STATUS_OK) {
            continue;
        }
        for (size_t m = 0; m < authority_member_count(engine->log.authority); m++) {
            const struct authority_member *member = authority_member_at(engine->log.authority, m);
            struct act_grant grant = {.section = facts->id,
                                      .member = member->id,
                                      .rights = RIGHT_READ,
                                      .history_from = 1};
            bool staff = member->role != ROLE_CLIENT && member->enrolled;
            if (!staff || ID_EQUAL(&member->id, &engine->common.content->member) ||
                grant_is_coming(engine, &grant) ||
                authority_rights(engine->log.authority, facts, member, advance_when(&engine->log),
                                 NULL) != 0) {
                continue;
            }
            uint64_t ticket = 0;
            status = act_grant(engine, &grant, now_ms, &ticket);
            if (status != STATUS_OK) {
                return status;
            }
            (*out_granted)++;
        }
    }
    return status;
}
