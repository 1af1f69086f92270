/* Judges whether the revisions of a submit are whole, and whether this member may store them. */
#include "server/core/submit.h"

uint32_t submit_revision_action(const struct submit_revision *one)
{
    return one->context.kind == REVISION_TOMBSTONE ? ACTION_ERASE : ACTION_WRITE;
}

static bool permitted(struct core *core, const struct core_ask *ask, struct submit_plan *plan,
                      struct event_draft *draft)
{
    const struct authority_member *peer = authority_member(core->authority, &ask->peer->member);
    bool may = peer != NULL && plan->section != NULL;
    for (size_t i = 0; i < plan->revision_count && may; i++) {
        may = authority_may(core->authority, peer, submit_revision_action(&plan->revisions[i]),
                            plan->section->class, plan->section, NULL, authority_now(core->now_ms),
                            &plan->basis_kind, &plan->basis);
        draft->basis_kind = plan->basis_kind;
        draft->basis = plan->basis;
    }
    return may;
}

enum status submit_permit_revisions(struct core *core, struct txn *txn, const struct core_ask *ask,
                                    struct submit_plan *plan, struct event_draft *draft)
{
    plan->revisions = calloc(plan->ask->n_revision, sizeof *plan->revisions);
    if (plan->revisions == NULL) {
        return STATUS_NO_MEMORY;
    }
    plan->revision_count = plan->ask->n_revision;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < plan->revision_count && status == STATUS_OK; i++) {
        const struct brought_revision *read = &plan->brought->revisions[i];
        plan->revisions[i].wire = plan->ask->revision[i];
        plan->revisions[i].context = read->context;
        plan->revisions[i].header = read->header;
        plan->revisions[i].link = read->link;
        status = read->status;
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (plan->statement_count == 0) {
        const struct revision_context *first = &plan->revisions[0].context;
        draft->action = submit_revision_action(&plan->revisions[0]);
        draft->note = first->note;
        draft->object = plan->revisions[0].link;
        plan->section = draft_section(core, txn, field_of(first->section.bytes, ID_BYTES), draft);
    } else {
        plan->section = authority_section_of(core->authority, &plan->label);
    }
    return permitted(core, ask, plan, draft) ? STATUS_OK : STATUS_REFUSED;
}
