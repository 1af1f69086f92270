#include "keys/public/authority/authority_internal.h"

/* ---------------------------------------------------------------- making a section */

/* One chart per client and one client per chart, for ever: the id follows from the client's. */
static enum status judge_chart(struct authority_judgement *judgement,
                               const struct authority_member *client)
{
    const struct statement_section *said = &judgement->statement->u.section;
    if (client == NULL || !client->enrolled || client->enrolled_seq >= judgement->seq) {
        return authority_refuse(judgement, AUTHORITY_UNKNOWN_SUBJECT);
    }
    if (client->role != ROLE_CLIENT) {
        return authority_refuse(judgement, AUTHORITY_BAD_CHART);
    }
    if (!ID_EQUAL(&said->client_identity, &client->identity)) {
        return authority_refuse(judgement, AUTHORITY_BAD_IDENTITY);
    }
    struct chart_id chart;
    statement_chart_id(&said->client, &judgement->authority->now.practice, &chart);
    return ID_EQUAL(&chart, &said->chart) ? STATUS_OK
                                          : authority_refuse(judgement, AUTHORITY_BAD_CHART);
}

static enum status judge_making(struct authority_judgement *judgement)
{
    const struct statement_section *said = &judgement->statement->u.section;
    const struct authority_member *client =
        said->has_chart ? authority_member(judgement->authority, &said->client) : NULL;
    judgement->result->has_section = true;
    judgement->result->section = said->section;
    judgement->result->class = said->class;
    judgement->result->has_chart = said->has_chart;
    judgement->result->chart = said->chart;
    judgement->result->subject = said->client;
    if (!authority_permits(judgement, ACTION_CREATE_SECTION, said->class, NULL, client)) {
        return STATUS_REFUSED;
    }
    if (authority_section(judgement->authority, &said->section) != NULL) {
        return authority_refuse(judgement, AUTHORITY_EXISTS);
    }
    if (authority_section_count(judgement->authority) >= PRACTICE_SECTIONS_MAX) {
        return authority_refuse(judgement, AUTHORITY_LIMIT);
    }
    if (said->has_chart) {
        return judge_chart(judgement, client);
    }
    return judgement->authority->now.directory == NULL
               ? STATUS_OK
               : authority_refuse(judgement, AUTHORITY_EXISTS);
}

/* ---------------------------------------------------------------- grants */

/* A section whose recipients no longer fit one epoch could never be opened again. */
static bool newcomer_fits(const struct authority_judgement *judgement,
                          const struct authority_member *member)
{
    const struct authority_section *section = &judgement->section->pub;
    if (authority_rights(judgement->authority, section, member, judgement->when, NULL) !=
        RIGHT_NONE) {
        return true;
    }
    size_t recipients = 1; /* the recovery key */
    for (const struct authority_device *d = member->devices; d != NULL; d = d->next) {
        recipients += authority_device_live(d, judgement->when) ? 1u : 0u;
    }
    struct authority_live live[SECTION_MEMBERS_MAX];
    return authority_live(judgement->authority, section, judgement->when, live, ARRAY_LEN(live)) <
               SECTION_MEMBERS_MAX &&
           authority_recipients_fit(judgement->authority, section, judgement->when, recipients);
}

static enum status judge_grantee(struct authority_judgement *judgement,
                                 const struct authority_member *member)
{
    const struct statement_grant *grant = &judgement->statement->u.grant;
    const struct authority_section *section = &judgement->section->pub;
    if (member == NULL || !authority_active(member, judgement->when)) {
        return authority_refuse(judgement, AUTHORITY_UNKNOWN_SUBJECT);
    }
    if (!ID_EQUAL(&grant->identity, &member->identity)) {
        return authority_refuse(judgement, AUTHORITY_BAD_IDENTITY);
    }
    bool own = member == &judgement->signer->pub;
    if (own && !authority_takes_back(judgement->authority, section, member, judgement->when)) {
        return authority_refuse(judgement, AUTHORITY_WRONG_SIGNER);
    }
    struct authority_grant would = {
        .member = grant->member, .basis_kind = grant->basis_kind, .basis = grant->basis};
    const struct authority_relation *relation = NULL;
    uint32_t relations = authority_grant_relations(judgement->authority, section, &would,
                                                   judgement->when, &relation);
    bool fits = authority_basis_fits(judgement->authority, section, &would, judgement->when);
    if (grant->basis_kind == BASIS_RELATION && !fits) {
        return authority_refuse(judgement, AUTHORITY_BAD_BASIS);
    }
    uint32_t allowed = policy_rights(member->role, relations, section->class);
    if ((grant->rights & ~allowed) != 0 || (grant->rights & (uint32_t)RIGHT_READ) == 0) {
        return authority_refuse(judgement, AUTHORITY_BAD_RIGHTS);
    }
    if (!fits) {
        return authority_refuse(judgement, AUTHORITY_BAD_BASIS);
    }
    /* Whoever does not own the section hands it on to a therapist who treats, to nobody else. */
    bool treats = relation != NULL && relation->kind == RELATION_TREATS;
    uint32_t rights = authority_rights(judgement->authority, section, &judgement->signer->pub,
                                       judgement->when, NULL);
    return treats || (rights & (uint32_t)RIGHT_OWN) != 0
               ? STATUS_OK
               : authority_refuse(judgement, AUTHORITY_BAD_BASIS);
}

/* The maker of a section without an owner takes it back by a grant to themselves. */
static bool takes_back(struct authority_judgement *judgement)
{
    const struct statement_grant *grant = &judgement->statement->u.grant;
    if (!ID_EQUAL(&grant->member, &judgement->signer->pub.id) ||
        !authority_takes_back(judgement->authority, &judgement->section->pub,
                              &judgement->signer->pub, judgement->when)) {
        return false;
    }
    judgement->result->action = ACTION_GRANT;
    judgement->result->basis_kind = grant->basis_kind;
    judgement->result->basis = grant->basis;
    return true;
}

static enum status judge_grant(struct authority_judgement *judgement)
{
    const struct statement_grant *grant = &judgement->statement->u.grant;
    const struct authority_section *section = &judgement->section->pub;
    judgement->result->subject = grant->member;
    if (!takes_back(judgement) &&
        !authority_permits(judgement, ACTION_GRANT, section->class, section, NULL)) {
        return STATUS_REFUSED;
    }
    const struct authority_member *member = authority_member(judgement->authority, &grant->member);
    enum status status = judge_grantee(judgement, member);
    if (status != STATUS_OK) {
        return status;
    }
    if (grant->until_ms != 0 && grant->until_ms <= judgement->time_ms) {
        return authority_refuse(judgement, AUTHORITY_EXPIRED);
    }
    /* The next epoch is made for the newcomer too; only earlier epochs need a reseal. */
    if (grant->history_from > section->epoch_count) {
        return authority_refuse(judgement, AUTHORITY_BAD_EPOCH);
    }
    return newcomer_fits(judgement, member) ? STATUS_OK
                                            : authority_refuse(judgement, AUTHORITY_LIMIT);
}

/* Whether another owner remains who can act when |leaving| is gone. */
static bool owner_remains(const struct authority_judgement *judgement,
                          const struct authority_grant *leaving)
{
    struct authority_live live[SECTION_MEMBERS_MAX];
    size_t count = authority_live(judgement->authority, &judgement->section->pub, judgement->when,
                                  live, ARRAY_LEN(live));
    for (size_t i = 0; i < count; i++) {
        if (live[i].grant != leaving && (live[i].rights & (uint32_t)RIGHT_OWN) != 0 &&
            authority_has_device(live[i].member, judgement->when)) {
            return true;
        }
    }
    return false;
}

static enum status judge_revocation(struct authority_judgement *judgement)
{
    const struct authority_section *section = &judgement->section->pub;
    const struct authority_grant *grant =
        authority_grant(section, &judgement->statement->u.grant_revoked);
    if (grant != NULL) {
        judgement->result->subject = grant->member;
    }
    if (!authority_permits(judgement, ACTION_REVOKE, section->class, section, NULL)) {
        return STATUS_REFUSED;
    }
    if (grant == NULL) {
        return authority_refuse(judgement, AUTHORITY_UNKNOWN_SUBJECT);
    }
    if (grant->ended_seq != AUTHORITY_NEVER) {
        return authority_refuse(judgement, AUTHORITY_ALREADY_ENDED);
    }
    return owner_remains(judgement, grant) ? STATUS_OK
                                           : authority_refuse(judgement, AUTHORITY_LAST_OWNER);
}

enum status authority_judge_section(struct authority_judgement *judgement)
{
    struct authority_result *result = judgement->result;
    if (judgement->statement->rule->type == STATEMENT_SECTION) {
        return judge_making(judgement);
    }
    CHECK(judgement->section != NULL);
    result->has_section = true;
    result->section = judgement->section->pub.id;
    result->class = judgement->section->pub.class;
    result->has_chart = judgement->section->pub.has_chart;
    result->chart = judgement->section->pub.chart;
    switch (judgement->statement->rule->type) {
    case STATEMENT_GRANT:
        return judge_grant(judgement);
    case STATEMENT_REVOCATION:
        return judge_revocation(judgement);
    case STATEMENT_EPOCH:
        return authority_judge_epoch(judgement);
    case STATEMENT_RESEAL:
        return authority_judge_reseal(judgement);
    case STATEMENT_BAD_SEAL:
        return authority_judge_bad_seal(judgement);
    default:
        return STATUS_MALFORMED;
    }
}
