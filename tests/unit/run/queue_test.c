/* The queue between network threads and committer, and the roll of who listens. */
#include "server/run/queue.h"
#include "server/run/roll.h"
#include "tests/support/test.h"

#include <pthread.h>

static struct run_request *request(size_t bytes, uint32_t op)
{
    struct run_request *made = calloc(1, sizeof *made);
    assert_non_null(made);
    made->bytes = bytes;
    made->ask.op = op;
    return made;
}

static void free_all(struct run_request *list)
{
    while (list != NULL) {
        struct run_request *next = list->next;
        run_request_free(list);
        list = next;
    }
}

/* Goal: bounded by count and by bytes, in order; the word that a connection is gone always
 * fits. Method: fill to each bound. */
static void test_bounds(void **state)
{
    struct run_request *over = request(1, 99);
    struct run_request *gone = request(0, 100);
    (void)state;
    struct queue *queue = NULL;
    OK(queue_new(3, 100, &queue));
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(queue_put(queue, request(10, i)));
    }
    assert_false(queue_put(queue, over));
    gone->closed = true;
    assert_true(queue_put(queue, gone));
    struct run_request *list = queue_take(queue, 0, 2, 1000);
    assert_int_equal(list->ask.op, 0);
    assert_int_equal(list->next->ask.op, 1);
    assert_null(list->next->next);
    free_all(list);
    over->bytes = 91;
    assert_false(queue_put(queue, over));
    over->bytes = 90;
    assert_true(queue_put(queue, over));
    list = queue_take(queue, 0, 10, 1);
    assert_int_equal(list->ask.op, 2); /* one at least, whatever its size */
    assert_ptr_equal(list->next, NULL);
    free_all(list);
    list = queue_take(queue, 0, 10, 90);
    assert_true(list->closed);
    assert_int_equal(list->next->ask.op, 99);
    free_all(list);
    assert_null(queue_take(queue, 0, 10, 90));
    queue_free(queue);
}

/* Goal: after it is shut nothing goes in and what is there comes out. Method: as said. */
static void test_shut(void **state)
{
    struct run_request *late = request(1, 2);
    (void)state;
    struct queue *queue = NULL;
    OK(queue_new(3, 100, &queue));
    assert_true(queue_put(queue, request(1, 1)));
    queue_shut(queue);
    assert_true(queue_is_shut(queue));
    assert_false(queue_put(queue, late));
    late->closed = true;
    assert_false(queue_put(queue, late));
    run_request_free(late);
    struct run_request *list = queue_take(queue, 60000, 10, 100);
    assert_int_equal(list->ask.op, 1);
    free_all(list);
    assert_null(queue_take(queue, 60000, 10, 100));
    queue_free(queue);
}

enum { PUTTERS = 4, EACH = 5000 };

static void *put_many(void *argument)
{
    for (uint32_t i = 0; i < EACH; i++) {
        struct run_request *made = request(1, i);
        while (!queue_put(argument, made)) {
            (void)sched_yield();
        }
    }
    return NULL;
}

/* Goal: nothing is lost or doubled between threads. Method: four put, one takes; the count and
 * the sum of what came out. */
static void test_threads(void **state)
{
    (void)state;
    struct queue *queue = NULL;
    OK(queue_new(64, 1000, &queue));
    pthread_t threads[PUTTERS];
    for (size_t i = 0; i < PUTTERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, put_many, queue), 0);
    }
    uint64_t count = 0;
    uint64_t sum = 0;
    while (count < (uint64_t)PUTTERS * EACH) {
        struct run_request *list = queue_take(queue, 60000, 32, 1000);
        for (const struct run_request *r = list; r != NULL; r = r->next) {
            count++;
            sum += r->ask.op;
        }
        free_all(list);
    }
    for (size_t i = 0; i < PUTTERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(sum, (uint64_t)PUTTERS * EACH * (EACH - 1) / 2);
    queue_free(queue);
}

static struct guest *guest(uint64_t number)
{
    static const uint8_t zeros[32];
    struct guest *made = guest_new(number, zeros, zeros);
    assert_non_null(made);
    return made;
}

static uint32_t *sections(uint32_t a, uint32_t b)
{
    uint32_t *made = calloc(2, sizeof *made);
    assert_non_null(made);
    made[0] = a;
    made[1] = b;
    return made;
}

static size_t listening(const struct roll *roll, uint32_t section)
{
    size_t count = 0;
    (void)roll_subscribers(roll, section, &count);
    return count;
}

/* Goal: only who is in the roll listens, and nobody who left. Method: subscribe before
 * entering, while in, replaced, after leaving; leave twice. */
static void test_roll(void **state)
{
    static const struct core_peer peer = {.role = ROLE_CLIENT};
    struct guest *a = guest(1);
    struct guest *b = guest(2);
    (void)state;
    struct roll *roll = NULL;
    OK(roll_new(&roll));
    OK(roll_subscribe(roll, a, sections(1, 2), 2));
    assert_int_equal(listening(roll, 1), 0);
    assert_null(guest_peer(a));
    roll_enter(roll, a, &peer);
    roll_enter(roll, b, &peer);
    assert_non_null(guest_peer(a));
    OK(roll_subscribe(roll, a, sections(1, 2), 2));
    OK(roll_subscribe(roll, b, sections(2, 200), 2));
    assert_int_equal(listening(roll, 2), 2);
    OK(roll_subscribe(roll, a, sections(1, 3), 2));
    assert_int_equal(listening(roll, 2), 1);
    roll_unsubscribe(roll, b, 2);
    assert_int_equal(listening(roll, 2), 0);
    assert_int_equal(listening(roll, 200), 1);
    roll_leave(roll, b);
    roll_leave(roll, b);
    assert_int_equal(listening(roll, 200), 0);
    OK(roll_subscribe(roll, b, sections(200, 201), 2));
    assert_int_equal(listening(roll, 200), 0);
    assert_int_equal(listening(roll, 100000), 0);
    guest_drop(a);
    guest_drop(b);
    roll_free(roll);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_shut),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_roll),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
