/* Who is let in at all: TLS, the upgrade, and the kinds of frame. */
#include "tests/support/test.h"
#include "tests/unit/net/peer.h"

#include <openssl/ssl.h>
#include <signal.h>

static enum raw_result try_connect(const struct raw_options *options)
{
    struct raw_ws *ws;
    enum raw_result result = raw_ws_connect(options, &ws);
    raw_ws_free(ws);
    return result;
}

/* Goal: nothing but TLS 1.3 gets in. Method: the same request over 1.2 and 1.3. */
static void test_tls_version(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_options options = raw_options_good(net_port(fixture.net));
    options.tls_version_max = TLS1_2_VERSION;
    assert_int_equal(try_connect(&options), RAW_TLS_FAILED);
    options.tls_version_max = TLS1_3_VERSION;
    assert_int_equal(try_connect(&options), RAW_UPGRADED);
    fixture_wait(&fixture, fixture_opened, 1);
    assert_int_equal(fixture_counters(&fixture).opened, 1);
    fixture_deinit(&fixture);
}

/* Goal: only the exact subprotocol is spoken. Method: none, others, near misses,
 * the name of the listener's internal protocol, and a list. */
static void test_subprotocol(void **state)
{
    static const char *const WRONG[] = {NULL,         "alcove.v2",  "alcove.v1x", "alcove.v",
                                        "ALCOVE.V1",  "listener",   "http",       "x, y",
                                        "alcove.v10", "x,alcove.v1"};
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_options options = raw_options_good(net_port(fixture.net));
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        options.subprotocol = WRONG[i];
        assert_int_not_equal(try_connect(&options), RAW_UPGRADED);
    }
    assert_int_equal(fixture_counters(&fixture).refused_subprotocol, ARRAY_LEN(WRONG));
    options.subprotocol = "alcove.v1";
    assert_int_equal(try_connect(&options), RAW_UPGRADED);
    fixture_stop(&fixture, 0);
    assert_int_equal(fixture.opened, 1);
    fixture_deinit(&fixture);
}

/* Goal: a page of another origin cannot open a websocket here. Method: one
 * allowed origin and every near miss of it; no Origin at all is let in. */
static void test_origin(void **state)
{
    static const char *const ALLOWED[] = {"https://app.example:8443"};
    static const char *const WRONG[] = {
        "null",
        "https://evil.example",
        "https://app.example",
        "https://app.example:443",
        "https://app.example:84430",
        "https://app.example:8443/",
        "https://APP.example:8443",
        "HTTPS://app.example:8443",
        "http://app.example:8443",
        "https://app.example.evil:8443",
        "https://app.example:8443.evil",
        "https://evil.app.example:8443",
        "https://app.example:8443 https://evil.example",
        "https://app.example:8443\r\nOrigin: https://evil.example",
    };
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.options.origins = ALLOWED;
    fixture.options.origin_count = 1;
    fixture_start(&fixture);
    struct raw_options options = raw_options_good(net_port(fixture.net));
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        options.origin = WRONG[i];
        assert_int_equal(try_connect(&options), RAW_HTTP_REFUSED);
    }
    assert_int_equal(fixture_counters(&fixture).refused_origin, ARRAY_LEN(WRONG));
    options.origin = ALLOWED[0];
    assert_int_equal(try_connect(&options), RAW_UPGRADED);
    options.origin = NULL;
    assert_int_equal(try_connect(&options), RAW_UPGRADED);
    fixture_deinit(&fixture);
}

/* Goal: what is not a websocket request of ours is refused. */
static void test_other_requests(void **state)
{
    static const char *const REQUESTS[] = {
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 12\r\n"
        "Sec-WebSocket-Protocol: alcove.v1\r\n\r\n",
        "GET /else HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: alcove.v1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: alcove.v1\r\n\r\n",
        "\r\n\r\n\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01",
    };
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.options.login_timeout_ms = 1500;
    fixture_start(&fixture);
    struct raw_options options = raw_options_good(net_port(fixture.net));
    for (size_t i = 0; i < ARRAY_LEN(REQUESTS); i++) {
        options.request = REQUESTS[i];
        assert_int_not_equal(try_connect(&options), RAW_UPGRADED);
    }
    assert_int_equal(fixture.opened, 0);
    struct raw_ws *good = peer_connect(&fixture);
    peer_expect_alive(good);
    raw_ws_free(good);
    fixture_deinit(&fixture);
}

/* Goal: no compression, ever. Method: it is offered and not answered; a frame
 * that claims it is a protocol error. */
static void test_no_compression(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_options options = raw_options_good(net_port(fixture.net));
    options.more = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    struct raw_ws *ws;
    assert_int_equal(raw_ws_connect(&options, &ws), RAW_UPGRADED);
    assert_null(strcasestr(raw_ws_response(ws), "extensions"));
    assert_null(strcasestr(raw_ws_response(ws), "deflate"));
    for (uint8_t rsv = 0x10; rsv <= 0x40; rsv = (uint8_t)(rsv << 1)) {
        peer_refused(&fixture, (uint8_t)(0x82 | rsv), "\0\0\0\1e", 5, NET_CLOSE_PROTOCOL);
    }
    peer_expect_alive(ws);
    raw_ws_free(ws);
    assert_int_equal(fixture.delivered, 1);
    fixture_deinit(&fixture);
}

/* Goal: only binary messages are taken. Method: a text message, whole and as the
 * first fragment; a reserved opcode; a continuation of nothing. */
static void test_not_binary(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    peer_refused(&fixture, 0x81, "\0\0\0\1e", 5, NET_CLOSE_NOT_BINARY);
    peer_refused(&fixture, 0x01, "\0\0\0\1", 4, NET_CLOSE_NOT_BINARY);
    peer_refused(&fixture, 0x83, "\0\0\0\1e", 5, NET_CLOSE_PROTOCOL);
    peer_refused(&fixture, 0x80, "\0\0\0\1e", 5, NET_CLOSE_PROTOCOL);
    assert_int_equal(fixture.delivered, 0);
    assert_int_equal(fixture_counters(&fixture).closed_not_binary, 2);
    fixture_deinit(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_version),    cmocka_unit_test(test_subprotocol),
        cmocka_unit_test(test_origin),         cmocka_unit_test(test_other_requests),
        cmocka_unit_test(test_no_compression), cmocka_unit_test(test_not_binary),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
