/*
 * The policy table against tests/data/policy.tsv, which was written by hand from the design:
 * each cell of the one is in the other, and no single wrong cell goes unnoticed.
 */
#include "tests/support/policy_file.h"
#include "tests/support/test.h"

#include <unistd.h>

static struct policy_file policy;

static int read_file(void **state)
{
    (void)state;
    char error[POLICY_FILE_ERROR_CHARS_MAX];
    if (!policy_file_read(ALCOVE_SOURCE_DIR "/tests/data/policy.tsv", &policy, error)) {
        print_error("policy.tsv: %s\n", error);
        return -1;
    }
    return 0;
}

/* Goal: the file says something about every content action in every class of content, and
 * about every practice action, for every role and relation. Method: look for absent cells. */
static void test_the_file_leaves_no_cell_out(void **state)
{
    (void)state;
    for (uint32_t role = 1; role <= POLICY_ROLE_COUNT; role++) {
        for (uint32_t bit = 0; bit < POLICY_RELATION_COUNT; bit++) {
            for (uint32_t class = CLASS_PROCESS; class < POLICY_CLASS_COUNT; class ++) {
                for (uint32_t action = ACTION_CREATE_SECTION; action <= ACTION_RESEAL; action++) {
                    assert_int_not_equal(policy.cells[role][bit][class][action],
                                         POLICY_FILE_ABSENT);
                }
            }
            for (uint32_t action = ACTION_INVITE_STAFF; action <= ACTION_CONFIGURE; action++) {
                assert_int_not_equal(policy.cells[role][bit][CLASS_NONE][action],
                                     POLICY_FILE_ABSENT);
            }
        }
    }
}

/* Goal: table and file say the same, everywhere. Method: every cell of the domain. */
static void test_the_table_is_what_the_file_says(void **state)
{
    (void)state;
    print_message("policy.tsv: %zu cells, %zu allowed\n", policy.count, policy.allowed);
    char error[POLICY_FILE_ERROR_CHARS_MAX] = "";
    bool agrees = policy_file_agrees(&policy, error);
    if (!agrees) {
        print_error("%s\n", error);
    }
    assert_true(agrees);
}

#ifdef ALCOVE_TEST_HOOKS
/* Goal: no single wrong cell goes unnoticed. Method: flip each of the domain; the comparison
 * must fail every time and hold again afterwards. */
static void test_every_flipped_cell_is_noticed(void **state)
{
    (void)state;
    char error[POLICY_FILE_ERROR_CHARS_MAX];
    size_t flipped = 0;
    for (uint32_t role = 1; role <= POLICY_ROLE_COUNT; role++) {
        for (uint32_t bit = 0; bit < POLICY_RELATION_COUNT; bit++) {
            for (uint32_t class = 0; class < POLICY_CLASS_COUNT; class ++) {
                for (uint32_t action = 1; action <= POLICY_ACTION_MAX; action++) {
                    policy_test_flip(role, 1u << bit, class, action);
                    assert_false(policy_file_agrees(&policy, error));
                    flipped++;
                }
            }
        }
    }
    policy_test_flip(0, 0, 0, 0);
    assert_true(policy_file_agrees(&policy, error));
    print_message("%zu cells flipped one by one, each noticed\n", flipped);
}
#endif

/* Goal: a damaged file is an error, not a file with fewer cells. Method: one wrong line each. */
static void test_a_damaged_file_is_refused(void **state)
{
    static const char *const wrong[] = {
        "therapist\tany\tprocess\tread\tdeny\n",
        "therapist\tany\tprocess\tread\tdeny\t\n",
        "therapist\tany\tprocess\tread\tdeny\twhy",
        "nurse\tany\tprocess\tread\tdeny\twhy\n",
        "none\tany\tprocess\tread\tdeny\twhy\n",
        "therapist\tnone\tprocess\tread\tdeny\twhy\n",
        "therapist\tany\tproces\tread\tdeny\twhy\n",
        "therapist\tany\tprocess\tnone\tdeny\twhy\n",
        "therapist\tany\tprocess\tread\tmaybe\twhy\n",
        "therapist\tany\tprocess\tread\tdeny\twhy\tmore\n",
        "\n",
        "client\tany\tshared\tread\tdeny\twhy\nclient\tany\tshared\tread\tdeny\twhy\n",
    };
    static struct policy_file file;
    (void)state;
    char path[] = "/tmp/alcove-policy-XXXXXX";
    FILE *out = fdopen(mkstemp(path), "w");
    assert_non_null(out);
    char error[POLICY_FILE_ERROR_CHARS_MAX];
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_non_null(out = freopen(path, "w", out));
        assert_true(fputs(wrong[i], out) >= 0 && fflush(out) == 0);
        assert_false(policy_file_read(path, &file, error));
    }
    (void)fclose(out);
    (void)remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_file_leaves_no_cell_out),
        cmocka_unit_test(test_the_table_is_what_the_file_says),
#ifdef ALCOVE_TEST_HOOKS
        cmocka_unit_test(test_every_flipped_cell_is_noticed),
#endif
        cmocka_unit_test(test_a_damaged_file_is_refused),
    };
    return cmocka_run_group_tests(tests, read_file, NULL);
}
