/* What is read of many events at once: their heads, and the nodes above them. */

#include "server/store/events_codec.h"
#include "server/store/ledger.h"
#include "store_fixture.h"
#include "tests/support/test.h"

/* Goal: what walks read of an event is what reading all of it gives, and no part of it that
 * is missing goes unnoticed. Method: one with everything in it, decoded both ways; then cut
 * at every byte. */
static void test_head(void **state)
{
    static uint8_t value[EVENTS_VALUE_BYTES_MAX];
    static const uint8_t nodes[3 * HASH_BYTES] = {7, 8, 9};
    (void)state;
    uint64_t seed = 5;
    struct fixture_parts parts;
    struct event_new event;
    fixture_full_event(&seed, &parts, &event);
    struct event_stored stored;
    memset(&stored, 0, sizeof stored);
    stored.fields = event.fields;
    stored.change = event.change;
    stored.reply = event.reply;
    stored.open = event.open;
    stored.target = event.target;
    stored.restricted = event.restricted;
    stored.target_opening = span_of(event.target_opening, EVENTS_OPENING_BYTES);
    stored.restricted_opening = span_of(event.restricted_opening, EVENTS_OPENING_BYTES);
    stored.nodes = span_of(nodes, sizeof nodes);
    stored.section_number = 3;
    fixture_random_bytes(&seed, stored.section_head.bytes, HASH_BYTES);
    fixture_random_bytes(&seed, stored.leaf_hash.bytes, HASH_BYTES);
    size_t size = 0;
    events_codec_encode(&stored, value, &size);
    struct event_stored whole;
    assert_int_equal(events_codec_decode(span_of(value, size), &whole), STATUS_OK);
    struct event_stored head;
    assert_int_equal(events_codec_decode_head(span_of(value, size), &head), STATUS_OK);
    assert_memory_equal(&head.fields, &whole.fields, sizeof whole.fields);
    assert_memory_equal(&head.change, &whole.change, sizeof whole.change);
    assert_memory_equal(&head.section_head, &stored.section_head, HASH_BYTES);
    assert_memory_equal(&head.leaf_hash, &stored.leaf_hash, HASH_BYTES);
    assert_int_equal(head.section_number, 3);
    assert_int_equal(head.nodes.size, sizeof nodes);
    assert_memory_equal(head.nodes.data, nodes, sizeof nodes);
    assert_int_equal(head.open.size, 0);
    size_t head_bytes = (size_t)(head.nodes.data - value) + head.nodes.size;
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(events_codec_decode_head(span_of(value, cut), &head),
                         cut < head_bytes ? STATUS_CORRUPT : STATUS_OK);
        assert_int_equal(events_codec_decode(span_of(value, cut), &whole), STATUS_CORRUPT);
    }
}

static void append_many(struct txn *txn, uint64_t *seed, size_t count)
{
    struct fixture_parts parts;
    struct event_new event;
    struct hash leaf;
    uint64_t seq;
    for (size_t i = 0; i < count; i++) {
        fixture_full_event(seed, &parts, &event);
        assert_int_equal(fixture_append(txn, &event, &seq, &leaf), STATUS_OK);
    }
}

/* Every node there is, by both transactions. */
static void expect_same_nodes(struct txn *kept, struct txn *fresh)
{
    uint64_t size = ledger_size(fresh, LEDGER_EVENTS);
    assert_int_equal(ledger_size(kept, LEDGER_EVENTS), size);
    for (uint32_t level = 0; size >> level != 0; level++) {
        for (uint64_t index = 0; index < size >> level; index++) {
            struct hash a;
            assert_int_equal(ledger_node(kept, LEDGER_EVENTS, level, index, &a), STATUS_OK);
            struct hash b;
            assert_int_equal(ledger_node(fresh, LEDGER_EVENTS, level, index, &b), STATUS_OK);
            assert_memory_equal(a.bytes, b.bytes, HASH_BYTES);
        }
    }
}

/* Goal: a read transaction that is used again and keeps nodes gives what a new one gives.
 * Method: more nodes than it keeps, while the log grows, after writes that were taken back. */
static void test_kept_nodes(void **state)
{
    struct fixture *f = *state;
    struct txn *kept = fixture_read(f);
    db_reset(kept);
    uint64_t seed = 11;
    for (size_t round = 0; round < 12; round++) {
        struct txn *txn = fixture_write(f);
        append_many(txn, &seed, 40);
        db_abort(txn);
        txn = fixture_write(f);
        append_many(txn, &seed, 99 * round + 1);
        fixture_commit(txn);
        struct txn *fresh = fixture_read(f);
        assert_int_equal(db_renew(kept), STATUS_OK);
        expect_same_nodes(kept, fresh);
        expect_same_nodes(kept, fresh);
        db_reset(kept);
        db_abort(fresh);
    }
    db_abort(kept);
}

/* Of the row that completes the nodes of levels 1 to 4. */
#define COMPLETES_FOUR 15u
#define LEVELS         5u

/* How many of them are read; those that are must be |sound|. */
static size_t nodes_up(struct txn *txn, const struct hash sound[LEVELS])
{
    size_t read = 0;
    for (uint32_t level = 0; level < LEVELS; level++) {
        struct hash found;
        const enum status status =
            ledger_node(txn, LEDGER_EVENTS, level, COMPLETES_FOUR >> level, &found);
        assert_true(status == STATUS_OK || status == STATUS_CORRUPT);
        if (status == STATUS_OK) {
            assert_memory_equal(found.bytes, sound[level].bytes, HASH_BYTES);
            read++;
        }
    }
    return read;
}

/* Goal: a flipped bit in an event's row makes no node another one, and so no proof false; one in the
 * nodes makes none unreadable. Method: one in each byte of the row in turn. */
static void test_nodes_of_a_damaged_row(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_write(f);
    uint64_t seed = 12;
    append_many(txn, &seed, 20);
    struct hash sound[LEVELS];
    for (uint32_t level = 0; level < LEVELS; level++) {
        OK(ledger_node(txn, LEDGER_EVENTS, level, COMPLETES_FOUR >> level, &sound[level]));
    }
    const struct schema_key key = schema_key_seq(COMPLETES_FOUR);
    struct span value;
    OK(db_get(txn, SCHEMA_EVENT, schema_key_span(&key), &value));
    size_t whole = 0;
    for (size_t i = 0; i < value.size; i++) {
        /* Of a transaction that writes, and a page that it wrote: memory of its own. */
        union {
            const uint8_t *in;
            uint8_t *out;
        } row = {.in = value.data};
        row.out[i] ^= 1;
        whole += nodes_up(txn, sound) == LEVELS ? 1 : 0;
        row.out[i] ^= 1;
    }
    assert_true(whole >= (LEVELS - 1) * HASH_BYTES);
    db_abort(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head),
        FIXTURE_TEST(test_kept_nodes),
        FIXTURE_TEST(test_nodes_of_a_damaged_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
