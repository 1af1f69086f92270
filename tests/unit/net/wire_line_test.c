/* Receiving on a thread of its own: a caller that is slow, gone, or done with it. */
#include "tests/support/test.h"
#include "tests/unit/net/wire_client.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#define CHUNKS 4200u /* 64 MiB */

/* What may wait: see wire.h; and what holds a message. */
#define WAITING_BYTES_MAX ((1u << 20) + PACKING_MESSAGE_BYTES + 256u)

static void pause_ms(long ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000};
    (void)nanosleep(&pause, NULL);
}

static void ask_for_stream(void)
{
    uint8_t request[5] = {COMMAND_STREAM};
    packing_put_size(request + 1, CHUNKS);
    client.streaming = true;
    client.next_chunk = 0;
    assert_int_equal(wire_send(client.wire, span_of(request, sizeof request)), STATUS_OK);
    assert_int_equal(wire_service(client.wire, 0), STATUS_OK);
}

/* Until the line stops listening, because nobody takes what came. */
static void wait_until_full(void)
{
    for (uint32_t i = 0; i < 20000 && post_waiting_bytes(&client.wire->post) <= 1u << 20; i++) {
        pause_ms(1);
    }
    assert_true(post_waiting_bytes(&client.wire->post) > 1u << 20);
}

/* Goal: a caller that does not service its wire costs 1 MiB and not 64; then everything
 * comes, whole and in order, while it is again slow now and then. */
static void test_slow_caller(void **state)
{
    (void)state;
    struct fixture fixture;
    client_set_up(&fixture);
    client_open_to(&fixture);
    ask_for_stream();
    wait_until_full();
    for (uint32_t i = 0; i < 50; i++) {
        assert_true(post_waiting_bytes(&client.wire->post) <= WAITING_BYTES_MAX);
        pause_ms(2);
    }
    assert_int_equal(fixture_count(&fixture, fixture_closed), 0);
    while (client.frames < CHUNKS) {
        uint32_t before = client.frames;
        client_run_until(&client.frames, before + 1);
        assert_true(post_waiting_bytes(&client.wire->post) <= WAITING_BYTES_MAX);
        /* Not all that came at once: the caller's loop has its turn. */
        assert_true(client.frames - before <= 64);
        if (before % 512 < 32) {
            pause_ms(2);
        }
    }
    assert_int_equal(client.frames, CHUNKS);
    assert_int_equal(client.bytes, CHUNKS * PACKING_FRAME_BYTES);
    assert_int_equal(client.ended, 0);
    assert_int_equal(post_waiting_bytes(&client.wire->post), 0);
    client_tear_down(&fixture);
}

/* Goal: a wire can be freed while messages wait, whether the line waits for room or not. */
static void test_free_while_messages_wait(void **state)
{
    (void)state;
    const struct timespec none = {.tv_nsec = 0};
    for (uint32_t round = 0; round < 6; round++) {
        struct fixture fixture;
        client_set_up(&fixture);
        client_open_to(&fixture);
        ask_for_stream();
        for (uint32_t i = 0; i < 20000 && post_waiting_bytes(&client.wire->post) == 0; i++) {
            (void)nanosleep(&none, NULL);
        }
        if (round % 2 == 0) {
            wait_until_full();
        }
        client_tear_down(&fixture);
        assert_int_equal(client.ended, 1);
        assert_int_equal(client.closed.why, WIRE_END_ASKED);
        assert_int_equal(client.next_chunk, client.frames);
    }
}

/* Goal: after wire_close nothing is delivered, not even what had come before; a connection
 * made at once gets nothing of the earlier one. Method: a stream is closed while it waits
 * undelivered, then an echo must be the only frame; both with a wire closed while open and
 * one closed while connecting. */
static void test_close_and_again(void **state)
{
    (void)state;
    struct fixture fixture;
    client_set_up(&fixture);
    for (uint32_t round = 0; round < 20; round++) {
        uint32_t ended = client.ended;
        client_open_to(&fixture);
        ask_for_stream();
        if (round % 2 == 0) {
            wait_until_full();
        } else {
            client_run_until(&client.frames, client.frames + 40);
        }
        uint32_t frames = client.frames;
        wire_close(client.wire);
        assert_false(wire_is_open(client.wire));
        assert_int_equal(post_waiting_bytes(&client.wire->post), 0);
        client_run_until(&client.ended, ended + 1);
        assert_int_equal(client.closed.why, WIRE_END_ASKED);
        assert_int_equal(client.frames, frames);
        client.streaming = false;
        assert_int_equal(
            wire_connect(client.wire, "127.0.0.1", net_port(fixture.net), &fixture.pin), STATUS_OK);
        if (round % 4 < 2) {
            wire_close(client.wire);
            assert_int_equal(client.ended, ended + 1);
            /* Its end is told before the next begins. */
            assert_int_equal(
                wire_connect(client.wire, "127.0.0.1", net_port(fixture.net), &fixture.pin),
                STATUS_OK);
            assert_int_equal(client.ended, ended + 2);
        }
        client_run_until(&client.opened, client.opened + 1);
        assert_int_equal(wire_send(client.wire, span_of("echo", 4)), STATUS_OK);
        client_run_until(&client.frames, frames + 1);
        assert_int_equal(client.last_size, 4);
        assert_memory_equal(client.last, "echo", 4);
        wire_close(client.wire);
        client_run_until(&client.ended, client.ended + 1);
        assert_int_equal(client.frames, frames + 1);
    }
    client_tear_down(&fixture);
}

/* Goal: what was queued before wire_close goes out, though what comes in waits
 * undelivered and the line stands still for it. */
static void test_goodbye_of_a_full_line(void **state)
{
    (void)state;
    struct fixture fixture;
    client_set_up(&fixture);
    client_open_to(&fixture);
    ask_for_stream();
    wait_until_full();
    assert_int_equal(wire_send(client.wire, span_of("k", 1)), STATUS_OK);
    wire_close(client.wire);
    client_run_until(&client.ended, 1);
    assert_int_equal(client.closed.why, WIRE_END_ASKED);
    fixture_wait(&fixture, fixture_closed, 1);
    assert_int_equal(fixture_kept(&fixture), 1);
    client_tear_down(&fixture);
}

/* Goal: a wire that is connecting can be freed, or closed and freed, at once. */
static void test_free_while_connecting(void **state)
{
    (void)state;
    struct fixture fixture;
    for (uint32_t round = 0; round < 10; round++) {
        client_set_up(&fixture);
        assert_int_equal(
            wire_connect(client.wire, "127.0.0.1", net_port(fixture.net), &fixture.pin), STATUS_OK);
        if (round % 2 == 1) {
            pause_ms(round);
        }
        if (round % 4 < 2) {
            wire_close(client.wire);
        }
        client_tear_down(&fixture);
        assert_int_equal(client.ended, 1);
        assert_int_equal(client.closed.why, WIRE_END_ASKED);
    }
}

static atomic_bool waking;

static void *wake_often(void *data)
{
    while (atomic_load(&waking)) {
        post_ring(data);
    }
    return NULL;
}

/* Goal: waking from another thread, however often, ends waits and disturbs nothing. */
static void test_wake_while_receiving(void **state)
{
    (void)state;
    struct fixture fixture;
    client_set_up(&fixture);
    atomic_store(&waking, true);
    pthread_t waker;
    assert_int_equal(pthread_create(&waker, NULL, wake_often, &client.wire->post), 0);
    /* Would outlast the test's own time limit. */
    assert_int_equal(wire_service(client.wire, 3600000), STATUS_OK);
    client_open_to(&fixture);
    ask_for_stream();
    client_run_until(&client.next_chunk, CHUNKS / 8);
    atomic_store(&waking, false);
    assert_int_equal(pthread_join(waker, NULL), 0);
    client_run_until(&client.next_chunk, CHUNKS / 4);
    client_tear_down(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_caller),
        cmocka_unit_test(test_free_while_messages_wait),
        cmocka_unit_test(test_close_and_again),
        cmocka_unit_test(test_goodbye_of_a_full_line),
        cmocka_unit_test(test_free_while_connecting),
        cmocka_unit_test(test_wake_while_receiving),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
