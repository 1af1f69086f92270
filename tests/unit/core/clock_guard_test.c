/* A clock that jumped ahead is not believed; one that rested, went back or was accepted is. */
#include "server/core/clock_guard.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <unistd.h>

#define HOUR_MS UINT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)
#define BOOT_A  "11111111-1111-1111-1111-111111111111"
#define BOOT_B  "22222222-2222-2222-2222-222222222222"
/* Some day, in milliseconds. */
#define THEN_MS (20000 * DAY_MS)

static struct clock_moment moment(uint64_t wall_ms, uint64_t boot_ms, const char *boot)
{
    struct clock_moment made = {.wall_ms = wall_ms, .boot_ms = boot_ms};
    (void)snprintf(made.boot, sizeof made.boot, "%s", boot);
    return made;
}

/* Goal: each rule of clock_guard.h, at its bound. */
static void test_latest(void **state)
{
    static const struct clock_moment nothing = {0};
    (void)state;
    struct clock_moment memory = moment(THEN_MS, 5 * HOUR_MS, BOOT_A);
    /* Seven hours later by the clock that nobody sets; the last event is old. */
    struct clock_moment now = moment(0, 12 * HOUR_MS, BOOT_A);
    assert_int_equal(clock_latest(&memory, &now, THEN_MS - DAY_MS), THEN_MS + 8 * HOUR_MS);
    /* An event is newer than that. */
    assert_int_equal(clock_latest(&memory, &now, THEN_MS + DAY_MS), THEN_MS + DAY_MS + HOUR_MS);
    /* Another start of the machine, or no memory: a month's rest. */
    struct clock_moment other = moment(0, 1, BOOT_B);
    assert_int_equal(clock_latest(&memory, &other, THEN_MS - DAY_MS), THEN_MS + 31 * DAY_MS);
    assert_int_equal(clock_latest(&nothing, &other, THEN_MS), THEN_MS + 31 * DAY_MS);
    /* The same name, but less time than was: not the same start. */
    now = moment(0, 1, BOOT_A);
    assert_int_equal(clock_latest(&memory, &now, 0), THEN_MS + 31 * DAY_MS);
    /* Nothing at all is known. */
    assert_int_equal(clock_latest(&nothing, &other, 0), UINT64_MAX);
}

/* Goal: the file gives back what was written, and anything else is no memory. Method: each byte
 * changed to a letter that has no place there, each length cut. */
static void test_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/alcove-clock-XXXXXX";
    assert_non_null(mkdtemp(folder));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct clock_moment written = moment(THEN_MS, 77, BOOT_A);
    struct clock_moment read;
    clock_memory_read(-1, &read);
    assert_string_equal(read.boot, "");
    int file = clock_memory_open(fd);
    assert_true(file >= 0);
    clock_memory_read(file, &read);
    assert_string_equal(read.boot, "");
    struct clock_moment longer = moment(UINT64_MAX / 2, UINT64_MAX / 2, BOOT_A);
    OK(clock_memory_write(file, &longer));
    OK(clock_memory_write(file, &written)); /* over a longer one */
    clock_memory_read(file, &read);
    assert_memory_equal(&read, &written, sizeof read);
    char text[128];
    ssize_t size = pread(file, text, sizeof text, 0);
    assert_true(size > 40);
    for (ssize_t cut = 0; cut < size; cut++) {
        assert_int_equal(ftruncate(file, cut), 0);
        clock_memory_read(file, &read);
        assert_string_equal(read.boot, "");
        assert_int_equal(read.wall_ms, 0);
        assert_int_equal(pwrite(file, text, (size_t)size, 0), size);
    }
    assert_int_equal(pwrite(file, "-", 1, 0), 1);
    clock_memory_read(file, &read);
    assert_string_equal(read.boot, "");
    assert_int_equal(close(file), 0);
    assert_int_equal(unlinkat(fd, "clock", 0), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void accept_in(int folder, const struct clock_moment *moment)
{
    int file = clock_memory_open(folder);
    assert_true(file >= 0);
    OK(clock_memory_write(file, moment));
    assert_int_equal(close(file), 0);
}

/* Goal: a guard refuses a jump and takes small steps, a clock set back and right again, and what
 * a person accepted; a new guard remembers. */
static void test_guard(void **state)
{
    (void)state;
    char folder[] = "/tmp/alcove-clock-XXXXXX";
    assert_non_null(mkdtemp(folder));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct clock_guard *guard = NULL;
    OK(clock_guard_open(fd, &guard));
    assert_true(clock_guard_allows(guard, THEN_MS, THEN_MS));
    assert_false(clock_guard_allows(guard, THEN_MS + 2 * HOUR_MS, THEN_MS));
    assert_true(clock_guard_allows(guard, THEN_MS, THEN_MS));
    for (uint64_t step = 1; step <= 4; step++) {
        assert_true(clock_guard_allows(guard, THEN_MS + step * HOUR_MS * 3 / 4, THEN_MS));
    }
    assert_true(clock_guard_allows(guard, THEN_MS - 9 * DAY_MS, THEN_MS));
    assert_true(clock_guard_allows(guard, THEN_MS + 3 * HOUR_MS, THEN_MS));
    clock_guard_close(guard);
    OK(clock_guard_open(fd, &guard));
    assert_true(clock_guard_allows(guard, THEN_MS + 7 * HOUR_MS / 2, THEN_MS));
    assert_false(clock_guard_allows(guard, THEN_MS + 365 * DAY_MS, THEN_MS));
    clock_guard_close(guard);
    struct clock_moment accepted;
    clock_moment_now(THEN_MS + 365 * DAY_MS, &accepted);
    accept_in(fd, &accepted);
    OK(clock_guard_open(fd, &guard));
    assert_true(clock_guard_allows(guard, THEN_MS + 365 * DAY_MS, THEN_MS));
    clock_guard_close(guard);
    assert_int_equal(unlinkat(fd, "clock", 0), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* Goal: a machine that starts with a clock that is behind, and is set right later, is believed
 * after a night's rest, and no jump after that is. */
static void test_behind_at_start(void **state)
{
    (void)state;
    char folder[] = "/tmp/alcove-clock-XXXXXX";
    assert_non_null(mkdtemp(folder));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct clock_moment before = moment(THEN_MS, 5 * HOUR_MS, BOOT_B);
    accept_in(fd, &before);
    struct clock_guard *guard = NULL;
    OK(clock_guard_open(fd, &guard));
    assert_true(clock_guard_allows(guard, 1000, THEN_MS));
    clock_guard_close(guard);
    OK(clock_guard_open(fd, &guard));
    assert_true(clock_guard_allows(guard, 2000, THEN_MS));
    assert_false(clock_guard_allows(guard, THEN_MS + 32 * DAY_MS, THEN_MS));
    assert_true(clock_guard_allows(guard, THEN_MS + 10 * HOUR_MS, THEN_MS));
    assert_false(clock_guard_allows(guard, THEN_MS + 10 * DAY_MS, THEN_MS));
    clock_guard_close(guard);
    assert_int_equal(unlinkat(fd, "clock", 0), 0);
    OK(clock_guard_open(fd, &guard));
    assert_true(clock_guard_allows(guard, 1000, THEN_MS));
    assert_true(clock_guard_allows(guard, THEN_MS + 10 * HOUR_MS, THEN_MS));
    assert_false(clock_guard_allows(guard, THEN_MS + 10 * DAY_MS, THEN_MS));
    clock_guard_close(guard);
    assert_int_equal(unlinkat(fd, "clock", 0), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latest),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_behind_at_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
