#include "proto/policy.h"
#include "tests/support/policy_words.h"
#include "tests/support/test.h"

#define CELLS (POLICY_ROLE_COUNT * POLICY_RELATION_COUNT * POLICY_CLASS_COUNT * POLICY_ACTION_MAX)

/* Goal: what must never be allowed is not, whatever the relation. Method: all
 * relations at once. */
static void test_never_column_is_never_allowed(void **state)
{
    (void)state;
    const uint32_t every = (1u << POLICY_RELATION_COUNT) - 1u;
    for (uint32_t action = ACTION_CREATE_SECTION; action <= ACTION_RESEAL; action++) {
        for (uint32_t class = CLASS_PROCESS; class <= CLASS_SAFETY; class ++) {
            assert_false(policy_allows(ROLE_ADMIN, every, class, action));
            assert_false(policy_allows(ROLE_AUDITOR, every, class, action));
        }
        assert_false(policy_allows(ROLE_CLIENT, every, CLASS_PROCESS, action));
        assert_false(policy_allows(ROLE_CLIENT, every, CLASS_PROGRESS, action));
        assert_false(policy_allows(ROLE_CLIENT, every, CLASS_SESSION, action));
        assert_false(policy_allows(ROLE_CLIENT, every, CLASS_DIRECTORY, action));
        const uint32_t not_author =
            every & ~((uint32_t)POLICY_AUTHOR | (uint32_t)POLICY_TRAINS | (uint32_t)POLICY_TREATS);
        assert_false(policy_allows(ROLE_THERAPIST, not_author, CLASS_PROCESS, action));
    }
    assert_false(policy_allows(ROLE_THERAPIST, POLICY_TREATS, CLASS_PROCESS, ACTION_READ));
    assert_false(policy_allows(ROLE_THERAPIST, every, CLASS_JOURNAL, ACTION_WRITE));
}

/* Goal: numbers out of range are not allowed and do not crash. Method: around each edge. */
static void test_out_of_range_is_not_allowed(void **state)
{
    (void)state;
    const uint32_t wild[] = {0, 33, 63, 64, 65, 255, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_LEN(wild); i++) {
        assert_false(policy_allows(ROLE_ADMIN, POLICY_ANY, CLASS_DIRECTORY, wild[i]));
        assert_false(policy_allows(wild[i], UINT32_MAX, CLASS_DIRECTORY, ACTION_READ));
        if (wild[i] != 0) {
            assert_false(policy_allows(ROLE_ADMIN, POLICY_ANY, wild[i], ACTION_READ));
        }
    }
    assert_false(policy_cell(ROLE_ADMIN, 0, CLASS_DIRECTORY, ACTION_READ));
    assert_false(policy_cell(ROLE_ADMIN, 3, CLASS_DIRECTORY, ACTION_READ));
}

/* Goal: the role alone always counts, and any one relation suffices. Method: masks with
 * and without the bit that counts. */
static void test_any_relation_of_the_mask_suffices(void **state)
{
    (void)state;
    assert_true(policy_allows(ROLE_AUDITOR, 0, CLASS_NONE, ACTION_LOG_ALL));
    assert_true(
        policy_allows(ROLE_THERAPIST, POLICY_COVERS | POLICY_TRAINS, CLASS_PROGRESS, ACTION_WRITE));
    assert_false(policy_allows(ROLE_THERAPIST, POLICY_SUPERVISES | POLICY_TRAINS, CLASS_PROGRESS,
                               ACTION_WRITE));
    assert_int_equal(policy_rights(ROLE_THERAPIST, POLICY_TREATS, CLASS_SHARED), 7);
    assert_int_equal(policy_rights(ROLE_THERAPIST, POLICY_COVERS, CLASS_SHARED), 3);
    assert_int_equal(policy_rights(ROLE_CLIENT, POLICY_OWN_CHART, CLASS_SHARED), 3);
    assert_int_equal(policy_rights(ROLE_THERAPIST, POLICY_COVERS, CLASS_SAFETY), 1);
    assert_int_equal(policy_rights(ROLE_ADMIN, 0, CLASS_SHARED), 0);
}

/* Goal: the table is well-formed. Method: each row names one relation, a role and a class
 * in range, some action, and no (role, relation, class) twice. */
static void test_rows_are_well_formed(void **state)
{
    (void)state;
    size_t count = 0;
    const struct policy_row *rows = policy_rows(&count);
    assert_true(count > 20);
    for (size_t i = 0; i < count; i++) {
        assert_in_range(rows[i].role, 1, POLICY_ROLE_COUNT);
        assert_in_range(rows[i].class, 0, POLICY_CLASS_COUNT - 1u);
        assert_true(rows[i].relation != 0 && (rows[i].relation & (rows[i].relation - 1u)) == 0);
        assert_true(rows[i].actions > 1 && rows[i].actions >> (POLICY_ACTION_MAX + 1u) == 0);
        for (size_t j = 0; j < i; j++) {
            assert_false(rows[i].role == rows[j].role && rows[i].class == rows[j].class &&
                         rows[i].relation == rows[j].relation);
        }
    }
}

/* Goal: words and numbers are one to one. Method: name and parse each; strangers fail. */
static void test_names_come_back_as_numbers(void **state)
{
    (void)state;
    uint32_t back = 0;
    for (uint32_t i = 0; i <= POLICY_ROLE_COUNT; i++) {
        const char *name = policy_role_name(i);
        assert_int_equal(policy_role_parse(span_of(name, strlen(name)), &back), STATUS_OK);
        assert_int_equal(back, i);
    }
    assert_int_equal(POLICY_CLASS_COUNT, alcove__note_class__descriptor.n_values);
    assert_int_equal(POLICY_ROLE_COUNT + 1u, alcove__role__descriptor.n_values);
    assert_false(policy_class_valid(CLASS_NONE) || policy_class_valid(POLICY_CLASS_COUNT) ||
                 policy_class_valid(UINT32_MAX));
    for (uint32_t i = 0; i < POLICY_CLASS_COUNT; i++) {
        assert_int_equal(policy_class_valid(i), i != CLASS_NONE);
        const char *name = policy_class_name(i);
        assert_int_equal(policy_class_parse(span_of(name, strlen(name)), &back), STATUS_OK);
        assert_int_equal(back, i);
    }
    for (uint32_t i = 0; i < POLICY_RELATION_COUNT; i++) {
        const char *name = policy_relation_name(1u << i);
        assert_int_equal(policy_relation_parse(span_of(name, strlen(name)), &back), STATUS_OK);
        assert_int_equal(back, 1u << i);
    }
    for (uint32_t i = 0; i <= POLICY_ACTION_MAX; i++) {
        const char *name = policy_action_name(i);
        if (strcmp(name, "?") != 0) {
            assert_int_equal(policy_action_parse(span_of(name, strlen(name)), &back), STATUS_OK);
            assert_int_equal(back, i);
        }
    }
    assert_int_equal(policy_role_parse(span_of("nurse", 5), &back), STATUS_NOT_FOUND);
    assert_int_equal(policy_action_parse(span_of("rea", 3), &back), STATUS_NOT_FOUND);
    assert_int_equal(policy_class_parse(span_of("", 0), &back), STATUS_NOT_FOUND);
    assert_string_equal(policy_role_name(99), "?");
    assert_string_equal(policy_relation_name(3), "?");
}

#ifdef ALCOVE_TEST_HOOKS
/* One byte per cell, in one order. */
static void read_cells(uint8_t out[CELLS])
{
    size_t at = 0;
    for (uint32_t role = 1; role <= POLICY_ROLE_COUNT; role++) {
        for (uint32_t bit = 0; bit < POLICY_RELATION_COUNT; bit++) {
            for (uint32_t class = 0; class < POLICY_CLASS_COUNT; class ++) {
                for (uint32_t action = 1; action <= POLICY_ACTION_MAX; action++) {
                    out[at++] = policy_cell(role, 1u << bit, class, action);
                }
            }
        }
    }
}

/* Goal: flipping a cell changes that cell and no other, so that the matrix test can show
 * that it notices each. Method: flip every cell, compare all of them. */
static void test_flip_changes_exactly_one_cell(void **state)
{
    (void)state;
    static uint8_t before[CELLS];
    static uint8_t after[CELLS];
    read_cells(before);
    size_t at = 0;
    for (uint32_t role = 1; role <= POLICY_ROLE_COUNT; role++) {
        for (uint32_t bit = 0; bit < POLICY_RELATION_COUNT; bit += 3) {
            for (uint32_t class = 0; class < POLICY_CLASS_COUNT; class ++) {
                for (uint32_t action = 1; action <= POLICY_ACTION_MAX; action += 5) {
                    policy_test_flip(role, 1u << bit, class, action);
                    read_cells(after);
                    size_t changed = 0;
                    for (at = 0; at < CELLS; at++) {
                        changed += before[at] != after[at];
                    }
                    assert_int_equal(changed, 1);
                    assert_int_not_equal(
                        policy_cell(role, 1u << bit, class, action),
                        before[(((role - 1u) * POLICY_RELATION_COUNT + bit) * POLICY_CLASS_COUNT +
                                class) *
                                   POLICY_ACTION_MAX +
                               action - 1u]);
                }
            }
        }
    }
    policy_test_flip(0, 0, 0, 0);
    read_cells(after);
    assert_memory_equal(before, after, CELLS);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_column_is_never_allowed),
        cmocka_unit_test(test_out_of_range_is_not_allowed),
        cmocka_unit_test(test_any_relation_of_the_mask_suffices),
        cmocka_unit_test(test_rows_are_well_formed),
        cmocka_unit_test(test_names_come_back_as_numbers),
#ifdef ALCOVE_TEST_HOOKS
        cmocka_unit_test(test_flip_changes_exactly_one_cell),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
