/*
 * What tests/vectors/protocol.txt records of the logs: events and a chart's history, checkpoints and
 * proofs, logins, pages. Its statements and its section are in keys_private/protocol_test.c.
 */
#include "keys/public/frame.h"
#include "keys/public/hash.h"
#include "keys/public/log/checkpoint.h"
#include "keys/public/log/leaf.h"
#include "keys/public/log/merkle_proof.h"
#include "keys/public/log/origin.h"
#include "keys/public/statement.h"
#include "keys/public/verify.h"
#include "proto/message.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"

#define STATEMENTS 28u
#define EVENTS     19u
#define ENTRIES    16u
/* Of which an inclusion is recorded. */
#define PROVED     18u

/* Read once; everything else is found in |vectors|. */
struct world {
    struct vectors *vectors;
    struct practice_id practice;
    struct statement_server_keys keys;
    struct public_key c1_login;
    struct hash leaves[EVENTS];
};

static void find(struct world *world, const char *kind, unsigned number)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s %u", kind, number);
    vectors_find(world->vectors, name);
}

static void copy(struct world *world, const char *key, void *to, size_t size)
{
    struct span found = vectors_hex(world->vectors, key);
    assert_int_equal(found.size, size);
    memcpy(to, found.data, size);
}

static void assert_hex(struct world *world, const char *key, struct span found)
{
    assert_true(span_equal(found, vectors_hex(world->vectors, key)));
}

/* Frees nothing of the bytes: the arena holds copies. */
static const void *decode(struct world *world, const char *key,
                          const ProtobufCMessageDescriptor *descriptor, struct arena *arena)
{
    ProtobufCMessage *message = NULL;
    OK(message_decode(descriptor, vectors_hex(world->vectors, key), arena, &message));
    return message;
}

static void take_event(struct world *world, unsigned number)
{
    find(world, "event", number);
    struct hash opening;
    copy(world, "target_opening", opening.bytes, sizeof opening.bytes);
    struct hash target;
    leaf_target_hash(&world->practice, opening.bytes, vectors_hex(world->vectors, "target"),
                     &target);
    copy(world, "restricted_opening", opening.bytes, sizeof opening.bytes);
    struct hash restricted;
    leaf_restricted_hash(&world->practice, opening.bytes, vectors_hex(world->vectors, "restricted"),
                         &restricted);
    leaf_event_hash(vectors_hex(world->vectors, "open"), &target, &restricted,
                    &world->leaves[number]);
    assert_hex(world, "leaf_hash", ID_SPAN(&world->leaves[number]));
}

static void open_world(struct world *world)
{
    *world = (struct world){.vectors = vectors_open("protocol.txt")};
    find(world, "statement", 0);
    statement_practice_id(vectors_hex(world->vectors, "bytes"), &world->practice);
    find(world, "statement", 1);
    struct statement statement;
    OK(statement_parse(vectors_hex(world->vectors, "bytes"), &world->practice, &statement));
    world->keys = statement.u.server_keys;
    statement_free(&statement);
    /* C1's enrolment. */
    find(world, "statement", 11);
    OK(statement_parse(vectors_hex(world->vectors, "bytes"), &world->practice, &statement));
    assert_int_equal(statement.rule->type, STATEMENT_ENROLMENT);
    world->c1_login = statement.u.enrolment.device.login;
    statement_free(&statement);
    for (unsigned i = 0; i < EVENTS; i++) {
        take_event(world, i);
    }
}

/* Goal: each event's leaf, and running numbers of the chart that link without a gap. */
static void test_protocol_events(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    struct hash last = {{0}};
    uint64_t running = 0;
    for (unsigned i = 0; i < EVENTS; i++) {
        find(&world, "event", i);
        struct arena arena = {0};
        const Alcove__EventTarget *target =
            decode(&world, "target", &alcove__event_target__descriptor, &arena);
        assert_true(target->chart_number == vectors_number(world.vectors, "number"));
        struct hash previous;
        if (target->chart_number > 0) {
            assert_true(target->chart_number == ++running);
            assert_true(field_optional(target->chart_previous, previous.bytes, HASH_BYTES));
            assert_true(ID_EQUAL(&previous, &last));
            last = world.leaves[i];
        }
        arena_free(&arena);
    }
    assert_true(running == EVENTS - 1u);
    vectors_close(world.vectors);
}

static void open_note(struct world *world, const char *name, enum origin_log log,
                      struct checkpoint *out)
{
    char origin[ORIGIN_CHARS_MAX];
    origin_format(&world->practice, log, origin);
    struct note_key note_key;
    OK(note_key_init(span_of(origin, strlen(origin)), NOTE_KEY_ED25519, &world->keys.log_key,
                     &note_key));
    OK(checkpoint_open(vectors_text(world->vectors, name), &note_key, NULL, 0, out, NULL));
    char key[32];
    (void)snprintf(key, sizeof key, "%s_size", name);
    assert_true(out->size == vectors_number(world->vectors, key));
    (void)snprintf(key, sizeof key, "%s_root", name);
    assert_hex(world, key, ID_SPAN(&out->root));
}

static void root_of(const struct hash *leaves, size_t count, struct hash *out_root)
{
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    for (size_t i = 0; i < count; i++) {
        OK(merkle_frontier_append(&frontier, &leaves[i], NULL));
    }
    merkle_frontier_root(&frontier, out_root);
}

/* Goal: checkpoints are signed and name the roots of the recorded leaves; both proofs hold. */
static void test_protocol_checkpoints(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    vectors_find(world.vectors, "checkpoints");
    struct checkpoint statements;
    open_note(&world, "statements", ORIGIN_STATEMENTS, &statements);
    struct checkpoint older;
    open_note(&world, "older", ORIGIN_EVENTS, &older);
    struct checkpoint events;
    open_note(&world, "events", ORIGIN_EVENTS, &events);
    assert_true(statements.size == STATEMENTS && events.size == EVENTS);
    struct hash root;
    root_of(world.leaves, EVENTS, &root);
    assert_true(ID_EQUAL(&root, &events.root));
    root_of(world.leaves, older.size, &root);
    assert_true(ID_EQUAL(&root, &older.root));
    struct merkle_proof proof;
    OK(merkle_proof_decode(vectors_hex(world.vectors, "consistency"), &proof));
    OK(merkle_proof_check_consistency(&proof, older.size, &older.root, events.size, &events.root));
    OK(merkle_proof_decode(vectors_hex(world.vectors, "inclusion"), &proof));
    OK(merkle_proof_check_inclusion(&proof, &world.leaves[PROVED], PROVED, events.size,
                                    &events.root));
    vectors_close(world.vectors);
}

/* ---------------------------------------------------------------- login */

struct signed_login {
    uint8_t exporter[32];
    struct hash hello;
    struct hash login;
    uint8_t sizes[16];
};

static void assert_signed(struct world *world, const char *key, enum label label,
                          const struct span *parts, size_t count, ProtobufCBinaryData signature,
                          const struct public_key *by)
{
    struct frame frame;
    OK(frame_build(label, &world->practice, parts, count, &frame));
    assert_hex(world, key, span_of(frame.data, frame.size));
    frame_free(&frame);
    struct signature found;
    assert_true(field_signature(signature, &found));
    OK(verify_frame(label, &world->practice, parts, count, by, &found));
}

static void put_u64(uint64_t value, uint8_t out[8])
{
    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(value >> (56u - 8u * i));
    }
}

/* Goal: both sides sign exactly what PROTOCOL.md says, in a success and in a rewind. */
static void test_protocol_login(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    vectors_find(world.vectors, "login");
    struct signed_login made;
    copy(&world, "exporter", made.exporter, sizeof made.exporter);
    hash_bytes(vectors_hex(world.vectors, "hello"), &made.hello);
    hash_bytes(vectors_hex(world.vectors, "login"), &made.login);
    struct hash key;
    hash_bytes(ID_SPAN(&world.keys.login_key), &key);
    struct arena arena = {0};
    const Alcove__Hello *hello = decode(&world, "hello", &alcove__hello__descriptor, &arena);
    const Alcove__Login *login = decode(&world, "login", &alcove__login__descriptor, &arena);
    const Alcove__LoginReply *reply =
        decode(&world, "reply", &alcove__login_reply__descriptor, &arena);
    const Alcove__LoginReply *rewound =
        decode(&world, "rewound", &alcove__login_reply__descriptor, &arena);
    assert_true(span_equal(field_span(hello->login_key), ID_SPAN(&world.keys.login_key)));
    assert_true(span_equal(field_span(hello->practice), ID_SPAN(&world.practice)));
    uint8_t sizes[16];
    put_u64(login->seen->statements_size, sizes);
    put_u64(login->seen->events_size, sizes + 8);
    const struct span client[] = {
        span_of(made.exporter, sizeof made.exporter),
        field_span(hello->nonce),
        field_span(login->nonce),
        ID_SPAN(&key),
        ID_SPAN(&made.hello),
        field_span(login->member),
        field_span(login->device_statement),
        span_of(sizes, 8),
        field_span(login->seen->statements_root),
        span_of(sizes + 8, 8),
        field_span(login->seen->events_root),
    };
    assert_signed(&world, "signed_client", LABEL_LOGIN_CLIENT, client, ARRAY_LEN(client),
                  login->signature, &world.c1_login);
    put_u64(rewound->statements_size, made.sizes);
    put_u64(rewound->events_size, made.sizes + 8);
    const struct span server[] = {client[0], client[1], client[2], ID_SPAN(&made.login),
                                  span_of(made.sizes, sizeof made.sizes)};
    assert_signed(&world, "signed_server", LABEL_LOGIN_SERVER, server, 4, reply->signature,
                  &world.keys.login_key);
    assert_signed(&world, "signed_rewound", LABEL_REWOUND, server, 5, rewound->signature,
                  &world.keys.login_key);
    arena_free(&arena);
    vectors_close(world.vectors);
}

/* ---------------------------------------------------------------- pages */

static void check_page(struct world *world, const char *name, unsigned seq)
{
    vectors_find(world->vectors, name);
    uint64_t from = vectors_number(world->vectors, "from");
    uint64_t to = vectors_number(world->vectors, "to");
    struct arena arena = {0};
    const Alcove__PageReply *reply =
        decode(world, "reply", &alcove__page_reply__descriptor, &arena);
    const Alcove__PageChunk *chunk =
        decode(world, "chunk", &alcove__page_chunk__descriptor, &arena);
    assert_true(reply->from == from && reply->to == to && reply->proof->leaf->seq == seq);
    assert_true(chunk->n_entry == to - from + 1u && chunk->entry[0]->number == from);
    struct arena target_arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__event_target__descriptor, field_span(reply->proof->leaf->target),
                      &target_arena, &message));
    const Alcove__EventTarget *target = (const Alcove__EventTarget *)(const void *)message;
    assert_true(target->from == from && target->to == to && target->section_number == ENTRIES);
    find(world, "event", seq);
    assert_hex(world, "target", field_span(reply->proof->leaf->target));
    assert_hex(world, "open", field_span(reply->proof->leaf->open));
    /* The section's last head, also of a page that ends before. */
    char key[32];
    (void)snprintf(key, sizeof key, "entry %u", ENTRIES);
    vectors_find(world->vectors, key);
    assert_hex(world, "head", field_span(target->section_head));
    assert_hex(world, "times", field_span(target->section_times));
    if (from > 1) {
        find(world, "entry", (unsigned)(from - 1u));
        assert_hex(world, "head", field_span(reply->section_head_before));
        assert_hex(world, "times", field_span(reply->section_times_before));
    }
    arena_free(&target_arena);
    arena_free(&arena);
}

/* Goal: a page's event names the page, and the section's end even when the page ends before. */
static void test_protocol_pages(void **state)
{
    (void)state;
    struct world world;
    open_world(&world);
    check_page(&world, "page", EVENTS - 2u);
    check_page(&world, "partial page", EVENTS - 1u);
    vectors_close(world.vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protocol_events),
        cmocka_unit_test(test_protocol_checkpoints),
        cmocka_unit_test(test_protocol_login),
        cmocka_unit_test(test_protocol_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
