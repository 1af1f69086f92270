/* What goes out: streams, large frames, closes, and peers that do not read. */
#include "proto/limits.h"
#include "tests/support/test.h"
#include "tests/unit/net/peer.h"

#include <signal.h>

static void expect_stream(struct raw_ws *ws, uint32_t chunks)
{
    size_t size = 0;
    for (uint32_t i = 0; i < chunks; i++) {
        uint8_t number[4];
        packing_put_size(number, i);
        assert_true(raw_ws_receive(ws, peer_buffer, sizeof peer_buffer, &size));
        /* The first one shares its message with whatever answer stood before it. */
        assert_in_range(size, i == 0 ? NET_CHUNK_BYTES_MIN : PACKING_FRAME_BYTES,
                        PACKING_FRAME_BYTES);
        assert_memory_equal(peer_buffer, number, 4);
        assert_int_equal(peer_buffer[size - 1], i & 0xff);
    }
}

/* Goal: streams come whole, in order with other answers, and each is closed
 * once. Method: two streams of 3 MB with an echo between and after; a stream cut
 * off by a client that goes; one that fails. */
static void test_streams(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_ws *ws = peer_connect(&fixture);
    uint8_t request[5];
    peer_put_number(request, COMMAND_STREAM, 200);
    assert_true(raw_ws_send(ws, request, sizeof request));
    const uint8_t echo[2] = {COMMAND_ECHO, 1};
    assert_true(raw_ws_send(ws, echo, sizeof echo));
    assert_true(raw_ws_send(ws, request, sizeof request));
    assert_true(raw_ws_send(ws, echo, sizeof echo));
    expect_stream(ws, 200);
    peer_expect_echo(ws, echo, sizeof echo);
    expect_stream(ws, 200);
    peer_expect_echo(ws, echo, sizeof echo);
    peer_put_number(request, COMMAND_STREAM, 100000);
    assert_true(raw_ws_send(ws, request, sizeof request));
    size_t size = 0;
    assert_true(raw_ws_receive(ws, peer_buffer, sizeof peer_buffer, &size));
    raw_ws_free(ws);
    ws = peer_connect(&fixture);
    const uint8_t fails[1] = {COMMAND_FAIL};
    assert_true(raw_ws_send(ws, fails, sizeof fails));
    peer_expect_close(ws, NET_CLOSE_GOING_AWAY);
    fixture_wait(&fixture, fixture_closed, 2);
    assert_int_equal(fixture.streams_opened, 4);
    assert_int_equal(fixture.streams_closed, 4);
    fixture_deinit(&fixture);
}

/* Goal: a frame larger than a message goes out in fragments and comes whole.
 * Method: sizes around the limits, up to just under queued_bytes_max. */
static void test_large_frames(void **state)
{
    static const uint32_t SIZES[] = {15996, 15997, 31996, 31997, 500000, (1u << 20) - 1};
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_ws *ws = peer_connect(&fixture);
    uint8_t request[5];
    size_t size = 0;
    for (size_t s = 0; s < ARRAY_LEN(SIZES); s++) {
        peer_put_number(request, COMMAND_LARGE, SIZES[s]);
        assert_true(raw_ws_send(ws, request, sizeof request));
        assert_true(raw_ws_receive(ws, peer_buffer, sizeof peer_buffer, &size));
        assert_int_equal(size, SIZES[s]);
        for (uint32_t i = 0; i < SIZES[s]; i++) {
            assert_int_equal(peer_buffer[i], (uint8_t)(i * 31u >> 3));
        }
    }
    raw_ws_free(ws);
    fixture_deinit(&fixture);
}

/* Goal: only an admitted connection may send more than message_bytes_max, and it
 * up to the largest frame. Method: that before and after; one byte more after. */
static void test_admit_raises_limit(void **state)
{
    static uint8_t large[FRAME_BYTES_MAX + 1];
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.options.queued_bytes_max = 2u << 20;
    fixture_start(&fixture);
    peer_fill(large, sizeof large, COMMAND_ECHO, 3);
    struct raw_ws *ws = peer_connect(&fixture);
    (void)raw_ws_send(ws, large, FRAME_BYTES_MAX);
    peer_expect_close(ws, NET_CLOSE_TOO_LARGE);
    ws = peer_connect(&fixture);
    const uint8_t admit[1] = {COMMAND_ADMIT};
    assert_true(raw_ws_send(ws, admit, sizeof admit));
    peer_expect_echo(ws, admit, sizeof admit);
    assert_true(raw_ws_send(ws, large, FRAME_BYTES_MAX));
    peer_expect_echo(ws, large, FRAME_BYTES_MAX);
    (void)raw_ws_send(ws, large, sizeof large);
    peer_expect_close(ws, NET_CLOSE_TOO_LARGE);
    assert_int_equal(fixture_counters(&fixture).closed_too_large, 2);
    fixture_deinit(&fixture);
}

/* Goal: a close waits for the answers before it, and nothing after it is
 * delivered; a cut waits for nothing. */
static void test_close_and_cut(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_ws *ws = peer_connect(&fixture);
    const uint8_t bye[2] = {COMMAND_BYE, 9};
    assert_true(raw_ws_send(ws, bye, sizeof bye));
    peer_expect_echo(ws, bye, sizeof bye);
    const uint8_t echo[1] = {COMMAND_ECHO};
    (void)raw_ws_send(ws, echo, sizeof echo);
    peer_expect_close(ws, NET_CLOSE_DONE);
    assert_int_equal(fixture.delivered, 1);
    ws = peer_connect(&fixture);
    const uint8_t cut[1] = {COMMAND_CUT};
    assert_true(raw_ws_send(ws, cut, sizeof cut));
    peer_expect_close(ws, 0);
    fixture_wait(&fixture, fixture_closed, 2);
    fixture_deinit(&fixture);
}

/* Goal: a peer that asks and never reads is closed, and nobody else notices.
 * Method: 32 answers of 1 MB each to a client with a small receive peer_buffer. */
static void test_slow_reader(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_options options = raw_options_good(net_port(fixture.net));
    options.receive_buffer_bytes = 4096;
    struct raw_ws *slow;
    assert_int_equal(raw_ws_connect(&options, &slow), RAW_UPGRADED);
    struct raw_ws *good = peer_connect(&fixture);
    uint8_t request[5];
    peer_put_number(request, COMMAND_LARGE, 1000000);
    for (uint32_t i = 0; i < 32; i++) {
        (void)raw_ws_send(slow, request, sizeof request);
    }
    fixture_wait(&fixture, fixture_closed, 1);
    assert_int_equal(fixture_counters(&fixture).closed_slow_reader, 1);
    const uint8_t echo[1] = {COMMAND_ECHO};
    assert_true(raw_ws_send(good, echo, sizeof echo));
    peer_expect_echo(good, echo, sizeof echo);
    raw_ws_free(slow);
    raw_ws_free(good);
    fixture_deinit(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_large_frames),
        cmocka_unit_test(test_admit_raises_limit),
        cmocka_unit_test(test_close_and_cut),
        cmocka_unit_test(test_slow_reader),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
