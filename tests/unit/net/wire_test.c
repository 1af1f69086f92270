/* The client's transport against the server's. */
#include "tests/support/test.h"
#include "tests/unit/net/wire_client.h"

#include <signal.h>

/* Goal: frames of every size come back; both ends hold the same exporter; a wire
 * can be used again after it was closed. */
static void test_echo_and_again(void **state)
{
    static const size_t SIZES[] = {1, 2, 1024, 15996, 15997, 16000, 32000, 65532};
    static uint8_t frame[65536];
    (void)state;
    struct fixture fixture;
    client_set_up(&fixture);
    for (uint32_t round = 0; round < 3; round++) {
        client_open_to(&fixture);
        fixture_wait(&fixture, fixture_opened, round + 1);
        assert_memory_equal(fixture.last_opened.exporter, client.exporter, WIRE_EXPORTER_BYTES);
        for (size_t s = 0; s < ARRAY_LEN(SIZES); s++) {
            for (size_t i = 0; i < SIZES[s]; i++) {
                frame[i] = (uint8_t)(i * 3 + s);
            }
            frame[0] = COMMAND_ECHO;
            assert_int_equal(wire_send(client.wire, span_of(frame, SIZES[s])), STATUS_OK);
            client_run_until(&client.frames, client.frames + 1);
            assert_int_equal(client.last_size, SIZES[s]);
            assert_memory_equal(client.last, frame, SIZES[s]);
        }
        wire_close(client.wire);
        client_run_until(&client.ended, round + 1);
        assert_int_equal(client.closed.why, WIRE_END_ASKED);
        assert_int_equal(wire_send(client.wire, span_of("e", 1)), STATUS_OFFLINE);
    }
    assert_int_equal(client.opened, 3);
    client_tear_down(&fixture);
    assert_int_equal(client.ended, 3);
}

/* Goal: whoever said goodbye can connect again at once: the first connection ends first, once. */
static void test_again_during_a_goodbye(void **state)
{
    (void)state;
    struct fixture fixture;
    client_set_up(&fixture);
    client_open_to(&fixture);
    wire_close(client.wire);
    assert_int_equal(client.ended, 0);
    assert_int_equal(wire_connect(client.wire, "127.0.0.1", net_port(fixture.net), &fixture.pin),
                     STATUS_OK);
    assert_int_equal(client.ended, 1);
    assert_int_equal(client.closed.why, WIRE_END_ASKED);
    client_run_until(&client.opened, 2);
    assert_int_equal(wire_send(client.wire, span_of("e", 1)), STATUS_OK);
    client_run_until(&client.frames, 1);
    client_tear_down(&fixture);
    assert_int_equal(client.ended, 2);
}

/* Goal: what is sent in one go shares messages, and back-pressure holds: 5,000
 * frames against a server that lets 32 be unanswered. */
static void test_many_frames(void **state)
{
    (void)state;
    struct fixture fixture;
    client_set_up(&fixture);
    client_open_to(&fixture);
    for (uint32_t i = 0; i < 5000; i++) {
        uint8_t frame[100] = {COMMAND_ECHO};
        assert_int_equal(wire_send(client.wire, span_of(frame, sizeof frame)), STATUS_OK);
    }
    assert_int_equal(post_queued_bytes(&client.wire->post), 500000);
    client_run_until(&client.frames, 5000);
    assert_int_equal(client.bytes, 500000);
    assert_int_equal(post_queued_bytes(&client.wire->post), 0);
    assert_true(fixture_counters(&fixture).paused > 0);
    client_tear_down(&fixture);
    assert_int_equal(client.ended, 1);
}

/* Goal: the limits of wire_send. */
static void test_send_limits(void **state)
{
    static uint8_t frame[FRAME_BYTES_MAX + 1];
    (void)state;
    struct fixture fixture;
    client_set_up(&fixture);
    assert_int_equal(wire_send(client.wire, span_of(frame, 1)), STATUS_OFFLINE);
    client_open_to(&fixture);
    assert_int_equal(wire_send(client.wire, span_of(frame, 0)), STATUS_TOO_LARGE);
    assert_int_equal(wire_send(client.wire, span_of(frame, sizeof frame)), STATUS_TOO_LARGE);
    const uint8_t admit[1] = {COMMAND_ADMIT};
    assert_int_equal(wire_send(client.wire, span_of(admit, 1)), STATUS_OK);
    client_run_until(&client.frames, 1);
    frame[0] = COMMAND_KEEP;
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(wire_send(client.wire, span_of(frame, FRAME_BYTES_MAX)), STATUS_OK);
    }
    assert_int_equal(wire_send(client.wire, span_of(frame, FRAME_BYTES_MAX)), STATUS_BUSY);
    while (fixture_count(&fixture, fixture_kept) < 3 && client.ended == 0) {
        assert_int_equal(wire_service(client.wire, 10), STATUS_OK);
    }
    assert_int_equal(client.ended, 0);
    client_tear_down(&fixture);
}

/* Goal: a server with another key is not talked to, whatever its certificate
 * says. Method: every bit of the pin flipped in turn would be slow; one bit in
 * each byte is. */
static void test_wrong_pin(void **state)
{
    (void)state;
    struct fixture fixture;
    client_set_up(&fixture);
    for (uint32_t byte = 0; byte < HASH_BYTES; byte++) {
        struct hash wrong = fixture.pin;
        wrong.bytes[byte] ^= (uint8_t)(1u << (byte % 8));
        assert_int_equal(wire_connect(client.wire, "127.0.0.1", net_port(fixture.net), &wrong),
                         STATUS_OK);
        client_run_until(&client.ended, byte + 1);
        assert_int_equal(client.closed.why, WIRE_END_WRONG_KEY);
        assert_string_equal(client.closed.text, "The server's TLS key is not the one pinned.");
    }
    assert_int_equal(client.opened, 0);
    client_open_to(&fixture);
    client_tear_down(&fixture);
    assert_int_equal(fixture.opened, 1);
}

/* Goal: closes are told apart. Method: the server says goodbye; it cuts; it stops;
 * nobody listens; the name does not exist. */
static void test_ends(void **state)
{
    (void)state;
    struct fixture fixture;
    client_set_up(&fixture);
    client_open_to(&fixture);
    assert_int_equal(wire_send(client.wire, span_of("b", 1)), STATUS_OK);
    client_run_until(&client.ended, 1);
    assert_int_equal(client.frames, 1);
    assert_int_equal(client.closed.why, WIRE_END_SERVER);
    assert_int_equal(client.closed.close_code, NET_CLOSE_DONE);
    client_open_to(&fixture);
    assert_int_equal(wire_send(client.wire, span_of("c", 1)), STATUS_OK);
    client_run_until(&client.ended, 2);
    assert_int_equal(client.closed.why, WIRE_END_LOST);
    client_open_to(&fixture);
    uint16_t port = net_port(fixture.net);
    fixture_stop(&fixture, 0);
    client_run_until(&client.ended, 3);
    assert_true(client.closed.why == WIRE_END_SERVER || client.closed.why == WIRE_END_LOST);
    assert_int_equal(wire_connect(client.wire, "127.0.0.1", port, &fixture.pin), STATUS_OK);
    assert_int_equal(wire_connect(client.wire, "127.0.0.1", port, &fixture.pin), STATUS_USAGE);
    client_run_until(&client.ended, 4);
    assert_int_equal(client.closed.why, WIRE_END_UNREACHABLE);
    assert_int_equal(wire_connect(client.wire, "no.such.name.invalid", port, &fixture.pin),
                     STATUS_OK);
    client_run_until(&client.ended, 5);
    assert_int_equal(client.closed.why, WIRE_END_UNREACHABLE);
    client_tear_down(&fixture);
}

/* Goal: closing in a frame's callback delivers nothing more, and waits for what
 * was queued. */
static void test_close_in_callback(void **state)
{
    (void)state;
    struct fixture fixture;
    client_set_up(&fixture);
    client.close_on_frame = true;
    client_open_to(&fixture);
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(wire_send(client.wire, span_of("e", 1)), STATUS_OK);
    }
    client_run_until(&client.ended, 1);
    assert_int_equal(client.frames, 1);
    assert_int_equal(client.closed.why, WIRE_END_ASKED);
    client_tear_down(&fixture);
}

/* Goal: the environment has no say. Method: proxies that do not exist. */
static void test_no_environment(void **state)
{
    (void)state;
    assert_int_equal(setenv("http_proxy", "127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("https_proxy", "127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("all_proxy", "socks5://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("socks_proxy", "127.0.0.1:1", 1), 0);
    struct fixture fixture;
    client_set_up(&fixture);
    client_open_to(&fixture);
    client_tear_down(&fixture);
    (void)unsetenv("http_proxy");
    (void)unsetenv("https_proxy");
    (void)unsetenv("all_proxy");
    (void)unsetenv("socks_proxy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo_and_again),    cmocka_unit_test(test_again_during_a_goodbye),
        cmocka_unit_test(test_many_frames),       cmocka_unit_test(test_send_limits),
        cmocka_unit_test(test_wrong_pin),         cmocka_unit_test(test_ends),
        cmocka_unit_test(test_close_in_callback), cmocka_unit_test(test_no_environment),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
