#include "tests/fuzz/world.h"

#include "tests/fuzz/world_bodies.h"

struct member_id world_member(uint8_t index)
{
    struct member_id id;
    memset(id.bytes, 0x40, sizeof id.bytes);
    id.bytes[0] = (uint8_t)(1u + index % WORLD_MEMBERS);
    return id;
}

struct section_id world_section(uint8_t index)
{
    struct section_id id;
    memset(id.bytes, 0x41, sizeof id.bytes);
    id.bytes[0] = (uint8_t)(1u + index % WORLD_SECTIONS);
    return id;
}

static struct chain_label world_label(enum statement_subject subject, const struct world_ask *ask)
{
    uint8_t other = (ask->option & WORLD_OTHER_CHAIN) != 0 ? 1u : 0u;
    struct chain_label label;
    memset(label.bytes, 0x30 + (int)subject, sizeof label.bytes);
    label.bytes[0] = 1;
    if (subject == STATEMENT_OF_MEMBER) {
        label.bytes[0] = world_member((uint8_t)(ask->subject + other)).bytes[0];
    } else if (subject == STATEMENT_OF_SECTION) {
        label.bytes[0] = world_section((uint8_t)(ask->section + other)).bytes[0];
    }
    return label;
}

static const struct authority_device *world_device(const struct authority *authority,
                                                   const struct world_ask *ask)
{
    const struct member_id id = world_member(ask->signer);
    const struct authority_member *member = authority_member(authority, &id);
    const struct authority_device *device = member != NULL ? member->devices : NULL;
    if (device != NULL && device->next != NULL && (ask->option & WORLD_NEWER_DEVICE) != 0) {
        device = device->next;
    }
    return device;
}

static void world_link(const struct authority *authority, const struct world_ask *ask,
                       struct world_body *body)
{
    enum statement_signer by = body->rule.signer[0];
    bool root = by == STATEMENT_BY_ROOT || (by == STATEMENT_BY_ISSUER && (ask->signer & 0x80u));
    const struct authority_device *device = world_device(authority, ask);
    alcove__link__init(&body->link);
    body->label = world_label(body->rule.subject, ask);
    const struct authority_chain *chain = authority_chain(authority, &body->label);
    body->link.label = field_of(body->label.bytes, HASH_BYTES);
    body->link.number = chain != NULL ? chain->count : 0;
    body->previous = chain != NULL ? chain->last : (struct hash){{0}};
    if ((ask->option & WORLD_WRONG_NUMBER) != 0) {
        body->link.number++;
    }
    if (chain != NULL) {
        body->link.previous = field_of(body->previous.bytes, HASH_BYTES);
    }
    if (!root) {
        uint8_t who = by == STATEMENT_BY_IDENTITY ? ask->subject : ask->signer;
        body->member = world_member(who);
        body->link.member = field_of(body->member.bytes, ID_BYTES);
    }
    if (!root && by != STATEMENT_BY_IDENTITY) {
        body->device = device != NULL ? device->statement : (struct hash){{1}};
        body->link.device = field_of(body->device.bytes, HASH_BYTES);
    }
}

/* |serial| tells a member's devices apart. */
static void world_device_keys(struct world_body *body, uint8_t subject, uint8_t serial)
{
    uint8_t index = (uint8_t)(1u + subject % WORLD_MEMBERS);
    alcove__device_keys__init(&body->keys);
    body->keys.device =
        world_bodies_fill(&body->rooms[4], (uint8_t)(0x50 + serial), index, ID_BYTES);
    body->keys.content_key =
        world_bodies_fill(&body->rooms[5], (uint8_t)(0x70 + serial), index, HASH_BYTES);
    body->keys.login_key =
        world_bodies_fill(&body->rooms[6], (uint8_t)(0x90 + serial), index, HASH_BYTES);
    body->keys.sealing_key =
        world_bodies_fill(&body->rooms[7], (uint8_t)(0xb0 + serial), index, HASH_BYTES);
    body->keys.suite_min = 1;
}

static void world_seals(const struct authority *authority, const struct world_ask *ask,
                        const struct authority_section *section, uint64_t now_ms,
                        struct world_body *body)
{
    if (section == NULL ||
        authority_recipients(authority, section, authority_now(now_ms), body->recipients,
                             ARRAY_LEN(body->recipients), &body->recipient_count) != STATUS_OK) {
        body->recipient_count = 0;
    }
    if (body->recipient_count > 1u && (ask->option & WORLD_WRONG_LIST) != 0) {
        body->recipient_count--;
    }
    for (size_t i = 0; i < body->recipient_count; i++) {
        Alcove__Seal *seal = &body->seals[i];
        alcove__seal__init(seal);
        seal->kind = body->recipients[i].kind;
        seal->recipient = field_of(body->recipients[i].hash.bytes, HASH_BYTES);
        seal->mode = SEAL_BASE;
        seal->share = world_bodies_fill(&body->rooms[0], 0x11, 1, SEAL_SHARE_BYTES);
        seal->sealed = world_bodies_fill(&body->rooms[1], 0x12, 1, SEAL_SEALED_BYTES);
        body->seal_list[i] = seal;
        alcove__reseal_key__init(&body->reseal_keys[i]);
        body->reseal_keys[i].epoch = ask->value % 4u + 1u;
        body->reseal_keys[i].seal = seal;
        body->reseal_list[i] = &body->reseal_keys[i];
    }
}

static const struct hash *world_object(const struct authority *authority,
                                       const struct world_ask *ask,
                                       const struct authority_section *section)
{
    const struct member_id id = world_member(ask->subject);
    const struct authority_member *subject = authority_member(authority, &id);
    static const struct hash unknown = {{9}};
    switch (ask->type) {
    case STATEMENT_DEVICE_REVOCATION:
        return subject != NULL && subject->devices != NULL ? &subject->devices->statement
                                                           : &unknown;
    case STATEMENT_RELATION_END:
        return subject != NULL && subject->relations != NULL ? &subject->relations->statement
                                                             : &unknown;
    case STATEMENT_REVOCATION:
        return section != NULL && section->grant_count > 0
                   ? &section->grants[ask->value % section->grant_count].statement
                   : &unknown;
    case STATEMENT_INVITATION: {
        const struct member_id signer_id = world_member(ask->signer);
        const struct authority_member *signer = authority_member(authority, &signer_id);
        return signer != NULL && signer->delegations != NULL ? &signer->delegations->statement
                                                             : &unknown;
    }
    default:
        return section != NULL && section->epoch_count > 0
                   ? &section->epochs[section->epoch_count - 1u].statement
                   : &unknown;
    }
}

static struct span world_body_bytes(const struct authority *authority, const struct world_ask *ask,
                                    uint64_t now_ms, struct world_body *body)
{
    const struct authority_section *section = authority_section(authority, &body->section);
    const struct hash *object = world_object(authority, ask, section);
    uint64_t until_ms = (ask->option & WORLD_WITH_END) != 0 ? now_ms + WORLD_DAY_MS : 0;
    world_device_keys(body, ask->subject, ask->type == STATEMENT_DEVICE ? 1u + ask->value % 8u : 0);
    world_seals(authority, ask, section, now_ms, body);
    switch (body->rule.subject) {
    case STATEMENT_OF_PRACTICE:
        return world_bodies_practice(ask, body);
    case STATEMENT_OF_MEMBER:
        if (body->rule.type == STATEMENT_INVITATION) {
            return world_bodies_invitation(ask, object, now_ms, body);
        }
        return body->rule.type == STATEMENT_ENROLMENT
                   ? world_bodies_enrolment(body)
                   : world_bodies_member(ask, object, until_ms, body);
    case STATEMENT_OF_SECTION:
        break;
    }
    switch (body->rule.type) {
    case STATEMENT_SECTION:
        return world_bodies_section(authority, ask, body);
    case STATEMENT_GRANT:
        return world_bodies_grant(authority, ask, until_ms, body);
    case STATEMENT_EPOCH:
        return world_bodies_epoch(authority, section, object, now_ms, body);
    default:
        return world_bodies_section_chain(object, body);
    }
}

struct span world_statement(const struct authority *authority, const struct world_ask *ask,
                            uint64_t now_ms)
{
    static const uint8_t signature[SIGNATURE_BYTES] = {1};
    Alcove__Statement statement = ALCOVE__STATEMENT__INIT;
    const struct statement_rule *rule = statement_rule(ask->type);
    CHECK(rule != NULL);
    struct world_body body = {.recipient_count = 0};
    body.rule = *rule;
    body.subject = world_member(ask->subject);
    body.section = world_section(ask->section);
    world_link(authority, ask, &body);
    struct span inner = world_body_bytes(authority, ask, now_ms, &body);
    ProtobufCBinaryData signatures[STATEMENT_SIGNATURES_MAX];
    for (size_t i = 0; i < rule->signatures; i++) {
        signatures[i] = field_of(signature, sizeof signature);
    }
    statement.suite = 1;
    statement.type = rule->type;
    statement.body = field_of(inner.data, inner.size);
    statement.n_signature = rule->signatures;
    statement.signature = signatures;
    struct span bytes = world_bodies_packed(&statement.base);
    union {
        const uint8_t *data;
        void *owned;
    } made = {.data = inner.data};
    free(made.owned);
    return bytes;
}
