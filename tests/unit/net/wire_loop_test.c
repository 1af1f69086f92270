/* The client's loop: other descriptors, waking and waiting. */
#include "tests/support/test.h"
#include "tests/unit/net/wire_client.h"

#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void on_readable(void *state, int fd)
{
    struct client *c = state;
    c->watched_fd = fd;
    if (c->unwatch_on_readable) {
        wire_unwatch(c->wire, fd);
    }
    char bytes[64];
    CHECK(read(fd, bytes, sizeof bytes) >= 0);
    c->readable++;
}

/* Goal: other descriptors are served by the same loop, also without a connection;
 * the end of a peer is seen; unwatching, from the callback too, ends the calls;
 * the descriptor stays the caller's. */
static void test_watch(void **state)
{
    (void)state;
    struct fixture fixture;
    client_set_up(&fixture);
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(wire_watch(client.wire, pair[0], on_readable, &client), STATUS_OK);
    assert_int_equal(wire_watch(client.wire, pair[0], on_readable, &client), STATUS_USAGE);
    assert_int_equal(write(pair[1], "x", 1), 1);
    client_run_until(&client.readable, 1);
    assert_int_equal(client.watched_fd, pair[0]);
    client_open_to(&fixture);
    assert_int_equal(write(pair[1], "x", 1), 1);
    client_run_until(&client.readable, 2);
    client.unwatch_on_readable = true;
    assert_int_equal(write(pair[1], "x", 1), 1);
    client_run_until(&client.readable, 3);
    assert_int_equal(write(pair[1], "x", 1), 1);
    uint32_t before = client.readable;
    assert_int_equal(wire_send(client.wire, span_of("e", 1)), STATUS_OK);
    client_run_until(&client.frames, 1);
    assert_int_equal(client.readable, before);
    client.unwatch_on_readable = false;
    assert_int_equal(wire_watch(client.wire, pair[0], on_readable, &client), STATUS_OK);
    client_run_until(&client.readable, before + 1);
    assert_int_equal(close(pair[1]), 0);
    client_run_until(&client.readable, before + 2);
    wire_unwatch(client.wire, pair[0]);
    wire_unwatch(client.wire, pair[0]);
    client_tear_down(&fixture);
    assert_int_equal(close(pair[0]), 0);
}

/* Goal: many descriptors that come and go, as the agent's clients do. Method: all
 * 64 places filled, one too many refused, all emptied, twice. */
static void test_watch_places(void **state)
{
    (void)state;
    struct fixture fixture;
    client_set_up(&fixture);
    int pairs[64][2];
    for (uint32_t round = 0; round < 2; round++) {
        uint32_t before = client.readable;
        for (size_t i = 0; i < 64; i++) {
            assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
            assert_int_equal(wire_watch(client.wire, pairs[i][0], on_readable, &client), STATUS_OK);
            assert_int_equal(write(pairs[i][1], "x", 1), 1);
        }
        assert_int_equal(wire_watch(client.wire, pairs[0][1], on_readable, &client), STATUS_BUSY);
        client_run_until(&client.readable, before + 64);
        for (size_t i = 0; i < 64; i++) {
            wire_unwatch(client.wire, pairs[i][0]);
            assert_int_equal(close(pairs[i][0]), 0);
            assert_int_equal(close(pairs[i][1]), 0);
        }
    }
    client_tear_down(&fixture);
}

static void *wake_later(void *data)
{
    const struct timespec pause = {.tv_nsec = 50000000};
    (void)nanosleep(&pause, NULL);
    post_ring(data);
    return NULL;
}

/* Goal: a wait ends by the bell from another thread; a short one by itself; a
 * zero one does not wait. */
static void test_wake_and_timeouts(void **state)
{
    (void)state;
    struct fixture fixture;
    client_set_up(&fixture);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(wire_service(client.wire, 0), STATUS_OK);
    }
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(wire_service(client.wire, 20), STATUS_OK);
    }
    pthread_t waker;
    assert_int_equal(pthread_create(&waker, NULL, wake_later, &client.wire->post), 0);
    /* Would outlast the test's own time limit. */
    for (uint32_t i = 0; i < 1; i++) {
        assert_int_equal(wire_service(client.wire, 3600000), STATUS_OK);
    }
    assert_int_equal(pthread_join(waker, NULL), 0);
    client_tear_down(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_watch_places),
        cmocka_unit_test(test_wake_and_timeouts),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
