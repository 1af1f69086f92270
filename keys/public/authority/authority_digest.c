#include "keys/public/authority/authority_internal.h"

#include "keys/public/hash.h"

/*
 * Field by field through one stream: padding bytes and pointers must not count. Lists
 * are walked in their own order, which is that of admission.
 */
struct digest {
    struct hash state;
};

static void add(struct digest *digest, const void *data, size_t size)
{
    const struct span parts[] = {ID_SPAN(&digest->state), span_of(data, size)};
    hash_parts(parts, ARRAY_LEN(parts), &digest->state);
}

static void add_u64(struct digest *digest, uint64_t value)
{
    add(digest, &value, sizeof(value));
}

static void add_member(struct digest *digest, const struct authority_member *m)
{
    add(digest, m->id.bytes, ID_BYTES);
    add_u64(digest, m->role);
    add(digest, m->invitation.bytes, HASH_BYTES);
    add_u64(digest, m->enrolled);
    add(digest, m->enrolment.bytes, HASH_BYTES);
    add(digest, m->identity.bytes, HASH_BYTES);
    add_u64(digest, m->generation);
    for (const struct authority_device *d = m->devices; d != NULL; d = d->next) {
        add(digest, d->statement.bytes, HASH_BYTES);
        add(digest, d->keys.content.bytes, PUBLIC_KEY_BYTES);
        add_u64(digest, d->revoked_seq);
    }
    for (const struct authority_span *s = m->suspensions; s != NULL; s = s->next) {
        add_u64(digest, s->from_seq);
        add_u64(digest, s->to_seq);
    }
    for (const struct authority_relation *r = m->relations; r != NULL; r = r->next) {
        add(digest, r->statement.bytes, HASH_BYTES);
        add(digest, r->staff.bytes, ID_BYTES);
        add_u64(digest, r->kind);
        add_u64(digest, r->until_ms);
        add_u64(digest, r->ended_seq);
    }
    for (const struct authority_delegation *d = m->delegations; d != NULL; d = d->next) {
        add(digest, d->statement.bytes, HASH_BYTES);
        add_u64(digest, d->until_ms);
    }
}

static void add_section(struct digest *digest, const struct authority_section *s)
{
    add(digest, s->id.bytes, ID_BYTES);
    add(digest, s->chart.bytes, ID_BYTES);
    add(digest, s->client.bytes, ID_BYTES);
    add_u64(digest, s->class);
    add_u64(digest, s->generation);
    for (size_t i = 0; i < s->grant_count; i++) {
        add(digest, s->grants[i].statement.bytes, HASH_BYTES);
        add(digest, s->grants[i].member.bytes, ID_BYTES);
        add_u64(digest, s->grants[i].rights);
        add_u64(digest, s->grants[i].until_ms);
        add_u64(digest, s->grants[i].ended_seq);
        add_u64(digest, s->grants[i].clock_ended_ms);
    }
    for (size_t i = 0; i < s->epoch_count; i++) {
        add(digest, s->epochs[i].statement.bytes, HASH_BYTES);
        add_u64(digest, s->epochs[i].recipient_count);
    }
    for (size_t i = 0; i < s->reseal_count; i++) {
        add(digest, s->reseals[i].statement.bytes, HASH_BYTES);
    }
    for (size_t i = 0; i < s->entry_count; i++) {
        add(digest, s->entries[i].statement.bytes, HASH_BYTES);
        add_u64(digest, s->entries[i].seq);
    }
}

void authority_digest(const struct authority *authority, struct hash *out_digest)
{
    struct digest digest = {{{0}}};
    add(&digest, authority->practice.bytes, HASH_BYTES);
    add(&digest, authority->root_key.bytes, PUBLIC_KEY_BYTES);
    add(&digest, authority->server_keys.login_key.bytes, PUBLIC_KEY_BYTES);
    add(&digest, authority->server_keys.log_key.bytes, PUBLIC_KEY_BYTES);
    add(&digest, authority->server_keys.tls_pin.bytes, HASH_BYTES);
    add(&digest, authority->witness_policy, authority->witness_policy_size);
    add_u64(&digest, authority->generation);
    add_u64(&digest, authority->next_end_ms);
    for (size_t i = 0; i < authority->chain_list.count; i++) {
        const struct chain_node *node = authority->chain_list.items[i];
        add(&digest, node->pub.label.bytes, HASH_BYTES);
        add(&digest, node->pub.last.bytes, HASH_BYTES);
        add_u64(&digest, node->pub.count);
    }
    for (size_t i = 0; i < authority->members.count; i++) {
        const struct member_node *node = authority->members.items[i];
        add_member(&digest, &node->pub);
        add_u64(&digest, node->section_count);
    }
    for (size_t i = 0; i < authority->section_list.count; i++) {
        const struct section_node *node = authority->section_list.items[i];
        add_section(&digest, &node->pub);
    }
    *out_digest = digest.state;
}
