/* Judges whether the revisions of a submit are whole, and whether this member may store them. */
#include "server/core/submit.h"

/* The revision as the door read it, on a thread that has time; else it is read now. */
static enum status take_one(const struct core *core, const struct core_ask *ask, size_t i,
                            struct submit_revision *one)
{
    struct brought read;
    const struct brought *brought = &read;

    if (ask->brought != NULL) {
        brought = &ask->brought[i];
    } else {
        enum status status = brought_read(&core->practice, ask->peer, one->wire, &read);

        if (status != STATUS_OK) {
            return status;
        }
    }
    one->context = brought->context;
    one->header = brought->header;
    one->link = brought->link;
    return STATUS_OK;
}

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
    enum status status = STATUS_OK;

    plan->revisions = calloc(plan->ask->n_revision, sizeof(*plan->revisions));
    if (plan->revisions == NULL) {
        return STATUS_NO_MEMORY;
    }
    plan->revision_count = plan->ask->n_revision;
    for (size_t i = 0; i < plan->revision_count && status == STATUS_OK; i++) {
        plan->revisions[i].wire = plan->ask->revision[i];
        status = take_one(core, ask, i, &plan->revisions[i]);
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
