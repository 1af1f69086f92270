/* Damaged, cut and half-written database files: refused before they are mapped, and a writer
 * that was killed leaves nothing behind. */

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/store/db_internal.h"
#include "store_fixture.h"
#include "tests/support/test.h"

#define SMALL_MAP_BYTES ((uint64_t)2 << 20)

static void data_path(const struct fixture *f, char out[128])
{
    (void)snprintf(out, 128, "%s/data.mdb", f->folder);
}

static void put_page(struct fixture *f, uint64_t n)
{
    static const uint8_t page[4000];
    fixture_put_value(f, SCHEMA_RECORD, n, span_of(page, sizeof page));
}

/* Goal: a file that was cut is refused, not mapped: reading it would end the process.
 * Method: cut at every page from what is used down to nothing, and within pages. */
static void test_truncated_file_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, SMALL_MAP_BYTES);
    for (uint64_t n = 0; n < 40; n++) {
        put_page(&f, n);
    }
    struct db_usage usage;
    assert_int_equal(db_usage(f.db, false, &usage), STATUS_OK);
    db_close(f.db);
    f.db = NULL;
    char path[128];
    data_path(&f, path);
    off_t used = (off_t)(usage.pages * usage.page_bytes);
    assert_int_equal(truncate(path, used), 0);
    struct db_options options = {.create = false};
    assert_int_equal(db_open(f.folder, &options, &f.db), STATUS_OK);
    db_close(f.db);
    f.db = NULL;
    for (off_t at = used - 1; at >= 0; at -= at > 8192 ? 1365 : 409) {
        assert_int_equal(truncate(path, at), 0);
        assert_int_equal(db_open(f.folder, &options, &f.db), STATUS_CORRUPT);
    }
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(db_open(f.folder, &options, &f.db), STATUS_NOT_FOUND);
    fixture_deinit(&f);
}

static void overwrite(const char *path, off_t at, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, size, at), (ssize_t)size);
    assert_int_equal(close(fd), 0);
}

/* Goal: a file that is no database is refused. Method: zeroed metas, other magic, other data
 * version, a page size that cannot be, a last page beyond anything. */
static void test_damaged_meta_is_refused(void **state)
{
    static const uint8_t zeros[8192];
    static const struct {
        off_t at;
        uint8_t bytes[8];
        size_t size;
        enum status status;
    } cases[] = {
        {16, {0, 0, 0, 0}, 4, STATUS_CORRUPT},        /* magic */
        {20, {9, 0, 0, 0}, 4, STATUS_UNSUPPORTED},    /* version */
        {40, {0xff, 0x0f, 0, 0}, 4, STATUS_CORRUPT},  /* page size */
        {10, {0, 0}, 2, STATUS_CORRUPT},              /* page flags */
        {4096 + 16, {1, 2, 3, 4}, 4, STATUS_CORRUPT}, /* second magic */
    };
    (void)state;
    struct db_options options = {.create = true};
    struct fixture f;
    char path[128];
    for (size_t i = 0; i <= ARRAY_LEN(cases); i++) {
        enum status want = i < ARRAY_LEN(cases) ? cases[i].status : STATUS_CORRUPT;
        fixture_init(&f, SMALL_MAP_BYTES);
        db_close(f.db);
        f.db = NULL;
        data_path(&f, path);
        if (i < ARRAY_LEN(cases)) {
            overwrite(path, cases[i].at, cases[i].bytes, cases[i].size);
        } else {
            overwrite(path, 0, zeros, sizeof zeros);
        }
        assert_int_equal(db_open(f.folder, &options, &f.db), want);
        fixture_deinit(&f);
    }
}

/* Goal: a process that dies inside a transaction leaves no trace and no lock. Method: a child
 * opens the same folder, puts and kills itself; the parent then writes. */
static void test_killed_writer(void **state)
{
    struct fixture *f = *state;
    db_close(f->db);
    f->db = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    struct db_options options = {.create = false};
    struct txn *txn;
    if (child == 0) {
        if (db_open(f->folder, &options, &f->db) == STATUS_OK) {
            txn = fixture_write(f);
            for (uint64_t n = 0; n < 300; n++) {
                struct schema_key key = schema_key_seq(n);
                db_append(txn, SCHEMA_RECORD, schema_key_span(&key), span_of("half done", 9));
            }
            (void)kill(getpid(), SIGKILL);
        }
        _exit(1);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    assert_int_equal(db_open(f->folder, &options, &f->db), STATUS_OK);
    txn = fixture_write(f);
    struct span value;
    for (uint64_t n = 0; n < 300; n++) {
        struct schema_key key = schema_key_seq(n);
        assert_int_equal(db_get(txn, SCHEMA_RECORD, schema_key_span(&key), &value),
                         STATUS_NOT_FOUND);
    }
    db_abort(txn);
    put_page(f, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_truncated_file_is_refused),
        cmocka_unit_test(test_damaged_meta_is_refused),
        FIXTURE_TEST(test_killed_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
