#include "tests/unit/net/peer.h"
#include "tests/support/test.h"

uint8_t peer_buffer[2u << 20];

struct raw_ws *peer_connect(struct fixture *fixture)
{
    const struct raw_options options = raw_options_good(net_port(fixture->net));
    struct raw_ws *ws;
    assert_int_equal(raw_ws_connect(&options, &ws), RAW_UPGRADED);
    return ws;
}

void peer_expect_close(struct raw_ws *ws, int code)
{
    assert_int_equal(raw_ws_wait_close(ws), code);
    raw_ws_free(ws);
}

void peer_refused(struct fixture *fixture, uint8_t opcode, const void *bytes, size_t size, int code)
{
    struct raw_ws *ws = peer_connect(fixture);
    assert_true(raw_ws_frame(ws, opcode, bytes, size));
    peer_expect_close(ws, code);
}

void peer_expect_echo(struct raw_ws *ws, const uint8_t *bytes, size_t size)
{
    size_t got = 0;
    assert_true(raw_ws_receive(ws, peer_buffer, sizeof peer_buffer, &got));
    assert_int_equal(got, size);
    assert_memory_equal(peer_buffer, bytes, size);
}

void peer_expect_alive(struct raw_ws *ws)
{
    const uint8_t echo[1] = {COMMAND_ECHO};
    assert_true(raw_ws_send(ws, echo, sizeof echo));
    peer_expect_echo(ws, echo, sizeof echo);
}

void peer_fill(uint8_t *bytes, size_t size, uint8_t command, uint32_t seed)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(seed + i * 7);
    }
    bytes[0] = command;
}

void peer_put_number(uint8_t *bytes, uint8_t command, uint32_t value)
{
    bytes[0] = command;
    packing_put_size(bytes + 1, value);
}
