#include "tests/fuzz/world_bodies.h"

ProtobufCBinaryData world_bodies_fill(struct world_bytes *room, uint8_t kind, uint8_t index,
                                      size_t size)
{
    memset(room->bytes, kind, sizeof room->bytes);
    room->bytes[0] = index;
    return field_of(room->bytes, size);
}

struct span world_bodies_packed(ProtobufCMessage *message)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    CHECK(message_pack(message, &bytes, &size) == STATUS_OK);
    return span_of(bytes, size);
}

struct span world_bodies_practice(const struct world_ask *ask, struct world_body *body)
{
    Alcove__Genesis genesis = ALCOVE__GENESIS__INIT;
    Alcove__ServerKeys keys = ALCOVE__SERVER_KEYS__INIT;
    Alcove__WitnessPolicy policy = ALCOVE__WITNESS_POLICY__INIT;
    genesis.link = &body->link;
    genesis.root_key = world_bodies_fill(&body->rooms[0], 0x21, 1, PUBLIC_KEY_BYTES);
    genesis.salt = world_bodies_fill(&body->rooms[1], 0x22, 1, HASH_BYTES);
    keys.link = &body->link;
    keys.login_key = world_bodies_fill(&body->rooms[2], 0x23, ask->value & 1u, PUBLIC_KEY_BYTES);
    keys.log_key = world_bodies_fill(&body->rooms[3], 0x24, 1, PUBLIC_KEY_BYTES);
    keys.tls_pin = world_bodies_fill(&body->rooms[4], 0x25, 1, HASH_BYTES);
    policy.link = &body->link;
    policy.policy = world_bodies_fill(&body->rooms[5], 0x26, ask->value, 8);
    switch (body->rule.type) {
    case STATEMENT_GENESIS:
        return world_bodies_packed(&genesis.base);
    case STATEMENT_SERVER_KEYS:
        return world_bodies_packed(&keys.base);
    default:
        return world_bodies_packed(&policy.base);
    }
}

struct span world_bodies_invitation(const struct world_ask *ask, const struct hash *object,
                                    uint64_t now_ms, struct world_body *body)
{
    Alcove__Invitation invitation = ALCOVE__INVITATION__INIT;
    invitation.link = &body->link;
    invitation.invited = field_of(body->subject.bytes, ID_BYTES);
    invitation.role = ask->value % 6u;
    invitation.key =
        world_bodies_fill(&body->rooms[0], 0x31, body->subject.bytes[0], PUBLIC_KEY_BYTES);
    invitation.expires_ms = now_ms + 7u * WORLD_DAY_MS;
    if (invitation.role == ROLE_CLIENT) {
        body->object = *object;
        invitation.authority = field_of(body->object.bytes, HASH_BYTES);
    }
    return world_bodies_packed(&invitation.base);
}

struct span world_bodies_enrolment(struct world_body *body)
{
    Alcove__Enrolment enrolment = ALCOVE__ENROLMENT__INIT;
    uint8_t index = body->subject.bytes[0];
    enrolment.link = &body->link;
    enrolment.identity_key = world_bodies_fill(&body->rooms[0], 0x32, index, PUBLIC_KEY_BYTES);
    enrolment.device = &body->keys;
    enrolment.recovery_sealing_key =
        world_bodies_fill(&body->rooms[1], 0x33, index, PUBLIC_KEY_BYTES);
    enrolment.recovery_signing_key =
        world_bodies_fill(&body->rooms[2], 0x34, index, PUBLIC_KEY_BYTES);
    return world_bodies_packed(&enrolment.base);
}

/* Bodies of a member's chain that name a time, a person or an object. */
struct span world_bodies_member(const struct world_ask *ask, const struct hash *object,
                                uint64_t until_ms, struct world_body *body)
{
    Alcove__Device device = ALCOVE__DEVICE__INIT;
    Alcove__DeviceRevocation revocation = ALCOVE__DEVICE_REVOCATION__INIT;
    Alcove__Delegation delegation = ALCOVE__DELEGATION__INIT;
    Alcove__Relation relation = ALCOVE__RELATION__INIT;
    Alcove__RelationEnd relation_end = ALCOVE__RELATION_END__INIT;
    Alcove__Suspension suspension = ALCOVE__SUSPENSION__INIT;
    Alcove__Resumption resumption = ALCOVE__RESUMPTION__INIT;
    struct member_id staff = world_member((uint8_t)(ask->value / 8u));
    device.link = &body->link;
    device.device = &body->keys;
    revocation.link = &body->link;
    revocation.revoked = field_of(object->bytes, HASH_BYTES);
    delegation.link = &body->link;
    delegation.until_ms = until_ms;
    relation.link = &body->link;
    relation.staff = field_of(staff.bytes, ID_BYTES);
    relation.kind = ask->value % 6u;
    relation.until_ms = until_ms;
    relation_end.link = &body->link;
    relation_end.relation = field_of(object->bytes, HASH_BYTES);
    suspension.link = &body->link;
    resumption.link = &body->link;
    ProtobufCMessage *const messages[] = {
        [STATEMENT_DEVICE - STATEMENT_DEVICE] = &device.base,
        [STATEMENT_DEVICE_REVOCATION - STATEMENT_DEVICE] = &revocation.base,
        [STATEMENT_DELEGATION - STATEMENT_DEVICE] = &delegation.base,
        [STATEMENT_RELATION - STATEMENT_DEVICE] = &relation.base,
        [STATEMENT_RELATION_END - STATEMENT_DEVICE] = &relation_end.base,
        [STATEMENT_SUSPENSION - STATEMENT_DEVICE] = &suspension.base,
        [STATEMENT_RESUMPTION - STATEMENT_DEVICE] = &resumption.base,
    };
    return world_bodies_packed(messages[body->rule.type - STATEMENT_DEVICE]);
}

struct span world_bodies_section(const struct authority *authority, const struct world_ask *ask,
                                 struct world_body *body)
{
    Alcove__Section section = ALCOVE__SECTION__INIT;
    const struct authority_member *client = authority_member(authority, &body->subject);
    section.link = &body->link;
    section.section = field_of(body->section.bytes, ID_BYTES);
    section.class_ = ask->value % 9u;
    if (section.class_ != CLASS_DIRECTORY) {
        section.chart = world_bodies_fill(&body->rooms[0], 0x35, body->subject.bytes[0], ID_BYTES);
        if (authority_practice(authority) != NULL) {
            struct chart_id chart;
            statement_chart_id(&body->subject, authority_practice(authority), &chart);
            memcpy(body->rooms[0].bytes, chart.bytes, ID_BYTES);
        }
        section.client = field_of(body->subject.bytes, ID_BYTES);
        body->object = client != NULL ? client->identity : (struct hash){{1}};
        section.client_identity = field_of(body->object.bytes, HASH_BYTES);
    }
    return world_bodies_packed(&section.base);
}

struct span world_bodies_grant(const struct authority *authority, const struct world_ask *ask,
                               uint64_t until_ms, struct world_body *body)
{
    Alcove__Grant grant = ALCOVE__GRANT__INIT;
    const struct authority_member *member = authority_member(authority, &body->subject);
    body->object = member != NULL ? member->identity : (struct hash){{1}};
    grant.link = &body->link;
    grant.member = field_of(body->subject.bytes, ID_BYTES);
    grant.identity = field_of(body->object.bytes, HASH_BYTES);
    grant.rights = ask->value % 9u;
    grant.until_ms = until_ms;
    grant.history_from = ask->value >> 6;
    const struct authority_section *section = authority_section(authority, &body->section);
    struct hash basis = {{0}};
    if (member != NULL && section != NULL) {
        (void)authority_basis_of(authority, section, member, grant.rights, authority_now(until_ms),
                                 &grant.basis_kind, &basis);
    }
    if (grant.basis_kind == BASIS_RELATION) {
        grant.basis = world_bodies_fill(&body->rooms[1], 0x37, 0, HASH_BYTES);
        memcpy(body->rooms[1].bytes, basis.bytes, HASH_BYTES);
    } else if (grant.basis_kind == BASIS_NONE) {
        grant.basis_kind = BASIS_OWNER;
    }
    return world_bodies_packed(&grant.base);
}

struct span world_bodies_epoch(const struct authority *authority,
                               const struct authority_section *section, const struct hash *last,
                               uint64_t now_ms, struct world_body *body)
{
    Alcove__Epoch epoch = ALCOVE__EPOCH__INIT;
    epoch.link = &body->link;
    epoch.epoch = section != NULL ? section->epoch_count + 1u : 1u;
    if (epoch.epoch > 1u) {
        epoch.previous_epoch = field_of(last->bytes, HASH_BYTES);
    }
    if (section != NULL) {
        authority_membership(authority, section, authority_now(now_ms), &body->membership);
    }
    epoch.membership = field_of(body->membership.bytes, HASH_BYTES);
    epoch.commitment = world_bodies_fill(&body->rooms[2], 0x36, (uint8_t)epoch.epoch, HASH_BYTES);
    epoch.section_number = 1;
    epoch.section_head = world_bodies_fill(&body->rooms[3], 0x37, 1, HASH_BYTES);
    epoch.n_seal = body->recipient_count;
    epoch.seal = body->seal_list;
    return world_bodies_packed(&epoch.base);
}

/* Bodies of a section's chain after its first. */
struct span world_bodies_section_chain(const struct hash *object, struct world_body *body)
{
    Alcove__Revocation revocation = ALCOVE__REVOCATION__INIT;
    Alcove__Reseal reseal = ALCOVE__RESEAL__INIT;
    Alcove__BadSeal bad_seal = ALCOVE__BAD_SEAL__INIT;
    revocation.link = &body->link;
    revocation.grant = field_of(object->bytes, HASH_BYTES);
    reseal.link = &body->link;
    reseal.section_number = 1;
    reseal.section_head = world_bodies_fill(&body->rooms[3], 0x37, 1, HASH_BYTES);
    reseal.n_key = body->recipient_count;
    reseal.key = body->reseal_list;
    bad_seal.link = &body->link;
    bad_seal.statement = field_of(object->bytes, HASH_BYTES);
    switch (body->rule.type) {
    case STATEMENT_REVOCATION:
        return world_bodies_packed(&revocation.base);
    case STATEMENT_RESEAL:
        return world_bodies_packed(&reseal.base);
    default:
        return world_bodies_packed(&bad_seal.base);
    }
}
