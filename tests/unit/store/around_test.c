/* Goal: what a damaged row said is found by the rows that say it too. Method: rows that lead to others
 * are written over with bytes that are none, one after another; what is asked for stays the same. */

#include "server/store/chain_log.h"
#include "server/store/names.h"
#include "server/store/replay.h"
#include "server/store/trail.h"
#include "store_fixture.h"
#include "tests/support/test.h"

#define EVENTS 200u

static void spoil(struct fixture *f, enum schema_table table, const struct schema_key *key)
{
    struct txn *txn = fixture_write(f);
    struct span value;
    assert_int_equal(db_get(txn, table, schema_key_span(key), &value), STATUS_OK);
    db_put(txn, table, schema_key_span(key), span_of("?", 1));
    fixture_commit(txn);
}

/* Every second event is about chart 5 and changes section 6. */
static void add_events(struct fixture *f)
{
    struct txn *txn = fixture_write(f);
    uint64_t seed = 3;
    for (uint64_t i = 0; i < EVENTS; i++) {
        struct fixture_parts parts;
        struct event_new event;
        fixture_full_event(&seed, &parts, &event);
        event.fields.time_ms = events_time(txn, 1000 + i);
        if (i % 2 != 0) {
            event.fields.chart_local = 7;
            event.fields.section_local = 8;
        }
        uint64_t seq;
        struct hash leaf;
        assert_int_equal(fixture_append(txn, &event, &seq, &leaf), STATUS_OK);
    }
    fixture_commit(txn);
}

static void test_head_of_a_trail(void **state)
{
    struct fixture *f = *state;
    add_events(f);
    const struct {
        enum trail_kind kind;
        uint32_t local;
    } trails[] = {{TRAIL_CHART, 5}, {TRAIL_SECTION, 6}, {TRAIL_ACTOR, 3}};
    for (size_t i = 0; i < ARRAY_LEN(trails); i++) {
        struct txn *txn = fixture_read(f);
        struct trail_head before;
        assert_int_equal(trail_get(txn, trails[i].kind, trails[i].local, &before), STATUS_OK);
        db_abort(txn);
        const struct schema_key key = schema_key_trail((uint8_t)trails[i].kind, trails[i].local);
        spoil(f, SCHEMA_TRAIL, &key);
        txn = fixture_read(f);
        struct trail_head after;
        assert_int_equal(trail_get(txn, trails[i].kind, trails[i].local, &after), STATUS_OK);
        assert_memory_equal(&after, &before, sizeof after);
        db_abort(txn);
    }
    /* If the newest event cannot be read either it may be one of the trail's. */
    const struct schema_key newest = schema_key_seq(EVENTS - 1);
    spoil(f, SCHEMA_EVENT, &newest);
    struct txn *txn = fixture_read(f);
    struct trail_head head;
    assert_int_equal(trail_get(txn, TRAIL_CHART, 5, &head), STATUS_CORRUPT);
    db_abort(txn);
}

static void test_waypoint(void **state)
{
    struct fixture *f = *state;
    add_events(f);
    const struct schema_key key = schema_key_waypoint(TRAIL_SECTION, 6, 1);
    spoil(f, SCHEMA_WAYPOINT, &key);
    struct txn *txn = fixture_read(f);
    uint64_t seq = 0;
    assert_int_equal(trail_find(txn, TRAIL_SECTION, 6, 20, &seq), STATUS_OK);
    assert_int_equal(seq, 38);
    uint64_t number = 0;
    assert_int_equal(trail_before(txn, TRAIL_SECTION, 6, 40, &number), STATUS_OK);
    assert_int_equal(number, 20);
    db_abort(txn);
}

static void test_time_between_events(void **state)
{
    struct fixture *f = *state;
    add_events(f);
    for (uint64_t seq = 90; seq < 130; seq++) {
        const struct schema_key key = schema_key_seq(seq);
        spoil(f, SCHEMA_EVENT, &key);
    }
    struct txn *txn = fixture_read(f);
    uint64_t at = 0;
    assert_int_equal(events_at_time(txn, 1040, &at), STATUS_OK);
    assert_int_equal(at, 40);
    assert_int_equal(events_at_time(txn, 1150, &at), STATUS_OK);
    assert_int_equal(at, 150);
    db_abort(txn);
}

/* The answers of the last day are remembered from events: one less is no reason not to start. */
static void test_memory_of_answers(void **state)
{
    struct fixture *f = *state;
    add_events(f);
    const struct schema_key key = schema_key_seq(100);
    spoil(f, SCHEMA_EVENT, &key);
    struct replay *replay = NULL;
    assert_int_equal(replay_new(f->db, 1300, &replay), STATUS_OK);
    replay_free(replay);
}

static void test_rows_of_a_chain(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_write(f);
    const struct chain_label labels[] = {{{1}}, {{2}}};
    for (uint64_t i = 0; i < 12; i++) {
        struct chain_statement_new new = {.type = 4,
                                          .label = labels[i % 2],
                                          .number = i / 2,
                                          .bytes = span_of("body", 4),
                                          .time_ms = 5000};
        uint64_t seq;
        struct hash leaf;
        assert_int_equal(chain_log_append(txn, &new, &seq, &leaf), STATUS_OK);
    }
    fixture_commit(txn);
    const struct schema_key log = schema_key_chain_log(2, 3);
    spoil(f, SCHEMA_CHAIN_LOG, &log);
    const struct schema_key chain = schema_key_chain(&labels[0]);
    spoil(f, SCHEMA_CHAIN, &chain);
    txn = fixture_read(f);
    for (size_t label = 0; label < 2; label++) {
        uint64_t seq = 0;
        for (uint64_t number = 0; number < 6; number++) {
            assert_int_equal(chain_log_seek(txn, &labels[label], number, seq, &seq), STATUS_OK);
            assert_int_equal(seq, 2 * number + label);
        }
        assert_int_equal(chain_log_seek(txn, &labels[label], 6, 0, &seq), STATUS_CORRUPT);
    }
    db_abort(txn);
}

static void test_new_id_beside_a_damaged_one(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_write(f);
    const uint8_t ids[3][ID_BYTES] = {{1}, {2}, {3}};
    uint32_t local = 0;
    assert_int_equal(names_add(txn, SCHEMA_ID_SECTION, ids[0], &local), STATUS_OK);
    assert_int_equal(names_add(txn, SCHEMA_ID_SECTION, ids[1], &local), STATUS_OK);
    fixture_commit(txn);
    const struct schema_key key = schema_key_id(SCHEMA_ID_SECTION, ids[1]);
    spoil(f, SCHEMA_ID, &key);
    txn = fixture_write(f);
    assert_int_equal(names_find(txn, SCHEMA_ID_SECTION, ids[1], &local), STATUS_OK);
    assert_int_equal(local, 2);
    assert_int_equal(names_add(txn, SCHEMA_ID_SECTION, ids[1], &local), STATUS_CONFLICT);
    assert_int_equal(names_find(txn, SCHEMA_ID_SECTION, ids[2], &local), STATUS_NOT_FOUND);
    assert_int_equal(names_add(txn, SCHEMA_ID_SECTION, ids[2], &local), STATUS_OK);
    db_abort(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_head_of_a_trail),     FIXTURE_TEST(test_waypoint),
        FIXTURE_TEST(test_time_between_events), FIXTURE_TEST(test_memory_of_answers),
        FIXTURE_TEST(test_rows_of_a_chain),     FIXTURE_TEST(test_new_id_beside_a_damaged_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
