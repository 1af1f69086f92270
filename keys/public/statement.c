#include "keys/public/statement.h"

#include "keys/public/hash.h"
#include "keys/public/log/leaf.h"
#include "keys/public/statement_internal.h"
#include "keys/public/verify.h"

#define STATEMENT_SUITE        1u
#define STATEMENT_LEAF_VERSION 1u

/* clang-format off */
#define ROOT     {STATEMENT_BY_ROOT}, 1
#define ISSUER   {STATEMENT_BY_ISSUER}, 1
#define DEVICE   {STATEMENT_BY_DEVICE}, 1
#define JOINING  {STATEMENT_BY_IDENTITY, STATEMENT_BY_INVITATION}, 2
#define ADDING   {STATEMENT_BY_IDENTITY, STATEMENT_BY_NEW_DEVICE}, 2
#define PRACTICE STATEMENT_OF_PRACTICE
#define MEMBER   STATEMENT_OF_MEMBER
#define SECTION  STATEMENT_OF_SECTION
#define RULE(type, name, body, subject, signers, action) \
    {STATEMENT_##type, name, LABEL_##type, &alcove__##body##__descriptor, subject, signers, \
     ACTION_##action}

/* Everything that depends on the type alone. */
static const struct statement_rule statement_rules[] = {
    RULE(GENESIS,           "genesis",           genesis,           PRACTICE, ROOT,    CONFIGURE),
    RULE(SERVER_KEYS,       "server-keys",       server_keys,       PRACTICE, ROOT,    CONFIGURE),
    RULE(WITNESS_POLICY,    "witness-policy",    witness_policy,    PRACTICE, ROOT,    CONFIGURE),
    RULE(INVITATION,        "invitation",        invitation,        MEMBER,   ISSUER,  INVITE_STAFF),
    RULE(ENROLMENT,         "enrolment",         enrolment,         MEMBER,   JOINING, ENROL),
    RULE(DEVICE,            "device",            device,            MEMBER,   ADDING,  DEVICE),
    RULE(DEVICE_REVOCATION, "device-revocation", device_revocation, MEMBER,   DEVICE,  DEVICE),
    RULE(DELEGATION,        "delegation",        delegation,        MEMBER,   DEVICE,  DELEGATE),
    RULE(RELATION,          "relation",          relation,          MEMBER,   DEVICE,  RELATE),
    RULE(RELATION_END,      "relation-end",      relation_end,      MEMBER,   DEVICE,  RELATE),
    RULE(SUSPENSION,        "suspension",        suspension,        MEMBER,   ISSUER,  SUSPEND),
    RULE(RESUMPTION,        "resumption",        resumption,        MEMBER,   ISSUER,  SUSPEND),
    RULE(SECTION,           "section",           section,           SECTION,  DEVICE,  CREATE_SECTION),
    RULE(GRANT,             "grant",             grant,             SECTION,  DEVICE,  GRANT),
    RULE(REVOCATION,        "revocation",        revocation,        SECTION,  DEVICE,  REVOKE),
    RULE(EPOCH,             "epoch",             epoch,             SECTION,  DEVICE,  ROTATE),
    RULE(RESEAL,            "reseal",            reseal,            SECTION,  DEVICE,  RESEAL),
    RULE(BAD_SEAL,          "bad-seal",          bad_seal,          SECTION,  DEVICE,  RESEAL),
};
/* clang-format on */
#undef ROOT
#undef ISSUER
#undef DEVICE
#undef JOINING
#undef ADDING
#undef PRACTICE
#undef MEMBER
#undef SECTION
#undef RULE

const struct statement_rule *statement_rule(uint32_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(statement_rules); i++) {
        if (statement_rules[i].type == type) {
            return &statement_rules[i];
        }
    }
    return NULL;
}

void statement_hash(struct span bytes, const struct practice_id *practice, struct hash *out_hash)
{
    frame_hash(LABEL_STATEMENT, practice, &bytes, 1, out_hash);
}

void statement_practice_id(struct span genesis, struct practice_id *out_practice)
{
    struct hash hash;
    hash_bytes(genesis, &hash);
    memcpy(out_practice->bytes, hash.bytes, HASH_BYTES);
}

void statement_chart_id(const struct member_id *client, const struct practice_id *practice,
                        struct chart_id *out_chart)
{
    struct span id = ID_SPAN(client);
    struct hash hash;
    frame_hash(LABEL_CHART, practice, &id, 1, &hash);
    memcpy(out_chart->bytes, hash.bytes, sizeof out_chart->bytes);
}

void statement_identity_hash(const struct public_key *identity_key,
                             const struct practice_id *practice, struct hash *out_hash)
{
    struct span key = ID_SPAN(identity_key);
    frame_hash(LABEL_IDENTITY, practice, &key, 1, out_hash);
}

/* A genesis stands before its own practice id exists. */
static const struct practice_id *statement_practice(const struct statement *statement,
                                                    const struct practice_id *practice)
{
    return statement->rule->type == STATEMENT_GENESIS ? NULL : practice;
}

/* Empty member and device stand for the root or the identity key, by type. */
static bool statement_signers_named(const struct statement *statement)
{
    const struct statement_link *link = &statement->link;
    switch (statement->rule->signer[0]) {
    case STATEMENT_BY_ROOT:
        return link->by_root && !link->has_device;
    case STATEMENT_BY_ISSUER:
        return link->by_root != link->has_device;
    case STATEMENT_BY_DEVICE:
        return !link->by_root && link->has_device;
    case STATEMENT_BY_IDENTITY:
        return !link->by_root && !link->has_device;
    case STATEMENT_BY_NONE:
    case STATEMENT_BY_INVITATION:
    case STATEMENT_BY_NEW_DEVICE:
        break;
    }
    return false;
}

static enum status statement_outer(struct statement *out)
{
    ProtobufCMessage *message = NULL;
    enum status status =
        message_decode(&alcove__statement__descriptor, out->bytes, &out->arena, &message);
    if (status != STATUS_OK) {
        return status;
    }
    const Alcove__Statement *outer = (const Alcove__Statement *)message;
    if (outer->suite != STATEMENT_SUITE) {
        return STATUS_UNSUPPORTED;
    }
    out->rule = statement_rule(outer->type);
    if (out->rule == NULL || outer->n_signature != out->rule->signatures) {
        return STATUS_MALFORMED;
    }
    if (outer->body.len > STATEMENT_BODY_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    for (size_t i = 0; i < outer->n_signature; i++) {
        if (!field_signature(outer->signature[i], &out->signature[i])) {
            return STATUS_MALFORMED;
        }
    }
    out->body = field_span(outer->body);
    return STATUS_OK;
}

enum status statement_parse(struct span bytes, const struct practice_id *practice,
                            struct statement *out)
{
    *out = (struct statement){.bytes = bytes};
    enum status status = statement_outer(out);
    if (status == STATUS_OK) {
        status = statement_body_parse(out);
    }
    if (status == STATUS_OK && !statement_signers_named(out)) {
        status = STATUS_MALFORMED;
    }
    if (status != STATUS_OK) {
        statement_free(out);
        return status;
    }
    statement_hash(bytes, statement_practice(out, practice), &out->hash);
    return STATUS_OK;
}

void statement_free(struct statement *statement)
{
    arena_free(&statement->arena);
    *statement = (struct statement){0};
}

enum status statement_verify(const struct statement *statement, size_t index,
                             const struct practice_id *practice, const struct public_key *key)
{
    CHECK(index < statement->rule->signatures);
    return verify_frame(statement->rule->label, statement_practice(statement, practice),
                        &statement->body, 1, key, &statement->signature[index]);
}

void statement_leaf(const struct statement *statement, const struct practice_id *practice,
                    const struct hash *opening, uint64_t time_ms, uint8_t out_leaf[LEAF_BYTES])
{
    struct leaf_statement leaf = {
        .type = (uint16_t)statement->rule->type,
        .label = statement->link.label,
        .number = statement->link.number,
    };
    leaf_statement_commitment(practice, opening->bytes, time_ms, statement->bytes,
                              &leaf.commitment);
    leaf_statement_encode(&leaf, out_leaf);
}
