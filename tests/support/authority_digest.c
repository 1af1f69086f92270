#include "tests/support/authority_digest.h"

#include "keys/public/authority/authority_internal.h"
#include "keys/public/hash.h"

/*
 * Field by field through one stream: padding bytes and pointers must not count. Lists are
 * walked in their own order, which is that of admission; each thing in a map stands in a list
 * too, so that looking it up there and counting the map covers the map.
 */
struct digest {
    struct hash state; /* over all but the buffer */
    uint8_t buffer[4096];
    size_t used;
    bool whole; /* not the facts alone */
};

static void settle(struct digest *digest)
{
    const struct span parts[] = {ID_SPAN(&digest->state), span_of(digest->buffer, digest->used)};
    hash_parts(parts, ARRAY_LEN(parts), &digest->state);
    digest->used = 0;
}

static void add(struct digest *digest, const void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        size_t room = sizeof digest->buffer - digest->used;
        size_t part = size - done < room ? size - done : room;
        memcpy(digest->buffer + digest->used, (const uint8_t *)data + done, part);
        digest->used += part;
        done += part;
        if (digest->used == sizeof digest->buffer) {
            settle(digest);
        }
    }
}

static void add_u64(struct digest *digest, uint64_t value)
{
    add(digest, &value, sizeof value);
}

static void add_generation(struct digest *digest, uint64_t generation)
{
    add_u64(digest, digest->whole ? generation : 0);
}

static void add_kept(struct digest *digest, struct span bytes)
{
    if (digest->whole) {
        add(digest, bytes.data, bytes.size);
    }
}

#define ADD(digest, id)          add(digest, (id).bytes, sizeof((id).bytes))
#define CHECK_IN(map, key, item) CHECK(map_get(map, (key).bytes) == (const void *)(item))

static void add_persons_keys(struct digest *digest, const struct authority_member *m)
{
    ADD(digest, m->invitation);
    ADD(digest, m->invitation_key);
    ADD(digest, m->inviter);
    ADD(digest, m->inviter_device);
    ADD(digest, m->enrolment);
    ADD(digest, m->identity);
    ADD(digest, m->identity_key);
    ADD(digest, m->recovery_sealing_key);
    ADD(digest, m->recovery_signing_key);
    add_u64(digest, m->expires_ms);
    add_u64(digest, m->seq);
    add_u64(digest, m->by_root);
    add_u64(digest, m->enrolled);
    add_u64(digest, m->enrolled_seq);
}

static void add_devices(struct digest *digest, const struct authority *authority,
                        const struct authority_member *m)
{
    for (const struct authority_device *d = m->devices; d != NULL; d = d->next) {
        CHECK_IN(&authority->devices, d->statement, d);
        ADD(digest, d->statement);
        ADD(digest, d->keys.id);
        ADD(digest, d->keys.content);
        ADD(digest, d->keys.login);
        ADD(digest, d->keys.sealing);
        add_u64(digest, d->seq);
        add_u64(digest, d->revoked_seq);
        ADD(digest, d->revoked_by);
    }
}

static void add_member(struct digest *digest, const struct authority *authority,
                       const struct member_node *node)
{
    const struct authority_member *m = &node->pub;
    CHECK_IN(&authority->members_by_id, m->id, node);
    ADD(digest, m->id);
    ADD(digest, m->label);
    add_u64(digest, m->role);
    add_u64(digest, m->local);
    add_persons_keys(digest, m);
    add_devices(digest, authority, m);
    for (const struct authority_span *s = m->suspensions; s != NULL; s = s->next) {
        add_u64(digest, s->from_seq);
        add_u64(digest, s->to_seq);
    }
    for (const struct authority_relation *r = m->relations; r != NULL; r = r->next) {
        CHECK_IN(&authority->relations, r->statement, r);
        ADD(digest, r->statement);
        ADD(digest, r->subject);
        ADD(digest, r->staff);
        add_u64(digest, r->kind);
        add_u64(digest, r->until_ms);
        add_u64(digest, r->seq);
        add_u64(digest, r->ended_seq);
    }
    for (const struct authority_delegation *d = m->delegations; d != NULL; d = d->next) {
        ADD(digest, d->statement);
        add_u64(digest, d->until_ms);
        add_u64(digest, d->seq);
    }
    for (size_t i = 0; i < node->section_count; i++) {
        ADD(digest, node->sections[i]->pub.id);
    }
    for (size_t i = 0; i < node->supervised_count; i++) {
        ADD(digest, node->supervised[i]->pub.id);
    }
    add_u64(digest, node->chart != NULL);
    if (node->chart != NULL) {
        CHECK_IN(&authority->charts, node->chart->pub.id, node->chart);
        ADD(digest, node->chart->pub.id);
        ADD(digest, node->chart->pub.client);
        for (size_t i = 0; i < node->chart->pub.section_count; i++) {
            ADD(digest, node->chart->pub.sections[i]->id);
        }
    }
}

static void add_grants(struct digest *digest, const struct authority_section *s)
{
    for (size_t i = 0; i < s->grant_count; i++) {
        const struct authority_grant *grant = &s->grants[i];
        ADD(digest, grant->statement);
        ADD(digest, grant->member);
        ADD(digest, grant->identity);
        ADD(digest, grant->basis);
        ADD(digest, grant->signer);
        add_u64(digest, grant->basis_kind);
        add_u64(digest, grant->rights);
        add_u64(digest, grant->until_ms);
        add_u64(digest, grant->history_from);
        add_u64(digest, grant->seq);
        add_u64(digest, grant->ended_seq);
        add_u64(digest, grant->clock_ended_ms);
    }
}

static void add_recipients(struct digest *digest, const struct authority_recipient *recipients,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ADD(digest, recipients[i].hash);
        add_u64(digest, recipients[i].kind);
    }
}

static void add_seals(struct digest *digest, const struct authority_section *s)
{
    for (size_t i = 0; i < s->epoch_count; i++) {
        const struct authority_epoch *epoch = &s->epochs[i];
        ADD(digest, epoch->statement);
        ADD(digest, epoch->membership);
        ADD(digest, epoch->commitment);
        ADD(digest, epoch->signer);
        ADD(digest, epoch->signer_device);
        add_u64(digest, epoch->epoch);
        add_u64(digest, epoch->chain_number);
        add_u64(digest, epoch->seq);
        add_u64(digest, epoch->time_ms);
        add_recipients(digest, epoch->recipients, epoch->recipient_count);
        add_kept(digest, epoch->bytes);
    }
    for (size_t i = 0; i < s->reseal_count; i++) {
        const struct authority_reseal *reseal = &s->reseals[i];
        ADD(digest, reseal->statement);
        ADD(digest, reseal->signer);
        ADD(digest, reseal->signer_device);
        add_u64(digest, reseal->chain_number);
        add_u64(digest, reseal->seq);
        add_recipients(digest, reseal->recipients, reseal->count);
        add(digest, reseal->epochs, reseal->count * sizeof *reseal->epochs);
        add_kept(digest, reseal->bytes);
    }
}

static void add_section(struct digest *digest, const struct authority *authority,
                        const struct section_node *node)
{
    const struct authority_section *s = &node->pub;
    CHECK_IN(&authority->sections, s->id, node);
    ADD(digest, s->id);
    ADD(digest, s->label);
    ADD(digest, s->chart);
    ADD(digest, s->client);
    ADD(digest, s->maker);
    add_u64(digest, s->has_chart);
    add_u64(digest, s->class);
    add_u64(digest, s->seq);
    add_u64(digest, s->local);
    add_generation(digest, s->generation);
    add_grants(digest, s);
    add_seals(digest, s);
    for (size_t i = 0; i < s->entry_count; i++) {
        const struct authority_entry *entry = &s->entries[i];
        ADD(digest, entry->statement);
        ADD(digest, entry->position_head);
        add_u64(digest, entry->position_number);
        add_u64(digest, entry->type);
        add_u64(digest, entry->seq);
        add_u64(digest, entry->time_ms);
    }
}

static void add_chain(struct digest *digest, const struct authority *authority,
                      const struct chain_node *node)
{
    CHECK_IN(&authority->chains, node->pub.label, node);
    ADD(digest, node->pub.label);
    ADD(digest, node->pub.last);
    add(digest, node->pub.id, ID_BYTES);
    add_u64(digest, node->pub.subject);
    add_u64(digest, node->pub.count);
    add_u64(digest, node->pub.first_seq);
    add_u64(digest, node->pub.last_seq);
}

static void add_fact(struct digest *digest, const struct authority *authority,
                     const struct member_fact *fact)
{
    CHECK_IN(&authority->facts, fact->statement, fact);
    ADD(digest, fact->statement);
    ADD(digest, fact->member);
    add_u64(digest, fact->type);
    add_u64(digest, fact->seq);
    add_u64(digest, fact->time_ms);
}

static void add_scalars(struct digest *digest, const struct authority *authority)
{
    const struct authority_scalars *now = &authority->now;
    const struct span policy = authority_witness_policy(authority);
    ADD(digest, now->practice);
    ADD(digest, now->root_key);
    ADD(digest, now->server_keys.login_key);
    ADD(digest, now->server_keys.login_next);
    ADD(digest, now->server_keys.log_key);
    ADD(digest, now->server_keys.log_next);
    ADD(digest, now->server_keys.tls_pin);
    ADD(digest, now->server_keys.tls_next);
    add(digest, policy.data, policy.size);
    add_u64(digest, now->pinned);
    add_u64(digest, now->has_server_keys);
    add_u64(digest, now->practice_chain != NULL);
    add_u64(digest, now->directory != NULL);
    add_generation(digest, now->generation);
    add_u64(digest, now->next_end_ms);
    add_u64(digest, now->clock_ms);
    add_u64(digest, now->section_locals);
}

static void add_counts(struct digest *digest, const struct authority *authority)
{
    const struct map *maps[] = {&authority->members_by_id, &authority->devices, &authority->chains,
                                &authority->sections,      &authority->charts,  &authority->facts,
                                &authority->relations};
    for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
        add_u64(digest, maps[i]->count);
    }
    add_u64(digest, authority->members.count);
    add_u64(digest, authority->section_list.count);
}

static void run(struct digest *digest, const struct authority *authority, struct hash *out_digest)
{
    add_scalars(digest, authority);
    add_counts(digest, authority);
    for (size_t i = 0; i < authority->chain_list.count; i++) {
        add_chain(digest, authority, authority->chain_list.items[i]);
    }
    for (size_t i = 0; i < authority->members.count; i++) {
        add_member(digest, authority, authority->members.items[i]);
    }
    for (size_t i = 0; i < authority->section_list.count; i++) {
        add_section(digest, authority, authority->section_list.items[i]);
    }
    for (size_t i = 0; i < authority->fact_list.count; i++) {
        add_fact(digest, authority, authority->fact_list.items[i]);
    }
    settle(digest);
    *out_digest = digest->state;
}

void authority_digest(const struct authority *authority, struct hash *out_digest)
{
    struct digest digest = {.whole = true};
    run(&digest, authority, out_digest);
}

void authority_facts_digest(const struct authority *authority, struct hash *out_digest)
{
    struct digest digest = {.whole = false};
    run(&digest, authority, out_digest);
}
