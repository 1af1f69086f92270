#include "tests/support/make_statements.h"

#include <sodium.h>

#include "keys/public/frame.h"
#include "keys/public/hash.h"
#include "tests/support/make_internal.h"
#include "tests/support/test.h"

#define DAY_MS 86400000ull

struct make_key make_key_new(void)
{
    struct make_key key;
    assert_int_equal(crypto_sign_keypair(key.public.bytes, key.secret), 0);
    return key;
}

/* ---------------------------------------------------------------- signing */

static void *must(void *memory)
{
    assert_non_null(memory);
    return memory;
}

static struct made keep(struct make_world *world, uint8_t *bytes, size_t size, bool genesis)
{
    struct made made = {.bytes = span_of(bytes, size)};
    statement_hash(made.bytes, genesis ? NULL : &world->practice, &made.hash);
    if (world->made_count == world->made_capacity) {
        world->made_capacity = world->made_capacity * 2u + 64u;
        world->made = must(reallocarray(world->made, world->made_capacity, sizeof *world->made));
    }
    world->made[world->made_count++] = made;
    return made;
}

static struct made sign(struct make_world *world, uint32_t type, ProtobufCMessage *body,
                        const struct make_key *const key[STATEMENT_SIGNATURES_MAX])
{
    const struct statement_rule *rule = statement_rule(type);
    const struct practice_id *practice = type == STATEMENT_GENESIS ? NULL : &world->practice;
    Alcove__Statement outer = ALCOVE__STATEMENT__INIT;
    if (world->tamper != NULL) {
        world->tamper(world->tamper_context, body);
    }
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(message_pack(body, &bytes, &size), STATUS_OK);
    outer.suite = 1;
    outer.type = type;
    outer.body = field_of(bytes, size);
    uint8_t signatures[STATEMENT_SIGNATURES_MAX][SIGNATURE_BYTES];
    ProtobufCBinaryData fields[STATEMENT_SIGNATURES_MAX];
    for (size_t i = 0; i < rule->signatures; i++) {
        const struct make_key *with = world->sign_with[i] != NULL ? world->sign_with[i] : key[i];
        struct span part = span_of(bytes, size);
        struct frame frame;
        assert_int_equal(frame_build(rule->label, practice, &part, 1, &frame), STATUS_OK);
        assert_int_equal(
            crypto_sign_detached(signatures[i], NULL, frame.data, frame.size, with->secret), 0);
        frame_free(&frame);
        fields[i] = field_of(signatures[i], SIGNATURE_BYTES);
    }
    outer.n_signature = rule->signatures;
    outer.signature = fields;
    uint8_t *packed = NULL;
    size_t packed_size = 0;
    assert_int_equal(message_pack(&outer.base, &packed, &packed_size), STATUS_OK);
    free(bytes);
    world->tamper = NULL;
    memset(world->sign_with, 0, sizeof world->sign_with);
    return keep(world, packed, packed_size, type == STATEMENT_GENESIS);
}

/* The next place of a chain. Member and device NULL: not named. */
static void set_link(const struct make_world *world, Alcove__Link *link,
                     const struct chain_label *label, const struct member_id *member,
                     const struct hash *device)
{
    const struct authority_chain *chain = authority_chain(world->authority, label);
    alcove__link__init(link);
    link->label = field_of(label->bytes, HASH_BYTES);
    if (chain != NULL) {
        link->number = chain->count;
        link->previous = field_of(chain->last.bytes, HASH_BYTES);
    }
    if (member != NULL) {
        link->member = field_of(member->bytes, ID_BYTES);
    }
    if (device != NULL) {
        link->device = field_of(device->bytes, HASH_BYTES);
    }
}

/* By a person's device, or by the root when |signer| is NULL. */
const struct make_key *make_link_by(const struct make_world *world, Alcove__Link *link,
                                    const struct chain_label *label,
                                    const struct make_person *signer, size_t device)
{
    if (signer == NULL) {
        set_link(world, link, label, NULL, NULL);
        return &world->root;
    }
    set_link(world, link, label, &signer->id, &signer->device[device].statement);
    return &signer->device[device].content;
}

struct made make_sign_by(struct make_world *world, uint32_t type, ProtobufCMessage *body,
                         const struct make_key *key)
{
    const struct make_key *const keys[STATEMENT_SIGNATURES_MAX] = {key, NULL};
    return sign(world, type, body, keys);
}

/* ---------------------------------------------------------------- the practice */

struct made make_genesis(struct make_world *world)
{
    Alcove__Genesis body = ALCOVE__GENESIS__INIT;
    uint8_t salt[HASH_BYTES];
    random_bytes(salt, sizeof salt);
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &world->label, NULL, 0);
    body.link = &link;
    body.root_key = field_of(world->root.public.bytes, PUBLIC_KEY_BYTES);
    body.salt = field_of(salt, sizeof salt);
    body.created_ms = world->time_ms;
    return make_sign_by(world, STATEMENT_GENESIS, &body.base, key);
}

struct made make_server_keys(struct make_world *world, const struct statement_server_keys *keys)
{
    Alcove__ServerKeys body = ALCOVE__SERVER_KEYS__INIT;
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &world->label, NULL, 0);
    body.link = &link;
    body.login_key = field_of(keys->login_key.bytes, PUBLIC_KEY_BYTES);
    body.login_next = field_of(keys->login_next.bytes, PUBLIC_KEY_BYTES);
    body.log_key = field_of(keys->log_key.bytes, PUBLIC_KEY_BYTES);
    body.log_next = field_of(keys->log_next.bytes, PUBLIC_KEY_BYTES);
    body.tls_pin = field_of(keys->tls_pin.bytes, HASH_BYTES);
    body.tls_next = field_of(keys->tls_next.bytes, HASH_BYTES);
    return make_sign_by(world, STATEMENT_SERVER_KEYS, &body.base, key);
}

struct made make_witness_policy(struct make_world *world, const char *policy)
{
    Alcove__WitnessPolicy body = ALCOVE__WITNESS_POLICY__INIT;
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &world->label, NULL, 0);
    body.link = &link;
    body.policy = field_of(policy, strlen(policy));
    return make_sign_by(world, STATEMENT_WITNESS_POLICY, &body.base, key);
}

void make_init(struct make_world *world)
{
    assert_true(sodium_init() >= 0);
    *world = (struct make_world){.time_ms = MAKE_TIME_MS};
    world->root = make_key_new();
    random_bytes(world->label.bytes, HASH_BYTES);
    assert_int_equal(authority_new(NULL, AUTHORITY_KEEP_SEALS, &world->authority), STATUS_OK);
    struct made genesis = make_genesis(world);
    statement_practice_id(genesis.bytes, &world->practice);
    make_take(world, genesis);
    struct statement_server_keys keys;
    random_bytes(&keys, sizeof keys);
    make_take(world, make_server_keys(world, &keys));
    make_take(world, make_witness_policy(world, "quorum none\n"));
}

void make_free(struct make_world *world)
{
    for (size_t i = 0; i < world->made_count; i++) {
        union {
            const uint8_t *kept;
            uint8_t *owned;
        } bytes = {.kept = world->made[i].bytes.data};
        free(bytes.owned);
    }
    for (size_t i = 0; i < world->section_count; i++) {
        timeline_free(&world->sections[i].timeline);
    }
    free(world->made);
    free(world->log);
    authority_free(world->authority);
    *world = (struct make_world){0};
}

/* ---------------------------------------------------------------- people */

static void new_device(struct make_person *person)
{
    assert_true(person->device_count < MAKE_DEVICES_MAX);
    struct make_device *device = &person->device[person->device_count++];
    random_bytes(device->id.bytes, ID_BYTES);
    device->content = make_key_new();
    device->login = make_key_new();
    assert_int_equal(crypto_box_keypair(device->sealing.bytes, device->sealing_secret), 0);
}

struct make_person *make_stranger(struct make_world *world, uint32_t role)
{
    assert_true(world->people_count < MAKE_PEOPLE_MAX);
    struct make_person *person = &world->people[world->people_count++];
    *person = (struct make_person){.role = role};
    random_bytes(person->id.bytes, ID_BYTES);
    random_bytes(person->label.bytes, HASH_BYTES);
    person->invitation = make_key_new();
    person->identity = make_key_new();
    person->recovery_signing = make_key_new();
    assert_int_equal(
        crypto_box_keypair(person->recovery_sealing.bytes, person->recovery_sealing_secret), 0);
    new_device(person);
    return person;
}

struct made make_invitation(struct make_world *world, const struct make_person *person,
                            const struct make_person *inviter, const struct hash *delegation)
{
    Alcove__Invitation body = ALCOVE__INVITATION__INIT;
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &person->label, inviter, 0);
    body.link = &link;
    body.invited = field_of(person->id.bytes, ID_BYTES);
    body.role = person->role;
    body.key = field_of(person->invitation.public.bytes, PUBLIC_KEY_BYTES);
    body.expires_ms = world->time_ms + DAY_MS;
    if (delegation != NULL) {
        body.authority = field_of(delegation->bytes, HASH_BYTES);
    }
    return make_sign_by(world, STATEMENT_INVITATION, &body.base, key);
}

static void set_keys(Alcove__DeviceKeys *keys, const struct make_device *device)
{
    alcove__device_keys__init(keys);
    keys->device = field_of(device->id.bytes, ID_BYTES);
    keys->content_key = field_of(device->content.public.bytes, PUBLIC_KEY_BYTES);
    keys->login_key = field_of(device->login.public.bytes, PUBLIC_KEY_BYTES);
    keys->sealing_key = field_of(device->sealing.bytes, PUBLIC_KEY_BYTES);
    keys->suite_min = 1;
}

struct made make_enrolment(struct make_world *world, struct make_person *person)
{
    Alcove__Enrolment body = ALCOVE__ENROLMENT__INIT;
    Alcove__Link link;
    set_link(world, &link, &person->label, &person->id, NULL);
    Alcove__DeviceKeys keys;
    set_keys(&keys, &person->device[0]);
    body.link = &link;
    body.identity_key = field_of(person->identity.public.bytes, PUBLIC_KEY_BYTES);
    body.device = &keys;
    body.recovery_sealing_key = field_of(person->recovery_sealing.bytes, PUBLIC_KEY_BYTES);
    body.recovery_signing_key = field_of(person->recovery_signing.public.bytes, PUBLIC_KEY_BYTES);
    const struct make_key *const signers[] = {&person->identity, &person->invitation};
    struct made made = sign(world, STATEMENT_ENROLMENT, &body.base, signers);
    person->device[0].statement = made.hash;
    return made;
}

struct make_person *make_member(struct make_world *world, uint32_t role,
                                const struct make_person *inviter)
{
    struct make_person *person = make_stranger(world, role);
    const struct hash *delegation = NULL;
    if (role == ROLE_CLIENT) {
        const struct authority_member *member = authority_member(world->authority, &inviter->id);
        assert_non_null(member->delegations);
        delegation = &member->delegations->statement;
    }
    make_take(world, make_invitation(world, person, inviter, delegation));
    make_take(world, make_enrolment(world, person));
    return person;
}

struct made make_device_statement(struct make_world *world, struct make_person *person)
{
    Alcove__Device body = ALCOVE__DEVICE__INIT;
    new_device(person);
    struct make_device *device = &person->device[person->device_count - 1u];
    Alcove__Link link;
    set_link(world, &link, &person->label, &person->id, NULL);
    Alcove__DeviceKeys keys;
    set_keys(&keys, device);
    body.link = &link;
    body.device = &keys;
    const struct make_key *const signers[] = {&person->identity, &device->content};
    struct made made = sign(world, STATEMENT_DEVICE, &body.base, signers);
    device->statement = made.hash;
    return made;
}

struct made make_device_revocation(struct make_world *world, const struct make_person *person,
                                   const struct hash *device, const struct make_person *signer,
                                   size_t signer_device)
{
    Alcove__DeviceRevocation body = ALCOVE__DEVICE_REVOCATION__INIT;
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &person->label, signer, signer_device);
    body.link = &link;
    body.revoked = field_of(device->bytes, HASH_BYTES);
    return make_sign_by(world, STATEMENT_DEVICE_REVOCATION, &body.base, key);
}

struct made make_delegation(struct make_world *world, const struct make_person *therapist,
                            const struct make_person *admin, uint64_t until_ms)
{
    Alcove__Delegation body = ALCOVE__DELEGATION__INIT;
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &therapist->label, admin, 0);
    body.link = &link;
    body.until_ms = until_ms;
    return make_sign_by(world, STATEMENT_DELEGATION, &body.base, key);
}

struct made make_relation(struct make_world *world, const struct make_person *subject,
                          const struct make_person *staff, uint32_t kind, uint64_t until_ms,
                          const struct make_person *admin)
{
    Alcove__Relation body = ALCOVE__RELATION__INIT;
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &subject->label, admin, 0);
    body.link = &link;
    body.staff = field_of(staff->id.bytes, ID_BYTES);
    body.kind = kind;
    body.until_ms = until_ms;
    return make_sign_by(world, STATEMENT_RELATION, &body.base, key);
}

struct made make_relation_end(struct make_world *world, const struct make_person *subject,
                              const struct hash *relation, const struct make_person *admin)
{
    Alcove__RelationEnd body = ALCOVE__RELATION_END__INIT;
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &subject->label, admin, 0);
    body.link = &link;
    body.relation = field_of(relation->bytes, HASH_BYTES);
    return make_sign_by(world, STATEMENT_RELATION_END, &body.base, key);
}

struct made make_suspension(struct make_world *world, const struct make_person *subject,
                            const struct make_person *signer, bool suspend)
{
    Alcove__Suspension suspension = ALCOVE__SUSPENSION__INIT;
    Alcove__Resumption resumption = ALCOVE__RESUMPTION__INIT;
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &subject->label, signer, 0);
    suspension.link = &link;
    resumption.link = &link;
    return suspend ? make_sign_by(world, STATEMENT_SUSPENSION, &suspension.base, key)
                   : make_sign_by(world, STATEMENT_RESUMPTION, &resumption.base, key);
}
