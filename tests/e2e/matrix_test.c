/*
 * Exactly those who may: every cell of policy.tsv that can arise, through the live server, each
 * by an actor with exactly that relation, the best grant that an owner can give, and a request
 * that is right in everything but perhaps the permission. The expectation is the file's alone.
 * Each attempt must leave exactly one event for each thing it stored, or one refusal, with the
 * actor, the action, the outcome and the section in it, as an auditor reads them.
 */
#include "tests/e2e/attempt.h"
#include "tests/support/test.h"

static struct policy_file policy;
static struct world world;
static struct attempts attempts;

static int start(void **state)
{
    (void)state;
    char error[POLICY_FILE_ERROR_CHARS_MAX];
    if (!policy_file_read(ALCOVE_SOURCE_DIR "/tests/data/policy.tsv", &policy, error)) {
        print_error("policy.tsv: %s\n", error);
        return -1;
    }
    world_start(&world, &policy);
    attempts_init(&world, &policy, &attempts);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    world_stop(&world);
    return 0;
}

/* Goal: everybody logs in, and that is an event of theirs. Method: connect anew. First, since
 * later tests go past the engines. */
static void test_everybody_logs_in(void **state)
{
    (void)state;
    for (int i = 0; i < WORLD_PEOPLE; i++) {
        attempt_login(&attempts, (enum world_person)i);
    }
}

/* Goal: practice actions, one's own account and the log, for every role and relation.
 * Method: see attempt_practice.c. The admin comes last, since what it does changes things. */
static void test_practice_actions(void **state)
{
    (void)state;
    attempts_go_raw(&attempts);
    for (int i = WORLD_PEOPLE - 1; i >= 0; i--) {
        if (i != WORLD_VICTIM && i != WORLD_STANDING && i != WORLD_NEWCOMER) {
            attempt_practice(&attempts, (enum world_person)i);
        }
    }
}

/* Goal: the one directory is the admin's to make. Method: everybody else tries first. */
static void test_making_the_directory(void **state)
{
    (void)state;
    attempt_directory(&attempts);
}

/* Goal: every action on content, in every class. Method: on one section of each class that
 * all try; then on their own by the one who made sections and treats no more, by the
 * client of one that lost its owner so, and by the client who made one where the therapist
 * usually does. */
static void test_content_actions(void **state)
{
    (void)state;
    for (uint32_t class = CLASS_PROCESS; class < POLICY_CLASS_COUNT; class ++) {
        for (int i = 0; i < WORLD_STANDING; i++) {
            attempt_content(&attempts, (enum world_person)i, WORLD_MAIN, class);
        }
        if (world_has(WORLD_BY_PAST, class)) {
            attempt_content(&attempts, WORLD_PAST, WORLD_BY_PAST, class);
        }
        if (world_unowned(WORLD_BY_PAST, class)) {
            attempt_content(&attempts, WORLD_CLIENT, WORLD_BY_PAST, class);
        }
        if (world_has(WORLD_BY_CLIENT, class)) {
            attempt_content(&attempts, WORLD_CLIENT, WORLD_BY_CLIENT, class);
        }
    }
}

/* Goal: what cannot be granted by policy is not granted by an owner either. Method: each
 * section's maker tries to give everybody each right that the file does not let them hold. */
static void test_owners_cannot_grant_past_the_policy(void **state)
{
    (void)state;
    for (uint32_t class = CLASS_PROCESS; class < POLICY_CLASS_COUNT; class ++) {
        for (int i = 0; i < WORLD_VICTIM; i++) {
            attempt_give(&attempts, (enum world_person)i, class);
        }
    }
}

/* Goal: no cell that can arise was left out. Method: every cell not driven says in the file
 * that it cannot arise; see attempts_left_out. */
static void test_every_cell_that_can_arise_was_driven(void **state)
{
    (void)state;
    print_message("%zu attempts: %zu allowed, %zu refused; %zu of %zu cells driven, the others "
                  "cannot arise\n",
                  attempts.count, attempts.allowed, attempts.count - attempts.allowed,
                  attempts.driven, policy.count);
    assert_int_equal(attempts_left_out(&attempts), 0);
    assert_int_equal(attempts.wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everybody_logs_in),
        cmocka_unit_test(test_making_the_directory),
        cmocka_unit_test(test_practice_actions),
        cmocka_unit_test(test_content_actions),
        cmocka_unit_test(test_owners_cannot_grant_past_the_policy),
        cmocka_unit_test(test_every_cell_that_can_arise_was_driven),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
