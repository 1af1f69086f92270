/* Frames over real TLS on loopback: whole, in order, no faster than they are answered. */
#include "tests/support/test.h"
#include "tests/unit/net/peer.h"

#include <signal.h>

#define CONNECTIONS 64

/* Goal: every size of frame comes back whole, on many connections over two
 * threads. Method: 64 connections each send sizes around the limits of the
 * receive peer_buffer, the packing and the fragments, all before reading. */
static void test_echo_sizes(void **state)
{
    static const size_t SIZES[] = {1,    2,    125,   126,   1023,  2047,  2048, 2049,
                                   4096, 8191, 15995, 15996, 15997, 16001, 40000};
    static uint8_t frame[65536];
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_ws *clients[CONNECTIONS];
    for (uint32_t c = 0; c < CONNECTIONS; c++) {
        clients[c] = peer_connect(&fixture);
    }
    for (uint32_t c = 0; c < CONNECTIONS; c++) {
        for (size_t s = 0; s < ARRAY_LEN(SIZES); s++) {
            peer_fill(frame, SIZES[s], COMMAND_ECHO, c);
            assert_true(raw_ws_send(clients[c], frame, SIZES[s]));
        }
    }
    for (uint32_t c = 0; c < CONNECTIONS; c++) {
        for (size_t s = 0; s < ARRAY_LEN(SIZES); s++) {
            peer_fill(frame, SIZES[s], COMMAND_ECHO, c);
            peer_expect_echo(clients[c], frame, SIZES[s]);
        }
    }
    assert_int_equal(fixture_counters(&fixture).open_now, CONNECTIONS);
    for (uint32_t c = 0; c < CONNECTIONS; c++) {
        raw_ws_free(clients[c]);
    }
    fixture_wait(&fixture, fixture_closed, CONNECTIONS);
    fixture_stop(&fixture, 0);
    fixture_deinit(&fixture);
}

static uint64_t frames_out(struct fixture *fixture)
{
    return fixture_counters(fixture).frames_out;
}

/* Goal: one message may hold many frames, and small answers share messages.
 * Method: 100 frames in one message; then 1,000 pushes asked for at once: all
 * come in order, in far fewer messages than frames. */
static void test_packing(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_ws *ws = peer_connect(&fixture);
    uint8_t message[100 * 6];
    for (uint32_t i = 0; i < 100; i++) {
        packing_put_size(message + i * 6, 2);
        message[i * 6 + 4] = COMMAND_ECHO;
        message[i * 6 + 5] = (uint8_t)i;
    }
    assert_true(raw_ws_frame(ws, 0x82, message, sizeof message));
    for (uint32_t i = 0; i < 100; i++) {
        peer_expect_echo(ws, message + i * 6 + 4, 2);
    }
    uint8_t request[5];
    peer_put_number(request, COMMAND_PUSHES, 1000);
    assert_true(raw_ws_send(ws, request, sizeof request));
    size_t size = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        uint8_t expected[8] = "push";
        packing_put_size(expected + 4, i);
        assert_true(raw_ws_receive(ws, peer_buffer, sizeof peer_buffer, &size));
        assert_int_equal(size, 8);
        assert_memory_equal(peer_buffer, expected, 8);
    }
    peer_expect_echo(ws, request, sizeof request);
    /* What went out is counted a moment after the client has it. */
    fixture_wait(&fixture, frames_out, 1101);
    struct net_counters counters = fixture_counters(&fixture);
    assert_int_equal(counters.frames_in, 101);
    assert_int_equal(counters.frames_out, 1101);
    assert_true(counters.messages_out < 200);
    raw_ws_free(ws);
    fixture_deinit(&fixture);
}

/* Goal: no more than owed_max requests are ever delivered unanswered, and those
 * that had to wait are delivered later, in order. Method: 100 requests at once
 * to a layer that keeps them; answers are released in rounds. */
static void test_owed_requests(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.options.owed_max = 32;
    fixture_start(&fixture);
    struct raw_ws *ws = peer_connect(&fixture);
    for (uint32_t i = 0; i < 100; i++) {
        const uint8_t keep[1] = {COMMAND_KEEP};
        assert_true(raw_ws_send(ws, keep, 1));
    }
    uint32_t answered = 0;
    size_t size = 0;
    while (answered < 100) {
        uint32_t expected = 100 - answered < 32 ? 100 - answered : 32;
        fixture_wait(&fixture, fixture_kept, expected);
        assert_int_equal(fixture_count(&fixture, fixture_kept), expected);
        fixture_release(&fixture);
        for (uint32_t i = 0; i < expected; i++) {
            assert_true(raw_ws_receive(ws, peer_buffer, sizeof peer_buffer, &size));
            assert_int_equal(size, 4);
            answered++;
        }
    }
    assert_true(fixture_counters(&fixture).paused >= 3);
    assert_int_equal(fixture.delivered, 100);
    raw_ws_free(ws);
    fixture_deinit(&fixture);
}

/* Goal: what the layer above has no room for is not lost, not reordered and not
 * read past. Method: a frame it refuses many times, with others behind it; it is
 * let in; all are answered in order. */
static void test_refused_frame_waits(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_ws *ws = peer_connect(&fixture);
    const uint8_t refuse[2] = {COMMAND_REFUSE, 7};
    assert_true(raw_ws_send(ws, refuse, sizeof refuse));
    uint8_t frame[3000];
    for (uint32_t i = 0; i < 10; i++) {
        peer_fill(frame, sizeof frame, COMMAND_ECHO, i);
        assert_true(raw_ws_send(ws, frame, sizeof frame));
    }
    fixture_wait(&fixture, fixture_refusals, 3);
    assert_int_equal(fixture.delivered, 0);
    fixture_release(&fixture);
    peer_expect_echo(ws, refuse, sizeof refuse);
    for (uint32_t i = 0; i < 10; i++) {
        peer_fill(frame, sizeof frame, COMMAND_ECHO, i);
        peer_expect_echo(ws, frame, sizeof frame);
    }
    raw_ws_free(ws);
    fixture_deinit(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo_sizes),
        cmocka_unit_test(test_packing),
        cmocka_unit_test(test_owed_requests),
        cmocka_unit_test(test_refused_frame_waits),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
