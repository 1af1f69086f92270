/* Goal: whatever call of LMDB or of the allocator fails, a batch is stored whole or not at
 * all, nothing leaks, and the database is as sound as before. Method: the linker puts our own
 * wrappers around those calls; the n-th one fails, for n = 1, 2, 3 ... until a run has no
 * failure; after each, sizes are compared and fsck reads everything. */

#include <errno.h>

#include "server/store/chain_log.h"
#include "server/store/fsck.h"
#include "server/store/ledger.h"
#include "server/store/names.h"
#include "server/store/note_head.h"
#include "store_fixture.h"
#include "tests/support/test.h"

#define LMDB_MAP_FULL (-30792)

/* Calls still to succeed before one fails; negative: none fails. */
static long calls_left = -1;
static int fail_with;

static bool fails_now(void)
{
    if (calls_left < 0) {
        return false;
    }
    return calls_left-- == 0;
}

/* The linker's names for the wrapped functions. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __real_mdb_put(void *txn, unsigned table, void *key, void *value, unsigned flags);
int __wrap_mdb_put(void *txn, unsigned table, void *key, void *value, unsigned flags);
int __real_mdb_get(void *txn, unsigned table, void *key, void *value);
int __wrap_mdb_get(void *txn, unsigned table, void *key, void *value);
int __real_mdb_del(void *txn, unsigned table, void *key, void *value);
int __wrap_mdb_del(void *txn, unsigned table, void *key, void *value);
int __real_mdb_txn_begin(void *env, void *parent, unsigned flags, void **txn);
int __wrap_mdb_txn_begin(void *env, void *parent, unsigned flags, void **txn);
int __real_mdb_txn_commit(void *txn);
int __wrap_mdb_txn_commit(void *txn);
void mdb_txn_abort(void *txn);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

int __wrap_mdb_put(void *txn, unsigned table, void *key, void *value, unsigned flags)
{
    return fails_now() ? fail_with : __real_mdb_put(txn, table, key, value, flags);
}

int __wrap_mdb_get(void *txn, unsigned table, void *key, void *value)
{
    return fails_now() ? fail_with : __real_mdb_get(txn, table, key, value);
}

int __wrap_mdb_del(void *txn, unsigned table, void *key, void *value)
{
    return fails_now() ? fail_with : __real_mdb_del(txn, table, key, value);
}

int __wrap_mdb_txn_begin(void *env, void *parent, unsigned flags, void **txn)
{
    return fails_now() ? fail_with : __real_mdb_txn_begin(env, parent, flags, txn);
}

/* A commit that fails has ended its transaction. */
int __wrap_mdb_txn_commit(void *txn)
{
    if (fails_now()) {
        mdb_txn_abort(txn);
        return fail_with;
    }
    return __real_mdb_txn_commit(txn);
}

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static enum status add_revision(struct txn *txn, uint64_t *seed)
{
    uint8_t bytes[4000] = {0};
    struct record record = {.context = span_of(bytes, 700),
                            .header = span_of(bytes + 700, 72),
                            .envelope = span_of(bytes + 772, 3000)};
    fixture_random_bytes(seed, bytes, sizeof bytes);
    struct fixture_parts parts;
    struct event_new event;
    fixture_event(seed, &parts, &event);
    struct event_change change = {.kind = EVENTS_KIND_REVISION};
    record_object_hash(db_practice_of(txn), &record, &change.object);
    enum status status =
        record_append(txn, &record, span_of(bytes, WRAP_BYTES), &change.object_seq);
    if (status != STATUS_OK) {
        return status;
    }
    struct note_id note = {{0}};
    note.bytes[0] = (uint8_t)change.object_seq;
    struct note_head head = {.count = 1};
    head.heads[0].link = change.object;
    head.heads[0].record_seq = change.object_seq;
    note_head_put(txn, 1, &note, &head);
    event.fields = (struct event_fields){.time_ms = events_time(txn, 5),
                                         .actor_local = 1,
                                         .chart_local = 1,
                                         .section_local = 1,
                                         .action = 1,
                                         .outcome = 1};
    event.change = change;
    struct hash leaf;
    uint64_t seq;
    return fixture_append(txn, &event, &seq, &leaf);
}

static enum status add_statement(struct txn *txn, uint64_t *seed)
{
    struct chain_statement_new new = {.type = 4, .bytes = span_of("body", 4)};
    struct chain_label label = {{1}};
    struct chain_head head;
    enum status status = chain_log_head(txn, &label, &head);
    if (status == STATUS_OK) {
        new.number = head.count;
    } else if (status != STATUS_NOT_FOUND) {
        return status;
    }
    uint8_t id[ID_BYTES];
    fixture_random_bytes(seed, id, sizeof id);
    uint32_t local;
    status = names_add(txn, SCHEMA_ID_CHART, id, &local);
    if (status != STATUS_OK) {
        return status;
    }
    new.label = label;
    new.time_ms = events_time(txn, 5);
    struct hash leaf;
    uint64_t seq;
    return chain_log_append(txn, &new, &seq, &leaf);
}

/* As a committer does it: stops at the first failure and commits all or nothing. */
static enum status batch(struct db *db, uint64_t seed)
{
    struct txn *txn = NULL;
    enum status status = db_begin_write(db, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < 3 && status == STATUS_OK; i++) {
        status = add_revision(txn, &seed);
    }
    if (status == STATUS_OK) {
        status = add_statement(txn, &seed);
    }
    if (status == STATUS_OK) {
        status = record_erase(txn, 0);
    }
    if (status != STATUS_OK) {
        db_abort(txn);
        return status;
    }
    return db_commit(txn);
}

static void check(struct fixture *f, uint64_t events, uint64_t statements)
{
    struct txn *txn = fixture_read(f);
    assert_int_equal(ledger_size(txn, LEDGER_EVENTS), events);
    assert_int_equal(ledger_size(txn, LEDGER_STATEMENTS), statements);
    assert_int_equal(names_count(txn, SCHEMA_ID_CHART), statements);
    db_abort(txn);
    struct fsck_report report;
    assert_int_equal(fsck_run(f->db, NULL, &report), STATUS_OK);
    assert_int_equal(report.records, events);
}

static void fail_each_call(int with, enum status want)
{
    struct fixture f;
    fixture_init(&f, 0);
    fail_with = with;
    assert_int_equal(batch(f.db, 1), STATUS_OK);
    uint64_t rounds = 0;
    enum status status = STATUS_BUSY;
    for (long n = 0; status != STATUS_OK; n++) {
        assert_true(n < 1000);
        calls_left = n;
        status = batch(f.db, 2);
        calls_left = -1;
        if (status != STATUS_OK) {
            assert_true(status == want || status == STATUS_NO_MEMORY);
            check(&f, 3, 1);
            rounds++;
        }
    }
    assert_true(rounds > 40);
    check(&f, 6, 2);
    fixture_deinit(&f);
}

static void test_map_full(void **state)
{
    (void)state;
    fail_each_call(LMDB_MAP_FULL, STATUS_FULL);
}

static void test_no_space(void **state)
{
    (void)state;
    fail_each_call(ENOSPC, STATUS_FULL);
}

static void test_io(void **state)
{
    (void)state;
    fail_each_call(EIO, STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_full),
        cmocka_unit_test(test_no_space),
        cmocka_unit_test(test_io),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
