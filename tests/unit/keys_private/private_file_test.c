/* Private files. */
#include "keys/private/private_file.h"
#include "tests/support/test.h"
#include "tests/unit/keys_private/common.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Goal: files are whole, private and not followed through links. Method: write, replace,
 * read, limits, modes, a symbolic link, a missing folder; nothing else is left behind. */
static void test_private_file(void **state)
{
    (void)state;
    char *folder = common_folder_make();
    char path[4200];
    (void)snprintf(path, sizeof path, "%s/file", folder);
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(private_file_read(folder, "file", 100, &bytes, &size), STATUS_NOT_FOUND);
    assert_int_equal(private_file_write(folder, "file", common_text("one")), STATUS_OK);
    assert_int_equal(private_file_write(folder, "file", common_text("second")), STATUS_OK);
    assert_int_equal(common_folder_count(folder), 1);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(private_file_read(folder, "file", 6, &bytes, &size), STATUS_OK);
    common_same(span_of(bytes, size), common_text("second"));
    free(bytes);
    assert_int_equal(private_file_read(folder, "file", 5, &bytes, &size), STATUS_TOO_LARGE);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(private_file_read(folder, "file", 100, &bytes, &size), STATUS_REFUSED);
    assert_int_equal(chmod(path, 0600), 0);
    char link_path[4200];
    (void)snprintf(link_path, sizeof link_path, "%s/link", folder);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(private_file_read(folder, "link", 100, &bytes, &size), STATUS_REFUSED);
    assert_int_equal(unlink(link_path), 0);
    assert_int_equal(mkfifo(link_path, 0600), 0); /* would hang a reader that waits */
    assert_int_equal(private_file_read(folder, "link", 100, &bytes, &size), STATUS_REFUSED);
    assert_int_equal(private_file_write("/nonexistent/folder", "file", common_text("x")),
                     STATUS_IO);
    assert_int_equal(private_file_folder("/nonexistent/folder"), STATUS_IO);
    assert_int_equal(private_file_folder(path), STATUS_REFUSED);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(private_file_folder(folder), STATUS_OK);
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    common_folder_remove(folder);
}

/* Goal: a write that fails leaves the old file and nothing else. Method: a limit on the size
 * of files, as a full disk would be, for the next write only. */
static void test_private_file_full(void **state)
{
    (void)state;
    static uint8_t big[100000];
    char *folder = common_folder_make();
    assert_int_equal(private_file_write(folder, "file", common_text("old")), STATUS_OK);
    struct rlimit kept;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
    const struct rlimit small = {50000, kept.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum status status = private_file_write(folder, "file", span_of(big, sizeof big));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
    assert_int_equal(status, STATUS_IO);
    assert_int_equal(common_folder_count(folder), 1);
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(private_file_read(folder, "file", 100, &bytes, &size), STATUS_OK);
    common_same(span_of(bytes, size), common_text("old"));
    free(bytes);
    common_folder_remove(folder);
}

/* Goal: one writer at a time. Method: two handles on one lock, then on two. */
static void test_private_file_lock(void **state)
{
    (void)state;
    char *folder = common_folder_make();
    int first = -1;
    assert_int_equal(private_file_lock(folder, "lock", &first), STATUS_OK);
    int second = -1;
    assert_int_equal(private_file_lock(folder, "lock", &second), STATUS_BUSY);
    assert_int_equal(second, -1);
    (void)close(first);
    assert_int_equal(private_file_lock(folder, "lock", &second), STATUS_OK);
    (void)close(second);
    common_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private_file),
        cmocka_unit_test(test_private_file_full),
        cmocka_unit_test(test_private_file_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
