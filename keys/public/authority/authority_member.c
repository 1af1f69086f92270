#include "keys/public/authority/authority_internal.h"

/* ---------------------------------------------------------------- who may invite whom */

static enum status judge_delegate(struct authority_judgement *judgement)
{
    const struct statement_invitation *invitation = &judgement->statement->u.invitation;
    if (judgement->signer == NULL) {
        return authority_refuse(judgement, AUTHORITY_WRONG_SIGNER);
    }
    if (!authority_permits(judgement, ACTION_INVITE_CLIENT, CLASS_NONE, NULL, NULL)) {
        return STATUS_REFUSED;
    }
    const struct authority_delegation *d = judgement->signer->pub.delegations;
    while (d != NULL && !ID_EQUAL(&d->statement, &invitation->authority)) {
        d = d->next;
    }
    if (d == NULL || d->seq >= judgement->seq) {
        return authority_refuse(judgement, AUTHORITY_BAD_BASIS);
    }
    if (d->until_ms != 0 && d->until_ms <= judgement->time_ms) {
        return authority_refuse(judgement, AUTHORITY_EXPIRED);
    }
    judgement->result->basis = d->statement;
    return STATUS_OK;
}

/* Only the root invites admins and auditors, an admin invites therapists, and a therapist to whom
 * an admin delegated it invites clients (decisions 9, 25). */
static enum status judge_inviter(struct authority_judgement *judgement)
{
    const struct statement_invitation *invitation = &judgement->statement->u.invitation;
    bool by_root = judgement->statement->link.by_root;
    switch (invitation->role) {
    case ROLE_ADMIN:
    case ROLE_AUDITOR:
        return by_root ? STATUS_OK : authority_refuse(judgement, AUTHORITY_WRONG_SIGNER);
    case ROLE_THERAPIST:
        if (by_root) {
            return authority_refuse(judgement, AUTHORITY_WRONG_SIGNER);
        }
        return authority_permits(judgement, ACTION_INVITE_STAFF, CLASS_NONE, NULL, NULL)
                   ? STATUS_OK
                   : STATUS_REFUSED;
    case ROLE_CLIENT:
        return judge_delegate(judgement);
    default:
        return authority_refuse(judgement, AUTHORITY_BAD_ROLE);
    }
}

static enum status judge_invitation(struct authority_judgement *judgement)
{
    const struct statement_invitation *invitation = &judgement->statement->u.invitation;
    judgement->result->subject = invitation->invited;
    enum status status = judge_inviter(judgement);
    if (status != STATUS_OK) {
        return status;
    }
    if (invitation->has_authority != (invitation->role == ROLE_CLIENT)) {
        return authority_refuse(judgement, AUTHORITY_BAD_BASIS);
    }
    if (invitation->expires_ms <= judgement->time_ms) {
        return authority_refuse(judgement, AUTHORITY_EXPIRED);
    }
    /* The signer may invite and still names a member who exists: that is never a mistake. */
    if (authority_member(judgement->authority, &invitation->invited) != NULL) {
        judgement->result->reason = AUTHORITY_SECOND_IDENTITY;
        return STATUS_EQUIVOCATION;
    }
    return authority_member_count(judgement->authority) < PRACTICE_MEMBERS_MAX
               ? STATUS_OK
               : authority_refuse(judgement, AUTHORITY_LIMIT);
}

/* ---------------------------------------------------------------- persons and devices */

static bool keys_distinct(const struct device_keys *keys)
{
    return !ID_EQUAL(&keys->content, &keys->login) && !ID_EQUAL(&keys->content, &keys->sealing) &&
           !ID_EQUAL(&keys->login, &keys->sealing);
}

/* Open invitations end with the member who made them: a member about to be removed could come
 * back by one as somebody else. They also end with the device that signed them, since a thief
 * of the device may have made them. */
static enum status judge_inviter_still_in(struct authority_judgement *judgement,
                                          const struct authority_member *invited)
{
    const struct authority *authority = judgement->authority;
    if (invited->by_root) {
        return STATUS_OK;
    }
    if (!authority_active(authority_member(authority, &invited->inviter), judgement->when)) {
        return authority_refuse(judgement, AUTHORITY_SIGNER_SUSPENDED);
    }
    return authority_device_live(authority_device(authority, &invited->inviter_device),
                                 judgement->when)
               ? STATUS_OK
               : authority_refuse(judgement, AUTHORITY_SIGNER_REVOKED);
}

static enum status judge_enrolment(struct authority_judgement *judgement)
{
    const struct statement_enrolment *enrolment = &judgement->statement->u.enrolment;
    const struct authority_member *member = &judgement->subject->pub;
    judgement->result->basis_kind = BASIS_INVITATION;
    judgement->result->basis = member->invitation;
    if (member->enrolled) {
        return authority_refuse(judgement, AUTHORITY_SECOND_IDENTITY);
    }
    if (member->expires_ms <= judgement->time_ms) {
        return authority_refuse(judgement, AUTHORITY_EXPIRED);
    }
    enum status status = judge_inviter_still_in(judgement, member);
    if (status != STATUS_OK) {
        return status;
    }
    /* One key, one use: no two keys of an enrolment may be equal. */
    if (!keys_distinct(&enrolment->device) ||
        ID_EQUAL(&enrolment->identity_key, &enrolment->device.content) ||
        ID_EQUAL(&enrolment->identity_key, &enrolment->device.login) ||
        ID_EQUAL(&enrolment->identity_key, &enrolment->recovery_signing_key) ||
        ID_EQUAL(&enrolment->identity_key, &member->invitation_key)) {
        return authority_refuse(judgement, AUTHORITY_BAD_KEYS);
    }
    return STATUS_OK;
}

/* In every section the member is in, the next epoch still has room for one more. */
static bool device_fits(const struct authority_judgement *judgement)
{
    const struct member_node *member = judgement->subject;
    for (size_t i = 0; i < member->section_count; i++) {
        const struct authority_section *section = &member->sections[i]->pub;
        if (authority_rights(judgement->authority, section, &member->pub, judgement->when, NULL) !=
                RIGHT_NONE &&
            !authority_recipients_fit(judgement->authority, section, judgement->when, 1)) {
            return false;
        }
    }
    return true;
}

static enum status judge_device(struct authority_judgement *judgement)
{
    const struct device_keys *keys = &judgement->statement->u.device;
    if (!authority_permits(judgement, ACTION_DEVICE, CLASS_NONE, NULL, NULL)) {
        return STATUS_REFUSED;
    }
    const struct authority_device *d = judgement->subject->pub.devices;
    size_t count = 0;
    for (; d != NULL; d = d->next) {
        count++;
        if (ID_EQUAL(&d->keys.id, &keys->id) || ID_EQUAL(&d->keys.content, &keys->content) ||
            ID_EQUAL(&d->keys.login, &keys->login) || ID_EQUAL(&d->keys.sealing, &keys->sealing)) {
            return authority_refuse(judgement, AUTHORITY_EXISTS);
        }
    }
    if (!keys_distinct(keys) || ID_EQUAL(&keys->content, &judgement->subject->pub.identity_key)) {
        return authority_refuse(judgement, AUTHORITY_BAD_KEYS);
    }
    return count < MEMBER_DEVICES_MAX && device_fits(judgement)
               ? STATUS_OK
               : authority_refuse(judgement, AUTHORITY_LIMIT);
}

static enum status judge_device_revocation(struct authority_judgement *judgement)
{
    const struct hash *revoked = &judgement->statement->u.revoked;
    const struct authority_device *device = authority_device(judgement->authority, revoked);
    bool own = judgement->signer == judgement->subject;
    uint32_t action = own ? ACTION_DEVICE : ACTION_REVOKE_DEVICE;
    if (!authority_permits(judgement, action, CLASS_NONE, NULL, NULL)) {
        return STATUS_REFUSED;
    }
    if (device == NULL || !ID_EQUAL(&device->member, &judgement->subject->pub.id) ||
        device->seq >= judgement->seq) {
        return authority_refuse(judgement, AUTHORITY_UNKNOWN_SUBJECT);
    }
    /* Without devices an admin or auditor is as good as suspended, which is the root's to do. */
    if (device == judgement->device || (!own && judgement->subject->pub.by_root)) {
        return authority_refuse(judgement, AUTHORITY_WRONG_SIGNER);
    }
    if (device->revoked_seq != AUTHORITY_NEVER) {
        return authority_refuse(judgement, AUTHORITY_ALREADY_ENDED);
    }
    return STATUS_OK;
}

/* ---------------------------------------------------------------- relations */

static enum status judge_delegation(struct authority_judgement *judgement)
{
    uint64_t until_ms = judgement->statement->u.delegated_until_ms;
    if (!authority_permits(judgement, ACTION_DELEGATE, CLASS_NONE, NULL, NULL)) {
        return STATUS_REFUSED;
    }
    if (judgement->subject->pub.role != ROLE_THERAPIST) {
        return authority_refuse(judgement, AUTHORITY_BAD_ROLE);
    }
    return until_ms == 0 || until_ms > judgement->time_ms
               ? STATUS_OK
               : authority_refuse(judgement, AUTHORITY_EXPIRED);
}

/* Whether |above| supervises or trains |below|, be it by others in between: walks up from |below|. */
static bool is_above(const struct authority_judgement *judgement, const struct member_node *above,
                     struct member_node *below)
{
    struct member_node *last = below;
    below->walked = true;
    for (struct member_node *node = below; node != NULL; node = node->walk_next) {
        for (const struct authority_relation *r = node->pub.relations; r != NULL; r = r->next) {
            struct member_node *next = authority_member_node(judgement->authority, &r->staff);
            bool up = r->kind == RELATION_SUPERVISES || r->kind == RELATION_TRAINS;
            if (up && next != NULL && !next->walked &&
                authority_relation_live(r, judgement->when)) {
                next->walked = true;
                last->walk_next = next;
                last = next;
            }
        }
    }
    bool found = above->walked;
    while (below != NULL) {
        struct member_node *next = below->walk_next;
        below->walked = false;
        below->walk_next = NULL;
        below = next;
    }
    return found;
}

static enum status judge_relation(struct authority_judgement *judgement)
{
    const struct statement_relation *relation = &judgement->statement->u.relation;
    const struct authority_member *staff = authority_member(judgement->authority, &relation->staff);
    if (!authority_permits(judgement, ACTION_RELATE, CLASS_NONE, NULL, NULL)) {
        return STATUS_REFUSED;
    }
    if (staff == NULL || staff->seq >= judgement->seq) {
        return authority_refuse(judgement, AUTHORITY_UNKNOWN_SUBJECT);
    }
    bool of_client = relation->kind == RELATION_TREATS || relation->kind == RELATION_COVERS;
    uint32_t subject_role = of_client ? ROLE_CLIENT : ROLE_THERAPIST;
    if (staff->role != ROLE_THERAPIST || judgement->subject->pub.role != subject_role ||
        staff == &judgement->subject->pub) {
        return authority_refuse(judgement, AUTHORITY_BAD_ROLE);
    }
    if (!of_client && is_above(judgement, judgement->subject,
                               authority_member_node(judgement->authority, &relation->staff))) {
        return authority_refuse(judgement, AUTHORITY_CIRCLE);
    }
    return relation->until_ms == 0 || relation->until_ms > judgement->time_ms
               ? STATUS_OK
               : authority_refuse(judgement, AUTHORITY_EXPIRED);
}

static enum status judge_relation_end(struct authority_judgement *judgement)
{
    const struct authority_relation *relation =
        authority_relation(judgement->authority, &judgement->statement->u.relation_ended);
    if (!authority_permits(judgement, ACTION_RELATE, CLASS_NONE, NULL, NULL)) {
        return STATUS_REFUSED;
    }
    if (relation == NULL || !ID_EQUAL(&relation->subject, &judgement->subject->pub.id)) {
        return authority_refuse(judgement, AUTHORITY_UNKNOWN_SUBJECT);
    }
    return relation->ended_seq == AUTHORITY_NEVER
               ? STATUS_OK
               : authority_refuse(judgement, AUTHORITY_ALREADY_ENDED);
}

/* A suspension in the place of the enrolment: the invitation is withdrawn for good, since nothing
 * may follow it. Whoever invited may withdraw, and whoever may suspend. */
static enum status judge_withdrawal(struct authority_judgement *judgement, bool suspends)
{
    const struct authority_member *member = &judgement->subject->pub;
    if (!suspends) {
        return authority_refuse(judgement, AUTHORITY_UNKNOWN_SUBJECT);
    }
    bool own = judgement->signer != NULL && ID_EQUAL(&judgement->signer->pub.id, &member->inviter);
    if (own && !member->by_root) {
        judgement->result->action = ACTION_SUSPEND;
        judgement->result->basis_kind = BASIS_INVITATION;
        judgement->result->basis = member->invitation;
        return STATUS_OK;
    }
    return judgement->signer == NULL ||
                   authority_permits(judgement, ACTION_SUSPEND, CLASS_NONE, NULL, NULL)
               ? STATUS_OK
               : STATUS_REFUSED;
}

/* Only the root suspends a member whom the root appointed; an admin's device suspends everybody
 * else. So an admin who misbehaves cannot shut out the auditor. */
static enum status judge_suspension(struct authority_judgement *judgement, bool suspends)
{
    const struct authority_member *member = &judgement->subject->pub;
    if (judgement->statement->link.by_root != member->by_root) {
        return authority_refuse(judgement, AUTHORITY_WRONG_SIGNER);
    }
    if (!member->enrolled) {
        return judge_withdrawal(judgement, suspends);
    }
    if (!judgement->statement->link.by_root &&
        !authority_permits(judgement, ACTION_SUSPEND, CLASS_NONE, NULL, NULL)) {
        return STATUS_REFUSED;
    }
    bool active = authority_active(member, judgement->when);
    return active == suspends ? STATUS_OK : authority_refuse(judgement, AUTHORITY_ALREADY_ENDED);
}

enum status authority_judge_member(struct authority_judgement *judgement)
{
    switch (judgement->statement->rule->type) {
    case STATEMENT_INVITATION:
        return judge_invitation(judgement);
    case STATEMENT_ENROLMENT:
        return judge_enrolment(judgement);
    case STATEMENT_DEVICE:
        return judge_device(judgement);
    case STATEMENT_DEVICE_REVOCATION:
        return judge_device_revocation(judgement);
    case STATEMENT_DELEGATION:
        return judge_delegation(judgement);
    case STATEMENT_RELATION:
        return judge_relation(judgement);
    case STATEMENT_RELATION_END:
        return judge_relation_end(judgement);
    case STATEMENT_SUSPENSION:
        return judge_suspension(judgement, true);
    case STATEMENT_RESUMPTION:
        return judge_suspension(judgement, false);
    default:
        return STATUS_MALFORMED;
    }
}
