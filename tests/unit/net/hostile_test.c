/* Peers that break rules: each is refused or closed, and others go on. */
#include "tests/support/raw_ws.h"
#include "tests/unit/net/fixture.h"

#include <openssl/ssl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

static uint8_t buffer[1u << 20];

static struct raw_ws *connect_good(struct fixture *fixture)
{
    const struct raw_options options = raw_options_good(net_port(fixture->net));
    struct raw_ws *ws;

    assert_int_equal(raw_ws_connect(&options, &ws), RAW_UPGRADED);
    return ws;
}

static void expect_alive(struct raw_ws *ws)
{
    size_t size = 0;

    assert_true(raw_ws_send(ws, "e", 1));
    assert_true(raw_ws_receive(ws, buffer, sizeof(buffer), &size));
    assert_int_equal(size, 1);
}

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
    struct fixture fixture;
    struct raw_options options;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    options = raw_options_good(net_port(fixture.net));
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
    struct fixture fixture;
    struct raw_options options;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    options = raw_options_good(net_port(fixture.net));
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
    struct fixture fixture;
    struct raw_options options;

    (void)state;
    fixture_init(&fixture);
    fixture.options.origins = ALLOWED;
    fixture.options.origin_count = 1;
    fixture_start(&fixture);
    options = raw_options_good(net_port(fixture.net));
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
    struct fixture fixture;
    struct raw_options options;
    struct raw_ws *good;

    (void)state;
    fixture_init(&fixture);
    fixture.options.login_timeout_ms = 1500;
    fixture_start(&fixture);
    options = raw_options_good(net_port(fixture.net));
    for (size_t i = 0; i < ARRAY_LEN(REQUESTS); i++) {
        options.request = REQUESTS[i];
        assert_int_not_equal(try_connect(&options), RAW_UPGRADED);
    }
    assert_int_equal(fixture.opened, 0);
    good = connect_good(&fixture);
    expect_alive(good);
    raw_ws_free(good);
    fixture_deinit(&fixture);
}

/* Goal: no compression, ever. Method: it is offered and not answered; a frame
 * that claims it is a protocol error. */
static void test_no_compression(void **state)
{
    struct fixture fixture;
    struct raw_options options;
    struct raw_ws *ws;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    options = raw_options_good(net_port(fixture.net));
    options.more = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    assert_int_equal(raw_ws_connect(&options, &ws), RAW_UPGRADED);
    assert_null(strcasestr(raw_ws_response(ws), "extensions"));
    assert_null(strcasestr(raw_ws_response(ws), "deflate"));
    for (uint8_t rsv = 0x10; rsv <= 0x40; rsv = (uint8_t)(rsv << 1)) {
        struct raw_ws *bad = connect_good(&fixture);

        assert_true(raw_ws_frame(bad, (uint8_t)(0x82 | rsv), "\0\0\0\1e", 5));
        assert_int_equal(raw_ws_wait_close(bad), NET_CLOSE_PROTOCOL);
        raw_ws_free(bad);
    }
    expect_alive(ws);
    raw_ws_free(ws);
    assert_int_equal(fixture.delivered, 1);
    fixture_deinit(&fixture);
}

/* Goal: only binary messages are taken. Method: a text message, whole and as the
 * first fragment; a reserved opcode; a continuation of nothing. */
static void test_not_binary(void **state)
{
    struct fixture fixture;
    struct raw_ws *ws;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    ws = connect_good(&fixture);
    assert_true(raw_ws_frame(ws, 0x81, "\0\0\0\1e", 5));
    assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_NOT_BINARY);
    raw_ws_free(ws);
    ws = connect_good(&fixture);
    assert_true(raw_ws_frame(ws, 0x01, "\0\0\0\1", 4));
    assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_NOT_BINARY);
    raw_ws_free(ws);
    ws = connect_good(&fixture);
    assert_true(raw_ws_frame(ws, 0x83, "\0\0\0\1e", 5));
    assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_PROTOCOL);
    raw_ws_free(ws);
    ws = connect_good(&fixture);
    assert_true(raw_ws_frame(ws, 0x80, "\0\0\0\1e", 5));
    assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_PROTOCOL);
    raw_ws_free(ws);
    assert_int_equal(fixture.delivered, 0);
    assert_int_equal(fixture_counters(&fixture).closed_not_binary, 2);
    fixture_deinit(&fixture);
}

/* Goal: a message has at most 64 websocket frames, empty ones counted. Method:
 * 64 are taken, 65 closed; a million empty ones are cut off early. */
static void test_fragments(void **state)
{
    struct fixture fixture;
    struct raw_ws *ws;
    size_t size = 0;
    uint32_t sent = 0;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    ws = connect_good(&fixture);
    assert_true(raw_ws_frame(ws, 0x02, "\0\0\0\2e", 5));
    for (uint32_t i = 0; i < 62; i++) {
        assert_true(raw_ws_frame(ws, 0x00, "", 0));
    }
    assert_true(raw_ws_frame(ws, 0x80, "x", 1));
    assert_true(raw_ws_receive(ws, buffer, sizeof(buffer), &size));
    assert_int_equal(size, 2);
    assert_true(raw_ws_frame(ws, 0x02, "\0\0\0\2e", 5));
    for (uint32_t i = 0; i < 63; i++) {
        assert_true(raw_ws_frame(ws, 0x00, "", 0));
    }
    (void)raw_ws_frame(ws, 0x80, "x", 1);
    assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_POLICY);
    raw_ws_free(ws);
    ws = connect_good(&fixture);
    assert_true(raw_ws_frame(ws, 0x02, "", 0));
    while (sent < 1000000 && raw_ws_frame(ws, 0x00, "", 0)) {
        sent++;
    }
    assert_true(sent < 1000000);
    raw_ws_free(ws);
    fixture_wait(&fixture, fixture_closed, 2);
    assert_int_equal(fixture_counters(&fixture).closed_fragments, 2);
    assert_int_equal(fixture.delivered, 1);
    fixture_deinit(&fixture);
}

static void put_u64_header(uint8_t header[14], uint64_t claimed)
{
    header[0] = 0x82;
    header[1] = 0xff;
    for (size_t i = 0; i < 8; i++) {
        header[2 + i] = (uint8_t)(claimed >> (56 - 8 * i));
    }
    memset(header + 10, 0, 4);
}

/* Goal: a claimed length costs nothing and is refused at once. Method: one byte
 * over the limit, whole and in fragments; 2^31, 2^32, 2^62, 2^63 claimed with a
 * single byte behind; exactly the limit is taken. */
static void test_oversize(void **state)
{
    static const uint64_t CLAIMS[] = {UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_C(1) << 62,
                                      UINT64_MAX >> 1,   UINT64_C(1) << 63, UINT64_MAX};
    static uint8_t message[65537];
    struct fixture fixture;
    struct raw_ws *ws;
    size_t size = 0;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    for (size_t i = 0; i < ARRAY_LEN(CLAIMS); i++) {
        uint8_t header[15] = {0};

        put_u64_header(header, CLAIMS[i]);
        ws = connect_good(&fixture);
        assert_true(raw_ws_write(ws, header, sizeof(header)));
        assert_int_not_equal(raw_ws_wait_close(ws), -1);
        raw_ws_free(ws);
    }
    memset(message, 'e', sizeof(message));
    packing_put_size(message, 65536 - 4);
    ws = connect_good(&fixture);
    assert_true(raw_ws_frame(ws, 0x82, message, 65536));
    assert_true(raw_ws_receive(ws, buffer, sizeof(buffer), &size));
    assert_int_equal(size, 65532);
    (void)raw_ws_frame(ws, 0x82, message, 65537);
    assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_TOO_LARGE);
    raw_ws_free(ws);
    ws = connect_good(&fixture);
    assert_true(raw_ws_frame(ws, 0x02, message, 65536));
    (void)raw_ws_frame(ws, 0x80, message, 1);
    assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_TOO_LARGE);
    raw_ws_free(ws);
    assert_int_equal(fixture.delivered, 1);
    fixture_deinit(&fixture);
}

/* Goal: packing is exact. Method: a message of two frames cut at every byte, with
 * every prefix byte changed, with one byte more; an empty message; an empty
 * frame. Only whole frames before the fault may have been delivered. */
static void test_packing_faults(void **state)
{
    static const uint8_t GOOD[] = {0, 0, 0, 2, 'e', 'a', 0, 0, 0, 3, 'e', 'b', 'c'};
    struct fixture fixture;
    struct raw_ws *ws;
    uint32_t faults = 0;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    for (size_t cut = 0; cut < sizeof(GOOD); cut++) {
        if (cut == 6) {
            continue; /* the first frame alone is a good message */
        }
        ws = connect_good(&fixture);
        assert_true(raw_ws_frame(ws, 0x82, GOOD, cut));
        assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_PROTOCOL);
        raw_ws_free(ws);
        faults++;
    }
    for (size_t at = 0; at < 10; at++) {
        uint8_t changed[sizeof(GOOD)];

        if (at == 4 || at == 5) {
            continue; /* payload */
        }
        memcpy(changed, GOOD, sizeof(GOOD));
        changed[at] ^= 0x80;
        ws = connect_good(&fixture);
        assert_true(raw_ws_frame(ws, 0x82, changed, sizeof(changed)));
        assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_PROTOCOL);
        raw_ws_free(ws);
        faults++;
    }
    ws = connect_good(&fixture);
    assert_true(raw_ws_frame(ws, 0x82, "\0\0\0\1e\0", 6));
    assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_PROTOCOL);
    raw_ws_free(ws);
    ws = connect_good(&fixture);
    assert_true(raw_ws_frame(ws, 0x82, "\0\0\0\0e", 5));
    assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_PROTOCOL);
    raw_ws_free(ws);
    assert_int_equal(fixture_counters(&fixture).closed_malformed, faults + 2);
    fixture_deinit(&fixture);
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
    struct fixture fixture;
    struct raw_options options;
    struct raw_ws *admitted;
    struct raw_ws *ws;
    size_t size = 0;

    (void)state;
    fixture_init(&fixture);
    fixture.options.login_timeout_ms = 2000;
    fixture_start(&fixture);
    admitted = connect_good(&fixture);
    assert_true(raw_ws_send(admitted, "a", 1));
    assert_true(raw_ws_receive(admitted, buffer, sizeof(buffer), &size));
    options = raw_options_good(net_port(fixture.net));
    options.request = "GET / HTT";
    assert_int_equal(raw_ws_connect(&options, &ws), RAW_CLOSED);
    raw_ws_free(ws);
    ws = connect_good(&fixture);
    assert_int_equal(raw_ws_wait_close(ws), 0);
    raw_ws_free(ws);
    ws = connect_good(&fixture);
    expect_alive(ws);
    assert_int_equal(raw_ws_wait_close(ws), 0);
    raw_ws_free(ws);
    fixture_wait(&fixture, closed_login, 3);
    expect_alive(admitted);
    raw_ws_free(admitted);
    fixture_deinit(&fixture);
}

/* Goal: a message must come whole in its time, however it dribbles. Method: half
 * a frame and silence; and empty fragments that keep the socket busy. */
static void test_slow_message(void **state)
{
    struct fixture fixture;
    struct raw_ws *ws;

    (void)state;
    fixture_init(&fixture);
    fixture.options.message_timeout_ms = 300;
    fixture.options.fragments_max = 1000000;
    fixture_start(&fixture);
    ws = connect_good(&fixture);
    assert_true(raw_ws_frame(ws, 0x02, "\0\0\0\2e", 5));
    assert_int_equal(raw_ws_wait_close(ws), 0);
    raw_ws_free(ws);
    ws = connect_good(&fixture);
    assert_true(raw_ws_frame(ws, 0x02, "\0\0\0\2e", 5));
    while (raw_ws_frame(ws, 0x00, "", 0)) {
    }
    raw_ws_free(ws);
    assert_int_equal(fixture_counters(&fixture).closed_slow_message, 2);
    fixture_deinit(&fixture);
}

/* Goal: an admitted peer that falls silent is asked and then closed; one that
 * answers the pings stays. */
static void test_silence(void **state)
{
    struct fixture fixture;
    struct raw_ws *silent;
    struct raw_ws *alive;
    size_t size = 0;
    uint8_t opcode = 0;
    uint32_t pings = 0;

    (void)state;
    fixture_init(&fixture);
    fixture.options.ping_after_ms = 400;
    fixture_start(&fixture);
    silent = connect_good(&fixture);
    assert_true(raw_ws_send(silent, "a", 1));
    alive = connect_good(&fixture);
    assert_true(raw_ws_send(alive, "a", 1));
    while (pings < 4) {
        assert_true(raw_ws_read(alive, &opcode, buffer, sizeof(buffer), &size));
        if (opcode == 9) {
            assert_true(raw_ws_frame(alive, 0x8a, buffer, size));
            pings++;
        }
    }
    assert_int_equal(raw_ws_wait_close(silent), 0);
    assert_int_equal(fixture_counters(&fixture).closed_silent, 1);
    expect_alive(alive);
    raw_ws_free(silent);
    raw_ws_free(alive);
    fixture_deinit(&fixture);
}

/* Goal: one address holds only so many connections, all only so many, refused
 * before TLS; a place is free again when its holder has gone. */
static void test_connection_limits(void **state)
{
    struct fixture fixture;
    struct raw_options options;
    struct raw_ws *held[3];

    (void)state;
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
            held[i] = connect_good(&fixture);
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
        expect_alive(held[1]);
        expect_alive(held[2]);
        raw_ws_free(held[1]);
        raw_ws_free(held[2]);
        fixture_deinit(&fixture);
    }
}

/* Goal: control frames are answered, bounded and harmless. Method: 100,000 pings
 * while echoing; an oversized and a fragmented control frame are errors. */
static void test_control_frames(void **state)
{
    struct fixture fixture;
    struct raw_ws *ws;
    uint8_t opcode = 0;
    size_t size = 0;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    ws = connect_good(&fixture);
    assert_true(raw_ws_frame(ws, 0x89, "hello", 5));
    assert_true(raw_ws_read(ws, &opcode, buffer, sizeof(buffer), &size));
    assert_int_equal(opcode, 10);
    assert_int_equal(size, 5);
    assert_memory_equal(buffer, "hello", 5);
    for (uint32_t i = 0; i < 100000; i++) {
        if (!raw_ws_frame(ws, 0x8a, "", 0)) {
            break;
        }
    }
    expect_alive(ws);
    assert_true(raw_ws_frame(ws, 0x09, "x", 1));
    assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_PROTOCOL);
    raw_ws_free(ws);
    ws = connect_good(&fixture);
    memset(buffer, 0, 126);
    assert_true(raw_ws_frame(ws, 0x89, buffer, 126));
    assert_int_not_equal(raw_ws_wait_close(ws), -1);
    raw_ws_free(ws);
    fixture_deinit(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_version),
        cmocka_unit_test(test_subprotocol),
        cmocka_unit_test(test_origin),
        cmocka_unit_test(test_other_requests),
        cmocka_unit_test(test_no_compression),
        cmocka_unit_test(test_not_binary),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_oversize),
        cmocka_unit_test(test_packing_faults),
        cmocka_unit_test(test_login_deadline),
        cmocka_unit_test(test_slow_message),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_connection_limits),
        cmocka_unit_test(test_control_frames),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
