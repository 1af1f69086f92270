/* Goal: fsck finds what it is for. Method: a small database with everything in it, in which
 * one thing after another is altered; a sound one is always passed first. */

#include "keys/public/hash.h"
#include "server/store/chain_log.h"
#include "server/store/fsck.h"
#include "server/store/names.h"
#include "server/store/note_head.h"
#include "store_fixture.h"
#include "tests/support/test.h"

#define EVENTS                130u
#define STATEMENTS            9u
#define RECORD_CONTEXT_BYTES  90u
#define RECORD_ENVELOPE_BYTES 60u

/* Our headers here are the two hashes. */
static enum status header_hashes(void *context, struct span header, struct hash *out_context,
                                 struct hash *out_envelope)
{
    (void)context;
    if (header.size != 2 * HASH_BYTES) {
        return STATUS_CORRUPT;
    }
    memcpy(out_context->bytes, header.data, HASH_BYTES);
    memcpy(out_envelope->bytes, header.data + HASH_BYTES, HASH_BYTES);
    return STATUS_OK;
}

static const struct fsck_header HEADER = {header_hashes, NULL};

static void add_record(struct txn *txn, uint64_t *seed, struct event_change *out_change)
{
    uint8_t context[RECORD_CONTEXT_BYTES] = {0};
    uint8_t envelope[RECORD_ENVELOPE_BYTES] = {0};
    struct hash header[2] = {{{0}}};
    struct record record = {.context = span_of(context, sizeof context),
                            .header = span_of(header, sizeof header),
                            .envelope = span_of(envelope, sizeof envelope)};
    fixture_random_bytes(seed, context, sizeof context);
    fixture_random_bytes(seed, envelope, sizeof envelope);
    hash_bytes(record.context, &header[0]);
    hash_bytes(record.envelope, &header[1]);
    record_object_hash(db_practice_of(txn), &record, &out_change->object);
    out_change->kind = EVENTS_KIND_REVISION;
    assert_int_equal(record_append(txn, &record, span_of("wrap", 4), &out_change->object_seq),
                     STATUS_OK);
    struct note_head head = {.count = 1};
    head.heads[0].link = out_change->object;
    head.heads[0].record_seq = out_change->object_seq;
    struct note_id note = {{0}};
    note.bytes[0] = (uint8_t)out_change->object_seq;
    note_head_put(txn, 1, &note, &head);
}

static void build(struct fixture *f)
{
    struct txn *txn = fixture_write(f);
    uint8_t id[ID_BYTES] = {3};
    uint32_t local;
    assert_int_equal(names_add(txn, SCHEMA_ID_MEMBER, id, &local), STATUS_OK);
    uint64_t seed = 1;
    uint64_t seq;
    struct hash leaf;
    for (uint64_t i = 0; i < EVENTS; i++) {
        struct fixture_parts parts;
        struct event_new event;
        fixture_event(&seed, &parts, &event);
        event.fields.time_ms = events_time(txn, 10 * i);
        event.fields.actor_local = 1;
        event.fields.chart_local = 1;
        event.fields.section_local = 1;
        if (i % 2 == 0) {
            add_record(txn, &seed, &event.change);
        }
        assert_int_equal(fixture_append(txn, &event, &seq, &leaf), STATUS_OK);
    }
    for (uint64_t i = 0; i < STATEMENTS; i++) {
        struct chain_statement_new new = {.type = 4, .number = i, .bytes = span_of("body", 4)};
        new.time_ms = events_time(txn, 0);
        assert_int_equal(chain_log_append(txn, &new, &seq, &leaf), STATUS_OK);
    }
    fixture_commit(txn);
}

/* The value under |key| with one bit of byte |at| (from the end when negative) flipped. */
static void flip(struct fixture *f, enum schema_table table, const struct schema_key *key, int at)
{
    static uint8_t bytes[20000];
    struct txn *txn = fixture_write(f);
    struct span value;
    assert_int_equal(db_get(txn, table, schema_key_span(key), &value), STATUS_OK);
    size_t size = value.size;
    memcpy(bytes, value.data, size);
    bytes[at >= 0 ? (size_t)at : size - (size_t)-at] ^= 1;
    db_put(txn, table, schema_key_span(key), span_of(bytes, size));
    fixture_commit(txn);
}

static void test_flips_are_found(void **state)
{
    struct chain_label label = {{0}};
    uint8_t member[ID_BYTES] = {3};
    const struct {
        enum schema_table table;
        struct schema_key key;
        int at;
        const char *says;
    } cases[] = {
        {SCHEMA_EVENT, schema_key_seq(5), -1, "event 5"},
        {SCHEMA_EVENT, schema_key_seq(5), 9, "event 6: earlier"}, /* its time */
        {SCHEMA_EVENT, schema_key_seq(7), 31 + 16 + 16 + 5,
         "event 7: does not"}, /* its leaf hash */
        {SCHEMA_EVENT, schema_key_seq(7), 31 + 16 + 16 + 32 + 3, "node 1, 3"},
        {SCHEMA_EVENT, schema_key_seq(6), 31 + 16 + 16 + 16, "section head"}, /* kind */
        {SCHEMA_EVENT, schema_key_seq(6), 31 + 16 + 16 + 8 + 7, "trail"},     /* previous */
        {SCHEMA_EVENT, schema_key_seq(6), 31 + 7, "trail"},                   /* actor number */
        {SCHEMA_TRAIL, schema_key_trail(TRAIL_CHART, 1), 20, "not at its newest"},
        {SCHEMA_TRAIL, schema_key_trail(TRAIL_ACTOR, 1), 7, "not at its newest"},
        {SCHEMA_TRAIL, schema_key_trail(TRAIL_SECTION, 1), 15, "not at its newest"},
        {SCHEMA_WAYPOINT, schema_key_waypoint(TRAIL_CHART, 1, 2), 7, "waypoint"},
        {SCHEMA_RECORD, schema_key_seq(3), 50, "record 3"},
        {SCHEMA_RECORD, schema_key_seq(3), -1, "record 3"},
        {SCHEMA_RECORD, schema_key_seq(3), 5 + 90 + 64 + 2, "record 3"}, /* signature */
        {SCHEMA_STATEMENT, schema_key_seq(4), -1, "statement 4"},
        {SCHEMA_STATEMENT_LEAF, schema_key_seq(4), 5, "statement 4"},
        {SCHEMA_STATEMENT_LEAF, schema_key_seq(3), -1, "statements: node"},
        {SCHEMA_CHAIN, schema_key_chain(&label), 16, "chain says"},
        {SCHEMA_CHAIN, schema_key_chain(&label), -1, "chain says"},
        {SCHEMA_CHAIN_LOG, schema_key_chain_log(1, 2), 7, "chain says"},
        {SCHEMA_NOTE, schema_key_note_row(1), 30, "note 1 has a head that is not"},
        {SCHEMA_NOTE, schema_key_note_row(2), 4, "note 2 is there twice"},
        {SCHEMA_ID, schema_key_id(SCHEMA_ID_MEMBER, member), 3, "local number 1"},
        {SCHEMA_LOCAL, schema_key_local(SCHEMA_ID_MEMBER, 1), 3, "local number 1"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture f;
        fixture_init(&f, 0);
        build(&f);
        struct fsck_report report;
        assert_int_equal(fsck_run(f.db, &HEADER, &report), STATUS_OK);
        assert_int_equal(report.events, EVENTS);
        assert_int_equal(report.records, EVENTS / 2);
        assert_int_equal(report.wraps, EVENTS / 2);
        assert_int_equal(report.statements, STATEMENTS);
        flip(&f, cases[i].table, &cases[i].key, cases[i].at);
        assert_int_equal(fsck_run(f.db, &HEADER, &report), STATUS_CORRUPT);
        if (strstr(report.first, cases[i].says) == NULL) {
            fail_msg("case %zu says: %s", i, report.first);
        }
        fixture_deinit(&f);
    }
}

/* Goal: things that are gone are missed. Method: delete one value after another. */
static void test_deletions_are_found(void **state)
{
    const struct {
        enum schema_table table;
        struct schema_key key;
    } cases[] = {
        {SCHEMA_EVENT, schema_key_seq(EVENTS - 1)},
        {SCHEMA_RECORD, schema_key_seq(1)},
        {SCHEMA_STATEMENT, schema_key_seq(STATEMENTS - 1)},
        {SCHEMA_STATEMENT_LEAF, schema_key_seq(0)},
        {SCHEMA_CHAIN_LOG, schema_key_chain_log(1, 0)},
        {SCHEMA_TRAIL, schema_key_trail(TRAIL_ACTOR, 1)},
        {SCHEMA_NOTE, schema_key_note_row(5)},
        {SCHEMA_WAYPOINT, schema_key_waypoint(TRAIL_SECTION, 1, 1)},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture f;
        fixture_init(&f, 0);
        build(&f);
        struct txn *txn = fixture_write(&f);
        db_delete(txn, cases[i].table, schema_key_span(&cases[i].key));
        fixture_commit(txn);
        struct fsck_report report;
        assert_int_equal(fsck_run(f.db, &HEADER, &report), STATUS_CORRUPT);
        assert_true(report.faults > 0);
        fixture_deinit(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flips_are_found),
        cmocka_unit_test(test_deletions_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
