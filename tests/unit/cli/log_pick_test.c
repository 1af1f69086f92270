/* What of the access log is shown: the time of day, what is excluded, what is folded away. */
#include "client/cli/log_pick.h"
#include "proto/words.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <time.h>

static bool wanted(const struct log_pick *pick, uint32_t action, unsigned hour, unsigned minute)
{
    Alcove__EventOpen open = ALCOVE__EVENT_OPEN__INIT;
    open.action = action;
    open.outcome = OUTCOME_OK;
    open.time_ms = ((uint64_t)hour * 60 + minute) * 60000u; /* UTC, on the first of January 1970 */
    struct query_event event = {.open = &open};
    return log_pick_wanted(pick, &event);
}

/* Goal: hours reach over midnight, and their end is outside. Method: both ways round, and texts that
 * are none. */
static void test_between(void **state)
{
    (void)state;
    const struct query_terms terms = {.scope = ACTION_LOG_OWN};
    struct log_pick pick = {.query = &terms};
    assert_true(log_pick_between("20:00-07:00", &pick));
    assert_true(wanted(&pick, ACTION_READ, 20, 0) && wanted(&pick, ACTION_READ, 23, 59));
    assert_true(wanted(&pick, ACTION_READ, 0, 0) && wanted(&pick, ACTION_READ, 6, 59));
    assert_false(wanted(&pick, ACTION_READ, 7, 0) || wanted(&pick, ACTION_READ, 19, 59));
    assert_true(log_pick_between("09:30-17:00", &pick));
    assert_true(wanted(&pick, ACTION_READ, 9, 30) && !wanted(&pick, ACTION_READ, 17, 0));
    static const char *const none[] = {"",         "20:00",       "20:00-7",     "25:00-07:00",
                                       "1:60-2:0", "08:00-08:00", "20:00-07:00x"};
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        assert_false(log_pick_between(none[i], &pick));
    }
}

/* Goal: named actions are left out, and a name that is none is told. Method: two, and one wrong. */
static void test_exclude(void **state)
{
    (void)state;
    const struct query_terms terms = {.scope = ACTION_LOG_OWN};
    struct log_pick pick = {.query = &terms};
    struct option_texts texts = {.items = {"read", "login"}, .count = 2};
    const char *wrong = NULL;
    assert_true(log_pick_exclude(&texts, &pick, &wrong));
    assert_false(wanted(&pick, ACTION_READ, 1, 0) || wanted(&pick, ACTION_LOGIN, 1, 0));
    assert_true(wanted(&pick, ACTION_WRITE, 1, 0));
    texts.items[1] = "nothing";
    assert_false(log_pick_exclude(&texts, &pick, &wrong));
    assert_string_equal(wrong, "nothing");
}

/* Goal: only what went well and was not asked for is folded away. Method: a login, in each way. */
static void test_noise(void **state)
{
    (void)state;
    struct query_terms terms = {.scope = ACTION_LOG_OWN};
    struct log_pick pick = {.query = &terms};
    Alcove__EventOpen open = ALCOVE__EVENT_OPEN__INIT;
    struct query_event event = {.open = &open};
    open.action = ACTION_LOGIN;
    open.outcome = OUTCOME_OK;
    assert_true(log_pick_is_noise(&pick, &event));
    open.outcome = OUTCOME_REFUSED;
    assert_false(log_pick_is_noise(&pick, &event));
    open.outcome = OUTCOME_OK;
    terms.action = ACTION_LOGIN;
    assert_false(log_pick_is_noise(&pick, &event));
    terms.action = 0;
    pick.all = true;
    assert_false(log_pick_is_noise(&pick, &event));
    pick.all = false;
    open.action = ACTION_READ;
    assert_false(log_pick_is_noise(&pick, &event));
}

int main(void)
{
    if (setenv("TZ", "UTC", 1) != 0) {
        return 1;
    }
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_between),
        cmocka_unit_test(test_exclude),
        cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
