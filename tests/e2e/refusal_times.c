/*
 * How long the server takes to refuse what is absent and what is forbidden: the two interleaved
 * on one connection, their distributions side by side. Printed, not judged: a machine that
 * others use cannot tell microseconds reliably.
 *
 *   refusal_times [COUNT]   of each, by default 10000
 */
#include "tests/e2e/refusal.h"
#include "tests/support/test.h"

#include <time.h>

#define COUNT_DEFAULT 10000u
#define COUNT_MAX     1000000u

static size_t count;

static double now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double at(const double *sorted, double share)
{
    return sorted[(size_t)(share * (double)(count - 1u))];
}

/* Kolmogorov and Smirnov's largest distance between the two distributions; both sorted. */
static double distance(const double *a, const double *b)
{
    size_t i = 0;
    size_t j = 0;
    double most = 0;
    while (i < count && j < count) {
        double value = a[i] <= b[j] ? a[i] : b[j];
        while (i < count && a[i] <= value) {
            i++;
        }
        while (j < count && b[j] <= value) {
            j++;
        }
        double apart = ((double)i - (double)j) / (double)count;
        most = apart > most ? apart : (-apart > most ? -apart : most);
    }
    return most;
}

static void print_line(const char *name, const char *which, const double *sorted)
{
    print_message("%-8s %-9s median %7.1f us   p10 %7.1f   p90 %7.1f   p99 %7.1f\n", name, which,
                  at(sorted, 0.5), at(sorted, 0.1), at(sorted, 0.9), at(sorted, 0.99));
}

static void measure(struct refusal *refusal, enum refusal_kind kind, double *times[2])
{
    for (size_t i = 0; i < count; i++) {
        for (unsigned turn = 0; turn < 2; turn++) {
            /* Which comes first changes, so that neither has the warmer place. */
            unsigned absent = (unsigned)((i + turn) % 2u);
            double start = now_us();
            const struct live_reply *reply =
                refusal_ask(refusal, &refusal->stranger, kind, absent == 1);
            times[absent][i] = now_us() - start;
            assert_int_equal(reply->status, STATUS_REFUSED);
            assert_int_equal(reply->size, 0);
        }
    }
    qsort(times[0], count, sizeof(double), by_value);
    qsort(times[1], count, sizeof(double), by_value);
    print_line(refusal_name(kind), "forbidden", times[0]);
    print_line(refusal_name(kind), "absent", times[1]);
    /* At the level of 1 %; the two samples are of one size. */
    print_message("%-8s distance %.4f (Kolmogorov-Smirnov; chance alone stays below %.4f in 99 "
                  "of 100 runs)\n",
                  refusal_name(kind), distance(times[0], times[1]),
                  1.628 * __builtin_sqrt(2.0 / (double)count));
}

static void measure_all(void **state)
{
    static const enum refusal_kind kinds[] = {REFUSAL_PAGE, REFUSAL_CHAIN, REFUSAL_WRITE};
    static struct refusal refusal;
    double *times[2] = {calloc(count, sizeof(double)), calloc(count, sizeof(double))};
    (void)state;
    assert_non_null(times[0]);
    assert_non_null(times[1]);
    refusal_start(&refusal);
    for (struct live_person *p = refusal.live.people; p != NULL; p = p->next) {
        live_disconnect(p);
    }
    live_sync(&refusal.stranger);
    refusal.stranger.raw = true;
    refusal.live.busy = true;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        measure(&refusal, kinds[i], times);
    }
    refusal.stranger.raw = false;
    refusal_stop(&refusal);
    free(times[0]);
    free(times[1]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(measure_all)};
    count = argc > 1 ? strtoul(argv[1], NULL, 10) : COUNT_DEFAULT;
    if (count < 2 || count > COUNT_MAX) {
        (void)fprintf(stderr, "Usage: refusal_times [COUNT]\n");
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
