#include "keys/public/statement_internal.h"

#include "proto/policy.h"

#define SUITE_MAX 0xffffu

/* ---------------------------------------------------------------- parts of bodies */

static bool is_zero(const struct hash *hash)
{
    static const struct hash zero;
    return ID_EQUAL(hash, &zero);
}

bool statement_seen_parse(const Alcove__Seen *seen, struct seen *out, bool *out_has)
{
    *out = (struct seen){0};
    *out_has = seen != NULL;
    if (seen == NULL) {
        return true;
    }
    out->statements_size = seen->statements_size;
    out->events_size = seen->events_size;
    return field_optional(seen->statements_root, out->statements_root.bytes, HASH_BYTES) &&
           field_optional(seen->events_root, out->events_root.bytes, HASH_BYTES) &&
           (out->statements_size == 0) == is_zero(&out->statements_root) &&
           (out->events_size == 0) == is_zero(&out->events_root);
}

static bool parse_link(const Alcove__Link *link, struct statement_link *out)
{
    static const struct member_id no_member;
    if (link == NULL || !field_label(link->label, &out->label) ||
        !field_optional(link->previous, out->previous.bytes, HASH_BYTES) ||
        !field_optional(link->member, out->member.bytes, ID_BYTES) ||
        !field_optional(link->device, out->device.bytes, HASH_BYTES)) {
        return false;
    }
    out->number = link->number;
    out->by_root = ID_EQUAL(&out->member, &no_member);
    out->has_device = !is_zero(&out->device);
    if ((out->number == 0) != is_zero(&out->previous)) {
        return false;
    }
    return statement_seen_parse(link->seen, &out->seen, &out->has_seen);
}

static bool parse_device_keys(const Alcove__DeviceKeys *keys, struct device_keys *out)
{
    if (keys == NULL || keys->suite_min == 0 || keys->suite_min > SUITE_MAX) {
        return false;
    }
    out->suite_min = keys->suite_min;
    return field_device(keys->device, &out->id) && field_key(keys->content_key, &out->content) &&
           field_key(keys->login_key, &out->login) && field_key(keys->sealing_key, &out->sealing);
}

static bool parse_seal(const Alcove__Seal *seal, uint64_t epoch, struct statement_seal *out)
{
    if (seal == NULL || (seal->kind != RECIPIENT_DEVICE && seal->kind != RECIPIENT_RECOVERY) ||
        (seal->mode != SEAL_BASE && seal->mode != SEAL_PSK)) {
        return false;
    }
    out->epoch = epoch;
    out->kind = seal->kind;
    out->mode = seal->mode;
    return field_hash(seal->recipient, &out->recipient) &&
           field_required(seal->share, out->share, sizeof out->share) &&
           field_required(seal->sealed, out->sealed, sizeof out->sealed);
}

/* By (epoch, recipient, kind), so that a list has one order and no double. */
static bool seal_before(const struct statement_seal *a, const struct statement_seal *b)
{
    int order = memcmp(a->recipient.bytes, b->recipient.bytes, HASH_BYTES);
    if (a->epoch != b->epoch) {
        return a->epoch < b->epoch;
    }
    return order != 0 ? order < 0 : a->kind < b->kind;
}

static bool seals_ascend(const struct statement_seal *seals, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (!seal_before(&seals[i - 1u], &seals[i])) {
            return false;
        }
    }
    return count > 0;
}

static enum status parse_position(struct statement *statement, ProtobufCBinaryData head,
                                  uint64_t number, size_t start_count,
                                  Alcove__AuthorStart *const *start, struct statement_position *out)
{
    size_t bytes = start_count * sizeof(struct statement_start);
    arena_grant(&statement->arena, bytes + MESSAGE_ARENA_EXTRA_BYTES);
    struct statement_start *starts = arena_alloc(&statement->arena, bytes);
    if (starts == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < start_count; i++) {
        if (!field_hash(start[i]->device, &starts[i].device) || start[i]->number == 0 ||
            !field_hash(start[i]->link, &starts[i].link)) {
            return STATUS_MALFORMED;
        }
        starts[i].number = start[i]->number;
        if (i > 0 && memcmp(starts[i - 1u].device.bytes, starts[i].device.bytes, HASH_BYTES) >= 0) {
            return STATUS_MALFORMED;
        }
    }
    *out = (struct statement_position){.number = number, .start = starts};
    out->start_count = start_count;
    return number > 0 && field_hash(head, &out->head) ? STATUS_OK : STATUS_MALFORMED;
}

static struct statement_seal *alloc_seals(struct statement *statement, size_t count)
{
    size_t bytes = count * sizeof(struct statement_seal);
    arena_grant(&statement->arena, bytes + MESSAGE_ARENA_EXTRA_BYTES);
    return arena_alloc(&statement->arena, bytes);
}

/* ---------------------------------------------------------------- bodies */

static bool parse_genesis(const Alcove__Genesis *body, struct statement *out)
{
    out->u.genesis.created_ms = body->created_ms;
    return field_key(body->root_key, &out->u.genesis.root_key) &&
           field_hash(body->salt, &out->u.genesis.salt);
}

static bool parse_server_keys(const Alcove__ServerKeys *body, struct statement *out)
{
    struct statement_server_keys *keys = &out->u.server_keys;
    return field_key(body->login_key, &keys->login_key) &&
           field_optional(body->login_next, keys->login_next.bytes, PUBLIC_KEY_BYTES) &&
           field_key(body->log_key, &keys->log_key) &&
           field_optional(body->log_next, keys->log_next.bytes, PUBLIC_KEY_BYTES) &&
           field_hash(body->tls_pin, &keys->tls_pin) &&
           field_optional(body->tls_next, keys->tls_next.bytes, HASH_BYTES);
}

/* The secret of the code for the signer's other devices; one by the root shares it with nobody. */
static enum status parse_own(const Alcove__Invitation *body, struct statement *out)
{
    struct statement_seal *seals = alloc_seals(out, body->n_own);
    if (seals == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < body->n_own; i++) {
        if (!parse_seal(body->own[i], 0, &seals[i]) || seals[i].kind != RECIPIENT_DEVICE ||
            seals[i].mode != SEAL_BASE) {
            return STATUS_MALFORMED;
        }
    }
    out->u.invitation.own = seals;
    out->u.invitation.own_count = body->n_own;
    return !out->link.by_root && seals_ascend(seals, body->n_own) ? STATUS_OK : STATUS_MALFORMED;
}

static enum status parse_invitation(const Alcove__Invitation *body, struct statement *out)
{
    struct statement_invitation *invitation = &out->u.invitation;
    if (body->role < ROLE_THERAPIST || body->role > ROLE_ADMIN || body->expires_ms == 0) {
        return STATUS_MALFORMED;
    }
    invitation->role = body->role;
    invitation->expires_ms = body->expires_ms;
    if (!field_member(body->invited, &invitation->invited) ||
        !field_key(body->key, &invitation->key) ||
        !field_optional(body->authority, invitation->authority.bytes, HASH_BYTES)) {
        return STATUS_MALFORMED;
    }
    invitation->has_authority = !is_zero(&invitation->authority);
    return body->n_own == 0 ? STATUS_OK : parse_own(body, out);
}

static bool parse_enrolment(const Alcove__Enrolment *body, struct statement *out)
{
    struct statement_enrolment *enrolment = &out->u.enrolment;
    return field_key(body->identity_key, &enrolment->identity_key) &&
           parse_device_keys(body->device, &enrolment->device) &&
           field_key(body->recovery_sealing_key, &enrolment->recovery_sealing_key) &&
           field_key(body->recovery_signing_key, &enrolment->recovery_signing_key);
}

static bool parse_relation(const Alcove__Relation *body, struct statement *out)
{
    struct statement_relation *relation = &out->u.relation;
    if (body->kind < RELATION_TREATS || body->kind > RELATION_COVERS) {
        return false;
    }
    relation->kind = body->kind;
    relation->until_ms = body->until_ms;
    return field_member(body->staff, &relation->staff);
}

static bool parse_section(const Alcove__Section *body, struct statement *out)
{
    struct statement_section *section = &out->u.section;
    if (!policy_class_valid(body->class_) || !field_section(body->section, &section->section)) {
        return false;
    }
    section->class = body->class_;
    section->has_chart = body->class_ != CLASS_DIRECTORY;
    if (!section->has_chart) {
        return body->chart.len == 0 && body->client.len == 0 && body->client_identity.len == 0;
    }
    return field_chart(body->chart, &section->chart) &&
           field_member(body->client, &section->client) &&
           field_hash(body->client_identity, &section->client_identity);
}

static bool parse_grant(const Alcove__Grant *body, struct statement *out)
{
    struct statement_grant *grant = &out->u.grant;
    uint32_t all = (uint32_t)RIGHT_READ | (uint32_t)RIGHT_WRITE | (uint32_t)RIGHT_OWN;
    if (body->rights == 0 || (body->rights & ~all) != 0 || body->basis_kind == BASIS_NONE ||
        body->basis_kind > BASIS_INVITATION) {
        return false;
    }
    grant->rights = body->rights;
    grant->until_ms = body->until_ms;
    grant->history_from = body->history_from;
    grant->basis_kind = body->basis_kind;
    if (!field_member(body->member, &grant->member) ||
        !field_hash(body->identity, &grant->identity) ||
        !field_optional(body->basis, grant->basis.bytes, HASH_BYTES)) {
        return false;
    }
    grant->has_basis = !is_zero(&grant->basis);
    return true;
}

static enum status parse_epoch(const Alcove__Epoch *body, struct statement *out)
{
    struct statement_epoch *epoch = &out->u.epoch;
    struct statement_position position;
    enum status status = parse_position(out, body->section_head, body->section_number,
                                        body->n_start, body->start, &position);
    if (status != STATUS_OK) {
        return status;
    }
    if (body->epoch == 0 || !field_hash(body->membership, &epoch->membership) ||
        !field_hash(body->commitment, &epoch->commitment) ||
        !field_optional(body->previous_epoch, epoch->previous_epoch.bytes, HASH_BYTES) ||
        (body->epoch == 1) != is_zero(&epoch->previous_epoch)) {
        return STATUS_MALFORMED;
    }
    struct statement_seal *seals = alloc_seals(out, body->n_seal);
    if (seals == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < body->n_seal; i++) {
        if (!parse_seal(body->seal[i], body->epoch, &seals[i])) {
            return STATUS_MALFORMED;
        }
    }
    epoch->epoch = body->epoch;
    epoch->position = position;
    epoch->seal = seals;
    epoch->seal_count = body->n_seal;
    return seals_ascend(seals, body->n_seal) ? STATUS_OK : STATUS_MALFORMED;
}

static enum status parse_reseal(const Alcove__Reseal *body, struct statement *out)
{
    struct statement_reseal *reseal = &out->u.reseal;
    struct statement_position position;
    enum status status = parse_position(out, body->section_head, body->section_number,
                                        body->n_start, body->start, &position);
    if (status != STATUS_OK) {
        return status;
    }
    struct statement_seal *seals = alloc_seals(out, body->n_key);
    if (seals == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < body->n_key; i++) {
        if (body->key[i]->epoch == 0 ||
            !parse_seal(body->key[i]->seal, body->key[i]->epoch, &seals[i])) {
            return STATUS_MALFORMED;
        }
    }
    reseal->position = position;
    reseal->seal = seals;
    reseal->seal_count = body->n_key;
    return seals_ascend(seals, body->n_key) ? STATUS_OK : STATUS_MALFORMED;
}

static bool parse_witness_policy(const Alcove__WitnessPolicy *body, struct statement *out)
{
    out->u.witness_policy.policy = field_span(body->policy);
    return body->policy.len > 0 && body->policy.len <= WITNESS_POLICY_BYTES_MAX;
}

/* Everything but the link; |message| is of the rule's body type. */
static enum status parse_fields(const ProtobufCMessage *message, struct statement *out)
{
    bool fine = false;
    switch ((enum statement_type)out->rule->type) {
    case STATEMENT_GENESIS:
        fine = parse_genesis((const Alcove__Genesis *)message, out);
        break;
    case STATEMENT_SERVER_KEYS:
        fine = parse_server_keys((const Alcove__ServerKeys *)message, out);
        break;
    case STATEMENT_WITNESS_POLICY:
        fine = parse_witness_policy((const Alcove__WitnessPolicy *)message, out);
        break;
    case STATEMENT_INVITATION:
        return parse_invitation((const Alcove__Invitation *)message, out);
    case STATEMENT_ENROLMENT:
        fine = parse_enrolment((const Alcove__Enrolment *)message, out);
        break;
    case STATEMENT_DEVICE:
        fine = parse_device_keys(((const Alcove__Device *)message)->device, &out->u.device);
        break;
    case STATEMENT_DEVICE_REVOCATION:
        fine = field_hash(((const Alcove__DeviceRevocation *)message)->revoked, &out->u.revoked);
        break;
    case STATEMENT_DELEGATION:
        out->u.delegated_until_ms = ((const Alcove__Delegation *)message)->until_ms;
        fine = true;
        break;
    case STATEMENT_RELATION:
        fine = parse_relation((const Alcove__Relation *)message, out);
        break;
    case STATEMENT_RELATION_END:
        fine = field_hash(((const Alcove__RelationEnd *)message)->relation, &out->u.relation_ended);
        break;
    case STATEMENT_SUSPENSION:
    case STATEMENT_RESUMPTION:
        fine = true;
        break;
    case STATEMENT_SECTION:
        fine = parse_section((const Alcove__Section *)message, out);
        break;
    case STATEMENT_GRANT:
        fine = parse_grant((const Alcove__Grant *)message, out);
        break;
    case STATEMENT_REVOCATION:
        fine = field_hash(((const Alcove__Revocation *)message)->grant, &out->u.grant_revoked);
        break;
    case STATEMENT_EPOCH:
        return parse_epoch((const Alcove__Epoch *)message, out);
    case STATEMENT_RESEAL:
        return parse_reseal((const Alcove__Reseal *)message, out);
    case STATEMENT_BAD_SEAL:
        fine = field_hash(((const Alcove__BadSeal *)message)->statement, &out->u.bad_seal);
        break;
    case STATEMENT_NONE:
        break;
    }
    return fine ? STATUS_OK : STATUS_MALFORMED;
}

enum status statement_body_parse(struct statement *statement)
{
    ProtobufCMessage *message = NULL;
    enum status status =
        message_decode(statement->rule->body, statement->body, &statement->arena, &message);
    if (status != STATUS_OK) {
        return status;
    }
    /* Link is the first field of every body. */
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(statement->rule->body, 1);
    CHECK(field != NULL && strcmp(field->name, "link") == 0);
    const void *at = (const uint8_t *)message + field->offset;
    const Alcove__Link *const *link = at;
    if (!parse_link(*link, &statement->link)) {
        return STATUS_MALFORMED;
    }
    return parse_fields(message, statement);
}
