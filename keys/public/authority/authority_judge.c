#include "keys/public/authority/authority_internal.h"

enum status authority_refuse(struct authority_judgement *judgement, enum authority_reason reason)
{
    judgement->result->reason = reason;
    return STATUS_REFUSED;
}

static enum status bad_chain(struct authority_judgement *judgement, enum authority_reason reason)
{
    judgement->result->reason = reason;
    return STATUS_BAD_CHAIN;
}

bool authority_permits(struct authority_judgement *judgement, uint32_t action, uint32_t class,
                       const struct authority_section *section,
                       const struct authority_member *client)
{
    struct authority_result *result = judgement->result;
    result->action = action;
    if (judgement->signer != NULL &&
        authority_may(judgement->authority, &judgement->signer->pub, action, class, section, client,
                      judgement->when, &result->basis_kind, &result->basis)) {
        return true;
    }
    result->reason = AUTHORITY_NOT_PERMITTED;
    return false;
}

static bool starts_chain(uint32_t type)
{
    return type == STATEMENT_GENESIS || type == STATEMENT_INVITATION || type == STATEMENT_SECTION;
}

/* Number 0 needs a label that was never seen. Before the genesis only the genesis may come. */
static enum status judge_start(struct authority_judgement *judgement)
{
    const struct statement *statement = judgement->statement;
    bool genesis = statement->rule->type == STATEMENT_GENESIS;
    if (statement->link.number != 0) {
        return bad_chain(judgement, AUTHORITY_BAD_PLACE);
    }
    if (!starts_chain(statement->rule->type) ||
        genesis != (judgement->authority->now.practice_chain == NULL)) {
        return bad_chain(judgement, AUTHORITY_BAD_START);
    }
    return STATUS_OK;
}

/* The statement must be the next of its chain, linked to the last, and later in the log. */
static enum status judge_place(struct authority_judgement *judgement)
{
    const struct statement *statement = judgement->statement;
    const struct statement_link *link = &statement->link;
    struct chain_node *chain = map_get(&judgement->authority->chains, link->label.bytes);
    judgement->chain = chain;
    if (chain == NULL) {
        return judge_start(judgement);
    }
    judgement->subject = chain->member;
    judgement->section = chain->section;
    if (link->number + 1u == chain->pub.count && ID_EQUAL(&statement->hash, &chain->pub.last)) {
        return STATUS_ALREADY;
    }
    if (chain->pub.subject != statement->rule->subject || link->number != chain->pub.count ||
        !ID_EQUAL(&link->previous, &chain->pub.last) || judgement->seq <= chain->pub.last_seq) {
        return bad_chain(judgement, AUTHORITY_BAD_PLACE);
    }
    bool enrols = statement->rule->type == STATEMENT_ENROLMENT;
    bool second = chain->pub.subject == STATEMENT_OF_MEMBER && link->number == 1;
    bool withdraws = second && statement->rule->type == STATEMENT_SUSPENSION;
    /* Nothing follows a withdrawn invitation: its person never was. */
    bool withdrawn = link->number > 1 && chain->member != NULL && !chain->member->pub.enrolled;
    if (starts_chain(statement->rule->type) || (enrols != second && !withdraws) || withdrawn) {
        return bad_chain(judgement, AUTHORITY_BAD_START);
    }
    return STATUS_OK;
}

static enum status signer_root(struct authority_judgement *judgement)
{
    bool genesis = judgement->statement->rule->type == STATEMENT_GENESIS;
    judgement->key[0] =
        genesis ? judgement->statement->u.genesis.root_key : judgement->authority->now.root_key;
    judgement->result->basis_kind = BASIS_ROLE;
    return STATUS_OK;
}

static enum status signer_device(struct authority_judgement *judgement)
{
    const struct statement_link *link = &judgement->statement->link;
    struct authority *authority = judgement->authority;
    judgement->signer = authority_member_node(authority, &link->member);
    judgement->device = map_get(&authority->devices, link->device.bytes);
    if (judgement->signer == NULL || judgement->device == NULL) {
        return authority_refuse(judgement, AUTHORITY_UNKNOWN_SIGNER);
    }
    if (!ID_EQUAL(&judgement->device->member, &link->member)) {
        return authority_refuse(judgement, AUTHORITY_WRONG_SIGNER);
    }
    if (!authority_device_live(judgement->device, judgement->when)) {
        return authority_refuse(judgement, AUTHORITY_SIGNER_REVOKED);
    }
    if (!authority_active(&judgement->signer->pub, judgement->when)) {
        return authority_refuse(judgement, AUTHORITY_SIGNER_SUSPENDED);
    }
    judgement->key[0] = judgement->device->keys.content;
    return STATUS_OK;
}

/* ENROLMENT brings its identity key along; DEVICE needs the one enrolled, unless the
 * device that holds it was revoked (decision 11). */
static enum status signer_identity(struct authority_judgement *judgement)
{
    const struct statement *statement = judgement->statement;
    struct member_node *subject = judgement->subject;
    if (subject == NULL || !ID_EQUAL(&statement->link.member, &subject->pub.id)) {
        return authority_refuse(judgement, AUTHORITY_WRONG_SIGNER);
    }
    judgement->signer = subject;
    if (statement->rule->type == STATEMENT_ENROLMENT) {
        judgement->key[0] = statement->u.enrolment.identity_key;
        judgement->key[1] = subject->pub.invitation_key;
        return STATUS_OK;
    }
    if (!authority_active(&subject->pub, judgement->when)) {
        return authority_refuse(judgement, AUTHORITY_SIGNER_SUSPENDED);
    }
    if (!authority_device_live(subject->pub.devices, judgement->when)) {
        return authority_refuse(judgement, AUTHORITY_IDENTITY_FROZEN);
    }
    judgement->key[0] = subject->pub.identity_key;
    judgement->key[1] = statement->u.device.content;
    return STATUS_OK;
}

static enum status judge_signer(struct authority_judgement *judgement)
{
    switch (judgement->statement->rule->signer[0]) {
    case STATEMENT_BY_ROOT:
        return signer_root(judgement);
    case STATEMENT_BY_ISSUER:
        return judgement->statement->link.by_root ? signer_root(judgement)
                                                  : signer_device(judgement);
    case STATEMENT_BY_DEVICE:
        return signer_device(judgement);
    case STATEMENT_BY_IDENTITY:
        return signer_identity(judgement);
    case STATEMENT_BY_NONE:
    case STATEMENT_BY_INVITATION:
    case STATEMENT_BY_NEW_DEVICE:
        break;
    }
    return authority_refuse(judgement, AUTHORITY_WRONG_SIGNER);
}

static enum status judge_signatures(struct authority_judgement *judgement)
{
    const struct statement *statement = judgement->statement;
    for (size_t i = 0; i < statement->rule->signatures; i++) {
        enum status status =
            statement_verify(statement, i, &judgement->authority->now.practice, &judgement->key[i]);
        if (status != STATUS_OK) {
            judgement->result->reason = AUTHORITY_BAD_SIGNATURE;
            return status;
        }
    }
    return STATUS_OK;
}

static enum status judge_meaning(struct authority_judgement *judgement)
{
    switch (judgement->statement->rule->subject) {
    case STATEMENT_OF_PRACTICE:
        return authority_judge_practice(judgement);
    case STATEMENT_OF_MEMBER:
        return authority_judge_member(judgement);
    case STATEMENT_OF_SECTION:
        return authority_judge_section(judgement);
    }
    return STATUS_MALFORMED;
}

static void result_start(struct authority_judgement *judgement)
{
    const struct statement *statement = judgement->statement;
    struct authority_result *result = judgement->result;
    *result = (struct authority_result){
        .type = statement->rule->type,
        .action = statement->rule->action,
        .hash = statement->hash,
        .label = statement->link.label,
        .number = statement->link.number,
        .by_root = statement->link.by_root,
        .signer = statement->link.member,
        .device = statement->link.device,
    };
}

enum status authority_judge_all(struct authority_judgement *judgement, enum authority_check check)
{
    result_start(judgement);
    enum status status = judge_place(judgement);
    if (status == STATUS_OK) {
        status = judge_signer(judgement);
    }
    if (judgement->subject != NULL) {
        judgement->result->subject = judgement->subject->pub.id;
    }
    if (status == STATUS_OK && check == AUTHORITY_VERIFY) {
        status = judge_signatures(judgement);
    }
    return status == STATUS_OK ? judge_meaning(judgement) : status;
}
