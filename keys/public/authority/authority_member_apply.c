#include "keys/public/authority/authority_internal.h"

/* ---------------------------------------------------------------- echoes */

enum status authority_touched_reserve(struct authority *authority, size_t count)
{
    /* A note for the new generation of each, beside those of the statement itself. */
    enum status status = authority_undo_reserve(authority, AUTHORITY_UNDOS_MIN + count);
    return status == STATUS_OK ? array_grow(&authority->touched, &authority->touched_capacity,
                                            count, sizeof(const struct authority_section *))
                               : status;
}

void authority_touched_consider(struct authority *authority, struct section_node *section,
                                uint64_t seq, uint64_t time_ms)
{
    struct authority_when before = {seq, time_ms};
    struct authority_when after = {seq + 1u, time_ms};
    struct hash was;
    authority_live_digest(authority, &section->pub, before, &was);
    struct hash is;
    authority_live_digest(authority, &section->pub, after, &is);
    /* Done even if nobody's rights change now, since an end by the clock may have moved. */
    AUTHORITY_UNDO(authority, section->pub.generation);
    section->pub.generation = ++authority->ticks;
    if (!ID_EQUAL(&was, &is)) {
        CHECK(authority->touched_count < authority->touched_capacity);
        authority->touched[authority->touched_count++] = &section->pub;
    }
}

/* Every section that |member| was ever in. */
static void consider_sections(struct authority_judgement *judgement, struct member_node *member)
{
    for (size_t i = 0; i < member->section_count; i++) {
        authority_touched_consider(judgement->authority, member->sections[i], judgement->seq,
                                   judgement->time_ms);
    }
}

/* A relation counts in the sections of its subject: those of a client's chart, or those that the
 * supervised therapist is in. */
static void consider_relation(struct authority_judgement *judgement, struct member_node *staff)
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

static enum status apply_invitation(struct authority_judgement *judgement)
{
    struct authority *authority = judgement->authority;
    const struct statement *statement = judgement->statement;
    struct member_node *member = authority_make(authority, sizeof *member, authority_member_free);
    if (member == NULL) {
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
        .local = (uint32_t)authority->members.count,
    };
    judgement->subject = member;
    judgement->chain->member = member;
    memcpy(judgement->chain->pub.id, member->pub.id.bytes, ID_BYTES);
    return authority_put(authority, &authority->members_by_id, member->pub.id.bytes, member,
                         &authority->members);
}

/* The device that a statement makes, at the end of its member's list. */
static enum status add_device(struct authority_judgement *judgement, const struct device_keys *keys)
{
    struct authority *authority = judgement->authority;
    struct authority_device *device = authority_make(authority, sizeof *device, free);
    if (device == NULL) {
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
    AUTHORITY_UNDO(authority, *end);
    *end = device;
    return authority_put(authority, &authority->devices, device->statement.bytes, device, NULL);
}

static enum status apply_enrolment(struct authority_judgement *judgement)
{
    const struct statement_enrolment *said = &judgement->statement->u.enrolment;
    struct authority_member *member = &judgement->subject->pub;
    enum status status = add_device(judgement, &said->device);
    if (status != STATUS_OK) {
        return status;
    }
    /* A refused enrolment leaves no key behind. */
    authority_undo_bytes(judgement->authority, NULL, &member->enrolled, 0,
                         offsetof(struct authority_member, devices) -
                             offsetof(struct authority_member, enrolled));
    member->enrolled = true;
    member->enrolled_seq = judgement->seq;
    member->enrolment = judgement->statement->hash;
    member->identity_key = said->identity_key;
    statement_identity_hash(&member->identity_key, &judgement->authority->now.practice,
                            &member->identity);
    member->recovery_sealing_key = said->recovery_sealing_key;
    member->recovery_signing_key = said->recovery_signing_key;
    return STATUS_OK;
}

static enum status apply_device_revocation(struct authority_judgement *judgement)
{
    struct authority *authority = judgement->authority;
    const struct statement *statement = judgement->statement;
    struct authority_device *device = map_get(&authority->devices, statement->u.revoked.bytes);
    CHECK(device != NULL);
    enum status status = authority_touched_reserve(authority, judgement->subject->section_count);
    if (status != STATUS_OK) {
        return status;
    }
    AUTHORITY_UNDO(authority, device->revoked_seq);
    AUTHORITY_UNDO(authority, device->revoked_by);
    device->revoked_seq = judgement->seq;
    device->revoked_by = statement->hash;
    consider_sections(judgement, judgement->subject);
    return STATUS_OK;
}

static enum status apply_delegation(struct authority_judgement *judgement)
{
    struct authority_member *member = &judgement->subject->pub;
    struct authority_delegation *delegation =
        authority_make(judgement->authority, sizeof *delegation, free);
    if (delegation == NULL) {
        return STATUS_NO_MEMORY;
    }
    *delegation = (struct authority_delegation){
        .statement = judgement->statement->hash,
        .until_ms = judgement->statement->u.delegated_until_ms,
        .seq = judgement->seq,
        .next = member->delegations,
    };
    AUTHORITY_UNDO(judgement->authority, member->delegations);
    member->delegations = delegation;
    return STATUS_OK;
}

static enum status add_supervised(struct authority_judgement *judgement, struct member_node *staff)
{
    enum status status = array_grow(&staff->supervised, &staff->supervised_capacity,
                                    staff->supervised_count + 1u, sizeof(struct member_node *));
    if (status == STATUS_OK) {
        AUTHORITY_UNDO(judgement->authority, staff->supervised_count);
        staff->supervised[staff->supervised_count++] = judgement->subject;
    }
    return status;
}

static enum status apply_relation(struct authority_judgement *judgement)
{
    struct authority *authority = judgement->authority;
    const struct statement_relation *said = &judgement->statement->u.relation;
    struct member_node *staff = authority_member_node(authority, &said->staff);
    CHECK(staff != NULL);
    enum status status = authority_touched_reserve(authority, staff->section_count);
    if (status == STATUS_OK &&
        (said->kind == RELATION_SUPERVISES || said->kind == RELATION_TRAINS)) {
        status = add_supervised(judgement, staff);
    }
    struct authority_relation *relation =
        status == STATUS_OK ? authority_make(authority, sizeof *relation, free) : NULL;
    if (relation == NULL) {
        return STATUS_NO_MEMORY;
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
    AUTHORITY_UNDO(authority, *end);
    *end = relation;
    status =
        authority_put(authority, &authority->relations, relation->statement.bytes, relation, NULL);
    if (status != STATUS_OK) {
        return status;
    }
    if (said->until_ms != 0 && said->until_ms < authority->now.next_end_ms) {
        authority->now.next_end_ms = said->until_ms;
    }
    consider_relation(judgement, staff);
    return STATUS_OK;
}

static enum status apply_relation_end(struct authority_judgement *judgement)
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
    AUTHORITY_UNDO(authority, relation->ended_seq);
    relation->ended_seq = judgement->seq;
    /* Another relation that ends by the clock may be what holds now. */
    authority->now.next_end_ms = 0;
    consider_relation(judgement, staff);
    return STATUS_OK;
}

static enum status apply_suspension(struct authority_judgement *judgement)
{
    struct authority *authority = judgement->authority;
    struct member_node *subject = judgement->subject;
    enum status status = authority_touched_reserve(authority, subject->section_count);
    struct authority_span *span =
        status == STATUS_OK ? authority_make(authority, sizeof *span, free) : NULL;
    if (span == NULL) {
        return STATUS_NO_MEMORY;
    }
    *span = (struct authority_span){judgement->seq, AUTHORITY_NEVER, subject->pub.suspensions};
    AUTHORITY_UNDO(authority, subject->pub.suspensions);
    subject->pub.suspensions = span;
    consider_sections(judgement, subject);
    return STATUS_OK;
}

static enum status apply_resumption(struct authority_judgement *judgement)
{
    struct authority *authority = judgement->authority;
    struct authority_span *span = judgement->subject->pub.suspensions;
    CHECK(span != NULL && span->to_seq == AUTHORITY_NEVER);
    enum status status = authority_touched_reserve(authority, judgement->subject->section_count);
    if (status != STATUS_OK) {
        return status;
    }
    AUTHORITY_UNDO(authority, span->to_seq);
    span->to_seq = judgement->seq;
    authority->now.next_end_ms = 0;
    consider_sections(judgement, judgement->subject);
    return STATUS_OK;
}

enum status authority_apply_member(struct authority_judgement *judgement)
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
