/* Peers that send too much or wrongly: refused before it costs memory. */
#include "tests/support/test.h"
#include "tests/unit/net/peer.h"

#include <signal.h>

/* Goal: a message has at most 64 websocket frames, empty ones counted. Method:
 * 64 are taken, 65 closed; who sends empty ones without end is cut off soon. */
static void test_fragments(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_ws *ws = peer_connect(&fixture);
    assert_true(raw_ws_frame(ws, 0x02, "\0\0\0\2e", 5));
    for (uint32_t i = 0; i < 62; i++) {
        assert_true(raw_ws_frame(ws, 0x00, "", 0));
    }
    assert_true(raw_ws_frame(ws, 0x80, "x", 1));
    size_t size = 0;
    assert_true(raw_ws_receive(ws, peer_buffer, sizeof peer_buffer, &size));
    assert_int_equal(size, 2);
    assert_true(raw_ws_frame(ws, 0x02, "\0\0\0\2e", 5));
    for (uint32_t i = 0; i < 63; i++) {
        assert_true(raw_ws_frame(ws, 0x00, "", 0));
    }
    (void)raw_ws_frame(ws, 0x80, "x", 1);
    peer_expect_close(ws, NET_CLOSE_POLICY);
    ws = peer_connect(&fixture);
    assert_true(raw_ws_frame(ws, 0x02, "", 0));
    uint32_t sent = 0;
    while (sent < 50000000 && raw_ws_frame(ws, 0x00, "", 0)) {
        sent++;
    }
    assert_true(sent < 50000000);
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
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_ws *ws;
    for (size_t i = 0; i < ARRAY_LEN(CLAIMS); i++) {
        uint8_t header[15] = {0};
        put_u64_header(header, CLAIMS[i]);
        ws = peer_connect(&fixture);
        assert_true(raw_ws_write(ws, header, sizeof header));
        assert_int_not_equal(raw_ws_wait_close(ws), -1);
        raw_ws_free(ws);
    }
    memset(message, 'e', sizeof message);
    packing_put_size(message, 65536 - 4);
    ws = peer_connect(&fixture);
    assert_true(raw_ws_frame(ws, 0x82, message, 65536));
    size_t size = 0;
    assert_true(raw_ws_receive(ws, peer_buffer, sizeof peer_buffer, &size));
    assert_int_equal(size, 65532);
    (void)raw_ws_frame(ws, 0x82, message, 65537);
    peer_expect_close(ws, NET_CLOSE_TOO_LARGE);
    ws = peer_connect(&fixture);
    assert_true(raw_ws_frame(ws, 0x02, message, 65536));
    (void)raw_ws_frame(ws, 0x80, message, 1);
    peer_expect_close(ws, NET_CLOSE_TOO_LARGE);
    assert_int_equal(fixture.delivered, 1);
    fixture_deinit(&fixture);
}

/* Goal: packing is exact. Method: a message of two frames cut at every byte, with
 * every prefix byte changed, with one byte more; an empty message; an empty
 * frame. Only whole frames before the fault may have been delivered. */
static void test_packing_faults(void **state)
{
    static const uint8_t GOOD[] = {0, 0, 0, 2, 'e', 'a', 0, 0, 0, 3, 'e', 'b', 'c'};
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    uint32_t faults = 0;
    for (size_t cut = 0; cut < sizeof GOOD; cut++) {
        if (cut == 6) {
            continue; /* the first frame alone is a good message */
        }
        peer_refused(&fixture, 0x82, GOOD, cut, NET_CLOSE_PROTOCOL);
        faults++;
    }
    for (size_t at = 0; at < 10; at++) {
        if (at == 4 || at == 5) {
            continue; /* payload */
        }
        uint8_t changed[sizeof GOOD];
        memcpy(changed, GOOD, sizeof GOOD);
        changed[at] ^= 0x80;
        peer_refused(&fixture, 0x82, changed, sizeof changed, NET_CLOSE_PROTOCOL);
        faults++;
    }
    peer_refused(&fixture, 0x82, "\0\0\0\1e\0", 6, NET_CLOSE_PROTOCOL);
    peer_refused(&fixture, 0x82, "\0\0\0\0e", 5, NET_CLOSE_PROTOCOL);
    assert_int_equal(fixture_counters(&fixture).closed_malformed, faults + 2);
    fixture_deinit(&fixture);
}

/* Goal: control frames are answered, bounded and harmless. Method: 100,000 pings
 * while echoing; an oversized and a fragmented control frame are errors. */
static void test_control_frames(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_ws *ws = peer_connect(&fixture);
    assert_true(raw_ws_frame(ws, 0x89, "hello", 5));
    uint8_t opcode = 0;
    size_t size = 0;
    assert_true(raw_ws_read(ws, &opcode, peer_buffer, sizeof peer_buffer, &size));
    assert_int_equal(opcode, 10);
    assert_int_equal(size, 5);
    assert_memory_equal(peer_buffer, "hello", 5);
    for (uint32_t i = 0; i < 100000; i++) {
        if (!raw_ws_frame(ws, 0x8a, "", 0)) {
            break;
        }
    }
    peer_expect_alive(ws);
    assert_true(raw_ws_frame(ws, 0x09, "x", 1));
    peer_expect_close(ws, NET_CLOSE_PROTOCOL);
    ws = peer_connect(&fixture);
    memset(peer_buffer, 0, 126);
    assert_true(raw_ws_frame(ws, 0x89, peer_buffer, 126));
    assert_int_not_equal(raw_ws_wait_close(ws), -1);
    raw_ws_free(ws);
    fixture_deinit(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_oversize),
        cmocka_unit_test(test_packing_faults),
        cmocka_unit_test(test_control_frames),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
