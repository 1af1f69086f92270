/* Leaves of both logs, section heads and the logs' names. */
#include "keys/public/log/leaf.h"
#include "keys/public/log/merkle.h"
#include "keys/public/log/note_key.h"
#include "keys/public/log/origin.h"
#include "keys/public/statement.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"

/* What every record is computed from. */
struct inputs {
    struct practice_id practice;
    uint8_t opening[LEAF_OPENING_BYTES];
    struct chain_label label;
    struct hash object;
    struct hash previous;
    struct public_key key;
    uint8_t text[4][32];
    struct span open;
    struct span target;
    struct span restricted;
    struct span statement;
    uint64_t time_ms;
};

static void copy_hex(struct vectors *vectors, const char *key, uint8_t out[32])
{
    struct span bytes = vectors_hex(vectors, key);
    assert_int_equal(bytes.size, 32);
    memcpy(out, bytes.data, bytes.size);
}

static struct span copy_text(struct vectors *vectors, const char *key, uint8_t out[32])
{
    struct span bytes = vectors_hex(vectors, key);
    assert_true(bytes.size > 0 && bytes.size <= 32);
    memcpy(out, bytes.data, bytes.size);
    return span_of(out, bytes.size);
}

static struct vectors *inputs_read(struct inputs *in)
{
    struct vectors *vectors = vectors_open("leaf.txt");
    vectors_find(vectors, "inputs");
    copy_hex(vectors, "practice", in->practice.bytes);
    copy_hex(vectors, "opening", in->opening);
    copy_hex(vectors, "label", in->label.bytes);
    copy_hex(vectors, "object", in->object.bytes);
    copy_hex(vectors, "previous", in->previous.bytes);
    copy_hex(vectors, "key", in->key.bytes);
    in->open = copy_text(vectors, "open", in->text[0]);
    in->target = copy_text(vectors, "target", in->text[1]);
    in->restricted = copy_text(vectors, "restricted", in->text[2]);
    in->statement = copy_text(vectors, "statement", in->text[3]);
    in->time_ms = vectors_number(vectors, "time");
    return vectors;
}

static void assert_hash(struct vectors *vectors, const char *key, const struct hash *hash)
{
    assert_true(span_equal(ID_SPAN(hash), vectors_hex(vectors, key)));
}

/* Goal: an event's leaf is frozen, and hashing it in parts is hashing it whole. */
static void test_leaf_event(void **state)
{
    (void)state;
    struct inputs in;
    struct vectors *vectors = inputs_read(&in);
    vectors_find(vectors, "event");
    struct hash target;
    leaf_target_hash(&in.practice, in.opening, in.target, &target);
    assert_hash(vectors, "target_hash", &target);
    struct hash restricted;
    leaf_restricted_hash(&in.practice, in.opening, in.restricted, &restricted);
    assert_hash(vectors, "restricted_hash", &restricted);
    struct hash leaf;
    leaf_event_hash(in.open, &target, &restricted, &leaf);
    assert_hash(vectors, "leaf_hash", &leaf);
    uint8_t whole[128];
    memcpy(whole, in.open.data, in.open.size);
    memcpy(whole + in.open.size, target.bytes, HASH_BYTES);
    memcpy(whole + in.open.size + HASH_BYTES, restricted.bytes, HASH_BYTES);
    struct hash whole_hash;
    merkle_leaf_hash(span_of(whole, in.open.size + 2u * HASH_BYTES), &whole_hash);
    assert_true(ID_EQUAL(&leaf, &whole_hash));
    vectors_close(vectors);
}

/* Goal: a statement's leaf is frozen, reads back, and has one form. Method: the known
 * bytes; each length but the right one; a changed version and tail. */
static void test_leaf_statement(void **state)
{
    (void)state;
    struct inputs in;
    struct vectors *vectors = inputs_read(&in);
    struct leaf_statement leaf = {.label = in.label};
    vectors_find(vectors, "statement");
    leaf.type = (uint16_t)vectors_number(vectors, "type");
    leaf.number = vectors_number(vectors, "number");
    leaf_statement_commitment(&in.practice, in.opening, in.time_ms, in.statement, &leaf.commitment);
    assert_hash(vectors, "commitment", &leaf.commitment);
    uint8_t bytes[LEAF_STATEMENT_BYTES + 1u] = {0};
    leaf_statement_encode(&leaf, bytes);
    assert_true(span_equal(span_of(bytes, LEAF_STATEMENT_BYTES), vectors_hex(vectors, "leaf")));
    struct leaf_statement again;
    assert_int_equal(leaf_statement_decode(span_of(bytes, LEAF_STATEMENT_BYTES), &again),
                     STATUS_OK);
    assert_int_equal(again.type, leaf.type);
    assert_true(again.number == leaf.number && ID_EQUAL(&again.label, &leaf.label) &&
                ID_EQUAL(&again.commitment, &leaf.commitment));
    for (size_t size = 0; size <= sizeof bytes; size++) {
        if (size != LEAF_STATEMENT_BYTES) {
            assert_int_equal(leaf_statement_decode(span_of(bytes, size), &again), STATUS_MALFORMED);
        }
    }
    for (size_t bit = 0; bit < 8u * LEAF_STATEMENT_BYTES; bit++) {
        bytes[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        enum status status = leaf_statement_decode(span_of(bytes, LEAF_STATEMENT_BYTES), &again);
        if (bit / 8u < 2u) {
            assert_int_equal(status, STATUS_UNSUPPORTED);
        } else if (bit / 8u >= LEAF_STATEMENT_BYTES - 4u) {
            assert_int_equal(status, STATUS_MALFORMED);
        } else {
            assert_int_equal(status, STATUS_OK);
            uint8_t back[LEAF_STATEMENT_BYTES];
            leaf_statement_encode(&again, back);
            assert_memory_equal(back, bytes, sizeof back);
        }
        bytes[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
    }
    vectors_close(vectors);
}

/* Goal: a section's head depends on each of its parts. Method: the known head, then one
 * part changed at a time. */
static void test_leaf_section_head(void **state)
{
    (void)state;
    struct inputs in;
    struct vectors *vectors = inputs_read(&in);
    vectors_find(vectors, "section head");
    uint64_t number = vectors_number(vectors, "number");
    uint16_t kind = (uint16_t)vectors_number(vectors, "kind");
    struct hash head;
    leaf_section_head(&in.practice, &in.previous, number, kind, &in.object, &head);
    assert_hash(vectors, "head", &head);
    struct hash other;
    leaf_section_head(&in.practice, &in.previous, number + 1u, kind, &in.object, &other);
    assert_false(ID_EQUAL(&head, &other));
    leaf_section_head(&in.practice, &in.previous, number, (uint16_t)(kind + 1u), &in.object,
                      &other);
    assert_false(ID_EQUAL(&head, &other));
    leaf_section_head(&in.practice, &in.object, number, kind, &in.object, &other);
    assert_false(ID_EQUAL(&head, &other));
    leaf_section_head(&in.practice, &in.previous, number, kind, &in.previous, &other);
    assert_false(ID_EQUAL(&head, &other));
    in.practice.bytes[0] ^= 1u;
    leaf_section_head(&in.practice, &in.previous, number, kind, &in.object, &other);
    assert_false(ID_EQUAL(&head, &other));
    vectors_close(vectors);
}

/* Goal: the times of a section's entries depend on each part. Method: as above. */
static void test_leaf_section_times(void **state)
{
    (void)state;
    struct inputs in;
    struct vectors *vectors = inputs_read(&in);
    vectors_find(vectors, "section times");
    uint64_t number = vectors_number(vectors, "number");
    uint64_t time_ms = vectors_number(vectors, "time");
    struct hash times;
    leaf_section_times(&in.practice, &in.previous, number, time_ms, &times);
    assert_hash(vectors, "times", &times);
    struct hash other;
    leaf_section_times(&in.practice, &in.previous, number + 1u, time_ms, &other);
    assert_false(ID_EQUAL(&times, &other));
    leaf_section_times(&in.practice, &in.previous, number, time_ms + 1u, &other);
    assert_false(ID_EQUAL(&times, &other));
    leaf_section_times(&in.practice, &in.object, number, time_ms, &other);
    assert_false(ID_EQUAL(&times, &other));
    in.practice.bytes[0] ^= 1u;
    leaf_section_times(&in.practice, &in.previous, number, time_ms, &other);
    assert_false(ID_EQUAL(&times, &other));
    vectors_close(vectors);
}

/* Goal: the names by which statements, persons and practices are known are frozen. */
static void test_leaf_hashes(void **state)
{
    (void)state;
    struct inputs in;
    struct vectors *vectors = inputs_read(&in);
    vectors_find(vectors, "hashes");
    struct hash hash;
    statement_hash(in.statement, &in.practice, &hash);
    assert_hash(vectors, "statement_hash", &hash);
    statement_identity_hash(&in.key, &in.practice, &hash);
    assert_hash(vectors, "identity_hash", &hash);
    struct practice_id practice;
    statement_practice_id(in.statement, &practice);
    assert_true(span_equal(ID_SPAN(&practice), vectors_hex(vectors, "practice_id")));
    vectors_close(vectors);
}

/* Goal: the logs' names are frozen and can be names of note keys. */
static void test_origin_names(void **state)
{
    (void)state;
    struct inputs in;
    struct vectors *vectors = inputs_read(&in);
    vectors_find(vectors, "origins");
    char name[ORIGIN_CHARS_MAX];
    origin_format(&in.practice, ORIGIN_STATEMENTS, name);
    assert_true(span_equal(span_of(name, strlen(name)), vectors_text(vectors, "statements")));
    assert_true(note_key_name_valid(span_of(name, strlen(name))));
    origin_format(&in.practice, ORIGIN_EVENTS, name);
    assert_true(span_equal(span_of(name, strlen(name)), vectors_text(vectors, "events")));
    vectors_close(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaf_event),        cmocka_unit_test(test_leaf_statement),
        cmocka_unit_test(test_leaf_section_head), cmocka_unit_test(test_leaf_section_times),
        cmocka_unit_test(test_leaf_hashes),       cmocka_unit_test(test_origin_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
