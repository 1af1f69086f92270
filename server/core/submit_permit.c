/* Revisions of a submit: are they whole, and may this member store them. */
#include "server/core/submit.h"

#include "keys/public/hash.h"

static enum status parse_one(struct core *core, const struct core_ask *ask,
                             struct submit_revision *one)
{
    struct signature signature;
    struct hash envelope;
    enum status status = revision_context_parse(field_span(one->wire->context), &one->context);

    if (status == STATUS_OK) {
        status = revision_header_parse(field_span(one->wire->header), &one->header);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (!field_signature(one->wire->signature, &signature) || one->wire->wrap.len != WRAP_BYTES ||
        one->wire->envelope.len > ENVELOPE_BYTES_MAX ||
        one->wire->envelope.len != one->header.envelope_size) {
        return STATUS_MALFORMED;
    }
    hash_bytes(field_span(one->wire->envelope), &envelope);
    if (!ID_EQUAL(&envelope, &one->header.envelope_hash) ||
        !ID_EQUAL(&one->context.hash, &one->header.context_hash) ||
        !ID_EQUAL(&one->context.member, &ask->peer->member) ||
        !ID_EQUAL(&one->context.device, &ask->peer->device_statement)) {
        return STATUS_MALFORMED;
    }
    revision_link(field_span(one->wire->header), &signature, &core->practice, &one->link);
    return STATUS_OK;
}

uint32_t submit_revision_action(const struct submit_revision *one)
{
    return one->context.kind == REVISION_TOMBSTONE ? ACTION_ERASE : ACTION_WRITE;
}

static bool permitted(struct core *core, const struct core_ask *ask, const struct submit_plan *plan,
                      struct event_draft *draft)
{
    const struct authority_member *peer = authority_member(core->authority, &ask->peer->member);
    bool may = peer != NULL && plan->section != NULL;

    for (size_t i = 0; i < plan->revision_count && may; i++) {
        may = authority_may(core->authority, peer, submit_revision_action(&plan->revisions[i]),
                            plan->section->class, plan->section, NULL, authority_now(core->now_ms),
                            &draft->basis_kind, &draft->basis);
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
        status = parse_one(core, ask, &plan->revisions[i]);
    }
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? status : STATUS_MALFORMED;
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
