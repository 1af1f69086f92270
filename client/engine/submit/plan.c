#include "client/engine/submit/plan.h"

#include "client/engine/common/clock.h"
#include "client/engine/log/advance.h"

static void begin(struct sources *from, struct plan *plan)
{
    *plan = (struct plan){.from = from};
    advance_seen(from->log, &plan->seen);
    authority_try_begin(from->log->authority);
}

static bool join_chain(struct plan *plan, const struct chain_label *label)
{
    const struct authority_chain *chain = authority_chain(plan->from->log->authority, label);
    if (chain == NULL) {
        return false;
    }
    plan->label = *label;
    plan->count = chain->count;
    plan->last = chain->last;
    return true;
}

enum status plan_section(struct sources *from, const struct section_id *section,
                         struct plan *out_plan)
{
    begin(from, out_plan);
    out_plan->section = section_find(from->sections, section);
    if (out_plan->section == NULL || !join_chain(out_plan, &out_plan->section->label)) {
        return STATUS_NOT_FOUND;
    }
    out_plan->section_id = *section;
    out_plan->number = out_plan->section->timeline.number;
    out_plan->head = out_plan->section->timeline.head;
    return STATUS_OK;
}

void plan_new_section(struct sources *from, const struct section_id *section,
                      const struct chain_label *label, struct plan *out_plan)
{
    begin(from, out_plan);
    out_plan->section_id = *section;
    out_plan->label = *label;
    timeline_head_start(&from->common->practice, section, &out_plan->head);
}

enum status plan_member(struct sources *from, const struct member_id *member, struct plan *out_plan)
{
    begin(from, out_plan);
    const struct authority_member *facts = authority_member(from->log->authority, member);
    return facts != NULL && join_chain(out_plan, &facts->label) ? STATUS_OK : STATUS_NOT_FOUND;
}

void plan_free(struct plan *plan)
{
    for (size_t i = 0; i < plan->statement_count; i++) {
        make_free(&plan->statements[i]);
    }
    secret_free(plan->epoch_key);
    plan->epoch_key = NULL;
    plan->statement_count = 0;
}

void plan_drop(struct plan *plan)
{
    authority_try_drop(plan->from->log->authority);
    plan_free(plan);
}

void plan_link(struct plan *plan, Alcove__Link *out_link)
{
    struct make_place place = {.label = &plan->label,
                               .number = plan->count,
                               .previous = &plan->last,
                               .member = &plan->from->common->content->member,
                               .device = &plan->from->common->content->device_statement,
                               .seen = &plan->seen};
    make_link(&place, out_link);
}

static enum status admit(struct plan *plan, const struct made *made)
{
    const struct log *log = plan->from->log;
    uint64_t seq = log->leaves.count + plan->statement_count;
    struct authority_result result = {0};
    enum status status =
        authority_admit(log->authority, span_of(made->data, made->size), seq,
                        clock_writer_ms(plan->from->common), AUTHORITY_VERIFIED, &result);
    plan->reason = result.reason;
    return status;
}

enum status plan_add(struct plan *plan, enum statement_type type, const ProtobufCMessage *body,
                     const struct identity_signer *root)
{
    if (plan->statement_count == SUBMIT_STATEMENTS_MAX) {
        return STATUS_TOO_LARGE;
    }
    const struct statement_rule *rule = statement_rule(type);
    const struct identity_signer *signer =
        root != NULL ? root : plan->from->common->content->content_key;
    struct made *made = &plan->statements[plan->statement_count];
    enum status status =
        make_statement(&plan->from->common->practice, type, body, &signer, 1, made);
    if (status == STATUS_OK) {
        status = admit(plan, made);
    }
    if (status != STATUS_OK) {
        make_free(made);
        return status;
    }
    plan->statement_count++;
    plan->count++;
    plan->last = made->hash;
    if (rule->subject == STATEMENT_OF_SECTION) {
        plan->number++;
        timeline_head_next(&plan->from->common->practice, &plan->head, plan->number,
                           ENTRY_STATEMENT, &made->hash, &plan->head);
    }
    return STATUS_OK;
}

enum status plan_pack(const struct plan *plan, Alcove__Revision *revision, struct span bundle,
                      struct wish *wish)
{
    ProtobufCBinaryData statements[SUBMIT_STATEMENTS_MAX];
    for (size_t i = 0; i < plan->statement_count; i++) {
        statements[i] = field_of(plan->statements[i].data, plan->statements[i].size);
    }
    Alcove__SubmitAsk ask;
    alcove__submit_ask__init(&ask);
    ask.n_statement = plan->statement_count;
    ask.statement = statements;
    if (revision != NULL) {
        ask.n_revision = 1;
        ask.revision = &revision;
    }
    ask.bundle = field_of(bundle.data, bundle.size);
    ask.purpose = section_purpose(plan->from->sections, &plan->section_id);
    ask.events_size = plan->from->log->events.size;
    enum status status = wish_pack(&wish->built, &ask.base);
    return status == STATUS_OK && wish->built.size > MESSAGE_BULK_BYTES_MAX ? STATUS_TOO_LARGE
                                                                            : status;
}
