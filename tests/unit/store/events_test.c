/* Stored events: leaf and hashes, damage, dropping, trails, section heads. The queries are
 * compared with a naive model in tests/model. */

#include "keys/public/bytes/cursor.h"
#include "keys/public/log/leaf.h"
#include "server/store/events_codec.h"
#include "server/store/ledger.h"
#include "server/store/section_log.h"
#include "store_fixture.h"
#include "tests/support/test.h"

#define VALUE_BYTES 20000u

static uint64_t append(struct txn *txn, const struct event_new *event, struct hash *out_leaf)
{
    uint64_t seq = 0;
    assert_int_equal(fixture_append(txn, event, &seq, out_leaf), STATUS_OK);
    return seq;
}

/* The leaf as an auditor is given it. */
#define LEAF_BYTES_MAX (EVENTS_PART_BYTES_MAX + 2u * HASH_BYTES)
static enum status leaf_bytes(struct txn *txn, uint64_t seq, uint8_t out_leaf[LEAF_BYTES_MAX],
                              size_t *out_size)
{
    struct event_stored event;
    enum status status = events_get(txn, seq, &event);
    if (status != STATUS_OK || event.leaf_dropped) {
        return status == STATUS_OK ? STATUS_NOT_FOUND : status;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, out_leaf, LEAF_BYTES_MAX);
    cursor_write_span(&writer, event.open);
    cursor_write_span(&writer, ID_SPAN(&event.target_hash));
    cursor_write_span(&writer, ID_SPAN(&event.restricted_hash));
    return cursor_write_done(&writer, out_size);
}

/* After retention: stored again without its restricted part, or without any part. */
static void drop(struct txn *txn, uint64_t seq, bool leaf)
{
    struct schema_key key = schema_key_seq(seq);
    struct event_stored event;
    assert_int_equal(events_get(txn, seq, &event), STATUS_OK);
    event.restricted_dropped = true;
    event.leaf_dropped = leaf;
    uint8_t value[EVENTS_VALUE_BYTES_MAX];
    size_t size = 0;
    events_codec_encode(&event, value, &size);
    db_put(txn, SCHEMA_EVENT, schema_key_span(&key), span_of(value, size));
    assert_int_equal(db_status(txn), STATUS_OK);
}

/* Goal: what goes in comes out, and the leaf is the one that leaf.h describes. */
static void test_append_and_get(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 1;
    struct fixture_parts parts;
    struct event_new event;
    fixture_full_event(&seed, &parts, &event);
    struct txn *txn = fixture_write(f);
    struct event_next next;
    assert_int_equal(events_next(txn, &event.fields, &event.change, &next), STATUS_OK);
    struct hash leaf;
    assert_int_equal(append(txn, &event, &leaf), 0);
    fixture_commit(txn);
    txn = fixture_read(f);
    struct event_stored got;
    assert_int_equal(events_get(txn, 0, &got), STATUS_OK);
    assert_memory_equal(&got.fields, &event.fields, sizeof got.fields);
    assert_true(span_equal(got.open, event.open));
    assert_true(span_equal(got.target, event.target));
    assert_true(span_equal(got.restricted, event.restricted));
    assert_memory_equal(got.target_opening.data, event.target_opening, EVENTS_OPENING_BYTES);
    assert_memory_equal(got.restricted_opening.data, event.restricted_opening,
                        EVENTS_OPENING_BYTES);
    assert_true(ID_EQUAL(&got.reply.request, &event.reply.request));
    assert_true(span_equal(got.reply.outcome, event.reply.outcome));
    assert_int_equal(got.section_number, next.numbers.section_number);
    assert_true(ID_EQUAL(&got.section_head, &next.numbers.section_head));
    assert_int_equal(got.change.object_seq, 77);
    struct hash target;
    leaf_target_hash(&f->practice, event.target_opening, event.target, &target);
    struct hash restricted;
    leaf_restricted_hash(&f->practice, event.restricted_opening, event.restricted, &restricted);
    struct hash expected;
    leaf_event_hash(event.open, &target, &restricted, &expected);
    assert_true(ID_EQUAL(&expected, &leaf));
    assert_true(ID_EQUAL(&got.target_hash, &target));
    assert_true(ID_EQUAL(&got.restricted_hash, &restricted));
    assert_int_equal(events_get(txn, 1, &got), STATUS_NOT_FOUND);
    db_abort(txn);
}

/* Goal: the leaf's exact bytes hash to the leaf hash as any RFC 6962 log would have it. */
static void test_leaf_bytes(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 2;
    struct fixture_parts parts;
    struct event_new event;
    fixture_full_event(&seed, &parts, &event);
    struct txn *txn = fixture_write(f);
    struct hash leaf;
    (void)append(txn, &event, &leaf);
    uint8_t bytes[LEAF_BYTES_MAX];
    size_t size = 0;
    assert_int_equal(leaf_bytes(txn, 0, bytes, &size), STATUS_OK);
    assert_int_equal(size, event.open.size + 2 * HASH_BYTES);
    struct hash found;
    merkle_leaf_hash(span_of(bytes, size), &found);
    assert_true(ID_EQUAL(&found, &leaf));
    db_abort(txn);
}

/* Whether two readings agree in all that the leaf vouches for. */
static bool same_leaf(const struct event_stored *a, const struct event_new *b)
{
    return span_equal(a->open, b->open) && span_equal(a->target, b->target) &&
           span_equal(a->restricted, b->restricted) &&
           memcmp(a->target_opening.data, b->target_opening, EVENTS_OPENING_BYTES) == 0 &&
           memcmp(a->restricted_opening.data, b->restricted_opening, EVENTS_OPENING_BYTES) == 0;
}

/* Goal: a damaged value is never served as an event's parts. Method: flip every bit of the
 * stored bytes, cut them at every length, add a byte: the reading must fail, or give the
 * parts unchanged (bits of fields that the leaf does not hold; fsck compares those). */
static void test_damage_is_never_served(void **state)
{
    struct fixture *f = *state;
    static uint8_t value[VALUE_BYTES];
    uint64_t seed = 3;
    struct fixture_parts parts;
    struct event_new event;
    fixture_full_event(&seed, &parts, &event);
    struct txn *txn = fixture_write(f);
    struct hash leaf;
    (void)append(txn, &event, &leaf);
    fixture_commit(txn);
    txn = fixture_write(f);
    size_t size = fixture_value(txn, SCHEMA_EVENT, 0, value, sizeof value - 1);
    struct event_stored got;
    size_t refused = 0;
    for (size_t bit = 0; bit < size * 8; bit++) {
        struct schema_key key = schema_key_seq(0);
        value[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        db_put(txn, SCHEMA_EVENT, schema_key_span(&key), span_of(value, size));
        enum status status = events_get(txn, 0, &got);
        assert_true(status == STATUS_CORRUPT ||
                    (status == STATUS_OK && (got.leaf_dropped || same_leaf(&got, &event))));
        refused += status == STATUS_CORRUPT;
        value[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    assert_true(refused > 8 * (event.open.size + event.target.size + event.restricted.size + 96));
    for (size_t cut = 0; cut <= size + 1; cut++) {
        struct schema_key key = schema_key_seq(0);
        db_put(txn, SCHEMA_EVENT, schema_key_span(&key), span_of(value, cut));
        assert_int_equal(events_get(txn, 0, &got), cut == size ? STATUS_OK : STATUS_CORRUPT);
    }
    db_abort(txn);
}

/* Goal: after dropping parts, every proof still verifies and the rest is still checked. */
static void test_dropping_keeps_proofs(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_write(f);
    uint64_t seed = 4;
    struct fixture_parts parts;
    struct event_new event;
    struct hash leaves[9];
    for (uint64_t i = 0; i < 9; i++) {
        fixture_full_event(&seed, &parts, &event);
        assert_int_equal(append(txn, &event, &leaves[i]), i);
    }
    struct hash before;
    assert_int_equal(ledger_root(txn, LEDGER_EVENTS, 9, &before), STATUS_OK);
    drop(txn, 3, false);
    drop(txn, 7, true);
    drop(txn, 7, true);
    fixture_commit(txn);
    txn = fixture_read(f);
    struct hash after;
    assert_int_equal(ledger_root(txn, LEDGER_EVENTS, 9, &after), STATUS_OK);
    assert_true(ID_EQUAL(&before, &after));
    struct event_stored got;
    assert_int_equal(events_get(txn, 3, &got), STATUS_OK);
    assert_true(got.restricted_dropped && !got.leaf_dropped);
    assert_int_equal(got.restricted.size, 0);
    uint8_t bytes[LEAF_BYTES_MAX];
    size_t size;
    assert_int_equal(leaf_bytes(txn, 3, bytes, &size), STATUS_OK);
    assert_int_equal(events_get(txn, 7, &got), STATUS_OK);
    assert_true(got.leaf_dropped);
    assert_int_equal(got.open.size, 0);
    assert_int_equal(got.fields.chart_local, 5);
    assert_int_equal(leaf_bytes(txn, 7, bytes, &size), STATUS_NOT_FOUND);
    struct merkle_proof proof;
    for (uint64_t i = 0; i < 9; i++) {
        assert_int_equal(ledger_inclusion(txn, LEDGER_EVENTS, i, 9, &proof), STATUS_OK);
        assert_int_equal(merkle_proof_check_inclusion(&proof, &leaves[i], i, 9, &before),
                         STATUS_OK);
    }
    db_abort(txn);
}

/* Change by change, each in a transaction of its own, as a page is sent: the same as found
 * one at a time; looked at twice before it is passed; nothing behind the last. */
static void check_walk(struct fixture *f, uint64_t from, uint64_t to)
{
    struct section_walk walk;
    section_walk_init(&walk, 6, from);
    struct section_change change;
    struct section_change found;
    struct txn *txn;
    for (uint64_t number = from; number <= to; number++) {
        txn = fixture_read(f);
        assert_int_equal(section_walk_next(txn, &walk, &change), STATUS_OK);
        assert_int_equal(section_walk_next(txn, &walk, &change), STATUS_OK);
        assert_int_equal(section_log_get(txn, 6, number, &found), STATUS_OK);
        assert_int_equal(change.number, number);
        assert_int_equal(change.event_seq, found.event_seq);
        assert_true(ID_EQUAL(&change.head, &found.head));
        db_abort(txn);
        section_walk_pass(&walk, &change);
    }
    txn = fixture_read(f);
    assert_int_equal(section_walk_next(txn, &walk, &change), STATUS_NOT_FOUND);
    db_abort(txn);
}

/* Goal: sections number their changes only, heads chain, pages are checked against them.
 * Method: 200 changes among events that are none; pages of 7; then one kind is altered. */
static void test_section_log(void **state)
{
    struct fixture *f = *state;
    static uint8_t value[VALUE_BYTES];
    struct txn *txn = fixture_write(f);
    uint64_t seed = 5;
    struct fixture_parts parts;
    struct event_new event;
    struct hash leaf;
    struct hash head = {{0}};
    uint64_t number = 0;
    uint64_t last_seq = 0;
    for (uint64_t i = 0; number < 200; i++) {
        fixture_full_event(&seed, &parts, &event);
        if (i % 3 == 1) {
            event.change.kind = 0;
        } else {
            event.change.kind = (uint16_t)(1 + i % 4);
            event.change.object_seq = i;
            number++;
            leaf_section_head(&f->practice, &head, number, event.change.kind, &event.change.object,
                              &head);
        }
        last_seq = append(txn, &event, &leaf);
    }
    fixture_commit(txn);
    txn = fixture_read(f);
    struct section_change page[7];
    uint64_t after = 0;
    size_t count = 1;
    while (count > 0) {
        assert_int_equal(section_log_page(txn, 6, after, page, ARRAY_LEN(page), &count), STATUS_OK);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(page[i].number, after + 1 + i);
            assert_int_equal(page[i].change.object_seq, page[i].event_seq);
        }
        after += count;
        if (count > 0 && after == 200) {
            assert_true(ID_EQUAL(&page[count - 1].head, &head));
        }
    }
    assert_int_equal(after, 200);
    assert_int_equal(section_log_get(txn, 6, 201, &page[0]), STATUS_NOT_FOUND);
    assert_int_equal(section_log_get(txn, 6, 0, &page[0]), STATUS_NOT_FOUND);
    assert_int_equal(section_log_page(txn, 99, 0, page, 7, &count), STATUS_OK);
    assert_int_equal(count, 0);
    db_abort(txn);
    check_walk(f, 1, 200);
    check_walk(f, 64, 200);
    check_walk(f, 130, 200);
    txn = fixture_read(f);
    size_t size = fixture_value(txn, SCHEMA_EVENT, last_seq, value, sizeof value);
    db_abort(txn);
    /* kind: version, flags, nodes, 28 bytes of fields, actor, chart and section numbers */
    value[3 + 28 + 3 * 16 + 1] ^= 1;
    fixture_put_value(f, SCHEMA_EVENT, last_seq, span_of(value, size));
    txn = fixture_read(f);
    assert_int_equal(section_log_page(txn, 6, 195, page, 7, &count), STATUS_CORRUPT);
    assert_int_equal(count, 0);
    db_abort(txn);
}

/* Goal: limits of the parts hold, and nothing is appended past them. */
static void test_too_large(void **state)
{
    static uint8_t big[EVENTS_PART_BYTES_MAX + 1];
    struct fixture *f = *state;
    uint64_t seed = 6;
    struct fixture_parts parts;
    struct event_new event;
    fixture_full_event(&seed, &parts, &event);
    struct txn *txn = fixture_write(f);
    struct event_new edge = event;
    edge.open = span_of(big, sizeof big);
    struct hash leaf;
    uint64_t seq;
    assert_int_equal(fixture_append(txn, &edge, &seq, &leaf), STATUS_TOO_LARGE);
    edge = event;
    edge.target = span_of(big, sizeof big);
    assert_int_equal(fixture_append(txn, &edge, &seq, &leaf), STATUS_TOO_LARGE);
    edge = event;
    edge.restricted = span_of(big, sizeof big);
    assert_int_equal(fixture_append(txn, &edge, &seq, &leaf), STATUS_TOO_LARGE);
    edge = event;
    edge.reply.outcome = span_of(big, EVENTS_OUTCOME_BYTES_MAX + 1);
    assert_int_equal(fixture_append(txn, &edge, &seq, &leaf), STATUS_TOO_LARGE);
    edge = event;
    edge.open = edge.target = edge.restricted = span_of(big, EVENTS_PART_BYTES_MAX);
    edge.reply.outcome = span_of(big, EVENTS_OUTCOME_BYTES_MAX);
    assert_int_equal(ledger_size(txn, LEDGER_EVENTS), 0);
    assert_int_equal(append(txn, &edge, &leaf), 0);
    fixture_commit(txn);
}

/* Goal: leaf time never goes back. */
static void test_time(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_write(f);
    uint64_t seed = 7;
    struct fixture_parts parts;
    struct event_new event;
    struct hash leaf;
    for (uint64_t i = 0; i < 10; i++) {
        fixture_full_event(&seed, &parts, &event);
        event.fields.time_ms = events_time(txn, i % 2 == 0 ? 1000 + i : 10);
        assert_int_equal(event.fields.time_ms, 1000 + i / 2 * 2);
        (void)append(txn, &event, &leaf);
    }
    uint64_t at = 0;
    assert_int_equal(events_at_time(txn, 0, &at), STATUS_OK);
    assert_int_equal(at, 0);
    assert_int_equal(events_at_time(txn, 1003, &at), STATUS_OK);
    assert_int_equal(at, 4);
    assert_int_equal(events_at_time(txn, 1008, &at), STATUS_OK);
    assert_int_equal(at, 8);
    assert_int_equal(events_at_time(txn, 1009, &at), STATUS_OK);
    assert_int_equal(at, 10);
    db_abort(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_append_and_get),
        FIXTURE_TEST(test_leaf_bytes),
        FIXTURE_TEST(test_damage_is_never_served),
        FIXTURE_TEST(test_dropping_keeps_proofs),
        FIXTURE_TEST(test_section_log),
        FIXTURE_TEST(test_too_large),
        FIXTURE_TEST(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
