/* The server's log: the form of a line, and that no condition floods it. */
#include "server/log/log.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <unistd.h>

static char said[65536];

/* Standard error of |act| into |said|. */
static void hear(void (*act)(void))
{
    FILE *file = tmpfile();
    assert_non_null(file);
    int before = dup(STDERR_FILENO);
    assert_true(before >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    act();
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    assert_int_equal(close(before), 0);
    rewind(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
}

static size_t lines(void)
{
    size_t count = 0;
    for (const char *c = said; *c != '\0'; c++) {
        count += *c == '\n';
    }
    return count;
}

static void say_one(void)
{
    log_line(LOG_LEVEL_WARNING, "%d of %s", 3, "four");
}

static void say_long(void)
{
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_line(LOG_LEVEL_ERROR, "%s", text);
}

/* Goal: a command's line is plain, a server's bears time and level, both end. Method: compare,
 * digits by place; a text that is longer than a line may be is cut. */
static void test_form(void **state)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ warning alcoved: 3 of four\n";
    (void)state;
    hear(say_one);
    assert_string_equal(said, "alcoved: 3 of four\n");
    log_stamp();
    hear(say_one);
    assert_int_equal(strlen(said), sizeof form - 1);
    for (size_t i = 0; i < 24; i++) {
        if (form[i] == 'd') {
            assert_in_range(said[i], '0', '9');
        } else {
            assert_int_equal(said[i], form[i]);
        }
    }
    assert_string_equal(said + 24, form + 24);
    hear(say_long);
    assert_int_equal(lines(), 1);
    assert_true(strlen(said) > 900 && said[strlen(said) - 1] == '\n');
}

/* Goal: a condition is told when it begins and when it ends, once each. */
static void test_changes(void **state)
{
    (void)state;
    atomic_bool condition = false;
    assert_false(log_changes(&condition, false));
    assert_true(log_changes(&condition, true));
    assert_false(log_changes(&condition, true));
    assert_true(log_changes(&condition, false));
}

static void ask_many(void)
{
    for (uint64_t key = 1; key <= 5000; key++) {
        assert_int_equal(log_hourly(key), key <= 256);
        assert_false(log_hourly(key));
    }
}

/* Goal: the same is said once an hour, and thousands of different ones do not flood the log
 * either. Method: 5,000 keys, each twice; only that there are more is said, once. */
static void test_hourly(void **state)
{
    (void)state;
    hear(ask_many);
    assert_int_equal(lines(), 1);
    assert_non_null(strstr(said, "further ones are not written"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_hourly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
