/* The transport over real TLS on loopback, as its users meet it. */
#include "tests/support/raw_ws.h"
#include "tests/unit/net/fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CONNECTIONS 64

static uint8_t buffer[2u << 20];

static struct raw_ws *connect_good(struct fixture *fixture)
{
    const struct raw_options options = raw_options_good(net_port(fixture->net));
    struct raw_ws *ws;

    assert_int_equal(raw_ws_connect(&options, &ws), RAW_UPGRADED);
    return ws;
}

static void fill(uint8_t *bytes, size_t size, uint8_t command, uint32_t seed)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(seed + i * 7);
    }
    bytes[0] = command;
}

static void expect_echo(struct raw_ws *ws, const uint8_t *bytes, size_t size)
{
    size_t got = 0;

    assert_true(raw_ws_receive(ws, buffer, sizeof(buffer), &got));
    assert_int_equal(got, size);
    assert_memory_equal(buffer, bytes, size);
}

/* Goal: every size of frame comes back whole, on many connections over two
 * threads. Method: 64 connections each send sizes around the limits of the
 * receive buffer, the packing and the fragments, all before reading. */
static void test_echo_sizes(void **state)
{
    static const size_t SIZES[] = {1,    2,    125,   126,   1023,  2047,  2048, 2049,
                                   4096, 8191, 15995, 15996, 15997, 16001, 40000};
    static uint8_t frame[65536];
    struct raw_ws *clients[CONNECTIONS];
    struct fixture fixture;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    for (uint32_t c = 0; c < CONNECTIONS; c++) {
        clients[c] = connect_good(&fixture);
    }
    for (uint32_t c = 0; c < CONNECTIONS; c++) {
        for (size_t s = 0; s < ARRAY_LEN(SIZES); s++) {
            fill(frame, SIZES[s], COMMAND_ECHO, c);
            assert_true(raw_ws_send(clients[c], frame, SIZES[s]));
        }
    }
    for (uint32_t c = 0; c < CONNECTIONS; c++) {
        for (size_t s = 0; s < ARRAY_LEN(SIZES); s++) {
            fill(frame, SIZES[s], COMMAND_ECHO, c);
            expect_echo(clients[c], frame, SIZES[s]);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
