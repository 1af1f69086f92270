/* The LMDB wrapper: sticky failure, whole transactions, room, counters, walks. */

#include <unistd.h>

#include "store_fixture.h"
#include "tests/support/test.h"

#define SMALL_MAP_BYTES ((uint64_t)2 << 20)

static struct span text(const char *s)
{
    return span_of(s, strlen(s));
}

/* Goal: what was committed is there after reopening, what was aborted is not. */
static void test_commit_and_abort(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_write(f);
    db_put(txn, SCHEMA_STATE, text("kept"), text("1"));
    db_set_counter(txn, SCHEMA_LAST_CHART, 7);
    fixture_commit(txn);
    txn = fixture_write(f);
    db_put(txn, SCHEMA_STATE, text("dropped"), text("2"));
    db_set_counter(txn, SCHEMA_LAST_CHART, 9);
    assert_int_equal(db_counter(txn, SCHEMA_LAST_CHART), 9);
    db_abort(txn);
    fixture_reopen(f);
    txn = fixture_read(f);
    struct span value;
    assert_int_equal(db_get(txn, SCHEMA_STATE, text("kept"), &value), STATUS_OK);
    assert_true(span_equal(value, text("1")));
    assert_int_equal(db_get(txn, SCHEMA_STATE, text("dropped"), &value), STATUS_NOT_FOUND);
    assert_int_equal(db_status(txn), STATUS_OK);
    assert_int_equal(db_counter(txn, SCHEMA_LAST_CHART), 7);
    db_abort(txn);
}

/* Goal: after one failure nothing more happens and the commit gives that failure. Method: an
 * append out of order, then a put; and a status given by a layer above. */
static void test_failure_is_sticky(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_write(f);
    db_append(txn, SCHEMA_STATE, text("b"), text("1"));
    db_append(txn, SCHEMA_STATE, text("a"), text("1"));
    assert_int_equal(db_status(txn), STATUS_CORRUPT);
    db_put(txn, SCHEMA_STATE, text("c"), text("1"));
    struct span value;
    assert_int_equal(db_get(txn, SCHEMA_STATE, text("b"), &value), STATUS_CORRUPT);
    db_fail(txn, STATUS_IO);
    assert_int_equal(db_commit(txn), STATUS_CORRUPT);
    txn = fixture_write(f);
    assert_int_equal(db_get(txn, SCHEMA_STATE, text("b"), &value), STATUS_NOT_FOUND);
    db_put(txn, SCHEMA_STATE, text("d"), text("1"));
    db_fail(txn, STATUS_BUSY);
    assert_int_equal(db_commit(txn), STATUS_BUSY);
    txn = fixture_read(f);
    assert_int_equal(db_get(txn, SCHEMA_STATE, text("d"), &value), STATUS_NOT_FOUND);
    db_abort(txn);
}

/* One page-sized value under |n|, if |room_for| allows. */
static enum status put_page(struct fixture *f, uint64_t n, enum status (*room_for)(struct txn *txn))
{
    static const uint8_t page[4000];
    struct schema_key key = schema_key_seq(n);
    struct txn *txn = fixture_write(f);
    enum status status = room_for != NULL ? room_for(txn) : STATUS_OK;
    if (status != STATUS_OK) {
        db_abort(txn);
        return status;
    }
    db_put(txn, SCHEMA_RECORD, schema_key_span(&key), span_of(page, sizeof page));
    return db_commit(txn);
}

/* Puts pages from |*n| on until it is refused, and returns with what. */
static enum status fill(struct fixture *f, uint64_t *n, enum status (*room_for)(struct txn *txn))
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && *n < 1000) {
        status = put_page(f, *n, room_for);
        *n += status == STATUS_OK;
    }
    return status;
}

static enum status delete_range(struct fixture *f, uint64_t from, uint64_t to)
{
    struct txn *txn = fixture_write(f);
    for (uint64_t i = from; i < to; i++) {
        struct schema_key key = schema_key_seq(i);
        db_delete(txn, SCHEMA_RECORD, schema_key_span(&key));
    }
    return db_commit(txn);
}

/* Goal: creating stops at 90 %, reading at 98 %, erasing works after both and gives room
 * back. Method: a map of 2 MiB filled page by page. */
static void test_room(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, SMALL_MAP_BYTES);
    uint64_t created = 0;
    assert_int_equal(fill(&f, &created, db_room), STATUS_FULL);
    assert_in_range(created, 400, 470);
    uint64_t read = created;
    assert_int_equal(fill(&f, &read, db_room_reading), STATUS_FULL);
    assert_true(read > created + 20);
    for (uint64_t i = 0; i < 200; i += 10) {
        assert_int_equal(delete_range(&f, i, i + 10), STATUS_OK);
    }
    assert_int_equal(put_page(&f, 5000, db_room), STATUS_OK);
    fixture_deinit(&f);
}

/* Goal: a map that is full to the last page fails as STATUS_FULL and harms nothing that was
 * committed. Method: as above, without asking for room. */
static void test_full_map(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, SMALL_MAP_BYTES);
    uint64_t n = 0;
    assert_int_equal(fill(&f, &n, NULL), STATUS_FULL);
    assert_in_range(n, 400, 512);
    assert_int_equal(put_page(&f, n, NULL), STATUS_FULL);
    fixture_reopen(&f);
    struct txn *txn = fixture_read(&f);
    struct span value;
    struct schema_key key;
    for (uint64_t i = 0; i <= n; i++) {
        key = schema_key_seq(i);
        assert_int_equal(db_get(txn, SCHEMA_RECORD, schema_key_span(&key), &value),
                         i < n ? STATUS_OK : STATUS_NOT_FOUND);
    }
    db_abort(txn);
    fixture_deinit(&f);
}

/* Goal: another format version and another practice are refused. */
static void test_format_and_practice(void **state)
{
    static const uint8_t version[4] = {0, 0, 0, 99};
    struct schema_key key = schema_key_meta(SCHEMA_META_FORMAT);
    struct fixture *f = *state;
    assert_int_equal(db_set_practice(f->db, &f->practice), STATUS_OK);
    struct practice_id other = {{1}};
    assert_int_equal(db_set_practice(f->db, &other), STATUS_CONFLICT);
    fixture_reopen(f);
    struct practice_id found;
    assert_int_equal(db_practice(f->db, &found), STATUS_OK);
    assert_true(ID_EQUAL(&found, &f->practice));
    struct txn *txn = fixture_write(f);
    db_put(txn, SCHEMA_META, schema_key_span(&key), span_of(version, sizeof version));
    fixture_commit(txn);
    db_close(f->db);
    f->db = NULL;
    struct db_options options = {.create = true};
    assert_int_equal(db_open(f->folder, &options, &f->db), STATUS_UNSUPPORTED);
}

/* Goal: no folder, no database; nothing is made by a look. */
static void test_absent(void **state)
{
    (void)state;
    struct db_options options = {.create = false};
    struct db *db = NULL;
    assert_int_equal(db_open("/tmp/alcove-no-such-folder", &options, &db), STATUS_NOT_FOUND);
    assert_int_not_equal(access("/tmp/alcove-no-such-folder", F_OK), 0);
    assert_null(db);
}

/* Goal: read transactions are bounded, a reset one sees the new state after renewing. */
static void test_readers(void **state)
{
    static struct txn *held[DB_READERS_MAX + 1];
    struct fixture *f = *state;
    struct txn *txn = fixture_read(f);
    db_reset(txn);
    struct txn *writer = fixture_write(f);
    db_put(writer, SCHEMA_STATE, text("new"), text("1"));
    fixture_commit(writer);
    assert_int_equal(db_renew(txn), STATUS_OK);
    struct span value;
    assert_int_equal(db_get(txn, SCHEMA_STATE, text("new"), &value), STATUS_OK);
    db_abort(txn);
    size_t count = 0;
    enum status status = STATUS_OK;
    while (count <= DB_READERS_MAX && status == STATUS_OK) {
        status = db_begin_read(f->db, &held[count]);
        count += status == STATUS_OK;
    }
    assert_int_equal(status, STATUS_BUSY);
    assert_int_equal(count, DB_READERS_MAX);
    for (size_t i = 0; i < count; i++) {
        db_abort(held[i]);
    }
    txn = fixture_read(f);
    db_abort(txn);
}

static void walk(struct txn *txn, const char *prefix, const char *from, bool backward,
                 char *out_keys)
{
    struct db_walk *walker = NULL;
    assert_int_equal(db_walk_open(txn, SCHEMA_STATE, text(prefix), text(from), backward, &walker),
                     STATUS_OK);
    struct span key;
    struct span value;
    size_t used = 0;
    while (db_walk_next(walker, &key, &value)) {
        memcpy(out_keys + used, key.data, key.size);
        used += key.size;
        out_keys[used++] = ' ';
    }
    out_keys[used] = 0;
    assert_int_equal(db_walk_close(walker), STATUS_OK);
}

/* Goal: a walk keeps to its prefix in both directions, from any start. */
static void test_walks(void **state)
{
    static const struct {
        const char *prefix, *from;
        bool backward;
        const char *keys;
    } rows[] = {
        {"b", "", false, "b b1 b2 b4 "},
        {"b", "", true, "b4 b2 b1 b "},
        {"b", "b3", false, "b4 "},
        {"b", "b3", true, "b2 b1 b "},
        {"b", "b2", true, "b2 b1 b "},
        {"b", "b2", false, "b2 b4 "},
        {"\xff", "", true, "\xff\xff \xff "},
        {"x", "", false, ""},
        {"x", "", true, ""},
        {"B", "", true, ""},
    };
    static const char *const keys[] = {"a", "b", "b1", "b2", "b4", "c", "\xff", "\xff\xff"};
    struct fixture *f = *state;
    struct txn *txn = fixture_write(f);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        db_put(txn, SCHEMA_STATE, text(keys[i]), text("v"));
    }
    char got[128];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        walk(txn, rows[i].prefix, rows[i].from, rows[i].backward, got);
        assert_string_equal(got, rows[i].keys);
    }
    db_abort(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_commit_and_abort),
        FIXTURE_TEST(test_failure_is_sticky),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_full_map),
        FIXTURE_TEST(test_format_and_practice),
        cmocka_unit_test(test_absent),
        FIXTURE_TEST(test_readers),
        FIXTURE_TEST(test_walks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
