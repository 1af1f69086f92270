/*
 * The recorded values of PROTOCOL.md, tests/vectors/protocol.txt, which a second implementation
 * made: computed again here from their seeds, and judged as a client judges them.
 */
#include "keys/private/envelope_internal.h"
#include "keys/private/epoch_key_internal.h"
#include "keys/private/identity.h"
#include "keys/private/invitation.h"
#include "keys/public/authority/timeline.h"
#include "keys/public/frame.h"
#include "keys/public/hash.h"
#include "keys/public/log/merkle.h"
#include "proto/message.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"
#include "tests/unit/keys_private/common.h"

#define STATEMENTS 28u
#define EPOCHS     3u
#define ENTRIES    16u
#define REVISIONS  3u

/* What the whole file is about, filled from its first records. */
struct world {
    struct vectors *vectors;
    struct practice_id practice;
    struct authority *authority;
    struct merkle_frontier statements;
};

static void find(struct world *world, const char *kind, unsigned number)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s %u", kind, number);
    vectors_find(world->vectors, name);
}

static void copy(struct world *world, const char *key, void *to, size_t size)
{
    common_copy(vectors_hex(world->vectors, key), to, size);
}

static void assert_hex(struct world *world, const char *key, struct span found)
{
    common_same(found, vectors_hex(world->vectors, key));
}

/* A key of the record [keys]. Moves there. */
static void key_bytes(struct world *world, const char *name, uint8_t out[32])
{
    vectors_find(world->vectors, "keys");
    copy(world, name, out, 32);
}

/* Text that outlives its record. */
static void keep_text(struct world *world, const char *key, char *out, size_t size)
{
    struct span text = vectors_text(world->vectors, key);
    assert_true(text.size < size);
    memcpy(out, text.data, text.size);
    out[text.size] = '\0';
}

/* ---------------------------------------------------------------- statements */

/* The seed of "C1 invitation" comes from "C1 secret", every other from its own name. */
static struct identity_signer *signer_of(struct world *world, const char *name)
{
    const char *last = strrchr(name, ' ');
    struct identity_signer *signer = NULL;
    if (last != NULL && strcmp(last, " invitation") == 0) {
        char secret[32];
        (void)snprintf(secret, sizeof secret, "%.*s secret", (int)(last - name), name);
        struct invitation_code code = {.secret = {0}};
        key_bytes(world, secret, code.secret);
        struct secret *psk = NULL;
        OK(invitation_derive(&code, &world->practice, &signer, &psk));
        secret_free(psk);
        return signer;
    }
    uint8_t seed[32];
    key_bytes(world, name, seed);
    enum identity_role role = last == NULL                     ? IDENTITY_ROOT
                              : strcmp(last, " identity") == 0 ? IDENTITY_MEMBER
                                                               : IDENTITY_CONTENT;
    OK(identity_signer_from_seed(role, span_of(seed, sizeof seed), &signer));
    return signer;
}

/* Cuts the record's "signers" into names: a name ends with the word for the kind of its key. */
static size_t split_signers(char *text, char *names[STATEMENT_SIGNATURES_MAX])
{
    static const char *const kinds[] = {"root", "content", "identity", "invitation"};
    names[0] = text;
    size_t count = 0;
    for (char *end = text; *end != '\0'; end++) {
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
            size_t size = strlen(kinds[i]);
            if (strncmp(end, kinds[i], size) == 0 && (end[size] == ' ' || end[size] == '\0')) {
                bool last = end[size] == '\0';
                end[size] = '\0';
                end += size - 1u;
                assert_true(++count <= STATEMENT_SIGNATURES_MAX);
                if (last) {
                    return count;
                }
                end++;
                names[count] = end + 1;
                break;
            }
        }
    }
    return count;
}

static void resign(struct world *world, const struct statement *statement, char *signers)
{
    char *names[STATEMENT_SIGNATURES_MAX + 1u];
    size_t count = split_signers(signers, names);
    const struct practice_id *practice =
        statement->rule->type == STATEMENT_GENESIS ? NULL : &world->practice;
    assert_int_equal(count, statement->rule->signatures);
    for (size_t i = 0; i < count; i++) {
        struct identity_signer *signer = signer_of(world, names[i]);
        struct signature signature;
        OK(identity_sign(signer, statement->rule->label, practice, &statement->body, 1,
                         &signature));
        common_same(ID_SPAN(&signature), ID_SPAN(&statement->signature[i]));
        identity_signer_free(signer);
    }
}

/* Goal: every statement has the hash and leaf that is recorded, its signatures come from the
 * recorded seeds, and it holds at its place. Method: one after the other into an authority. */
static void take_statement(struct world *world, unsigned number)
{
    static uint8_t bytes[STATEMENT_BYTES_MAX];
    find(world, "statement", number);
    struct span found = vectors_hex(world->vectors, "bytes");
    assert_true(found.size <= sizeof bytes);
    memcpy(bytes, found.data, found.size);
    uint64_t time_ms = vectors_number(world->vectors, "time");
    assert_int_equal(vectors_number(world->vectors, "seq"), number);
    struct statement statement;
    OK(statement_parse(span_of(bytes, found.size), &world->practice, &statement));
    common_same(common_text(statement.rule->name), vectors_text(world->vectors, "name"));
    assert_int_equal(statement.rule->type, vectors_number(world->vectors, "type"));
    assert_true(statement.link.number == vectors_number(world->vectors, "number"));
    assert_hex(world, "label", ID_SPAN(&statement.link.label));
    assert_hex(world, "hash", ID_SPAN(&statement.hash));
    struct hash opening;
    copy(world, "opening", opening.bytes, sizeof opening.bytes);
    uint8_t leaf[LEAF_BYTES];
    statement_leaf(&statement, &world->practice, &opening, time_ms, leaf);
    assert_hex(world, "leaf", span_of(leaf, sizeof leaf));
    struct hash hash;
    merkle_leaf_hash(span_of(leaf, sizeof leaf), &hash);
    OK(merkle_frontier_append(&world->statements, &hash, NULL));
    char signers[128];
    keep_text(world, "signers", signers, sizeof signers);
    resign(world, &statement, signers);
    struct authority_result result;
    OK(authority_admit(world->authority, span_of(bytes, found.size), number, time_ms,
                       AUTHORITY_VERIFY, &result));
    statement_free(&statement);
}

static void open_world(struct world *world)
{
    *world = (struct world){.vectors = vectors_open("protocol.txt")};
    merkle_frontier_init(&world->statements);
    find(world, "statement", 0);
    statement_practice_id(vectors_hex(world->vectors, "bytes"), &world->practice);
    vectors_find(world->vectors, "practice");
    struct practice_id practice;
    copy(world, "id", practice.bytes, sizeof practice.bytes);
    assert_true(ID_EQUAL(&practice, &world->practice));
    OK(authority_new(&world->practice, AUTHORITY_KEEP_SEALS, &world->authority));
    for (unsigned i = 0; i < STATEMENTS; i++) {
        take_statement(world, i);
    }
}

static void close_world(struct world *world)
{
    authority_free(world->authority);
    vectors_close(world->vectors);
}

static const struct authority_section *only_section(const struct world *world)
{
    assert_int_equal(authority_section_count(world->authority), 1);
    return authority_section_at(world->authority, 0);
}

static void test_protocol_statements(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    vectors_find(world.vectors, "checkpoints");
    assert_int_equal(vectors_number(world.vectors, "statements_size"), STATEMENTS);
    struct hash root;
    merkle_frontier_root(&world.statements, &root);
    assert_hex(&world, "statements_root", ID_SPAN(&root));
    close_world(&world);
}

/* Goal: identity hashes, and the code that two people compare. */
static void test_protocol_identity(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    const struct authority_member *t1 = authority_member_at(world.authority, 1);
    const struct authority_member *c1 = authority_member_at(world.authority, 3);
    vectors_find(world.vectors, "practice");
    assert_hex(&world, "c1", ID_SPAN(&c1->identity));
    assert_hex(&world, "t1", ID_SPAN(&t1->identity));
    bool first = memcmp(c1->identity.bytes, t1->identity.bytes, HASH_BYTES) < 0;
    const struct span parts[] = {ID_SPAN(first ? &c1->identity : &t1->identity),
                                 ID_SPAN(first ? &t1->identity : &c1->identity)};
    struct hash hash;
    frame_hash(LABEL_SHORT_CODE, &world.practice, parts, ARRAY_LEN(parts), &hash);
    char code[32];
    for (size_t i = 0; i < 5; i++) {
        const uint8_t *b = hash.bytes + 4u * i;
        uint32_t value = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
        (void)snprintf(code + 6u * i, sizeof code - 6u * i, "%05u%s", value % 100000u,
                       i < 4 ? " " : "");
    }
    common_same(common_text(code), vectors_text(world.vectors, "code"));
    close_world(&world);
}

/* ---------------------------------------------------------------- epochs */

static struct secret *psk_of_c1(struct world *world)
{
    struct invitation_code code = {.secret = {0}};
    key_bytes(world, "C1 secret", code.secret);
    struct identity_signer *signer = NULL;
    struct secret *psk = NULL;
    OK(invitation_derive(&code, &world->practice, &signer, &psk));
    identity_signer_free(signer);
    return psk;
}

static void check_seal(struct world *world, const struct authority_epoch *epoch,
                       const struct statement_seal *seal, size_t i, const struct secret *key)
{
    struct secret *psk = seal->mode == SEAL_PSK ? psk_of_c1(world) : NULL;
    const struct authority_recipient recipient = {seal->recipient, seal->kind};
    const struct epoch_key_place place = {world->practice, only_section(world)->id, epoch->epoch,
                                          epoch->membership};
    const struct epoch_key_parties parties = {seal->recipient, epoch->signer_device};
    find(world, "epoch", (unsigned)epoch->epoch);
    char name[32];
    (void)snprintf(name, sizeof name, "ephemeral %zu", i);
    uint8_t ephemeral[32];
    copy(world, name, ephemeral, sizeof ephemeral);
    (void)snprintf(name, sizeof name, "to %zu", i);
    char opener[32];
    keep_text(world, name, opener, sizeof opener);
    struct public_key to;
    assert_true(authority_recipient_key(world->authority, &recipient, &to, NULL));
    uint8_t again[EPOCH_KEY_SEALED_BYTES];
    OK(epoch_key_seal_fixed(ephemeral, key, &place, &parties, &to, psk, again));
    (void)snprintf(name, sizeof name, "sealed %zu", i);
    assert_hex(world, name, span_of(again, sizeof again));
    assert_memory_equal(seal->share, again, sizeof seal->share);
    assert_memory_equal(seal->sealed, again + sizeof seal->share, sizeof seal->sealed);
    uint8_t secret_bytes[32];
    key_bytes(world, opener, secret_bytes);
    struct secret *own = common_secret(span_of(secret_bytes, sizeof secret_bytes));
    struct secret *opened = NULL;
    OK(epoch_key_open(span_of(again, sizeof again), &place, &parties, own, psk, &epoch->commitment,
                      &opened));
    assert_true(secret_equal(opened, key));
    secret_free(opened);
    secret_free(own);
    secret_free(psk);
}

static void check_epoch(struct world *world, const struct authority_epoch *epoch)
{
    struct authority_when when = {epoch->seq, epoch->time_ms};
    const struct authority_section *section = only_section(world);
    find(world, "epoch", (unsigned)epoch->epoch);
    struct secret *key = common_secret(vectors_hex(world->vectors, "key"));
    assert_hex(world, "statement", ID_SPAN(&epoch->statement));
    assert_hex(world, "commitment", ID_SPAN(&epoch->commitment));
    struct hash found;
    authority_membership(world->authority, section, when, &found);
    assert_hex(world, "membership", ID_SPAN(&found));
    const struct epoch_key_place place = {world->practice, section->id, epoch->epoch, found};
    epoch_key_commitment(key, &place, &found);
    assert_hex(world, "commitment", ID_SPAN(&found));
    assert_int_equal(vectors_number(world->vectors, "seals"), epoch->recipient_count);
    struct statement statement;
    OK(statement_parse(epoch->bytes, &world->practice, &statement));
    for (size_t i = 0; i < statement.u.epoch.seal_count; i++) {
        check_seal(world, epoch, &statement.u.epoch.seal[i], i, key);
    }
    statement_free(&statement);
    secret_free(key);
}

/* Goal: memberships, commitments and seals in both modes are those recorded, and open. */
static void test_protocol_epochs(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    const struct authority_section *section = only_section(&world);
    assert_int_equal(section->epoch_count, EPOCHS);
    for (size_t i = 0; i < section->epoch_count; i++) {
        check_epoch(&world, &section->epochs[i]);
    }
    close_world(&world);
}

/* ---------------------------------------------------------------- the section */

static void check_revision(struct world *world, unsigned number, struct span envelope)
{
    static uint8_t sealed[ENVELOPE_BYTES_MIN];
    static uint8_t context[CONTEXT_BYTES_MAX];
    static uint8_t text[ENVELOPE_BYTES_MIN];
    find(world, "revision", number);
    struct span found = vectors_hex(world->vectors, "context");
    memcpy(context, found.data, found.size);
    struct span bytes = vectors_hex(world->vectors, "text");
    memcpy(text, bytes.data, bytes.size);
    struct envelope_fixed fixed;
    copy(world, "revision_key", fixed.revision_secret, sizeof fixed.revision_secret);
    copy(world, "envelope_nonce", fixed.envelope_nonce, sizeof fixed.envelope_nonce);
    copy(world, "wrap_nonce", fixed.wrap_nonce, sizeof fixed.wrap_nonce);
    unsigned epoch = (unsigned)vectors_number(world->vectors, "epoch");
    find(world, "epoch", epoch);
    struct secret *key = common_secret(vectors_hex(world->vectors, "key"));
    const struct envelope_scope scope = {&world->practice, key, span_of(context, found.size)};
    assert_int_equal(envelope_size(bytes.size), sizeof sealed);
    uint8_t wrap[ENVELOPE_WRAP_BYTES];
    OK(envelope_seal_fixed(&scope, &fixed, span_of(text, bytes.size), wrap, sealed));
    common_same(span_of(sealed, sizeof sealed), envelope);
    struct hash hash;
    hash_bytes(envelope, &hash);
    find(world, "revision", number);
    assert_hex(world, "wrap", span_of(wrap, sizeof wrap));
    assert_hex(world, "envelope_sha256", ID_SPAN(&hash));
    secret_free(key);
}

static void check_entry(struct world *world, struct timeline *timeline,
                        const Alcove__PageEntry *entry, unsigned *revisions)
{
    struct timeline_entry next = {.kind = entry->kind, .time_ms = entry->time_ms};
    struct revision_context context;
    struct revision_header header;
    struct signature signature;
    if (entry->kind == ENTRY_REVISION) {
        OK(revision_context_parse(field_span(entry->context), &context));
        OK(revision_header_parse(field_span(entry->header), &header));
        assert_true(ID_EQUAL(&header.context_hash, &context.hash));
        assert_true(field_signature(entry->signature, &signature));
        revision_link(field_span(entry->header), &signature, &world->practice, &next.object);
        const struct authority_device *device = authority_device(world->authority, &context.device);
        assert_non_null(device);
        OK(revision_verify(field_span(entry->header), &signature, &world->practice,
                           &device->keys.content));
        next.context = &context;
        check_revision(world, ++*revisions, field_span(entry->envelope));
        assert_hex(world, "link", ID_SPAN(&next.object));
        assert_hex(world, "header", field_span(entry->header));
        assert_hex(world, "context", field_span(entry->context));
    } else {
        assert_true(field_hash(entry->object, &next.object));
    }
    enum timeline_reason reason = TIMELINE_FINE;
    OK(timeline_step(timeline, world->authority, &next, &reason));
    assert_int_equal(reason, TIMELINE_FINE);
    find(world, "entry", (unsigned)entry->number);
    assert_int_equal(vectors_number(world->vectors, "kind"), entry->kind);
    assert_hex(world, "object", ID_SPAN(&next.object));
    assert_hex(world, "head", ID_SPAN(&timeline->head));
    assert_int_equal(vectors_number(world->vectors, "time"), entry->time_ms);
    assert_hex(world, "times", ID_SPAN(&timeline->times));
}

/* Goal: each entry may stand at its number, of all four kinds, and gives the recorded head; each
 * revision is sealed to the recorded bytes. */
static void test_protocol_section(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    vectors_find(world.vectors, "page");
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__page_chunk__descriptor, vectors_hex(world.vectors, "chunk"), &arena,
                      &message));
    const Alcove__PageChunk *chunk = (const Alcove__PageChunk *)(const void *)message;
    struct timeline timeline;
    timeline_init(&timeline, &world.practice, &only_section(&world)->id);
    unsigned revisions = 0;
    for (size_t i = 0; i < chunk->n_entry; i++) {
        check_entry(&world, &timeline, chunk->entry[i], &revisions);
    }
    assert_int_equal(timeline.number, ENTRIES);
    assert_int_equal(revisions, REVISIONS);
    assert_false(timeline_behind(&timeline, world.authority));
    timeline_free(&timeline);
    arena_free(&arena);
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protocol_statements),
        cmocka_unit_test(test_protocol_identity),
        cmocka_unit_test(test_protocol_epochs),
        cmocka_unit_test(test_protocol_section),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
