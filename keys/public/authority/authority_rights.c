#include "keys/public/authority/authority_internal.h"

bool authority_active(const struct authority_member *member, struct authority_when when)
{
    if (member == NULL || !member->enrolled || member->enrolled_seq >= when.seq) {
        return false;
    }
    for (const struct authority_span *s = member->suspensions; s != NULL; s = s->next) {
        if (s->from_seq < when.seq && s->to_seq >= when.seq) {
            return false;
        }
    }
    return true;
}

bool authority_device_live(const struct authority_device *device, struct authority_when when)
{
    return device != NULL && device->seq < when.seq && device->revoked_seq >= when.seq;
}

static bool clock_holds(uint64_t until_ms, struct authority_when when)
{
    return until_ms == 0 || until_ms > when.time_ms;
}

bool authority_relation_live(const struct authority_relation *relation, struct authority_when when)
{
    return relation->seq < when.seq && relation->ended_seq >= when.seq &&
           clock_holds(relation->until_ms, when);
}

const struct authority_delegation *authority_delegation_live(const struct authority_member *member,
                                                             struct authority_when when)
{
    for (const struct authority_delegation *d = member->delegations; d != NULL; d = d->next) {
        if (d->seq < when.seq && clock_holds(d->until_ms, when)) {
            return d;
        }
    }
    return NULL;
}

const struct authority_grant *authority_grant_at(const struct authority_section *section,
                                                 const struct member_id *member,
                                                 struct authority_when when)
{
    for (size_t i = section->grant_count; i > 0; i--) {
        const struct authority_grant *grant = &section->grants[i - 1u];
        if (grant->seq < when.seq && ID_EQUAL(&grant->member, member)) {
            /* Older ones ended when this one began, or before. */
            return grant->ended_seq >= when.seq ? grant : NULL;
        }
    }
    return NULL;
}

/* ---------------------------------------------------------------- relations */

/* Bits of the relations that name |staff| in |subject|'s chain; the first one of
 * |wanted| is given out. */
static uint32_t relations_in(const struct authority_member *subject, const struct member_id *staff,
                             struct authority_when when, uint32_t wanted,
                             const struct authority_relation **out_relation)
{
    const struct authority_relation *r = subject != NULL ? subject->relations : NULL;
    uint32_t bits = 0;
    for (; r != NULL; r = r->next) {
        uint32_t bit = authority_relation_bit(r->kind);
        if (!ID_EQUAL(&r->staff, staff) || !authority_relation_live(r, when)) {
            continue;
        }
        bits |= bit;
        if ((bit & wanted) != 0 && *out_relation == NULL) {
            *out_relation = r;
        }
    }
    return bits;
}

/* The relations of |actor| outside of any section: to the client whom a chart is or would be about,
 * and to those who treat this client, whom |actor| might supervise. */
static uint32_t relations_with(const struct authority *authority,
                               const struct authority_member *actor,
                               const struct authority_member *client, struct authority_when when,
                               uint32_t wanted, const struct authority_relation **out_relation)
{
    *out_relation = NULL;
    uint32_t bits = POLICY_ANY;
    if (authority_delegation_live(actor, when) != NULL) {
        bits |= POLICY_DELEGATED;
    }
    if (client == NULL) {
        return bits;
    }
    bits |= client == actor ? (uint32_t)POLICY_OWN_CHART : 0u;
    bits |= relations_in(client, &actor->id, when, wanted, out_relation) &
            ((uint32_t)POLICY_TREATS | (uint32_t)POLICY_COVERS);
    for (const struct authority_relation *r = client->relations; r != NULL; r = r->next) {
        if (r->kind == RELATION_TREATS && authority_relation_live(r, when)) {
            bits |= relations_in(authority_member(authority, &r->staff), &actor->id, when, wanted,
                                 out_relation) &
                    ((uint32_t)POLICY_SUPERVISES | (uint32_t)POLICY_TRAINS);
        }
    }
    return bits;
}

uint32_t authority_relations(const struct authority *authority,
                             const struct authority_member *actor,
                             const struct authority_member *client, struct authority_when when)
{
    const struct authority_relation *relation = NULL;
    return relations_with(authority, actor, client, when, 0, &relation);
}

uint32_t authority_section_relations(const struct authority *authority,
                                     const struct authority_section *section,
                                     const struct authority_member *member,
                                     struct authority_when when)
{
    const struct authority_grant *grant = authority_grant_at(section, &member->id, when);
    const struct authority_relation *relation = NULL;
    return grant == NULL ? (uint32_t)POLICY_ANY
                         : authority_grant_relations(authority, section, grant, when, &relation);
}

uint32_t authority_rights(const struct authority *authority,
                          const struct authority_section *section,
                          const struct authority_member *member, struct authority_when when,
                          const struct authority_grant **out_grant)
{
    const struct authority_grant *grant =
        member != NULL ? authority_grant_at(section, &member->id, when) : NULL;
    if (out_grant != NULL) {
        *out_grant = grant;
    }
    if (grant == NULL || !clock_holds(grant->until_ms, when) || !authority_active(member, when) ||
        !ID_EQUAL(&grant->identity, &member->identity)) {
        return RIGHT_NONE;
    }
    const struct authority_relation *relation = NULL;
    uint32_t relations = authority_grant_relations(authority, section, grant, when, &relation);
    uint32_t rights = grant->rights & policy_rights(member->role, relations, section->class);
    /* A member who may not read is not in. */
    return (rights & (uint32_t)RIGHT_READ) != 0 ? rights : (uint32_t)RIGHT_NONE;
}

/* ---------------------------------------------------------------- the permission test */

/* The right that an action on an existing section needs; all: never possible there. */
static uint32_t right_needed(uint32_t action)
{
    switch (action) {
    case ACTION_READ:
    case ACTION_OPENED:
    case ACTION_RESEAL:
        return RIGHT_READ;
    case ACTION_WRITE:
    case ACTION_ERASE:
    case ACTION_ROTATE:
        return RIGHT_WRITE;
    case ACTION_GRANT:
    case ACTION_REVOKE:
        return RIGHT_OWN;
    default:
        return UINT32_MAX;
    }
}

struct basis {
    uint32_t kind; /* BASIS_* */
    struct hash hash;
};

/* Where nobody owns a section any more, its client may let the next therapist in, if the table says
 * so for the class. */
static bool hands_on(const struct authority *authority, const struct authority_member *actor,
                     uint32_t action, const struct authority_section *section, uint32_t relations,
                     struct authority_when when)
{
    return (relations & (uint32_t)POLICY_OWN_CHART) != 0 &&
           policy_cell(actor->role, POLICY_UNOWNED, section->class, action) &&
           authority_unowned(authority, section, when);
}

static bool may_in_section(const struct authority *authority, const struct authority_member *actor,
                           uint32_t action, const struct authority_section *section,
                           struct authority_when when, struct basis *out_basis)
{
    uint32_t needed = right_needed(action);
    const struct authority_grant *grant = NULL;
    uint32_t rights = authority_rights(authority, section, actor, when, &grant);
    if (rights == RIGHT_NONE) {
        return false;
    }
    const struct authority_relation *relation = NULL;
    uint32_t relations = authority_grant_relations(authority, section, grant, when, &relation);
    bool owned = (rights & needed) == needed &&
                 policy_allows(actor->role, relations, section->class, action);
    if (!owned && !hands_on(authority, actor, action, section, relations, when)) {
        return false;
    }
    out_basis->kind = grant == &section->grants[0] ? BASIS_OWNER : BASIS_GRANT;
    out_basis->hash = grant->statement;
    return true;
}

/* The basis of a permission without a section: the strongest reason that suffices. */
static void basis_outside(const struct authority_member *actor, uint32_t relations, uint32_t class,
                          uint32_t action, const struct authority_relation *relation,
                          struct authority_when when, struct basis *out_basis)
{
    const struct authority_delegation *delegation = authority_delegation_live(actor, when);
    if ((relations & (uint32_t)POLICY_OWN_CHART) != 0 &&
        policy_cell(actor->role, POLICY_OWN_CHART, class, action)) {
        out_basis->kind = BASIS_SELF;
    } else if (delegation != NULL && policy_cell(actor->role, POLICY_DELEGATED, class, action)) {
        out_basis->kind = BASIS_DELEGATION;
        out_basis->hash = delegation->statement;
    } else if (relation != NULL &&
               policy_cell(actor->role, authority_relation_bit(relation->kind), class, action)) {
        out_basis->kind = BASIS_RELATION;
        out_basis->hash = relation->statement;
    } else {
        bool own = action == ACTION_LOGIN || action == ACTION_DEVICE || action == ACTION_LOG_OWN;
        out_basis->kind = own ? BASIS_SELF : BASIS_ROLE;
    }
}

/* Relation bits that alone suffice, so that the relation named is one that counts. */
static uint32_t relations_sufficing(uint32_t role, uint32_t class, uint32_t action)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < POLICY_RELATION_COUNT; i++) {
        bits |= policy_cell(role, 1u << i, class, action) ? 1u << i : 0u;
    }
    return bits;
}

static bool may_outside(const struct authority *authority, const struct authority_member *actor,
                        uint32_t action, uint32_t class, const struct authority_member *client,
                        struct authority_when when, struct basis *out_basis)
{
    uint32_t wanted = relations_sufficing(actor->role, class, action);
    const struct authority_relation *relation = NULL;
    uint32_t relations = relations_with(authority, actor, client, when, wanted, &relation);
    /* An action that needs a right in a section is never allowed without a section. */
    if (right_needed(action) != UINT32_MAX ||
        !policy_allows(actor->role, relations, class, action)) {
        return false;
    }
    basis_outside(actor, relations, class, action, relation, when, out_basis);
    return true;
}

// NOLINTNEXTLINE(readability-function-size): one question, and everything it is about
bool authority_may(const struct authority *authority, const struct authority_member *actor,
                   uint32_t action, uint32_t class, const struct authority_section *section,
                   const struct authority_member *client, struct authority_when when,
                   uint32_t *out_basis_kind, struct hash *out_basis)
{
    struct basis basis = {BASIS_NONE, {{0}}};
    bool may = false;
    if (authority_active(actor, when) && section == NULL) {
        may = may_outside(authority, actor, action, class, client, when, &basis);
    } else if (authority_active(actor, when) && section->class == class) {
        may = may_in_section(authority, actor, action, section, when, &basis);
    }
    if (out_basis_kind != NULL) {
        *out_basis_kind = basis.kind;
    }
    if (out_basis != NULL) {
        *out_basis = basis.hash;
    }
    return may;
}

/* ---------------------------------------------------------------- who is in */

static size_t live_insert(struct authority_live *out, size_t count, struct authority_live one)
{
    size_t at = count;
    while (at > 0 && memcmp(out[at - 1u].member->id.bytes, one.member->id.bytes, ID_BYTES) > 0) {
        out[at] = out[at - 1u];
        at--;
    }
    out[at] = one;
    return count + 1u;
}

size_t authority_live(const struct authority *authority, const struct authority_section *section,
                      struct authority_when when, struct authority_live *out, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < section->grant_count && count < capacity; i++) {
        const struct authority_grant *grant = &section->grants[i];
        struct authority_live one = {.member = authority_member(authority, &grant->member)};
        one.rights = authority_rights(authority, section, one.member, when, &one.grant);
        if (one.rights == RIGHT_NONE || one.grant != grant) {
            continue;
        }
        one.relations = authority_grant_relations(authority, section, grant, when, &one.relation);
        count = live_insert(out, count, one);
    }
    return count;
}
