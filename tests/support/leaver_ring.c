#include "tests/support/leaver_ring.h"

#include "client/engine/exchange/inside.h"
#include "keys/private/epoch_key.h"
#include "tests/support/test.h"

static void add_held(const struct engine *engine, struct leaver_ring *ring)
{
    for (size_t i = 0; i < engine->sections.count; i++) {
        for (size_t k = 0; k < engine->sections.items[i].key_count; k++) {
            assert_true(ring->count < LEAVER_KEYS_MAX);
            ring->keys[ring->count++] = engine->sections.items[i].keys[k].key;
        }
    }
}

/* One seal, as if it were for the person's device, and as it is addressed. */
static void try_seal(const struct engine *engine, const struct authority_section *facts,
                     const struct statement_seal *seal, const struct hash *sender,
                     struct leaver_ring *ring)
{
    const struct authority_epoch *epoch = &facts->epochs[seal->epoch - 1u];
    const struct hash *recipients[] = {&seal->recipient, &engine->common.content->device_statement};
    struct epoch_key_place place = {.practice = engine->common.practice,
                                    .section = facts->id,
                                    .epoch = seal->epoch,
                                    .membership = epoch->membership};
    uint8_t sealed[EPOCH_KEY_SEALED_BYTES];
    memcpy(sealed, seal->share, SEAL_SHARE_BYTES);
    memcpy(sealed + SEAL_SHARE_BYTES, seal->sealed, SEAL_SEALED_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(recipients); i++) {
        struct epoch_key_parties parties = {*recipients[i], *sender};
        struct secret *key = NULL;
        if (epoch_key_open(span_of(sealed, sizeof sealed), &place, &parties,
                           identity_sealer_secret(engine->common.content->sealing), NULL,
                           &epoch->commitment, &key) == STATUS_OK) {
            assert_true(ring->count < LEAVER_KEYS_MAX && ring->unsealed_count < LEAVER_KEYS_MAX);
            ring->unsealed[ring->unsealed_count++] = key;
            ring->keys[ring->count++] = key;
        }
    }
}

static void try_statement(const struct engine *engine, const struct authority_section *facts,
                          struct span bytes, const struct hash *sender, struct leaver_ring *ring)
{
    struct statement statement;
    OK(statement_parse(bytes, &engine->common.practice, &statement));
    bool epoch = statement.rule->type == STATEMENT_EPOCH;
    size_t count = epoch ? statement.u.epoch.seal_count : statement.u.reseal.seal_count;
    for (size_t i = 0; i < count; i++) {
        try_seal(engine, facts, epoch ? &statement.u.epoch.seal[i] : &statement.u.reseal.seal[i],
                 sender, ring);
    }
    statement_free(&statement);
}

void leaver_ring_fill(const struct mirror *mirror, const struct live_person *person,
                      const struct section_id *section, struct leaver_ring *out_ring)
{
    const struct engine *engine = person->engine;
    const struct authority_section *facts = authority_section(mirror->authority, section);
    assert_non_null(facts);
    memset(out_ring, 0, sizeof *out_ring);
    add_held(engine, out_ring);
    for (size_t i = 0; i < facts->epoch_count; i++) {
        try_statement(engine, facts, facts->epochs[i].bytes, &facts->epochs[i].signer_device,
                      out_ring);
    }
    for (size_t i = 0; i < facts->reseal_count; i++) {
        try_statement(engine, facts, facts->reseals[i].bytes, &facts->reseals[i].signer_device,
                      out_ring);
    }
}

void leaver_ring_free(struct leaver_ring *ring)
{
    for (size_t i = 0; i < ring->unsealed_count; i++) {
        secret_free(ring->unsealed[i]);
    }
}
