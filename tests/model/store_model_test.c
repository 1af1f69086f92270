/*
 * Goal: the store agrees with a naive picture of itself after any sequence of batches.
 * Method: random batches of events, statements and revisions, some aborted, with reopening
 * in between; after each one, roots of random sizes, proofs, trails, pages and queries are
 * compared with plain arrays walked from end to end, and now and then all of it by fsck.
 */

#include "server/store/chain_log.h"
#include "server/store/fsck.h"
#include "server/store/ledger.h"
#include "server/store/note_head.h"
#include "server/store/section_log.h"
#include "store_fixture.h"
#include "tests/support/test.h"

#define EVENTS_MAX     4000u
#define STATEMENTS_MAX 2000u
#define CHAINS         7u
#define ACTORS         5u
#define CHARTS         4u
#define SECTIONS       6u
#define ACTIONS        3u
#define BATCHES        150u

struct model_event {
    struct event_fields fields;
    struct event_change change;
    struct hash leaf;
};

struct model_statement {
    uint32_t chain;
    struct hash leaf;
};

struct model {
    size_t event_count;
    size_t statement_count;
    size_t record_count;
    uint64_t clock_ms;
    uint64_t chain_counts[CHAINS];
    struct model_event events[EVENTS_MAX];
    struct model_statement statements[STATEMENTS_MAX];
};

static struct model model;
static uint64_t seed;

static uint64_t below(uint64_t bound)
{
    return fixture_random(&seed) % bound;
}

static size_t copy_leaves(enum ledger_log log, struct hash *out_leaves)
{
    size_t count = log == LEDGER_EVENTS ? model.event_count : model.statement_count;
    for (size_t i = 0; i < count; i++) {
        out_leaves[i] = log == LEDGER_EVENTS ? model.events[i].leaf : model.statements[i].leaf;
    }
    return count;
}

static void add_event(struct txn *txn, const struct event_change *change)
{
    struct model_event *mine = &model.events[model.event_count];
    struct fixture_parts parts;
    struct event_new event;
    fixture_event(&seed, &parts, &event);
    model.clock_ms += below(3) == 0 ? below(50) : 0;
    event.fields.time_ms = events_time(txn, model.clock_ms);
    event.fields.actor_local = (uint32_t)below(ACTORS); /* 0: none */
    event.fields.device_local = event.fields.actor_local;
    event.fields.chart_local = (uint32_t)below(CHARTS);
    event.fields.section_local = (uint32_t)below(SECTIONS);
    event.fields.action = (uint16_t)(1 + below(ACTIONS));
    event.fields.outcome = (uint16_t)(1 + below(2));
    if (change != NULL) {
        event.fields.section_local = (uint32_t)(1 + below(SECTIONS - 1));
        event.change = *change;
    }
    mine->fields = event.fields;
    mine->change = event.change;
    uint64_t seq = 0;
    assert_int_equal(fixture_append(txn, &event, &seq, &mine->leaf), STATUS_OK);
    assert_int_equal(seq, model.event_count);
    model.event_count++;
}

static void add_statement(struct txn *txn)
{
    struct model_statement *mine = &model.statements[model.statement_count];
    struct chain_statement_new new;
    memset(&new, 0, sizeof new);
    mine->chain = (uint32_t)below(CHAINS);
    uint8_t bytes[200] = {0};
    fixture_random_bytes(&seed, bytes, sizeof bytes);
    fixture_random_bytes(&seed, new.hash.bytes, HASH_BYTES);
    new.label.bytes[0] = (uint8_t)(1 + mine->chain);
    new.type = 4;
    new.number = model.chain_counts[mine->chain];
    new.bytes = span_of(bytes, 1 + below(sizeof bytes));
    new.time_ms = events_time(txn, model.clock_ms);
    uint64_t seq = 0;
    assert_int_equal(chain_log_append(txn, &new, &seq, &mine->leaf), STATUS_OK);
    assert_int_equal(seq, model.statement_count);
    model.chain_counts[mine->chain]++;
    model.statement_count++;
}

static void add_revision(struct txn *txn)
{
    uint8_t bytes[400] = {0};
    struct record record = {.context = span_of(bytes, 200),
                            .header = span_of(bytes + 200, 72),
                            .envelope = span_of(bytes + 272, 100)};
    fixture_random_bytes(&seed, bytes, sizeof bytes);
    struct event_change change = {.kind = EVENTS_KIND_REVISION};
    record_object_hash(db_practice_of(txn), &record, &change.object);
    assert_int_equal(record_append(txn, &record, span_of("wrap", 4), &change.object_seq),
                     STATUS_OK);
    assert_int_equal(change.object_seq, model.record_count);
    struct note_head head = {.count = 1};
    head.heads[0].link = change.object;
    head.heads[0].record_seq = change.object_seq;
    head.heads[0].revision = 1;
    struct note_id note = {{0}};
    note.bytes[0] = (uint8_t)below(20);
    note_head_put(txn, 1, &note, &head);
    model.record_count++;
    add_event(txn, &change);
}

static void run_batch(struct fixture *f)
{
    static struct model saved;
    size_t operations = 1 + below(24);
    bool abort = below(6) == 0;
    struct txn *txn = fixture_write(f);
    saved = model;
    for (size_t i = 0; i < operations; i++) {
        struct event_change change = {.kind = (uint16_t)(2 + below(3))};
        switch (below(4)) {
        case 0:
            add_statement(txn);
            break;
        case 1:
            add_revision(txn);
            break;
        case 2:
            fixture_random_bytes(&seed, change.object.bytes, HASH_BYTES);
            add_event(txn, &change);
            break;
        default:
            add_event(txn, NULL);
            break;
        }
    }
    if (abort) {
        db_abort(txn);
        model = saved;
    } else {
        fixture_commit(txn);
    }
}

static void check_log(struct txn *txn, enum ledger_log log)
{
    static struct hash leaves[EVENTS_MAX];
    size_t count = copy_leaves(log, leaves);
    size_t size = below(count + 1);
    size_t old = below(size + 1);
    assert_int_equal(ledger_size(txn, log), count);
    struct hash expected;
    fixture_naive_root(leaves, size, &expected);
    struct hash expected_old;
    fixture_naive_root(leaves, old, &expected_old);
    struct hash root;
    assert_int_equal(ledger_root(txn, log, size, &root), STATUS_OK);
    assert_true(ID_EQUAL(&root, &expected));
    struct merkle_proof proof;
    assert_int_equal(ledger_consistency(txn, log, old, size, &proof), STATUS_OK);
    assert_int_equal(merkle_proof_check_consistency(&proof, old, &expected_old, size, &expected),
                     STATUS_OK);
    if (size > 0) {
        size_t index = below(size);
        assert_int_equal(ledger_inclusion(txn, log, index, size, &proof), STATUS_OK);
        assert_int_equal(
            merkle_proof_check_inclusion(&proof, &leaves[index], index, size, &expected),
            STATUS_OK);
        assert_int_equal(ledger_inclusion(txn, log, size, size, &proof), STATUS_USAGE);
    }
    assert_int_equal(ledger_root(txn, log, count + 1, &root), STATUS_USAGE);
}

static bool on_trail(const struct model_event *event, enum trail_kind kind, uint32_t local)
{
    switch (kind) {
    case TRAIL_CHART:
        return event->fields.chart_local == local;
    case TRAIL_SECTION:
        return event->fields.section_local == local && event->change.kind != 0;
    case TRAIL_ACTOR:
        return event->fields.actor_local == local;
    }
    return false;
}

static void check_trail(struct txn *txn, enum trail_kind kind, uint32_t local)
{
    static uint64_t expected[EVENTS_MAX];
    static uint64_t page[EVENTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < model.event_count; i++) {
        if (on_trail(&model.events[i], kind, local)) {
            expected[count++] = i;
        }
    }
    struct trail_head head;
    assert_int_equal(trail_get(txn, kind, local, &head), STATUS_OK);
    assert_int_equal(head.number, count);
    uint64_t seq;
    assert_int_equal(trail_find(txn, kind, local, count + 1, &seq), STATUS_NOT_FOUND);
    uint64_t from = 1 + below(count + 2);
    size_t capacity = 1 + below(100);
    size_t got = 0;
    assert_int_equal(trail_page(txn, kind, local, from, page, capacity, &got), STATUS_OK);
    assert_int_equal(got, from > count                  ? 0
                          : count - from + 1 < capacity ? count - from + 1
                                                        : capacity);
    assert_memory_equal(page, expected + from - 1, got * sizeof page[0]);
    uint64_t number;
    if (count > 0) {
        number = 1 + below(count);
        assert_int_equal(trail_find(txn, kind, local, number, &seq), STATUS_OK);
        assert_int_equal(seq, expected[number - 1]);
    }
    seq = below(model.event_count + 2);
    assert_int_equal(trail_before(txn, kind, local, seq, &number), STATUS_OK);
    for (got = 0; got < count && expected[got] < seq; got++) {
    }
    assert_int_equal(number, got);
}

static bool wanted(const struct event_filter *filter, const struct event_fields *fields)
{
    const struct event_fields *f = &filter->fields;
    return (f->actor_local == 0 || f->actor_local == fields->actor_local) &&
           (f->chart_local == 0 || f->chart_local == fields->chart_local) &&
           (f->section_local == 0 || f->section_local == fields->section_local) &&
           (f->action == 0 || f->action == fields->action) &&
           (f->outcome == 0 || f->outcome == fields->outcome) &&
           fields->time_ms >= filter->time_from_ms &&
           (filter->time_to_ms == 0 || fields->time_ms <= filter->time_to_ms);
}

/* All pages of one random question. */
static void check_query(struct txn *txn)
{
    size_t at = model.event_count;
    struct event_filter filter = {.before_seq = UINT64_MAX};
    filter.fields.actor_local = (uint32_t)(below(2) * below(ACTORS));
    filter.fields.chart_local = (uint32_t)(below(2) * below(CHARTS));
    filter.fields.section_local = (uint32_t)(below(2) * below(SECTIONS));
    filter.fields.action = (uint16_t)(below(2) * below(ACTIONS + 1));
    filter.fields.outcome = (uint16_t)(below(2) * below(3));
    filter.time_from_ms = below(3) == 0 ? below(model.clock_ms + 2) : 0;
    filter.time_to_ms = below(3) == 0 ? below(model.clock_ms + 2) : 0;
    uint64_t seqs[17];
    uint64_t next = UINT64_MAX;
    while (next != 0) {
        filter.before_seq = next;
        size_t count = 0;
        assert_int_equal(
            events_query(txn, &filter, seqs, 1 + below(ARRAY_LEN(seqs)), &count, &next), STATUS_OK);
        for (size_t i = 0; i < count; i++) {
            do {
                assert_true(at > 0);
                at--;
            } while (!wanted(&filter, &model.events[at].fields));
            assert_int_equal(seqs[i], at);
        }
    }
    while (at > 0) {
        at--;
        assert_false(wanted(&filter, &model.events[at].fields));
    }
}

static void check_section(struct txn *txn, uint32_t local)
{
    struct section_change page[13];
    uint64_t after = 0;
    size_t count = 1;
    size_t at = 0;
    while (count > 0) {
        assert_int_equal(section_log_page(txn, local, after, page, ARRAY_LEN(page), &count),
                         STATUS_OK);
        for (size_t i = 0; i < count; i++) {
            while (!on_trail(&model.events[at], TRAIL_SECTION, local)) {
                at++;
            }
            assert_int_equal(page[i].event_seq, at);
            assert_memory_equal(&page[i].change.object, &model.events[at].change.object,
                                HASH_BYTES);
            at++;
        }
        after += count;
    }
    for (; at < model.event_count; at++) {
        assert_false(on_trail(&model.events[at], TRAIL_SECTION, local));
    }
}

static void check_all(struct fixture *f)
{
    struct txn *txn = fixture_read(f);
    check_log(txn, LEDGER_EVENTS);
    check_log(txn, LEDGER_STATEMENTS);
    check_trail(txn, TRAIL_ACTOR, (uint32_t)(1 + below(ACTORS)));
    check_trail(txn, TRAIL_CHART, (uint32_t)(1 + below(CHARTS)));
    check_trail(txn, TRAIL_SECTION, (uint32_t)(1 + below(SECTIONS)));
    check_query(txn);
    check_section(txn, (uint32_t)(1 + below(SECTIONS)));
    db_abort(txn);
}

static void check_fsck(struct fixture *f)
{
    static struct hash leaves[EVENTS_MAX];
    struct fsck_report report;
    assert_int_equal(fsck_run(f->db, NULL, &report), STATUS_OK);
    assert_int_equal(report.faults, 0);
    assert_int_equal(report.events, model.event_count);
    assert_int_equal(report.statements, model.statement_count);
    assert_int_equal(report.records, model.record_count);
    struct hash root;
    fixture_naive_root(leaves, copy_leaves(LEDGER_EVENTS, leaves), &root);
    assert_true(ID_EQUAL(&root, &report.events_root));
    fixture_naive_root(leaves, copy_leaves(LEDGER_STATEMENTS, leaves), &root);
    assert_true(ID_EQUAL(&root, &report.statements_root));
}

static void run(uint64_t with_seed)
{
    seed = with_seed;
    memset(&model, 0, sizeof model);
    model.clock_ms = 1000;
    struct fixture f;
    fixture_init(&f, 0);
    for (size_t i = 0; i < BATCHES; i++) {
        run_batch(&f);
        check_all(&f);
        if (below(20) == 0) {
            fixture_reopen(&f);
            check_fsck(&f);
            check_all(&f);
        }
    }
    check_fsck(&f);
    fixture_deinit(&f);
}

static void test_random_batches(void **state)
{
    (void)state;
    for (uint64_t s = 1; s <= 4; s++) {
        run(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_batches)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
