#include "client/engine/submit/build.h"

#include "client/engine/log/advance.h"

/* Letting somebody into a section, or out of it, with the new epoch that this needs. */

static enum status history(struct plan *plan, const struct wish *wish)
{
    const struct authority_section *facts =
        authority_section(plan->from->log->authority, &plan->section_id);
    const struct authority_member *member =
        authority_member(plan->from->log->authority, &wish->member);
    if (wish->history_from == 0 || plan->section == NULL || facts == NULL || member == NULL) {
        return STATUS_OK;
    }
    struct authority_recipient all[EPOCH_SEALS_MAX];
    size_t count = 0;
    enum status status =
        authority_recipients(plan->from->log->authority, facts, advance_when(plan->from->log), all,
                             EPOCH_SEALS_MAX, &count);
    struct authority_recipient theirs[EPOCH_SEALS_MAX];
    size_t own = 0;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct authority_member *of = NULL;
        if (authority_recipient_key(plan->from->log->authority, &all[i], NULL, &of) &&
            of == member) {
            theirs[own++] = all[i];
        }
    }
    if (status == STATUS_OK) {
        status = plan_reseal(plan, wish->history_from, theirs, own);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status build_grant(struct plan *plan, const struct wish *wish)
{
    struct sources *from = plan->from;
    const struct authority_section *facts =
        authority_section(from->log->authority, &plan->section_id);
    const struct authority_member *member = authority_member(from->log->authority, &wish->member);
    if (facts == NULL || member == NULL || !member->enrolled) {
        return STATUS_NOT_FOUND;
    }
    Alcove__Link link;
    plan_link(plan, &link);
    Alcove__Grant grant;
    alcove__grant__init(&grant);
    grant.link = &link;
    grant.member = field_of(member->id.bytes, ID_BYTES);
    grant.identity = field_of(member->identity.bytes, HASH_BYTES);
    grant.rights = wish->rights;
    grant.until_ms = wish->until_ms;
    grant.history_from = wish->history_from;
    struct hash basis = {{0}};
    (void)authority_basis_of(from->log->authority, facts, member, wish->rights,
                             advance_when(from->log), &grant.basis_kind, &basis);
    static const struct hash anything;
    bool as_wished = ID_EQUAL(&wish->object, &anything) || ID_EQUAL(&wish->object, &basis);
    if (grant.basis_kind == BASIS_NONE || !as_wished) {
        return STATUS_REFUSED; /* what it was to rest on has ended */
    }
    if (grant.basis_kind == BASIS_RELATION) {
        grant.basis = field_of(basis.bytes, HASH_BYTES);
    }
    enum status status = plan_add(plan, STATEMENT_GRANT, &grant.base, NULL);
    if (status != STATUS_OK || ID_EQUAL(&member->id, &from->common->content->member)) {
        return status; /* taken back: the epoch comes with the next note */
    }
    status = plan_epoch(plan);
    return status == STATUS_OK ? history(plan, wish) : status;
}

enum status build_revoke(struct plan *plan, const struct wish *wish)
{
    const struct authority_section *facts =
        authority_section(plan->from->log->authority, &plan->section_id);
    const struct authority_member *member =
        authority_member(plan->from->log->authority, &wish->member);
    if (facts == NULL || member == NULL) {
        return STATUS_NOT_FOUND;
    }
    /* The grant may stand while policy stops it, so it is looked up by itself. */
    const struct authority_grant *grant = NULL;
    for (size_t i = 0; i < facts->grant_count; i++) {
        if (ID_EQUAL(&facts->grants[i].member, &member->id) &&
            facts->grants[i].ended_seq == AUTHORITY_NEVER) {
            grant = &facts->grants[i];
        }
    }
    if (grant == NULL) {
        return STATUS_NOT_FOUND;
    }
    struct hash revoked = grant->statement;
    Alcove__Link link;
    plan_link(plan, &link);
    Alcove__Revocation revocation;
    alcove__revocation__init(&revocation);
    revocation.link = &link;
    revocation.grant = field_of(revoked.bytes, HASH_BYTES);
    enum status status = plan_add(plan, STATEMENT_REVOCATION, &revocation.base, NULL);
    return status == STATUS_OK ? plan_epoch(plan) : status;
}

enum status build_reseal(struct plan *plan, const struct wish *wish)
{
    struct authority_recipient device = {.hash = wish->object, .kind = RECIPIENT_DEVICE};
    return plan_reseal(plan, wish->history_from == 0 ? 1 : wish->history_from, &device, 1);
}
