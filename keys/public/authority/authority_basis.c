#include "keys/public/authority/authority_internal.h"

/* On what the rights of a grant rest, and what that lets its member hold. */

uint32_t authority_relation_bit(uint32_t kind)
{
    switch (kind) {
    case RELATION_TREATS:
        return POLICY_TREATS;
    case RELATION_SUPERVISES:
        return POLICY_SUPERVISES;
    case RELATION_TRAINS:
        return POLICY_TRAINS;
    case RELATION_COVERS:
        return POLICY_COVERS;
    default:
        return 0;
    }
}

/* Whether |grant|, the newest of its member, names the right to own, and for longer than now. */
static bool names_own(const struct authority_grant *grant, struct authority_when when)
{
    return grant != NULL && (grant->rights & (uint32_t)RIGHT_OWN) != 0 &&
           (grant->until_ms == 0 || grant->until_ms > when.time_ms);
}

/* Whether |member| owns the section by a grant that stands. Suspension does not count, and their
 * rights in force are not asked for: no relation to an owner gives the right to own, so that a
 * relation alone decides here, and the question ends. */
static bool owner_stands(const struct authority *authority, const struct authority_section *section,
                         const struct member_id *member, struct authority_when when)
{
    const struct authority_grant *grant = authority_grant_at(section, member, when);
    if (!names_own(grant, when)) {
        return false;
    }
    const struct authority_relation *relation =
        grant->basis_kind == BASIS_RELATION ? authority_relation(authority, &grant->basis) : NULL;
    return grant->basis_kind != BASIS_RELATION ||
           (relation != NULL && authority_relation_live(relation, when));
}

/* The POLICY_* bit that the relation gives its staff in this section; 0: none, or not now. */
static uint32_t relation_counts(const struct authority *authority,
                                const struct authority_section *section,
                                const struct authority_relation *relation,
                                struct authority_when when)
{
    uint32_t bit = authority_relation_bit(relation->kind);
    if (!authority_relation_live(relation, when)) {
        return 0;
    }
    bool of_client = bit == (uint32_t)POLICY_TREATS || bit == (uint32_t)POLICY_COVERS;
    bool counts = of_client ? section->has_chart && ID_EQUAL(&relation->subject, &section->client)
                            : owner_stands(authority, section, &relation->subject, when);
    return counts ? bit : 0;
}

uint32_t authority_grant_relations(const struct authority *authority,
                                   const struct authority_section *section,
                                   const struct authority_grant *grant, struct authority_when when,
                                   const struct authority_relation **out_relation)
{
    *out_relation = NULL;
    uint32_t bits = POLICY_ANY;
    if (ID_EQUAL(&section->maker, &grant->member)) {
        bits |= POLICY_AUTHOR;
    }
    if (grant->basis_kind == BASIS_SELF && section->has_chart &&
        ID_EQUAL(&section->client, &grant->member)) {
        bits |= POLICY_OWN_CHART;
    }
    const struct authority_relation *relation =
        grant->basis_kind == BASIS_RELATION ? authority_relation(authority, &grant->basis) : NULL;
    if (relation != NULL && ID_EQUAL(&relation->staff, &grant->member)) {
        uint32_t bit = relation_counts(authority, section, relation, when);
        *out_relation = bit != 0 ? relation : NULL;
        bits |= bit;
    }
    return bits;
}

bool authority_basis_fits(const struct authority *authority,
                          const struct authority_section *section,
                          const struct authority_grant *grant, struct authority_when when)
{
    static const struct hash none;
    const struct authority_relation *relation = NULL;
    uint32_t bits = authority_grant_relations(authority, section, grant, when, &relation);
    switch (grant->basis_kind) {
    case BASIS_RELATION:
        return relation != NULL;
    case BASIS_SELF:
        return (bits & (uint32_t)POLICY_OWN_CHART) != 0 && ID_EQUAL(&grant->basis, &none);
    case BASIS_ROLE:
        return !section->has_chart && ID_EQUAL(&grant->basis, &none);
    default:
        return false;
    }
}

/* ---------------------------------------------------------------- choosing one */

struct choice {
    const struct authority *authority;
    const struct authority_section *section;
    const struct authority_member *member;
    struct authority_when when;
    struct authority_grant grant; /* as it would be */
    uint32_t most;                /* rights that the best basis so far lets them hold */
    uint32_t wanted;
    uint32_t kind;
    struct hash basis;
};

/* Takes the first basis that gives all that is wanted, else the one that gives most of it. */
static void consider(struct choice *choice, uint32_t kind, const struct hash *basis)
{
    static const struct hash none;
    choice->grant.basis_kind = kind;
    choice->grant.basis = basis != NULL ? *basis : none;
    if (!authority_basis_fits(choice->authority, choice->section, &choice->grant, choice->when)) {
        return;
    }
    const struct authority_relation *relation = NULL;
    uint32_t bits = authority_grant_relations(choice->authority, choice->section, &choice->grant,
                                              choice->when, &relation);
    uint32_t rights =
        policy_rights(choice->member->role, bits, choice->section->class) & choice->wanted;
    if (choice->kind == BASIS_NONE || (rights & ~choice->most) != 0) {
        choice->most = rights;
        choice->kind = kind;
        choice->basis = choice->grant.basis;
    }
}

static void consider_chain(struct choice *choice, const struct authority_member *subject)
{
    const struct authority_relation *r = subject != NULL ? subject->relations : NULL;
    for (; r != NULL; r = r->next) {
        if (ID_EQUAL(&r->staff, &choice->member->id)) {
            consider(choice, BASIS_RELATION, &r->statement);
        }
    }
}

uint32_t authority_basis_of(const struct authority *authority,
                            const struct authority_section *section,
                            const struct authority_member *member, uint32_t wanted,
                            struct authority_when when, uint32_t *out_kind, struct hash *out_basis)
{
    struct choice choice = {.authority = authority,
                            .section = section,
                            .member = member,
                            .when = when,
                            .grant = {.member = member->id},
                            .wanted = wanted};
    consider(&choice, BASIS_SELF, NULL);
    consider(&choice, BASIS_ROLE, NULL);
    consider_chain(&choice,
                   section->has_chart ? authority_member(authority, &section->client) : NULL);
    for (size_t i = 0; i < section->grant_count; i++) {
        if ((section->grants[i].rights & (uint32_t)RIGHT_OWN) != 0) {
            consider_chain(&choice, authority_member(authority, &section->grants[i].member));
        }
    }
    *out_kind = choice.kind;
    *out_basis = choice.basis;
    return choice.most;
}

/* ---------------------------------------------------------------- from where on */

/* Every grant counts that ever gave history: a reseal may have followed each of them. */
uint64_t authority_first_number(const struct authority *authority,
                                const struct authority_section *section,
                                const struct authority_member *member)
{
    uint64_t first = 0;
    for (size_t i = 0; i < section->grant_count; i++) {
        uint64_t from = section->grants[i].history_from;
        if (ID_EQUAL(&section->grants[i].member, &member->id) && from != 0 &&
            (first == 0 || from < first)) {
            first = from;
        }
    }
    for (size_t i = 0; i < section->epoch_count && (first == 0 || i + 1u < first); i++) {
        if (authority_epoch_reaches(authority, &section->epochs[i], member)) {
            first = i + 1u;
        }
    }
    if (first == 1 || ID_EQUAL(&section->maker, &member->id)) {
        return 1;
    }
    return first == 0 || first > section->epoch_count
               ? 0
               : section->entries[section->epochs[first - 1u].chain_number].position_number + 2u;
}

/* ---------------------------------------------------------------- no owner */

bool authority_has_device(const struct authority_member *member, struct authority_when when)
{
    for (const struct authority_device *d = member->devices; d != NULL; d = d->next) {
        if (authority_device_live(d, when)) {
            return true;
        }
    }
    return false;
}

bool authority_unowned(const struct authority *authority, const struct authority_section *section,
                       struct authority_when when)
{
    for (size_t i = 0; i < section->grant_count; i++) {
        const struct authority_member *member =
            authority_member(authority, &section->grants[i].member);
        uint32_t rights = authority_rights(authority, section, member, when, NULL);
        if ((rights & (uint32_t)RIGHT_OWN) != 0 && authority_has_device(member, when)) {
            return false;
        }
    }
    return true;
}

bool authority_takes_back(const struct authority *authority,
                          const struct authority_section *section,
                          const struct authority_member *member, struct authority_when when)
{
    const struct authority_member *client =
        section->has_chart ? authority_member(authority, &section->client) : NULL;
    /* Whom an owner put out, or left less, does not come back by being the maker. */
    return ID_EQUAL(&section->maker, &member->id) && client != NULL &&
           names_own(authority_grant_at(section, &member->id, when), when) &&
           authority_unowned(authority, section, when) &&
           authority_may(authority, member, ACTION_CREATE_SECTION, section->class, NULL, client,
                         when, NULL, NULL);
}
