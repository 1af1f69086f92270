/* Peers that are slow, silent or too many; others go on. */
#include "tests/support/test.h"
#include "tests/unit/net/peer.h"

#include <signal.h>

static enum raw_result try_connect(const struct raw_options *options)
{
    struct raw_ws *ws;
    enum raw_result result = raw_ws_connect(options, &ws);
    raw_ws_free(ws);
    return result;
}

static uint64_t closed_login(struct fixture *fixture)
{
    return fixture_counters(fixture).closed_login;
}

/* Goal: who does not log in goes, at whatever stage they stop. Method: with a
 * short deadline: silent after TCP, after TLS, in the middle of the request,
 * after the upgrade, and after an echo; one that was admitted stays. */
static void test_login_deadline(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.options.login_timeout_ms = 2000;
    fixture_start(&fixture);
    struct raw_ws *admitted = peer_connect(&fixture);
    assert_true(raw_ws_send(admitted, "a", 1));
    size_t size = 0;
    assert_true(raw_ws_receive(admitted, peer_buffer, sizeof peer_buffer, &size));
    struct raw_options options = raw_options_good(net_port(fixture.net));
    options.request = "GET / HTT";
    struct raw_ws *ws;
    assert_int_equal(raw_ws_connect(&options, &ws), RAW_CLOSED);
    raw_ws_free(ws);
    ws = peer_connect(&fixture);
    peer_expect_close(ws, 0);
    ws = peer_connect(&fixture);
    peer_expect_alive(ws);
    peer_expect_close(ws, 0);
    fixture_wait(&fixture, closed_login, 3);
    peer_expect_alive(admitted);
    raw_ws_free(admitted);
    fixture_deinit(&fixture);
}

/* Goal: a message must come whole in its time, however it dribbles. Method: half
 * a frame and silence; and empty fragments that keep the socket busy. */
static void test_slow_message(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.options.message_timeout_ms = 300;
    fixture.options.fragments_max = 1000000;
    fixture_start(&fixture);
    peer_refused(&fixture, 0x02, "\0\0\0\2e", 5, 0);
    struct raw_ws *ws = peer_connect(&fixture);
    assert_true(raw_ws_frame(ws, 0x02, "\0\0\0\2e", 5));
    while (raw_ws_frame(ws, 0x00, "", 0)) {
    }
    raw_ws_free(ws);
    assert_int_equal(fixture_counters(&fixture).closed_slow_message, 2);
    fixture_deinit(&fixture);
}

static uint64_t gone(struct fixture *fixture)
{
    const struct net_counters counters = fixture_counters(fixture);
    return counters.opened - counters.open_now;
}

/* Goal: a socket does not stay open after the library's own 1002, though its peer says no goodbye.
 * Method: what is no frame, from two peers who keep their sockets; they are gone before they meet their
 * login deadline, which is shorter than the library's time for a goodbye. */
static void test_library_closes(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.options.login_timeout_ms = 4500;
    fixture_start(&fixture);
    struct raw_ws *fragmented_ping = peer_connect(&fixture);
    struct raw_ws *unknown_kind = peer_connect(&fixture);
    assert_true(raw_ws_frame(fragmented_ping, 0x09, "x", 1));
    assert_true(raw_ws_frame(unknown_kind, 0x83, "\0\0\0\1e", 5));
    assert_int_equal(raw_ws_wait_close(fragmented_ping), NET_CLOSE_PROTOCOL);
    assert_int_equal(raw_ws_wait_close(unknown_kind), NET_CLOSE_PROTOCOL);
    fixture_wait(&fixture, gone, 2);
    assert_int_equal(fixture_counters(&fixture).closed_login, 0);
    raw_ws_free(fragmented_ping);
    raw_ws_free(unknown_kind);
    fixture_deinit(&fixture);
}

/* Goal: an admitted peer that falls silent is asked and then closed; one that
 * answers the pings stays. */
static void test_silence(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.options.ping_after_ms = 400;
    fixture_start(&fixture);
    struct raw_ws *silent = peer_connect(&fixture);
    assert_true(raw_ws_send(silent, "a", 1));
    struct raw_ws *alive = peer_connect(&fixture);
    assert_true(raw_ws_send(alive, "a", 1));
    size_t size = 0;
    uint8_t opcode = 0;
    uint32_t pings = 0;
    while (pings < 4) {
        assert_true(raw_ws_read(alive, &opcode, peer_buffer, sizeof peer_buffer, &size));
        if (opcode == 9) {
            assert_true(raw_ws_frame(alive, 0x8a, peer_buffer, size));
            pings++;
        }
    }
    assert_int_equal(raw_ws_wait_close(silent), 0);
    assert_int_equal(fixture_counters(&fixture).closed_silent, 1);
    peer_expect_alive(alive);
    raw_ws_free(silent);
    raw_ws_free(alive);
    fixture_deinit(&fixture);
}

/* Goal: one address holds only so many connections, all only so many, refused
 * before TLS; a place is free again when its holder has gone. */
static void test_connection_limits(void **state)
{
    (void)state;
    struct fixture fixture;
    struct raw_options options;
    struct raw_ws *held[3];
    for (uint32_t round = 0; round < 2; round++) {
        fixture_init(&fixture);
        if (round == 0) {
            fixture.options.connections_per_address_max = 3;
        } else {
            fixture.options.connections_max = 3;
        }
        fixture_start(&fixture);
        options = raw_options_good(net_port(fixture.net));
        for (uint32_t i = 0; i < 3; i++) {
            held[i] = peer_connect(&fixture);
        }
        assert_int_not_equal(try_connect(&options), RAW_UPGRADED);
        assert_int_equal(round == 0 ? fixture_counters(&fixture).refused_address
                                    : fixture_counters(&fixture).refused_total,
                         1);
        raw_ws_free(held[0]);
        fixture_wait(&fixture, fixture_closed, 1);
        while (try_connect(&options) != RAW_UPGRADED) {
            /* on_closed comes a moment before the place is free */
        }
        peer_expect_alive(held[1]);
        peer_expect_alive(held[2]);
        raw_ws_free(held[1]);
        raw_ws_free(held[2]);
        fixture_deinit(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login_deadline),    cmocka_unit_test(test_slow_message),
        cmocka_unit_test(test_library_closes),    cmocka_unit_test(test_silence),
        cmocka_unit_test(test_connection_limits),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
