#include "client/engine/join/join_inside.h"

#include "client/engine/common/decode.h"
#include "client/engine/join/bundle.h"
#include "keys/public/hash.h"

static enum status first_is_genesis(struct join *join, const Alcove__Bundle *bundle)
{
    if (bundle->n_statement < 2) {
        return STATUS_MALFORMED;
    }
    struct span genesis = field_span(bundle->statement[0]);
    struct statement statement;
    enum status status = statement_parse(genesis, NULL, &statement);
    if (status == STATUS_OK && statement.rule->type != STATEMENT_GENESIS) {
        status = STATUS_BAD_CHAIN;
    }
    statement_free(&statement);
    if (status == STATUS_OK) {
        /* The code names the bundle, the bundle holds the genesis: that is the pin. */
        statement_practice_id(genesis, &join->info.practice);
        authority_free(join->authority);
        join->authority = NULL;
        status = authority_new(&join->info.practice, 0, &join->authority);
    }
    return status;
}

static enum status admit_all(struct join *join, const Alcove__Bundle *bundle)
{
    for (size_t i = 0; i < bundle->n_statement; i++) {
        struct authority_result result;
        /* Times are in leaves, which a newcomer has not got; the first sync judges again. */
        enum status status = authority_admit(join->authority, field_span(bundle->statement[i]), i,
                                             0, AUTHORITY_VERIFY, &result);
        if (status == STATUS_REFUSED) {
            status = STATUS_BAD_CHAIN;
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status take_invitation(struct join *join, struct span bytes, uint64_t now_ms)
{
    struct statement statement;
    enum status status = statement_parse(bytes, &join->info.practice, &statement);
    if (status == STATUS_OK && statement.rule->type != STATEMENT_INVITATION) {
        status = STATUS_BAD_CHAIN;
    }
    if (status == STATUS_OK) {
        const struct statement_invitation *invitation = &statement.u.invitation;
        join->label = statement.link.label;
        join->invitation = statement.hash;
        join->by_root = statement.link.by_root;
        join->info.member = invitation->invited;
        join->info.inviter = statement.link.member;
        join->info.role = invitation->role;
        join->info.expires_ms = invitation->expires_ms;
        if (!ID_EQUAL(&invitation->key, identity_signer_public(join->invitation_key))) {
            status = STATUS_WRONG_KEY;
        } else if (now_ms >= invitation->expires_ms) {
            status = STATUS_EXPIRED;
        }
    }
    statement_free(&statement);
    return status;
}

static enum status take_names(struct join *join, const Alcove__Bundle *bundle)
{
    struct bundle_names names;
    enum status status = bundle_open_names(&join->info.practice, field_span(bundle->sealed_label),
                                           &join->code, &names);
    if (status == STATUS_OK) {
        _Static_assert(JOIN_NAME_BYTES_MAX == BUNDLE_NAME_BYTES_MAX, "one size of names");
        memcpy(join->info.practice_name, names.practice, JOIN_NAME_BYTES_MAX);
        memcpy(join->info.name, names.invited, JOIN_NAME_BYTES_MAX);
    }
    return status;
}

static enum status verify_invitation(struct join *join, const Alcove__Bundle *bundle,
                                     uint64_t now_ms)
{
    identity_signer_free(join->invitation_key);
    secret_free(join->psk);
    join->invitation_key = NULL;
    join->psk = NULL;
    enum status status =
        invitation_derive(&join->code, &join->info.practice, &join->invitation_key, &join->psk);
    return status == STATUS_OK
               ? take_invitation(join, field_span(bundle->statement[bundle->n_statement - 1]),
                                 now_ms)
               : status;
}

/* The bundle of a device's code is the practice's chain alone: who the member is is told by the
 * other device, and shown by the digits that a person compares. */
static enum status verify(struct join *join, const Alcove__Bundle *bundle, uint64_t now_ms)
{
    enum status status = first_is_genesis(join, bundle);
    if (status == STATUS_OK) {
        status = admit_all(join, bundle);
    }
    if (status == STATUS_OK && authority_server_keys(join->authority) == NULL) {
        status = STATUS_BAD_CHAIN;
    }
    if (status == STATUS_OK && join->code.kind == INVITATION_KIND_JOIN) {
        status = verify_invitation(join, bundle, now_ms);
    }
    return status == STATUS_OK ? take_names(join, bundle) : status;
}

enum status join_verify(struct join *join, struct span bytes, uint64_t now_ms)
{
    struct hash hash;
    hash_bytes(bytes, &hash);
    if (!invitation_code_matches(&join->code, &hash)) {
        return STATUS_BAD_PROOF;
    }
    struct arena arena = {0};
    const Alcove__Bundle *bundle = NULL;
    enum status status = decode_bundle(bytes, &arena, &bundle);
    if (status == STATUS_OK) {
        status = verify(join, bundle, now_ms);
    }
    arena_free(&arena);
    return status;
}
