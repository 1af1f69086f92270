#include "keys/public/authority/authority_internal.h"

/* ---------------------------------------------------------------- echoes */

enum status authority_touched_reserve(struct authority *authority, size_t count)
{
    return authority_grow(&authority->touched, &authority->touched_capacity, count,
                          sizeof(const struct authority_section *));
}

void authority_touched_consider(struct authority *authority, struct section_node *section,
                                uint64_t seq, uint64_t time_ms)
{
    struct authority_when before = {seq, time_ms};
    struct authority_when after = {seq + 1u, time_ms};
    struct hash was;
    struct hash is;
    authority_live_digest(authority, &section->pub, before, &was);
    authority_live_digest(authority, &section->pub, after, &is);
    /* Done even if nobody's rights change now, since an end by the clock may have moved. */
    section->pub.generation = ++authority->ticks;
    if (!ID_EQUAL(&was, &is)) {
        CHECK(authority->touched_count < authority->touched_capacity);
        authority->touched[authority->touched_count++] = &section->pub;
    }
}

/* Every section that |member| was ever in. */
static void consider_sections(struct judgement *judgement, struct member_node *member)
{
    for (size_t i = 0; i < member->section_count; i++) {
        authority_touched_consider(judgement->authority, member->sections[i], judgement->seq,
                                   judgement->time_ms);
    }
}

/* A relation counts in the sections of its subject: those of a client's chart, or those that the
 * supervised therapist is in. */
static void consider_relation(struct judgement *judgement, struct member_node *staff)
{
    const struct member_node *subject = judgement->subject;
    for (size_t i = 0; i < staff->section_count; i++) {
        struct section_node *section = staff->sections[i];
        if (ID_EQUAL(&section->pub.client, &subject->pub.id) ||
            authority_member_in(subject, section)) {
            authority_touched_consider(judgement->authority, section, judgement->seq,
                                       judgement->time_ms);
        }
    }
}

/* ---------------------------------------------------------------- one by one */

static enum status apply_invitation(struct judgement *judgement)
{
    struct authority *authority = judgement->authority;
    const struct statement *statement = judgement->statement;
    struct member_node *member = calloc(1, sizeof(*member));
    if (member == NULL || map_reserve(&authority->members_by_id, 1) != STATUS_OK ||
        authority_list_reserve(&authority->members) != STATUS_OK) {
        free(member);
        return STATUS_NO_MEMORY;
    }
    const struct statement_invitation *invitation = &statement->u.invitation;
    member->pub = (struct authority_member){
        .id = invitation->invited,
        .role = invitation->role,
        .label = statement->link.label,
        .by_root = statement->link.by_root,
        .inviter = statement->link.member,
        .inviter_device = statement->link.device,
        .invitation = statement->hash,
        .invitation_key = invitation->key,
        .expires_ms = invitation->expires_ms,
        .seq = judgement->seq,
        .generation = 1,
        .local = (uint32_t)authority->members.count,
    };
    map_put(&authority->members_by_id, member->pub.id.bytes, member);
    authority_list_put(&authority->members, member);
    judgement->subject = member;
    judgement->chain->member = member;
    memcpy(judgement->chain->pub.id, member->pub.id.bytes, ID_BYTES);
    return STATUS_OK;
}

/* The device that a statement makes, at the end of its member's list. */
static enum status add_device(struct judgement *judgement, const struct device_keys *keys)
{
    struct authority *authority = judgement->authority;
    struct authority_device *device = calloc(1, sizeof(*device));
    if (device == NULL || map_reserve(&authority->devices, 1) != STATUS_OK) {
        free(device);
        return STATUS_NO_MEMORY;
    }
    device->statement = judgement->statement->hash;
    device->keys = *keys;
    device->member = judgement->subject->pub.id;
    device->seq = judgement->seq;
    device->revoked_seq = AUTHORITY_NEVER;
    struct authority_device **end = &judgement->subject->pub.devices;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = device;
    map_put(&authority->devices, device->statement.bytes, device);
    return STATUS_OK;
}

static enum status apply_enrolment(struct judgement *judgement)
{
    const struct statement_enrolment *enrolment = &judgement->statement->u.enrolment;
    struct authority_member *member = &judgement->subject->pub;
    enum status status = add_device(judgement, &enrolment->device);
    if (status != STATUS_OK) {
        return status;
    }
    member->enrolled = true;
    member->enrolled_seq = judgement->seq;
    member->enrolment = judgement->statement->hash;
    member->identity_key = enrolment->identity_key;
    statement_identity_hash(&member->identity_key, &judgement->authority->practice,
                            &member->identity);
    member->recovery_sealing_key = enrolment->recovery_sealing_key;
    member->recovery_signing_key = enrolment->recovery_signing_key;
    return STATUS_OK;
}

static enum status apply_device_revocation(struct judgement *judgement)
{
    struct authority *authority = judgement->authority;
    const struct statement *statement = judgement->statement;
    struct authority_device *device = map_get(&authority->devices, statement->u.revoked.bytes);
    CHECK(device != NULL);
    enum status status = authority_touched_reserve(authority, judgement->subject->section_count);
    if (status != STATUS_OK) {
        return status;
    }
    device->revoked_seq = judgement->seq;
    device->revoked_by = statement->hash;
    consider_sections(judgement, judgement->subject);
    return STATUS_OK;
}

static enum status apply_delegation(struct judgement *judgement)
{
    struct authority_delegation *delegation = calloc(1, sizeof(*delegation));
    if (delegation == NULL) {
        return STATUS_NO_MEMORY;
    }
    delegation->statement = judgement->statement->hash;
    delegation->until_ms = judgement->statement->u.delegated_until_ms;
    delegation->seq = judgement->seq;
    delegation->next = judgement->subject->pub.delegations;
    judgement->subject->pub.delegations = delegation;
    return STATUS_OK;
}

static enum status apply_relation(struct judgement *judgement)
{
    struct authority *authority = judgement->authority;
    const struct statement_relation *said = &judgement->statement->u.relation;
    struct member_node *staff = authority_member_node(authority, &said->staff);
    CHECK(staff != NULL);
    struct authority_relation *relation = calloc(1, sizeof(*relation));
    if (relation == NULL || map_reserve(&authority->relations, 1) != STATUS_OK ||
        authority_touched_reserve(authority, staff->section_count) != STATUS_OK ||
        authority_grow(&staff->supervised, &staff->supervised_capacity,
                       staff->supervised_count + 1u, sizeof(struct member_node *)) != STATUS_OK) {
        free(relation);
        return STATUS_NO_MEMORY;
    }
    if (said->kind == RELATION_SUPERVISES || said->kind == RELATION_TRAINS) {
        staff->supervised[staff->supervised_count++] = judgement->subject;
    }
    *relation = (struct authority_relation){
        .statement = judgement->statement->hash,
        .kind = said->kind,
        .subject = judgement->subject->pub.id,
        .staff = said->staff,
        .until_ms = said->until_ms,
        .seq = judgement->seq,
        .ended_seq = AUTHORITY_NEVER,
    };
    struct authority_relation **end = &judgement->subject->pub.relations;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = relation;
    map_put(&authority->relations, relation->statement.bytes, relation);
    if (said->until_ms != 0 && said->until_ms < authority->next_end_ms) {
        authority->next_end_ms = said->until_ms;
    }
    staff->pub.generation++;
    consider_relation(judgement, staff);
    return STATUS_OK;
}

static enum status apply_relation_end(struct judgement *judgement)
{
    struct authority *authority = judgement->authority;
    struct authority_relation *relation =
        map_get(&authority->relations, judgement->statement->u.relation_ended.bytes);
    CHECK(relation != NULL);
    struct member_node *staff = authority_member_node(authority, &relation->staff);
    CHECK(staff != NULL);
    enum status status = authority_touched_reserve(authority, staff->section_count);
    if (status != STATUS_OK) {
        return status;
    }
    relation->ended_seq = judgement->seq;
    staff->pub.generation++;
    /* Another relation that ends by the clock may be what holds now. */
    authority->next_end_ms = 0;
    consider_relation(judgement, staff);
    return STATUS_OK;
}

static enum status apply_suspension(struct judgement *judgement)
{
    struct authority_span *span = calloc(1, sizeof(*span));
    if (span == NULL || authority_touched_reserve(judgement->authority,
                                                  judgement->subject->section_count) != STATUS_OK) {
        free(span);
        return STATUS_NO_MEMORY;
    }
    span->from_seq = judgement->seq;
    span->to_seq = AUTHORITY_NEVER;
    span->next = judgement->subject->pub.suspensions;
    judgement->subject->pub.suspensions = span;
    consider_sections(judgement, judgement->subject);
    return STATUS_OK;
}

static enum status apply_resumption(struct judgement *judgement)
{
    struct authority_span *span = judgement->subject->pub.suspensions;
    CHECK(span != NULL && span->to_seq == AUTHORITY_NEVER);
    enum status status =
        authority_touched_reserve(judgement->authority, judgement->subject->section_count);
    if (status != STATUS_OK) {
        return status;
    }
    span->to_seq = judgement->seq;
    judgement->authority->next_end_ms = 0;
    consider_sections(judgement, judgement->subject);
    return STATUS_OK;
}

static enum status apply_by_type(struct judgement *judgement)
{
    switch (judgement->statement->rule->type) {
    case STATEMENT_INVITATION:
        return apply_invitation(judgement);
    case STATEMENT_ENROLMENT:
        return apply_enrolment(judgement);
    case STATEMENT_DEVICE:
        return add_device(judgement, &judgement->statement->u.device);
    case STATEMENT_DEVICE_REVOCATION:
        return apply_device_revocation(judgement);
    case STATEMENT_DELEGATION:
        return apply_delegation(judgement);
    case STATEMENT_RELATION:
        return apply_relation(judgement);
    case STATEMENT_RELATION_END:
        return apply_relation_end(judgement);
    case STATEMENT_SUSPENSION:
        return apply_suspension(judgement);
    case STATEMENT_RESUMPTION:
        return apply_resumption(judgement);
    default:
        return STATUS_MALFORMED;
    }
}

enum status authority_apply_member(struct judgement *judgement)
{
    enum status status = apply_by_type(judgement);
    if (status == STATUS_OK) {
        judgement->subject->pub.generation++;
    }
    return status;
}
