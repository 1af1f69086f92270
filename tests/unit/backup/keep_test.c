/* Which backups of a series stay. */
#include "server/backup/keep.h"
#include "tests/support/test.h"

#define DAY_S  86400u
#define HOUR_S 3600u
/* 2026-11-30 12:00:00 UTC, a Monday. */
#define NOON_S 1796040000u

#define COUNT_MAX 2000u

static size_t kept(const uint64_t *times_s, size_t count, struct keep_counts counts, bool *stays)
{
    keep_choose(times_s, count, &counts, stays);
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += stays[i];
    }
    return sum;
}

/* Goal: of backups made each day for two years 7 days, 5 weeks and 12 months stay, and of those made each
 * hour the same ones. */
static void test_two_years(void **state)
{
    static uint64_t times_s[COUNT_MAX];
    static bool stays[COUNT_MAX];
    (void)state;
    const size_t count = 730;
    for (size_t i = 0; i < count; i++) {
        times_s[i] = NOON_S - (count - 1 - i) * DAY_S;
    }
    /* Days: 24 to 30 November. Weeks: this one, and the Sundays 29, 22, 15 and 8. Months: 30
     * November, and the ends of eleven before. The 29th and 30th are counted already. */
    assert_int_equal(kept(times_s, count, (struct keep_counts){7, 5, 12}, stays), 7 + 3 + 11);
    for (size_t back = 0; back < 7; back++) {
        assert_true(stays[count - 1 - back]);
    }
    assert_false(stays[count - 1 - 7]);
    assert_true(stays[count - 1 - 8]);  /* Sunday 22 */
    assert_true(stays[count - 1 - 22]); /* Sunday 8 */
    assert_false(stays[count - 1 - 29]);
    assert_true(stays[count - 1 - 30]);  /* 31 October */
    assert_true(stays[count - 1 - 334]); /* 31 December of the year before */
    assert_false(stays[count - 1 - 364]);
    const size_t hours = 24 * 60;
    for (size_t i = 0; i < hours; i++) {
        times_s[i] = NOON_S - (hours - 1 - i) * HOUR_S;
    }
    assert_int_equal(kept(times_s, hours, (struct keep_counts){7, 5, 1}, stays), 7 + 3);
    assert_true(stays[hours - 1]);
    assert_true(stays[hours - 1 - 13]); /* 23:00 of the day before */
    assert_false(stays[hours - 2]);
}

/* Goal: after a long rest the newest still stay; a count of periods is one of those that have a
 * backup, not of the calendar. */
static void test_gaps(void **state)
{
    (void)state;
    const uint64_t times_s[4] = {NOON_S - 900 * DAY_S, NOON_S - 400 * DAY_S,
                                 NOON_S - 400 * DAY_S + 5, NOON_S};
    bool stays[4];
    assert_int_equal(kept(times_s, 4, (struct keep_counts){3, 0, 0}, stays), 3);
    assert_true(stays[0] && !stays[1] && stays[2] && stays[3]);
    assert_int_equal(kept(times_s, 4, (struct keep_counts){0, 0, 2}, stays), 2);
    assert_int_equal(kept(times_s, 4, (struct keep_counts){0, 0, 0}, stays), 1);
    assert_true(stays[3]);
    assert_int_equal(kept(times_s, 1, (struct keep_counts){1, 1, 1}, stays), 1);
    assert_int_equal(kept(times_s, 0, (struct keep_counts){1, 1, 1}, stays), 0);
}

/* Goal: running it again removes nothing more, and the series made day by day ends as the one that is
 * thinned out at once. */
static void test_again(void **state)
{
    static uint64_t times_s[COUNT_MAX];
    static bool stays[COUNT_MAX];
    (void)state;
    size_t count = 0;
    for (size_t day = 0; day < 800; day++) {
        times_s[count++] = NOON_S + day * DAY_S;
        (void)kept(times_s, count, (struct keep_counts){7, 5, 12}, stays);
        size_t left = 0;
        for (size_t i = 0; i < count; i++) {
            if (stays[i]) {
                times_s[left++] = times_s[i];
            }
        }
        count = left;
        assert_true(count <= 7 + 5 + 12);
    }
    assert_int_equal(kept(times_s, count, (struct keep_counts){7, 5, 12}, stays), count);
    assert_true(count >= 19);
}

static void test_words(void **state)
{
    static const char *const wrong[] = {"",         "7",        "7,5",     "7,5,12,",
                                        "7,5,12,1", "7,,12",    "-1,5,12", "7, 5,12",
                                        "0,0,0",    "1001,1,1", ",,",      "a,b,c"};
    (void)state;
    struct keep_counts counts;
    OK(keep_parse("7,5,12", &counts));
    assert_true(counts.days == 7 && counts.weeks == 5 && counts.months == 12);
    OK(keep_parse("0,0,1", &counts));
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(keep_parse(wrong[i], &counts), STATUS_MALFORMED);
    }
    char name[KEEP_NAME_CHARS + 1];
    keep_name((uint64_t)NOON_S * 1000u + 999u, name);
    assert_string_equal(name, "20261130T120000Z");
    uint64_t time_s = 0;
    assert_true(keep_time(name, &time_s));
    assert_int_equal(time_s, NOON_S);
    assert_false(keep_time("20261130T120000Z.part", &time_s));
    assert_false(keep_time("2026113T1200000Z", &time_s));
    assert_false(keep_time("20261131T120000Z", &time_s));
    assert_false(keep_time(" 0261130T120000Z", &time_s));
    assert_false(keep_time("notes", &time_s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_years),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
