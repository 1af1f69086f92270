#include "server/core/submit.h"

#include "server/store/ledger.h"
#include "server/store/section_log.h"

/* The answer to what does not hold: a wrong place is a lost race, all else is one refusal. */
static enum status answer_of(enum status status)
{
    if (status == STATUS_BAD_CHAIN) {
        return STATUS_CONFLICT;
    }
    if (status == STATUS_BAD_SIGNATURE || status == STATUS_EQUIVOCATION ||
        status == STATUS_EXPIRED) {
        return STATUS_REFUSED;
    }
    return status == STATUS_UNSUPPORTED ? STATUS_MALFORMED : status;
}

/* What is not visible to the peer must look as what is not there. */
static enum status permit_chain(struct core *core, const struct core_ask *ask,
                                const struct statement *statement)
{
    const struct authority_chain *chain = authority_chain(core->authority, &statement->link.label);
    const struct authority_member *peer = authority_member(core->authority, &ask->peer->member);
    if (peer == NULL) {
        return STATUS_REFUSED;
    }
    if (chain == NULL) {
        return statement->link.number == 0 ? STATUS_OK : STATUS_REFUSED;
    }
    if (chain->subject == STATEMENT_OF_SECTION) {
        /* Who left may read the chain, but learns nothing of how the section goes on; who takes
         * back what they made is out while they do. */
        const struct authority_section *section =
            authority_section_of(core->authority, &chain->label);
        struct authority_when when = authority_now(core->now_ms);
        bool in = authority_rights(core->authority, section, peer, when, NULL) != RIGHT_NONE;
        return in || (statement->rule->type == STATEMENT_GRANT &&
                      authority_takes_back(core->authority, section, peer, when))
                   ? STATUS_OK
                   : STATUS_REFUSED;
    }
    return authority_sees_chain(core->authority, peer, chain) ? STATUS_OK : STATUS_REFUSED;
}

static void draft_of_statement(struct core *core, struct txn *txn, const struct core_ask *ask,
                               const struct statement *statement, struct event_draft *draft)
{
    const struct authority_chain *chain = authority_chain(core->authority, &statement->link.label);
    draft->action = statement->rule->action;
    draft->object = statement->hash;
    if (chain != NULL && chain->subject == STATEMENT_OF_SECTION) {
        (void)draft_section(core, txn, field_of(chain->id, ID_BYTES), draft);
    } else if (chain != NULL && chain->subject == STATEMENT_OF_MEMBER) {
        memcpy(draft->subject.bytes, chain->id, ID_BYTES);
        if (statement->rule->type == STATEMENT_DEVICE_REVOCATION &&
            !ID_EQUAL(&draft->subject, &ask->peer->member)) {
            draft->action = ACTION_REVOKE_DEVICE;
        }
    }
}

static enum status place_in_section(struct core *core, struct txn *txn, struct submit_plan *plan)
{
    const struct authority_section *section = authority_section_of(core->authority, &plan->label);
    plan->number = 0;
    memset(&plan->head, 0, sizeof plan->head);
    plan->section_local = 0;
    if (section == NULL) {
        return STATUS_OK;
    }
    enum status status =
        names_find(txn, SCHEMA_ID_SECTION, section->id.bytes, &plan->section_local);
    if (status == STATUS_OK) {
        status = section_log_head(txn, plan->section_local, &plan->number, &plan->head);
    }
    return status;
}

enum status device_is_new(struct txn *txn, const struct statement *statement)
{
    const struct device_keys *keys = NULL;
    if (statement->rule->type == STATEMENT_DEVICE) {
        keys = &statement->u.device;
    } else if (statement->rule->type == STATEMENT_ENROLMENT) {
        keys = &statement->u.enrolment.device;
    }
    if (keys == NULL) {
        return STATUS_OK;
    }
    uint32_t local;
    enum status status = names_find(txn, SCHEMA_ID_DEVICE, keys->id.bytes, &local);
    return status == STATUS_OK ? STATUS_REFUSED : status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* What a statement says of the past, and of where it stands in the section's log. */
static enum status judge_claims(struct core *core, struct txn *txn, const struct submit_plan *plan,
                                const struct submit_statement *one)
{
    const struct statement *statement = one->statement;
    if (one->result.has_position && (one->result.position_number != plan->number ||
                                     !ID_EQUAL(&one->result.position_head, &plan->head))) {
        return STATUS_CONFLICT;
    }
    enum status status = STATUS_OK;
    if (statement->link.has_seen) {
        status = past_judge_seen(core, txn, &statement->link.seen);
    }
    if (status == STATUS_OK && one->result.has_position) {
        status = past_judge_starts(core, txn, plan->section_local,
                                   statement->rule->type == STATEMENT_EPOCH
                                       ? &statement->u.epoch.position
                                       : &statement->u.reseal.position);
    }
    return status;
}

/* The authority says whether the statement holds, core whether what it says of this server's
 * own log is so; then it is admitted, for the next one to be judged upon it. */
static enum status admit_one(struct core *core, struct txn *txn, struct submit_plan *plan,
                             struct submit_statement *one)
{
    struct authority_judgement judgement;
    enum status status = authority_judge(core->authority, one->statement, one->seq, plan->time_ms,
                                         one->verified ? AUTHORITY_VERIFIED : AUTHORITY_VERIFY,
                                         &one->result, &judgement);
    if (status == STATUS_OK) {
        status = device_is_new(txn, one->statement);
    }
    if (status == STATUS_OK) {
        status = judge_claims(core, txn, plan, one);
    }
    if (status == STATUS_OK) {
        status = authority_apply(&judgement);
    }
    if (status != STATUS_OK) {
        return answer_of(status);
    }
    if (plan->section_chain) {
        struct hash before = plan->head;
        plan->number++;
        leaf_section_head(&core->practice, &before, plan->number, ENTRY_STATEMENT,
                          &one->statement->hash, &plan->head);
    }
    return STATUS_OK;
}

static enum status take_all(struct submit_plan *plan)
{
    for (size_t i = 0; i < plan->ask->n_statement; i++) {
        struct submit_statement *one = &plan->statements[i];
        const struct brought_statement *read = &plan->brought->statements[i];
        if (read->status != STATUS_OK) {
            return answer_of(read->status);
        }
        one->statement = &read->statement;
        one->verified = read->verified;
        plan->statement_count = i + 1;
        if (i == 0) {
            plan->label = one->statement->link.label;
            plan->section_chain = one->statement->rule->subject == STATEMENT_OF_SECTION;
        } else if (!plan->section_chain || !ID_EQUAL(&one->statement->link.label, &plan->label)) {
            return STATUS_MALFORMED;
        }
    }
    if (!plan->section_chain && plan->ask->n_revision > 0) {
        return STATUS_MALFORMED;
    }
    /* A bundle goes with its invitation and with nothing else. */
    return plan->ask->bundle.len == 0 ||
                   (plan->statements[0].statement->rule->type == STATEMENT_INVITATION &&
                    plan->ask->bundle.len <= BUNDLE_BYTES_MAX)
               ? STATUS_OK
               : STATUS_MALFORMED;
}

/* The signer must be who is logged in; the root's statements are brought by an admin. */
static enum status permit_signer(const struct core_ask *ask, const struct statement *statement)
{
    if (statement->link.by_root) {
        return ask->peer->role == ROLE_ADMIN ? STATUS_OK : STATUS_REFUSED;
    }
    return ID_EQUAL(&statement->link.member, &ask->peer->member) ? STATUS_OK : STATUS_REFUSED;
}

enum status submit_permit_statements(struct core *core, struct txn *txn, const struct core_ask *ask,
                                     struct submit_plan *plan, struct event_draft *draft)
{
    enum status status = take_all(plan);
    if (status == STATUS_OK) {
        draft_of_statement(core, txn, ask, plan->statements[0].statement, draft);
        status = permit_chain(core, ask, plan->statements[0].statement);
    }
    for (size_t i = 0; i < plan->statement_count && status == STATUS_OK; i++) {
        status = permit_signer(ask, plan->statements[i].statement);
    }
    return status;
}

enum status submit_plan_statements(struct core *core, struct txn *txn, struct submit_plan *plan,
                                   struct event_draft *draft)
{
    enum status status = plan->section_chain ? place_in_section(core, txn, plan) : STATUS_OK;
    uint64_t seq = ledger_size(txn, LEDGER_STATEMENTS);
    for (size_t i = 0; i < plan->statement_count && status == STATUS_OK; i++) {
        plan->statements[i].seq = seq + i;
        status = admit_one(core, txn, plan, &plan->statements[i]);
        /* Judging may tell more than the type: whom an invitation is for. */
        draft->action = i == 0 ? plan->statements[0].result.action : draft->action;
    }
    return status;
}
