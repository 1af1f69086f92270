/* Which purposes a member may name, and which one a client names. */
#include "proto/purpose.h"
#include "proto/words.h"
#include "tests/support/test.h"

/* Goal: a purpose fits only the roles and relations of the table. Method: every role, relation, class
 * and purpose; the ones that fit are counted and spot-checked. */
static void test_only_the_table_fits(void **state)
{
    (void)state;
    size_t fitting = 0;
    for (uint32_t role = 0; role <= POLICY_ROLE_COUNT; role++) {
        for (uint32_t bit = 0; bit < POLICY_RELATION_COUNT; bit++) {
            for (uint32_t class = CLASS_PROCESS; class < POLICY_CLASS_COUNT; class ++) {
                assert_false(purpose_fits(role, 1u << bit, class, PURPOSE_NONE));
                assert_false(purpose_fits(role, 1u << bit, class, PURPOSE_ETREAT));
                for (uint32_t purpose = 0; purpose <= PURPOSE_HCOMPL; purpose++) {
                    fitting += purpose_fits(role, 1u << bit, class, purpose) ? 1 : 0;
                }
            }
        }
    }
    /* Six classes of a chart with seven rows, and the directory with three for any relation. */
    assert_int_equal(fitting, 6 * 7 + 3 * POLICY_RELATION_COUNT);
    assert_false(purpose_fits(ROLE_THERAPIST, POLICY_SUPERVISES, CLASS_PROGRESS, PURPOSE_TREAT));
    assert_false(purpose_fits(ROLE_THERAPIST, POLICY_TREATS, CLASS_PROGRESS, PURPOSE_PATRQT));
    assert_false(purpose_fits(ROLE_CLIENT, POLICY_OWN_CHART, CLASS_SHARED, PURPOSE_TREAT));
    assert_false(purpose_fits(ROLE_ADMIN, POLICY_ANY, CLASS_DIRECTORY, PURPOSE_HCOMPL));
    assert_true(purpose_fits(ROLE_ADMIN, POLICY_ANY, CLASS_NONE, PURPOSE_NONE));
    assert_false(purpose_fits(ROLE_ADMIN, POLICY_ANY, CLASS_NONE, PURPOSE_HOPERAT));
}

/* Goal: what a client names fits. Method: each relation by itself, and treating before covering. */
static void test_the_first_that_fits(void **state)
{
    (void)state;
    assert_int_equal(purpose_of(ROLE_THERAPIST, POLICY_TREATS | POLICY_COVERS, CLASS_SESSION),
                     PURPOSE_TREAT);
    assert_int_equal(purpose_of(ROLE_THERAPIST, POLICY_COVERS, CLASS_SESSION), PURPOSE_COVERAGE);
    assert_int_equal(purpose_of(ROLE_THERAPIST, POLICY_TRAINS, CLASS_PROCESS), PURPOSE_HOPERAT);
    assert_int_equal(purpose_of(ROLE_CLIENT, POLICY_OWN_CHART, CLASS_JOURNAL), PURPOSE_PATRQT);
    assert_int_equal(purpose_of(ROLE_AUDITOR, 0, CLASS_DIRECTORY), PURPOSE_HCOMPL);
    assert_int_equal(purpose_of(ROLE_THERAPIST, 0, CLASS_DIRECTORY), PURPOSE_HOPERAT);
    assert_int_equal(purpose_of(ROLE_THERAPIST, 0, CLASS_SESSION), PURPOSE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_table_fits),
        cmocka_unit_test(test_the_first_that_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
