#include "client/engine/join/found.h"

#include "client/engine/common/statement_make.h"
#include "client/engine/join/bundle.h"
#include "keys/public/bytes/random.h"
#include "keys/public/hash.h"
#include "keys/public/statement.h"

void found_free(struct found_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct found_bytes){0};
}

static void give(struct made *made, struct found_bytes *out)
{
    out->data = made->data;
    out->size = made->size;
    *made = (struct made){0};
}

enum status found_genesis(const struct identity_signer *root, uint64_t now_ms,
                          struct found_bytes *out_genesis, struct practice_id *out_practice)
{
    struct chain_label label;
    struct make_place place = {.label = &label};
    uint8_t salt[HASH_BYTES];
    random_bytes(salt, sizeof salt);
    random_bytes(label.bytes, sizeof label.bytes);
    Alcove__Link link;
    make_link(&place, &link);
    Alcove__Genesis body;
    alcove__genesis__init(&body);
    body.link = &link;
    body.root_key = field_of(identity_signer_public(root)->bytes, PUBLIC_KEY_BYTES);
    body.salt = field_of(salt, sizeof salt);
    body.created_ms = now_ms;
    struct made made = {0};
    enum status status = make_statement(NULL, STATEMENT_GENESIS, &body.base, &root, 1, &made);
    if (status == STATUS_OK) {
        statement_practice_id(span_of(made.data, made.size), out_practice);
        give(&made, out_genesis);
    }
    return status;
}

/* A statement at the place after |previous| in the practice's chain; |link| is |body|'s. */
static enum status make_next(const struct identity_signer *root, const struct practice_id *practice,
                             struct span previous, enum statement_type type,
                             const ProtobufCMessage *body, Alcove__Link *link,
                             struct found_bytes *out_statement)
{
    struct statement before;
    enum status status = statement_parse(previous, practice, &before);
    struct made made = {0};
    if (status == STATUS_OK) {
        struct make_place place = {.label = &before.link.label,
                                   .number = before.link.number + 1,
                                   .previous = &before.hash};
        make_link(&place, link);
        status = make_statement(practice, type, body, &root, 1, &made);
    }
    if (status == STATUS_OK) {
        give(&made, out_statement);
    }
    statement_free(&before);
    return status;
}

static ProtobufCBinaryData or_none(const uint8_t *bytes)
{
    static const uint8_t none[HASH_BYTES];
    return memcmp(bytes, none, HASH_BYTES) == 0 ? field_of(NULL, 0) : field_of(bytes, HASH_BYTES);
}

enum status found_server_keys(const struct identity_signer *root,
                              const struct practice_id *practice, struct span previous,
                              const struct found_keys *keys, struct found_bytes *out_statement)
{
    Alcove__ServerKeys body;
    alcove__server_keys__init(&body);
    Alcove__Link link;
    body.link = &link;
    body.login_key = field_of(keys->login_key.bytes, PUBLIC_KEY_BYTES);
    body.login_next = or_none(keys->login_next.bytes);
    body.log_key = field_of(keys->log_key.bytes, PUBLIC_KEY_BYTES);
    body.log_next = or_none(keys->log_next.bytes);
    body.tls_pin = or_none(keys->tls_pin.bytes);
    body.tls_next = or_none(keys->tls_next.bytes);
    return make_next(root, practice, previous, STATEMENT_SERVER_KEYS, &body.base, &link,
                     out_statement);
}

enum status found_witness_policy(const struct identity_signer *root,
                                 const struct practice_id *practice, struct span previous,
                                 struct span policy, struct found_bytes *out_statement)
{
    Alcove__WitnessPolicy body;
    alcove__witness_policy__init(&body);
    Alcove__Link link;
    body.link = &link;
    body.policy = field_of(policy.data, policy.size);
    return make_next(root, practice, previous, STATEMENT_WITNESS_POLICY, &body.base, &link,
                     out_statement);
}

static enum status make_invitation(const struct identity_signer *root,
                                   const struct practice_id *practice,
                                   const struct found_invite *invite,
                                   const struct identity_signer *key, struct made *out_made)
{
    struct chain_label label;
    struct make_place place = {.label = &label};
    struct member_id invited;
    random_bytes(invited.bytes, sizeof invited.bytes);
    random_bytes(label.bytes, sizeof label.bytes);
    Alcove__Link link;
    make_link(&place, &link);
    Alcove__Invitation body;
    alcove__invitation__init(&body);
    body.link = &link;
    body.invited = field_of(invited.bytes, sizeof invited.bytes);
    body.role = invite->role;
    body.key = field_of(identity_signer_public(key)->bytes, PUBLIC_KEY_BYTES);
    body.expires_ms = invite->expires_ms;
    return make_statement(practice, STATEMENT_INVITATION, &body.base, &root, 1, out_made);
}

static enum status make_bundle(const struct practice_id *practice,
                               const struct found_invite *invite, const struct made *invitation,
                               const struct invitation_code *code, struct found_bytes *out_bundle)
{
    struct span *statements = malloc((invite->practice_count + 1) * sizeof *statements);
    if (statements == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(statements, invite->practice_chain, invite->practice_count * sizeof *statements);
    statements[invite->practice_count] = span_of(invitation->data, invitation->size);
    enum status status =
        bundle_make(practice, statements, invite->practice_count + 1, code, invite->practice_name,
                    invite->name, &out_bundle->data, &out_bundle->size);
    free(statements);
    return status;
}

enum status found_invitation(const struct identity_signer *root, const struct practice_id *practice,
                             const struct found_invite *invite, struct found_bytes *out_statement,
                             struct found_bytes *out_bundle, char *out_code)
{
    if (invite->practice_count == 0 ||
        (invite->role != ROLE_ADMIN && invite->role != ROLE_AUDITOR)) {
        return STATUS_USAGE;
    }
    struct invitation_code code;
    enum status status = invitation_code_new(invite->address, &code);
    if (status != STATUS_OK) {
        return status;
    }
    struct identity_signer *key = NULL;
    struct secret *psk = NULL;
    status = invitation_derive(&code, practice, &key, &psk);
    struct made made = {0};
    if (status == STATUS_OK) {
        status = make_invitation(root, practice, invite, key, &made);
    }
    struct found_bytes bundle = {0};
    if (status == STATUS_OK) {
        status = make_bundle(practice, invite, &made, &code, &bundle);
    }
    if (status == STATUS_OK) {
        struct hash hash;
        hash_bytes(span_of(bundle.data, bundle.size), &hash);
        invitation_code_set_bundle(&code, &hash);
        invitation_code_encode(&code, out_code);
        give(&made, out_statement);
        *out_bundle = bundle;
    } else {
        make_free(&made);
        found_free(&bundle);
    }
    invitation_code_wipe(&code);
    identity_signer_free(key);
    secret_free(psk);
    return status;
}
