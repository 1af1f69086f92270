/* When a server that did not serve us is asked again. */
#include "client/engine/common/backoff.h"

#include "proto/status.h"
#include "tests/support/test.h"

#define MINUTE_MS 60000u
#define MINUTES   10u

/* How often a client asks in each of the first minutes, if the server never serves it; the time
 * goes by in steps of 100 ms. */
static void count_asks(enum backoff_trouble trouble, uint8_t chance, unsigned out_asks[MINUTES])
{
    memset(out_asks, 0, MINUTES * sizeof *out_asks);
    struct backoff backoff = {.trouble = BACKOFF_NONE};
    for (uint64_t ms = 0; ms < MINUTES * MINUTE_MS; ms += 100) {
        if (backoff_over(&backoff, ms)) {
            out_asks[ms / MINUTE_MS]++;
            backoff_failed(&backoff, trouble, ms, chance);
        }
    }
}

/* Goal: a server that says no is asked at most four times in the first minute, and then less
 * often. Method: every such trouble for ten minutes, with the shortest waits that chance gives. */
static void test_refused_asks_rarely(void **state)
{
    static const enum backoff_trouble troubles[] = {BACKOFF_BUSY, BACKOFF_CORRUPT, BACKOFF_DAMAGED,
                                                    BACKOFF_REFUSED};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(troubles); i++) {
        unsigned asks[MINUTES];
        count_asks(troubles[i], 0, asks);
        assert_in_range(asks[0], 1, 4);
        unsigned later = 0;
        for (size_t minute = 1; minute < MINUTES; minute++) {
            assert_true(asks[minute] <= asks[0]);
            later += asks[minute];
        }
        assert_in_range(later, 1, 10);
    }
}

/* Goal: who is refused waits minutes, and at last an hour, but never for ever. Method: 40 times. */
static void test_ceiling(void **state)
{
    (void)state;
    struct backoff backoff = {.trouble = BACKOFF_NONE};
    uint64_t before = 0;
    for (unsigned i = 0; i < 40; i++) {
        backoff_failed(&backoff, BACKOFF_REFUSED, 0, 0);
        assert_true(backoff.until_ms >= MINUTE_MS && backoff.until_ms >= before);
        before = backoff.until_ms;
    }
    assert_int_equal(before, 60 * MINUTE_MS);
    backoff_failed(&backoff, BACKOFF_REFUSED, 0, 255);
    assert_in_range(backoff.until_ms, 74 * MINUTE_MS, 75 * MINUTE_MS);
}

/* Goal: a server that comes back is found soon. Method: unreachable, and one that was unreachable
 * for long and then is busy. */
static void test_unreachable(void **state)
{
    (void)state;
    struct backoff backoff = {.trouble = BACKOFF_NONE};
    for (unsigned i = 0; i < 40; i++) {
        backoff_failed(&backoff, BACKOFF_UNREACHABLE, 0, 0);
        assert_in_range(backoff.until_ms, 1000, MINUTE_MS);
    }
    assert_int_equal(backoff.until_ms, MINUTE_MS);
    backoff_failed(&backoff, BACKOFF_BUSY, 0, 0);
    assert_int_equal(backoff.until_ms, 1000);
}

/* Goal: troubles that take turns do not make a client ask more often. Method: busy and corrupt by
 * turns for a minute. */
static void test_turns(void **state)
{
    (void)state;
    struct backoff backoff = {.trouble = BACKOFF_NONE};
    unsigned asks = 0;
    for (uint64_t ms = 0; ms < MINUTE_MS; ms += 100) {
        if (backoff_over(&backoff, ms)) {
            asks++;
            backoff_failed(&backoff, asks % 2 == 0 ? BACKOFF_BUSY : BACKOFF_CORRUPT, ms, 0);
        }
    }
    assert_in_range(asks, 2, 4);
}

/* Goal: a server that serves us again is trusted with the shortest wait. Method: after many. */
static void test_well(void **state)
{
    (void)state;
    struct backoff backoff = {.trouble = BACKOFF_NONE};
    assert_true(backoff_over(&backoff, 0));
    for (unsigned i = 0; i < 8; i++) {
        backoff_failed(&backoff, BACKOFF_BUSY, 1000, 0);
    }
    assert_false(backoff_over(&backoff, 2000));
    backoff_well(&backoff);
    assert_true(backoff_over(&backoff, 2000));
    backoff_failed(&backoff, BACKOFF_BUSY, 2000, 0);
    assert_false(backoff_over(&backoff, 2999));
    assert_true(backoff_over(&backoff, 3000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_asks_rarely),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
