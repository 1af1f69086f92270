/* Statements of members' chains and of the practice's, forged. */
#include "keys/public/bytes/random.h"
#include "proto/message.h"
#include "tests/support/forge.h"
#include "tests/support/test.h"

#define DAY_MS 86400000u

static struct live_reply *send_one(struct forge *forge, struct made *made)
{
    Alcove__SubmitAsk ask = ALCOVE__SUBMIT_ASK__INIT;
    ProtobufCBinaryData statement = field_of(made->data, made->size);
    ask.n_statement = 1;
    ask.statement = &statement;
    struct live_reply *reply = live_ask(forge->actor, OP_SUBMIT, &ask.base);
    make_free(made);
    return reply;
}

/* |by_device| false: no device, as the identity's own statements have it. */
static void place(struct forge *forge, const struct chain_label *label, bool by_device,
                  Alcove__Link *out_link)
{
    mirror_update(forge->mirror);
    const struct authority_chain *chain = authority_chain(forge->mirror->authority, label);
    forge->label = *label;
    forge->chain_count = chain != NULL ? chain->count : 0;
    memset(&forge->last, 0, sizeof forge->last);
    if (chain != NULL) {
        forge->last = chain->last;
    }
    alcove__link__init(out_link);
    out_link->label = field_of(forge->label.bytes, HASH_BYTES);
    out_link->number = forge->chain_count;
    out_link->previous = field_of(forge->last.bytes, forge->chain_count > 0 ? HASH_BYTES : 0);
    out_link->member = field_of(forge->actor->content.member.bytes, ID_BYTES);
    out_link->device =
        field_of(forge->actor->content.device_statement.bytes, by_device ? HASH_BYTES : 0);
}

static struct live_reply *sign_and_send(struct forge *forge, enum statement_type type,
                                        const ProtobufCMessage *body)
{
    const struct identity_signer *signer = forge->actor->content.content_key;
    struct made made;
    OK(make_statement(&forge->mirror->live->practice, type, body, &signer, 1, &made));
    return send_one(forge, &made);
}

struct live_reply *forge_member(struct forge *forge, enum statement_type type,
                                const struct member_id *subject, ProtobufCMessage *body,
                                Alcove__Link **link)
{
    mirror_update(forge->mirror);
    const struct authority_member *member = authority_member(forge->mirror->authority, subject);
    assert_non_null(member);
    Alcove__Link made;
    place(forge, &member->label, true, &made);
    *link = &made;
    struct live_reply *reply = sign_and_send(forge, type, body);
    *link = NULL;
    return reply;
}

/* |root| false: by the actor's device. */
static struct live_reply *invite(struct forge *forge, bool root, uint32_t role,
                                 const struct hash *authority, const struct member_id *invited)
{
    Alcove__Invitation body = ALCOVE__INVITATION__INIT;
    struct chain_label label;
    random_bytes(label.bytes, sizeof label.bytes);
    struct member_id fresh;
    random_bytes(fresh.bytes, sizeof fresh.bytes);
    struct identity_signer *key = NULL;
    OK(identity_signer_new(IDENTITY_CONTENT, &key));
    Alcove__Link link;
    place(forge, &label, !root, &link);
    if (root) {
        link.member = field_of(NULL, 0);
    }
    body.link = &link;
    body.invited = field_of(invited != NULL ? invited->bytes : fresh.bytes, ID_BYTES);
    body.role = role;
    body.key = field_of(identity_signer_public(key)->bytes, PUBLIC_KEY_BYTES);
    body.expires_ms = live_now_ms(forge->mirror->live) + DAY_MS;
    if (authority != NULL) {
        body.authority = field_of(authority->bytes, HASH_BYTES);
    }
    const struct identity_signer *signer =
        root ? forge->mirror->live->root : forge->actor->content.content_key;
    struct made made;
    OK(make_statement(&forge->mirror->live->practice, STATEMENT_INVITATION, &body.base, &signer, 1,
                      &made));
    identity_signer_free(key);
    return send_one(forge, &made);
}

struct live_reply *forge_invite(struct forge *forge, uint32_t role, const struct hash *authority,
                                const struct member_id *invited)
{
    return invite(forge, false, role, authority, invited);
}

struct live_reply *forge_root_invite(struct forge *forge, uint32_t role,
                                     const struct member_id *invited)
{
    return invite(forge, true, role, NULL, invited);
}

struct live_reply *forge_device(struct forge *forge)
{
    const struct authority_member *self =
        authority_member(forge->mirror->authority, &forge->actor->content.member);
    Alcove__DeviceKeys keys = ALCOVE__DEVICE_KEYS__INIT;
    Alcove__Device body = ALCOVE__DEVICE__INIT;
    assert_non_null(self);
    assert_non_null(forge->actor->content.identity);
    struct keystore_content fresh = {0};
    OK(keystore_content_init(&fresh));
    random_bytes(fresh.device.bytes, sizeof fresh.device.bytes);
    Alcove__Link link;
    place(forge, &self->label, false, &link);
    keys.device = field_of(fresh.device.bytes, ID_BYTES);
    keys.content_key = field_of(identity_signer_public(fresh.content_key)->bytes, PUBLIC_KEY_BYTES);
    keys.login_key = field_of(identity_signer_public(fresh.login)->bytes, PUBLIC_KEY_BYTES);
    keys.sealing_key = field_of(identity_sealer_public(fresh.sealing)->bytes, PUBLIC_KEY_BYTES);
    keys.suite_min = 1;
    body.link = &link;
    body.device = &keys;
    const struct identity_signer *signers[] = {forge->actor->content.identity, fresh.content_key};
    struct made made;
    OK(make_statement(&forge->mirror->live->practice, STATEMENT_DEVICE, &body.base, signers, 2,
                      &made));
    struct live_reply *reply = send_one(forge, &made);
    keystore_content_deinit(&fresh);
    return reply;
}

struct live_reply *forge_configure(struct forge *forge)
{
    Alcove__WitnessPolicy body = ALCOVE__WITNESS_POLICY__INIT;
    mirror_update(forge->mirror);
    const struct authority_chain *practice = authority_chain_at(forge->mirror->authority, 0);
    assert_non_null(practice);
    Alcove__Link link;
    place(forge, &practice->label, false, &link);
    link.member = field_of(NULL, 0);
    body.link = &link;
    body.policy = field_of("quorum none\n", 12);
    return sign_and_send(forge, STATEMENT_WITNESS_POLICY, &body.base);
}
