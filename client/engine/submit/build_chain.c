#include "client/engine/submit/build.h"

#include "keys/public/bytes/random.h"

/* Statements of members' chains, and the beginning of a section. */

static enum status fill_member(struct plan *plan, const struct wish *wish,
                               const struct identity_signer *root)
{
    Alcove__Link link;
    plan_link(plan, &link);
    if (root != NULL) {
        link.member = field_of(NULL, 0);
        link.device = field_of(NULL, 0);
    }
    switch (wish->statement_type) {
    case STATEMENT_DELEGATION: {
        Alcove__Delegation body;
        alcove__delegation__init(&body);
        body.link = &link;
        body.until_ms = wish->until_ms;
        return plan_add(plan, STATEMENT_DELEGATION, &body.base, NULL);
    }
    case STATEMENT_RELATION: {
        Alcove__Relation body;
        alcove__relation__init(&body);
        body.link = &link;
        body.staff = field_of(wish->staff.bytes, ID_BYTES);
        body.kind = wish->relation_kind;
        body.until_ms = wish->until_ms;
        return plan_add(plan, STATEMENT_RELATION, &body.base, NULL);
    }
    case STATEMENT_RELATION_END: {
        Alcove__RelationEnd body;
        alcove__relation_end__init(&body);
        body.link = &link;
        body.relation = field_of(wish->object.bytes, HASH_BYTES);
        return plan_add(plan, STATEMENT_RELATION_END, &body.base, NULL);
    }
    case STATEMENT_SUSPENSION: {
        Alcove__Suspension body;
        alcove__suspension__init(&body);
        body.link = &link;
        return plan_add(plan, STATEMENT_SUSPENSION, &body.base, root);
    }
    case STATEMENT_RESUMPTION: {
        Alcove__Resumption body;
        alcove__resumption__init(&body);
        body.link = &link;
        return plan_add(plan, STATEMENT_RESUMPTION, &body.base, root);
    }
    case STATEMENT_DEVICE_REVOCATION: {
        Alcove__DeviceRevocation body;
        alcove__device_revocation__init(&body);
        body.link = &link;
        body.revoked = field_of(wish->object.bytes, HASH_BYTES);
        return plan_add(plan, STATEMENT_DEVICE_REVOCATION, &body.base, NULL);
    }
    default:
        return STATUS_CORRUPT;
    }
}

enum status build_member_statement(struct sources *from, const struct wish *wish,
                                   const struct identity_signer *root, struct plan *plan)
{
    enum status status = plan_member(from, &wish->member, plan);
    return status == STATUS_OK ? fill_member(plan, wish, root) : status;
}

enum status build_member(struct sources *from, struct wish *wish)
{
    struct plan plan;
    enum status status = build_member_statement(from, wish, NULL, &plan);
    if (status == STATUS_OK) {
        wish->built_object = plan.statements[0].hash;
        status = plan_pack(&plan, NULL, span_of(NULL, 0), wish);
    }
    plan_drop(&plan);
    return status;
}

enum status build_device(struct sources *from, struct wish *wish)
{
    struct span body = span_of(wish->body.data, wish->body.size);
    if (from->common->content->identity == NULL || wish->extra.size != SIGNATURE_BYTES) {
        return STATUS_REFUSED;
    }
    struct signature signatures[2];
    memcpy(signatures[1].bytes, wish->extra.data, SIGNATURE_BYTES);
    enum status status = identity_sign(from->common->content->identity, LABEL_DEVICE,
                                       &from->common->practice, &body, 1, &signatures[0]);
    struct plan plan = {.from = from, .statement_count = 1};
    if (status == STATUS_OK) {
        status = make_signed(&from->common->practice, STATEMENT_DEVICE, body, signatures, 2,
                             &plan.statements[0]);
    }
    if (status == STATUS_OK) {
        wish->built_object = plan.statements[0].hash;
        status = plan_pack(&plan, NULL, span_of(NULL, 0), wish);
    }
    plan_free(&plan);
    return status;
}

static enum status add_section(struct plan *plan, const struct wish *wish)
{
    const struct sources *from = plan->from;
    static const struct chart_id none;
    Alcove__Link link;
    plan_link(plan, &link);
    Alcove__Section body;
    alcove__section__init(&body);
    body.link = &link;
    body.section = field_of(wish->section.bytes, ID_BYTES);
    body.class_ = wish->class;
    if (!ID_EQUAL(&wish->chart, &none)) {
        const struct authority_member *client =
            authority_member(from->log->authority, &wish->member);
        if (client == NULL || !client->enrolled) {
            return STATUS_NOT_FOUND;
        }
        body.chart = field_of(wish->chart.bytes, ID_BYTES);
        body.client = field_of(wish->member.bytes, ID_BYTES);
        body.client_identity = field_of(client->identity.bytes, HASH_BYTES);
    }
    return plan_add(plan, STATEMENT_SECTION, &body.base, NULL);
}

enum status build_section(struct sources *from, struct wish *wish)
{
    struct chain_label label;
    random_bytes(label.bytes, sizeof label.bytes);
    struct plan plan;
    plan_new_section(from, &wish->section, &label, &plan);
    enum status status = add_section(&plan, wish);
    if (status == STATUS_OK && wish->rights != 0) {
        /* The client's own place in what they share with their therapist. */
        status = build_grant(&plan, wish);
    } else if (status == STATUS_OK) {
        status = plan_epoch(&plan);
    }
    if (status == STATUS_OK) {
        wish->built_object = plan.statements[0].hash;
        status = plan_pack(&plan, NULL, span_of(NULL, 0), wish);
    }
    plan_drop(&plan);
    return status;
}
