#include "tests/bench/member.h"

#include "keys/public/bytes/random.h"
#include "keys/public/frame.h"
#include "keys/public/log/origin.h"

static ProtobufCBinaryData hash_field(const struct hash *hash)
{
    return field_of(hash->bytes, HASH_BYTES);
}

static ProtobufCBinaryData key_field(const struct public_key *key)
{
    return field_of(key->bytes, PUBLIC_KEY_BYTES);
}

/* Signs |body| by each of |signers|, appends the statement, and returns its hash. */
static void state(struct practice *practice, uint32_t type, const ProtobufCMessage *body,
                  const struct identity_signer *const *signers, size_t signer_count,
                  struct hash *out_hash)
{
    const struct statement_rule *rule = statement_rule(type);
    const struct practice_id *in = type == STATEMENT_GENESIS ? NULL : &practice->id;
    Alcove__Statement statement = ALCOVE__STATEMENT__INIT;
    struct author_bytes *out = &practice->statements[practice->count++];
    peer_must(practice->count <= MEMBER_STATEMENTS_MAX, "too many statements");
    uint8_t *body_bytes = NULL;
    size_t body_size = 0;
    peer_must(message_pack(body, &body_bytes, &body_size) == STATUS_OK, "packing");
    const struct span parts[] = {span_of(body_bytes, body_size)};
    struct signature signatures[STATEMENT_SIGNATURES_MAX];
    ProtobufCBinaryData list[STATEMENT_SIGNATURES_MAX];
    for (size_t i = 0; i < signer_count; i++) {
        peer_must(identity_sign(signers[i], rule->label, in, parts, 1, &signatures[i]) == STATUS_OK,
                  "signing");
        list[i] = field_of(signatures[i].bytes, SIGNATURE_BYTES);
    }
    statement.suite = FRAME_SUITE_CLASSICAL;
    statement.type = type;
    statement.body = field_of(body_bytes, body_size);
    statement.signature = list;
    statement.n_signature = signer_count;
    peer_must(message_pack(&statement.base, &out->data, &out->size) == STATUS_OK, "packing");
    free(body_bytes);
    statement_hash(span_of(out->data, out->size), in, out_hash);
}

/* |signer| NULL: the root. |with_device| false: signed by the identity itself. */
static void fill_link(Alcove__Link *link, const struct chain_label *label, uint64_t number,
                      const struct hash *previous, const struct member *signer, bool with_device)
{
    alcove__link__init(link);
    link->label = field_of(label->bytes, HASH_BYTES);
    link->number = number;
    if (number > 0) {
        link->previous = hash_field(previous);
    }
    if (signer != NULL) {
        link->member = field_of(signer->content.member.bytes, ID_BYTES);
    }
    if (signer != NULL && with_device) {
        link->device = hash_field(&signer->content.device_statement);
    }
}

void member_found_practice(struct practice *practice, uint64_t now_ms)
{
    Alcove__Genesis genesis = ALCOVE__GENESIS__INIT;
    Alcove__ServerKeys keys = ALCOVE__SERVER_KEYS__INIT;
    peer_must(identity_signer_new(IDENTITY_ROOT, &practice->root) == STATUS_OK, "memory");
    const struct identity_signer *const by_root[] = {practice->root};
    struct chain_label label;
    random_bytes(label.bytes, sizeof label.bytes);
    struct hash salt;
    random_bytes(salt.bytes, sizeof salt.bytes);
    Alcove__Link link;
    fill_link(&link, &label, 0, NULL, NULL, false);
    genesis.link = &link;
    genesis.root_key = key_field(identity_signer_public(practice->root));
    genesis.salt = hash_field(&salt);
    genesis.created_ms = now_ms;
    struct hash hash;
    state(practice, STATEMENT_GENESIS, &genesis.base, by_root, 1, &hash);
    statement_practice_id(span_of(practice->statements[0].data, practice->statements[0].size),
                          &practice->id);
    fill_link(&link, &label, 1, &hash, NULL, false);
    keys.link = &link;
    keys.login_key = key_field(&practice->pins.login_key);
    keys.log_key = key_field(&practice->pins.log_key);
    keys.tls_pin = hash_field(&practice->pins.tls_key);
    state(practice, STATEMENT_SERVER_KEYS, &keys.base, by_root, 1, &hash);
}

static void fill_content(const struct practice *practice, struct member *member)
{
    struct keystore_content *content = &member->content;
    peer_must(keystore_content_init(content) == STATUS_OK &&
                  identity_signer_new(IDENTITY_MEMBER, &content->identity) == STATUS_OK,
              "memory");
    if (member->role == ROLE_AUDITOR) {
        peer_must(identity_signer_new(IDENTITY_WITNESS, &content->witness) == STATUS_OK, "memory");
    }
    content->practice = practice->id;
    content->pins = practice->pins;
    random_bytes(content->member.bytes, ID_BYTES);
    random_bytes(content->device.bytes, ID_BYTES);
    memcpy(content->address, practice->address, sizeof content->address);
    char origin[ORIGIN_CHARS_MAX];
    origin_format(&practice->id, ORIGIN_STATEMENTS, origin);
    *strrchr(origin, '/') = '\0';
    (void)snprintf(content->origin, sizeof content->origin, "%s", origin);
}

static void invite(struct practice *practice, const struct member *inviter, struct member *member,
                   const struct identity_signer *invitation, const struct hash *delegation,
                   uint64_t now_ms)
{
    Alcove__Invitation body = ALCOVE__INVITATION__INIT;
    random_bytes(member->label.bytes, HASH_BYTES);
    Alcove__Link link;
    fill_link(&link, &member->label, 0, NULL, inviter, true);
    body.link = &link;
    body.invited = field_of(member->content.member.bytes, ID_BYTES);
    body.role = member->role;
    body.key = key_field(identity_signer_public(invitation));
    body.expires_ms = now_ms + 86400000U;
    if (delegation != NULL) {
        body.authority = hash_field(delegation);
    }
    const struct identity_signer *const signers[] = {
        inviter == NULL ? practice->root : inviter->content.content_key};
    state(practice, STATEMENT_INVITATION, &body.base, signers, 1, &member->last);
}

static void enrol(struct practice *practice, struct member *member,
                  const struct identity_signer *invitation)
{
    struct keystore_content *content = &member->content;
    Alcove__Enrolment body = ALCOVE__ENROLMENT__INIT;
    Alcove__DeviceKeys device = ALCOVE__DEVICE_KEYS__INIT;
    struct identity_signer *recovery = NULL;
    struct identity_sealer *recovery_sealing = NULL;
    peer_must(identity_signer_new(IDENTITY_RECOVERY, &recovery) == STATUS_OK &&
                  identity_sealer_new(&recovery_sealing) == STATUS_OK,
              "memory");
    Alcove__Link link;
    fill_link(&link, &member->label, 1, &member->last, member, false);
    device.device = field_of(content->device.bytes, ID_BYTES);
    device.content_key = key_field(identity_signer_public(content->content_key));
    device.login_key = key_field(identity_signer_public(content->login));
    device.sealing_key = key_field(identity_sealer_public(content->sealing));
    device.suite_min = FRAME_SUITE_CLASSICAL;
    body.link = &link;
    body.device = &device;
    body.identity_key = key_field(identity_signer_public(content->identity));
    body.recovery_sealing_key = key_field(identity_sealer_public(recovery_sealing));
    body.recovery_signing_key = key_field(identity_signer_public(recovery));
    const struct identity_signer *const signers[] = {content->identity, invitation};
    state(practice, STATEMENT_ENROLMENT, &body.base, signers, 2, &member->last);
    content->device_statement = member->last;
    member->next_number = 2;
    identity_signer_free(recovery);
    identity_sealer_free(recovery_sealing);
}

void member_join(struct practice *practice, const struct member *inviter, struct member *member,
                 const struct hash *delegation, uint64_t now_ms)
{
    struct identity_signer *invitation = NULL;
    peer_must(identity_signer_new(IDENTITY_INVITATION, &invitation) == STATUS_OK, "memory");
    fill_content(practice, member);
    invite(practice, inviter, member, invitation, delegation, now_ms);
    enrol(practice, member, invitation);
    identity_signer_free(invitation);
}

void member_delegate(struct practice *practice, const struct member *admin,
                     struct member *therapist, struct hash *out_delegation)
{
    Alcove__Delegation body = ALCOVE__DELEGATION__INIT;
    const struct identity_signer *const signers[] = {admin->content.content_key};
    Alcove__Link link;
    fill_link(&link, &therapist->label, therapist->next_number++, &therapist->last, admin, true);
    body.link = &link;
    state(practice, STATEMENT_DELEGATION, &body.base, signers, 1, &therapist->last);
    *out_delegation = therapist->last;
}

void member_relate(struct practice *practice, const struct member *admin, struct member *client,
                   const struct member *therapist)
{
    Alcove__Relation body = ALCOVE__RELATION__INIT;
    const struct identity_signer *const signers[] = {admin->content.content_key};
    Alcove__Link link;
    fill_link(&link, &client->label, client->next_number++, &client->last, admin, true);
    body.link = &link;
    body.staff = field_of(therapist->content.member.bytes, ID_BYTES);
    body.kind = RELATION_TREATS;
    state(practice, STATEMENT_RELATION, &body.base, signers, 1, &client->last);
}

void member_practice_free(struct practice *practice)
{
    identity_signer_free(practice->root);
    for (size_t i = 0; i < practice->count; i++) {
        free(practice->statements[i].data);
    }
}
