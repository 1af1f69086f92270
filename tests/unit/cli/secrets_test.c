#include "client/cli/secrets.h"

#include "tests/support/test.h"

#include <unistd.h>

#define COMPOSED   "Zo\xc3\xab walks by the river"
#define DECOMPOSED "Zoe\xcc\x88 walks by the river"

/* A lock that opens with one passphrase, and counts the tries. */
struct lock {
    const char *key;
    size_t tries;
};

static enum status open_lock(void *opener, struct span passphrase)
{
    struct lock *lock = opener;
    lock->tries++;
    return span_equal(passphrase, span_of(lock->key, strlen(lock->key))) ? STATUS_OK
                                                                         : STATUS_DAMAGED;
}

static struct secret *typed(const char *text, bool new)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    (void)close(ends[1]);
    struct secret *secret = NULL;
    assert_int_equal(
        new ? secrets_get_new(ends[0], "", &secret) : secrets_get(ends[0], "", &secret), STATUS_OK);
    (void)close(ends[0]);
    return secret;
}

static void assert_tried(const char *text, const char *key, enum status status, size_t tries)
{
    struct lock lock = {key, 0};
    struct secret *secret = typed(text, false);
    assert_int_equal(secrets_try(secret, open_lock, &lock), status);
    assert_int_equal(lock.tries, tries);
    secret_free(secret);
}

/* Goal: the same letters open, whatever keyboard they come from; what was made of letters as typed
 * opens as before; a wrong one is tried as often as it can differ and no more. */
static void test_same_letters_open(void **state)
{
    (void)state;
    assert_tried(DECOMPOSED, COMPOSED, STATUS_OK, 1);
    assert_tried(COMPOSED, COMPOSED, STATUS_OK, 1);
    assert_tried(DECOMPOSED, DECOMPOSED, STATUS_OK, 2);
    assert_tried(COMPOSED, "another", STATUS_DAMAGED, 1);
    assert_tried(DECOMPOSED, "another", STATUS_DAMAGED, 2);
    assert_tried("not \xff text", "not \xff text", STATUS_OK, 1);
}

/* Goal: what is made is made of form C; nothing but the form is changed. */
static void test_new_ones_are_composed(void **state)
{
    (void)state;
    struct secret *secret = typed(DECOMPOSED, true);
    assert_true(span_equal(secret_view(secret), span_of(COMPOSED, sizeof COMPOSED - 1)));
    secret_free(secret);
    secret = typed("\xef\xac\x81 UPPER  \xe2\x84\xa2", true);
    assert_true(span_equal(secret_view(secret), span_of("\xef\xac\x81 UPPER  \xe2\x84\xa2", 14)));
    secret_free(secret);
}

static void test_marks_are_seen(void **state)
{
    (void)state;
    struct secret *secret = typed("\xef\xbb\xbf" COMPOSED, false);
    assert_true(secrets_marked(secret));
    secret_free(secret);
    secret = typed(COMPOSED, false);
    assert_false(secrets_marked(secret));
    secret_free(secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_letters_open),
        cmocka_unit_test(test_new_ones_are_composed),
        cmocka_unit_test(test_marks_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
