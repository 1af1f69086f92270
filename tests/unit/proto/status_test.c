#include "proto/status.h"
#include "tests/support/test.h"

/* Goal: every status has one name, and no two share one. Method: all numbers up to 64. */
static void test_names_are_distinct_and_unknown_is_said(void **state)
{
    (void)state;
    size_t named = 0;
    for (int a = 0; a < 64; a++) {
        const char *name = status_name((enum status)a);
        assert_non_null(name);
        if (strcmp(name, "UNKNOWN") == 0) {
            continue;
        }
        named++;
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(name, status_name((enum status)b));
        }
    }
    assert_int_equal(named, 30);
    assert_string_equal(status_name(STATUS_OK), "OK");
    assert_string_equal(status_name(STATUS_NEEDS_EPOCH), "NEEDS_EPOCH");
}

/* Goal: a peer learns nothing from our own faults, and absent reads as forbidden. Method:
 * every number; only 0..14 pass as they are. */
static void test_to_wire_hides_what_is_local(void **state)
{
    (void)state;
    for (int a = 0; a < 64; a++) {
        enum status wire = status_to_wire((enum status)a);
        if (a <= 14) {
            assert_int_equal(wire, a);
        } else if (a == STATUS_NOT_FOUND) {
            assert_int_equal(wire, STATUS_REFUSED);
        } else {
            assert_int_equal(wire, STATUS_UNAVAILABLE);
        }
    }
    assert_int_equal(status_to_wire((enum status) - 1), STATUS_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_distinct_and_unknown_is_said),
        cmocka_unit_test(test_to_wire_hides_what_is_local),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
