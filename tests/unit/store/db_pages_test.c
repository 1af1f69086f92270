/* Pages that are damaged. Goal: a sound file is called sound whatever was done to it; of a damaged
 * one every fault is found, LMDB is led to none of its damaged pages, and the rows beside them are
 * read and written. Method: the file is altered as plain bytes, by what its pages say of themselves. */

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keys/public/bytes/cursor.h"
#include "server/store/db_file.h"
#include "server/store/db_internal.h"
#include "server/store/db_pages.h"
#include "server/store/trail.h"
#include "store_fixture.h"
#include "tests/support/test.h"

#define PAGE      4096u
#define ROWS      400u
#define MAP_BYTES ((uint64_t)64 << 20)

static int open_small(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    fixture_init(f, MAP_BYTES);
    *state = f;
    return 0;
}

static void data_path(const struct fixture *f, char out[128])
{
    (void)snprintf(out, 128, "%s/data.mdb", f->folder);
}

static enum status reopen(struct fixture *f, struct db_damage *out_damage)
{
    db_close(f->db);
    f->db = NULL;
    memset(out_damage, 0, sizeof *out_damage);
    const struct db_options options = {
        .map_bytes = MAP_BYTES, .check = true, .out_damage = out_damage};
    return db_open(f->folder, &options, &f->db);
}

static void put_row(struct txn *txn, enum schema_table table, uint64_t number, size_t size)
{
    uint8_t value[20000];
    memset(value, (int)(number + table), sizeof value);
    struct schema_key key = schema_key_seq(number);
    db_put(txn, table, schema_key_span(&key), span_of(value, size));
}

static enum status get_row(struct txn *txn, enum schema_table table, uint64_t number)
{
    struct schema_key key = schema_key_seq(number);
    struct span value;
    return db_get(txn, table, schema_key_span(&key), &value);
}

/* Small rows in one table, so that it has a branch and some leaves; long ones in another. */
static void fill(struct fixture *f)
{
    struct txn *txn = fixture_write(f);
    for (uint64_t n = 0; n < ROWS; n++) {
        put_row(txn, SCHEMA_WRAP, n, 100);
        if (n % 40 == 0) {
            put_row(txn, SCHEMA_STATEMENT, n, 9000);
        }
    }
    fixture_commit(txn);
}

/* The root of a table, from LMDB's list of tables. */
static struct db_file_tree tree_of(struct fixture *f, enum schema_table table)
{
    char path[128];
    data_path(f, path);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct db_file_meta metas[2];
    assert_int_equal(pread(fd, &metas[0], sizeof metas[0], 16), sizeof metas[0]);
    assert_int_equal(pread(fd, &metas[1], sizeof metas[1], PAGE + 16), sizeof metas[1]);
    const struct db_file_meta *meta = &metas[metas[1].txn > metas[0].txn ? 1 : 0];
    static uint8_t page[PAGE];
    assert_int_equal(pread(fd, page, PAGE, (off_t)(meta->trees[1].root * PAGE)), PAGE);
    (void)close(fd);
    const struct span bytes = span_of(page, PAGE);
    const char *name = schema_table_name(table);
    for (size_t i = 0; i < db_page_rows(bytes); i++) {
        const struct db_page_row row = db_page_row_at(bytes, DB_PAGE_LEAF, i);
        if (span_equal(row.key, span_of(name, strlen(name)))) {
            struct db_file_tree tree;
            memcpy(&tree, row.value.data, sizeof tree);
            return tree;
        }
    }
    fail();
    return (struct db_file_tree){0};
}

static void read_page(struct fixture *f, uint64_t number, uint8_t out[PAGE])
{
    char path[128];
    data_path(f, path);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && pread(fd, out, PAGE, (off_t)(number * PAGE)) == PAGE);
    (void)close(fd);
}

static void write_page(struct fixture *f, uint64_t number, const uint8_t page[PAGE])
{
    char path[128];
    data_path(f, path);
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0 && pwrite(fd, page, PAGE, (off_t)(number * PAGE)) == PAGE);
    (void)close(fd);
}

/* ---------------------------------------------------------------- sound */

static void test_sound_file_has_no_faults(void **state)
{
    struct fixture *f = *state;
    struct db_damage damage;
    uint64_t seed = 11;
    for (unsigned round = 0; round < 120; round++) {
        struct txn *txn = fixture_write(f);
        for (unsigned i = 0; i < 30; i++) {
            const enum schema_table table = (enum schema_table)(
                SCHEMA_RECORD + fixture_random(&seed) % (SCHEMA_TABLES - SCHEMA_RECORD));
            const uint64_t number = fixture_random(&seed) % 900;
            struct schema_key key = schema_key_seq(number);
            if (fixture_random(&seed) % 3 == 0) {
                db_delete(txn, table, schema_key_span(&key));
            } else {
                put_row(txn, table, number, 1 + fixture_random(&seed) % (i % 9 == 0 ? 19000 : 300));
            }
        }
        if (round % 7 == 3) {
            db_abort(txn);
        } else {
            fixture_commit(txn);
        }
        if (round % 10 == 0) {
            assert_int_equal(reopen(f, &damage), STATUS_OK);
            assert_string_equal(damage.first, "");
            assert_null(db_damage(f->db));
        }
    }
}

/* ---------------------------------------------------------------- damaged */

static void test_lost_page_costs_its_rows_alone(void **state)
{
    struct fixture *f = *state;
    fill(f);
    static uint8_t root[PAGE];
    static uint8_t leaf[PAGE];
    const uint64_t root_number = tree_of(f, SCHEMA_WRAP).root;
    read_page(f, root_number, root);
    const struct db_page_row row = db_page_row_at(span_of(root, PAGE), DB_PAGE_BRANCH, 2);
    const struct db_page_row after = db_page_row_at(span_of(root, PAGE), DB_PAGE_BRANCH, 3);
    const uint64_t first = cursor_get_u64(row.key.data);
    const uint64_t end = cursor_get_u64(after.key.data);
    read_page(f, row.child, leaf);
    leaf[14] ^= 0x40; /* where its rows begin */
    write_page(f, row.child, leaf);
    struct db_damage damage;
    assert_int_equal(reopen(f, &damage), STATUS_OK);
    assert_int_equal(damage.faults, 1);
    assert_int_equal(damage.hole_count, 1);
    assert_non_null(strstr(damage.first, "wrap, from "));
    struct txn *txn = fixture_write(f);
    for (uint64_t n = 0; n < ROWS; n++) {
        assert_int_equal(get_row(txn, SCHEMA_WRAP, n),
                         n >= first && n < end ? STATUS_CORRUPT : STATUS_OK);
    }
    put_row(txn, SCHEMA_WRAP, ROWS, 100);
    put_row(txn, SCHEMA_WRAP, first - 1, 60);
    put_row(txn, SCHEMA_WRAP, end, 60);
    fixture_commit(txn);
    /* What would go into the page, or join it with another, fails, and nothing of it is written. */
    txn = fixture_write(f);
    put_row(txn, SCHEMA_WRAP, first, 100);
    assert_int_equal(db_commit(txn), STATUS_CORRUPT);
    txn = fixture_write(f);
    struct schema_key key = schema_key_seq(first - 1);
    db_delete(txn, SCHEMA_WRAP, schema_key_span(&key));
    assert_int_equal(db_commit(txn), STATUS_CORRUPT);
    txn = fixture_read(f);
    struct span found_key;
    struct span value;
    assert_int_equal(
        db_seek(txn, SCHEMA_WRAP, schema_key_span(&key), DB_SEEK_AFTER, &found_key, &value),
        STATUS_CORRUPT);
    db_abort(txn);
}

/* The heads of all trails stand in events too: without their page events are written all the same. */
static void test_events_go_on_without_heads_of_trails(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 5;
    for (unsigned i = 0; i < 6; i++) {
        struct fixture_parts parts;
        struct event_new event;
        fixture_full_event(&seed, &parts, &event);
        struct txn *txn = fixture_write(f);
        uint64_t seq;
        struct hash leaf;
        assert_int_equal(fixture_append(txn, &event, &seq, &leaf), STATUS_OK);
        fixture_commit(txn);
        struct db_damage damage;
        if (i == 2) {
            static uint8_t page[PAGE];
            const uint64_t root = tree_of(f, SCHEMA_TRAIL).root;
            read_page(f, root, page);
            page[14] ^= 0x40;
            write_page(f, root, page);
            assert_int_equal(reopen(f, &damage), STATUS_OK);
            assert_int_equal(damage.hole_count, 1);
        }
        txn = fixture_read(f);
        struct trail_head head;
        assert_int_equal(trail_get(txn, TRAIL_SECTION, 6, &head), STATUS_OK);
        assert_int_equal(head.number, i + 1);
        assert_int_equal(head.event_seq, i);
        db_abort(txn);
    }
}

/* A row whose key is another is missing under its own: that must not be told as absence. */
static void test_absence_beside_a_damaged_row_is_not_believed(void **state)
{
    struct fixture *f = *state;
    fill(f);
    static uint8_t page[PAGE];
    const uint64_t root_number = tree_of(f, SCHEMA_STATEMENT).root;
    read_page(f, root_number, page);
    struct db_page_row row = db_page_row_at(span_of(page, PAGE), DB_PAGE_LEAF, 3);
    assert_int_equal(cursor_get_u64(row.key.data), 120);
    page[row.key.data + 7 - page] ^= 1;
    write_page(f, root_number, page);
    struct db_damage damage;
    assert_int_equal(reopen(f, &damage), STATUS_OK);
    assert_string_equal(damage.first, "statement 121 is not as it was written");
    struct txn *txn = fixture_read(f);
    assert_int_equal(get_row(txn, SCHEMA_STATEMENT, 80), STATUS_OK);
    assert_int_equal(get_row(txn, SCHEMA_STATEMENT, 120), STATUS_CORRUPT);
    assert_int_equal(get_row(txn, SCHEMA_STATEMENT, 121), STATUS_CORRUPT);
    assert_int_equal(get_row(txn, SCHEMA_STATEMENT, 160), STATUS_OK);
    assert_int_equal(get_row(txn, SCHEMA_STATEMENT, 161), STATUS_NOT_FOUND);
    db_abort(txn);
}

/* A value's pages: the size in its row, and the head of the first. */
static void test_long_value_is_held_to_its_pages(void **state)
{
    struct fixture *f = *state;
    fill(f);
    static uint8_t page[PAGE];
    static uint8_t sound[PAGE];
    const uint64_t root_number = tree_of(f, SCHEMA_STATEMENT).root;
    read_page(f, root_number, sound);
    const struct db_page_row row = db_page_row_at(span_of(sound, PAGE), DB_PAGE_LEAF, 0);
    const size_t at = (size_t)(row.key.data - sound) - 8;
    const struct {
        size_t byte;
        uint8_t flip;
    } cases[] = {{at + 3, 0x40}, {at + 1, 0x20}, {at + 4, 4},
                 {at + 4, 1},    {at + 16, 1},   {at + 21, 1}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        memcpy(page, sound, PAGE);
        page[cases[i].byte] ^= cases[i].flip;
        write_page(f, root_number, page);
        struct db_damage damage;
        assert_int_equal(reopen(f, &damage), STATUS_OK);
        assert_true(damage.faults > 0);
        struct txn *txn = fixture_read(f);
        assert_int_equal(get_row(txn, SCHEMA_STATEMENT, 0), STATUS_CORRUPT);
        assert_int_equal(get_row(txn, SCHEMA_WRAP, 7), STATUS_OK);
        db_abort(txn);
    }
}

/* Every bit by which LMDB finds its way: found, or no part of what is used; and nobody ends. */
static void test_every_bit_of_the_ways_is_found(void **state)
{
    struct fixture *f = *state;
    fill(f);
    static uint8_t sound[PAGE];
    const uint64_t root_number = tree_of(f, SCHEMA_WRAP).root;
    read_page(f, root_number, sound);
    const uint64_t child = db_page_row_at(span_of(sound, PAGE), DB_PAGE_BRANCH, 1).child;
    const uint64_t numbers[] = {root_number, child};
    for (size_t p = 0; p < ARRAY_LEN(numbers); p++) {
        read_page(f, numbers[p], sound);
        static uint8_t page[PAGE];
        const size_t lower = 16 + 2 * db_page_rows(span_of(sound, PAGE));
        for (size_t at = 0; at < PAGE; at++) {
            /* No part of anything: a pad in the head, and the gap between the offsets and the rows. */
            const bool head = at < lower && at != 8 && at != 9;
            if (!head && at < PAGE - 64) {
                continue;
            }
            memcpy(page, sound, PAGE);
            page[at] ^= (uint8_t)(1u << at % 8);
            write_page(f, numbers[p], page);
            struct db_damage damage;
            assert_int_equal(reopen(f, &damage), STATUS_OK);
            struct txn *txn = fixture_read(f);
            size_t whole = 0;
            for (uint64_t n = 0; n < ROWS; n++) {
                whole += get_row(txn, SCHEMA_WRAP, n) == STATUS_OK ? 1 : 0;
            }
            db_abort(txn);
            assert_true(damage.faults > 0 || whole == ROWS);
            if (head && damage.faults == 0) {
                print_message("page %zu, byte %zu: not found\n", p, at);
                fail();
            }
        }
        write_page(f, numbers[p], sound);
    }
}

/* Without its list of tables, or of free pages, nothing can be told apart. */
static void test_what_stands_for_all_is_refused(void **state)
{
    struct fixture *f = *state;
    fill(f);
    struct txn *txn = fixture_write(f);
    put_row(txn, SCHEMA_WRAP, 5, 90); /* so that pages are free */
    fixture_commit(txn);
    char path[128];
    data_path(f, path);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    struct db_file_meta metas[2];
    assert_int_equal(pread(fd, &metas[0], sizeof metas[0], 16), sizeof metas[0]);
    assert_int_equal(pread(fd, &metas[1], sizeof metas[1], PAGE + 16), sizeof metas[1]);
    const size_t newest = metas[1].txn > metas[0].txn ? 1 : 0;
    for (size_t tree = 0; tree < 2; tree++) {
        static uint8_t page[PAGE];
        read_page(f, metas[newest].trees[tree].root, page);
        page[tree == 0 ? PAGE - 8 : 12] ^= 4; /* a number of a free page; how many rows there are */
        write_page(f, metas[newest].trees[tree].root, page);
        struct db_damage damage;
        assert_int_equal(reopen(f, &damage), STATUS_CORRUPT);
        assert_true(damage.nothing);
        assert_non_null(strstr(damage.first, tree == 0 ? "free pages" : "all tables"));
        page[tree == 0 ? PAGE - 8 : 12] ^= 4;
        write_page(f, metas[newest].trees[tree].root, page);
        assert_int_equal(reopen(f, &damage), STATUS_OK);
    }
    /* An end that is too near: writers would begin in the middle of what is used. */
    struct db_file_meta cut = metas[newest];
    cut.last_page -= 8;
    assert_int_equal(pwrite(fd, &cut, sizeof cut, (off_t)(newest * PAGE + 16)), sizeof cut);
    struct db_damage damage;
    assert_int_equal(reopen(f, &damage), STATUS_CORRUPT);
    (void)close(fd);
}

/* ---------------------------------------------------------------- met only later */

/* How |meet| ends, in a process of its own, and what it says. */
static int end_of(struct fixture *f, void (*meet)(struct fixture *f), char said[512])
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        (void)alarm(20);
        db_guard();
        meet(f);
        _exit(0);
    }
    (void)close(ends[1]);
    const ssize_t size = read(ends[0], said, 511);
    said[size > 0 ? size : 0] = '\0';
    (void)close(ends[0]);
    int code = 0;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code));
    return WEXITSTATUS(code);
}

static void open_and_read(struct fixture *f)
{
    const struct db_options options = {.map_bytes = MAP_BYTES};
    if (db_open(f->folder, &options, &f->db) == STATUS_OK) {
        struct txn *txn = fixture_read(f);
        (void)!get_row(txn, SCHEMA_WRAP, 7);
        db_abort(txn);
    }
}

static void cut_and_read(struct fixture *f)
{
    char path[128];
    data_path(f, path);
    const struct db_options options = {.map_bytes = MAP_BYTES};
    if (db_open(f->folder, &options, &f->db) == STATUS_OK && truncate(path, 2 * PAGE) == 0) {
        struct txn *txn = NULL;
        (void)!db_begin_read(f->db, &txn);
    }
}

static void test_damage_that_is_met_later_ends_with_words(void **state)
{
    struct fixture *f = *state;
    fill(f);
    const uint64_t root_number = tree_of(f, SCHEMA_WRAP).root;
    db_close(f->db);
    f->db = NULL;
    static uint8_t page[PAGE];
    read_page(f, root_number, page);
    page[12] = 18; /* a branch with one row, which LMDB asserts to be none */
    write_page(f, root_number, page);
    char said[512];
    assert_int_equal(end_of(f, open_and_read, said), DB_EXIT_FAILED);
    assert_non_null(strstr(said, "a page of the database is damaged"));
    assert_int_equal(end_of(f, cut_and_read, said), DB_EXIT_FAILED);
    assert_non_null(strstr(said, "cannot be read at a place that is in use"));
}

int main(void)
{
#define PAGES_TEST(name) cmocka_unit_test_setup_teardown(name, open_small, fixture_close)
    const struct CMUnitTest tests[] = {
        PAGES_TEST(test_sound_file_has_no_faults),
        PAGES_TEST(test_lost_page_costs_its_rows_alone),
        PAGES_TEST(test_events_go_on_without_heads_of_trails),
        PAGES_TEST(test_absence_beside_a_damaged_row_is_not_believed),
        PAGES_TEST(test_long_value_is_held_to_its_pages),
        PAGES_TEST(test_every_bit_of_the_ways_is_found),
        PAGES_TEST(test_what_stands_for_all_is_refused),
        PAGES_TEST(test_damage_that_is_met_later_ends_with_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
