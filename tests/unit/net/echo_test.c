/* The transport over real TLS on loopback, as its users meet it. */
#include "proto/limits.h"
#include "tests/support/raw_ws.h"
#include "tests/unit/net/fixture.h"

#include <setjmp.h>
#include <signal.h>
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

static void put_number(uint8_t *bytes, uint8_t command, uint32_t value)
{
    bytes[0] = command;
    packing_put_size(bytes + 1, value);
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
    struct fixture fixture;
    struct raw_ws *ws;
    uint8_t message[100 * 6];
    uint8_t request[5];
    size_t size = 0;
    struct net_counters counters;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    ws = connect_good(&fixture);
    for (uint32_t i = 0; i < 100; i++) {
        packing_put_size(message + i * 6, 2);
        message[i * 6 + 4] = COMMAND_ECHO;
        message[i * 6 + 5] = (uint8_t)i;
    }
    assert_true(raw_ws_frame(ws, 0x82, message, sizeof(message)));
    for (uint32_t i = 0; i < 100; i++) {
        expect_echo(ws, message + i * 6 + 4, 2);
    }
    put_number(request, COMMAND_PUSHES, 1000);
    assert_true(raw_ws_send(ws, request, sizeof(request)));
    for (uint32_t i = 0; i < 1000; i++) {
        uint8_t expected[8] = "push";

        packing_put_size(expected + 4, i);
        assert_true(raw_ws_receive(ws, buffer, sizeof(buffer), &size));
        assert_int_equal(size, 8);
        assert_memory_equal(buffer, expected, 8);
    }
    expect_echo(ws, request, sizeof(request));
    /* What went out is counted a moment after the client has it. */
    fixture_wait(&fixture, frames_out, 1101);
    counters = fixture_counters(&fixture);
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
    struct fixture fixture;
    struct raw_ws *ws;
    uint32_t answered = 0;
    size_t size = 0;

    (void)state;
    fixture_init(&fixture);
    fixture.options.owed_max = 32;
    fixture_start(&fixture);
    ws = connect_good(&fixture);
    for (uint32_t i = 0; i < 100; i++) {
        const uint8_t keep[1] = {COMMAND_KEEP};

        assert_true(raw_ws_send(ws, keep, 1));
    }
    while (answered < 100) {
        uint32_t expected = 100 - answered < 32 ? 100 - answered : 32;

        fixture_wait(&fixture, fixture_kept, expected);
        assert_int_equal(fixture_count(&fixture, fixture_kept), expected);
        fixture_release(&fixture);
        for (uint32_t i = 0; i < expected; i++) {
            assert_true(raw_ws_receive(ws, buffer, sizeof(buffer), &size));
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
    struct fixture fixture;
    struct raw_ws *ws;
    const uint8_t refuse[2] = {COMMAND_REFUSE, 7};
    uint8_t frame[3000];

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    ws = connect_good(&fixture);
    assert_true(raw_ws_send(ws, refuse, sizeof(refuse)));
    for (uint32_t i = 0; i < 10; i++) {
        fill(frame, sizeof(frame), COMMAND_ECHO, i);
        assert_true(raw_ws_send(ws, frame, sizeof(frame)));
    }
    fixture_wait(&fixture, fixture_refusals, 3);
    assert_int_equal(fixture.delivered, 0);
    fixture_release(&fixture);
    expect_echo(ws, refuse, sizeof(refuse));
    for (uint32_t i = 0; i < 10; i++) {
        fill(frame, sizeof(frame), COMMAND_ECHO, i);
        expect_echo(ws, frame, sizeof(frame));
    }
    raw_ws_free(ws);
    fixture_deinit(&fixture);
}

static void expect_stream(struct raw_ws *ws, uint32_t chunks)
{
    size_t size = 0;

    for (uint32_t i = 0; i < chunks; i++) {
        uint8_t number[4];

        packing_put_size(number, i);
        assert_true(raw_ws_receive(ws, buffer, sizeof(buffer), &size));
        assert_int_equal(size, PACKING_FRAME_BYTES);
        assert_memory_equal(buffer, number, 4);
        assert_int_equal(buffer[size - 1], i & 0xff);
    }
}

/* Goal: streams come whole, in order with other answers, and each is closed
 * once. Method: two streams of 3 MB with an echo between and after; a stream cut
 * off by a client that goes; one that fails. */
static void test_streams(void **state)
{
    struct fixture fixture;
    struct raw_ws *ws;
    const uint8_t echo[2] = {COMMAND_ECHO, 1};
    const uint8_t fails[1] = {COMMAND_FAIL};
    uint8_t request[5];
    size_t size = 0;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    ws = connect_good(&fixture);
    put_number(request, COMMAND_STREAM, 200);
    assert_true(raw_ws_send(ws, request, sizeof(request)));
    assert_true(raw_ws_send(ws, echo, sizeof(echo)));
    assert_true(raw_ws_send(ws, request, sizeof(request)));
    assert_true(raw_ws_send(ws, echo, sizeof(echo)));
    expect_stream(ws, 200);
    expect_echo(ws, echo, sizeof(echo));
    expect_stream(ws, 200);
    expect_echo(ws, echo, sizeof(echo));
    put_number(request, COMMAND_STREAM, 100000);
    assert_true(raw_ws_send(ws, request, sizeof(request)));
    assert_true(raw_ws_receive(ws, buffer, sizeof(buffer), &size));
    raw_ws_free(ws);
    ws = connect_good(&fixture);
    assert_true(raw_ws_send(ws, fails, sizeof(fails)));
    assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_GOING_AWAY);
    raw_ws_free(ws);
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
    struct fixture fixture;
    struct raw_ws *ws;
    uint8_t request[5];
    size_t size = 0;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    ws = connect_good(&fixture);
    for (size_t s = 0; s < ARRAY_LEN(SIZES); s++) {
        put_number(request, COMMAND_LARGE, SIZES[s]);
        assert_true(raw_ws_send(ws, request, sizeof(request)));
        assert_true(raw_ws_receive(ws, buffer, sizeof(buffer), &size));
        assert_int_equal(size, SIZES[s]);
        for (uint32_t i = 0; i < SIZES[s]; i++) {
            assert_int_equal(buffer[i], (uint8_t)(i * 31u >> 3));
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
    const uint8_t admit[1] = {COMMAND_ADMIT};
    struct fixture fixture;
    struct raw_ws *ws;

    (void)state;
    fixture_init(&fixture);
    fixture.options.queued_bytes_max = 2u << 20;
    fixture_start(&fixture);
    fill(large, sizeof(large), COMMAND_ECHO, 3);
    ws = connect_good(&fixture);
    (void)raw_ws_send(ws, large, FRAME_BYTES_MAX);
    assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_TOO_LARGE);
    raw_ws_free(ws);
    ws = connect_good(&fixture);
    assert_true(raw_ws_send(ws, admit, sizeof(admit)));
    expect_echo(ws, admit, sizeof(admit));
    assert_true(raw_ws_send(ws, large, FRAME_BYTES_MAX));
    expect_echo(ws, large, FRAME_BYTES_MAX);
    (void)raw_ws_send(ws, large, sizeof(large));
    assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_TOO_LARGE);
    raw_ws_free(ws);
    assert_int_equal(fixture_counters(&fixture).closed_too_large, 2);
    fixture_deinit(&fixture);
}

/* Goal: a close waits for the answers before it, and nothing after it is
 * delivered; a cut waits for nothing. */
static void test_close_and_cut(void **state)
{
    const uint8_t bye[2] = {COMMAND_BYE, 9};
    const uint8_t cut[1] = {COMMAND_CUT};
    const uint8_t echo[1] = {COMMAND_ECHO};
    struct fixture fixture;
    struct raw_ws *ws;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    ws = connect_good(&fixture);
    assert_true(raw_ws_send(ws, bye, sizeof(bye)));
    expect_echo(ws, bye, sizeof(bye));
    (void)raw_ws_send(ws, echo, sizeof(echo));
    assert_int_equal(raw_ws_wait_close(ws), NET_CLOSE_DONE);
    raw_ws_free(ws);
    assert_int_equal(fixture.delivered, 1);
    ws = connect_good(&fixture);
    assert_true(raw_ws_send(ws, cut, sizeof(cut)));
    assert_int_equal(raw_ws_wait_close(ws), 0);
    raw_ws_free(ws);
    fixture_wait(&fixture, fixture_closed, 2);
    fixture_deinit(&fixture);
}

/* Goal: a peer that asks and never reads is closed, and nobody else notices.
 * Method: 32 answers of 1 MB each to a client with a small receive buffer. */
static void test_slow_reader(void **state)
{
    const uint8_t echo[1] = {COMMAND_ECHO};
    struct fixture fixture;
    struct raw_options options;
    struct raw_ws *slow;
    struct raw_ws *good;
    uint8_t request[5];

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    options = raw_options_good(net_port(fixture.net));
    options.receive_buffer_bytes = 4096;
    assert_int_equal(raw_ws_connect(&options, &slow), RAW_UPGRADED);
    good = connect_good(&fixture);
    put_number(request, COMMAND_LARGE, 1000000);
    for (uint32_t i = 0; i < 32; i++) {
        (void)raw_ws_send(slow, request, sizeof(request));
    }
    fixture_wait(&fixture, fixture_closed, 1);
    assert_int_equal(fixture_counters(&fixture).closed_slow_reader, 1);
    assert_true(raw_ws_send(good, echo, sizeof(echo)));
    expect_echo(good, echo, sizeof(echo));
    raw_ws_free(slow);
    raw_ws_free(good);
    fixture_deinit(&fixture);
}

/* Goal: both ends of TLS give the same exporter, and the layer above learns only
 * the peer's network. */
static void test_exporter_and_source(void **state)
{
    static const uint8_t SOURCE[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 0};
    struct fixture fixture;
    struct raw_ws *first;
    struct raw_ws *second;
    uint8_t exporter[32];
    uint8_t other[32];

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    first = connect_good(&fixture);
    raw_ws_exporter(first, exporter);
    fixture_wait(&fixture, fixture_opened, 1);
    assert_memory_equal(fixture.last_opened.exporter, exporter, 32);
    assert_memory_equal(fixture.last_opened.source.bytes, SOURCE, 16);
    second = connect_good(&fixture);
    raw_ws_exporter(second, other);
    assert_memory_not_equal(exporter, other, 32);
    raw_ws_free(first);
    raw_ws_free(second);
    fixture_deinit(&fixture);
}

/* Goal: stopping is clean with connections open, idle, owed and streaming, and
 * says so to the clients; after quiesce answers still go out and nobody new
 * comes in. */
static void test_stop(void **state)
{
    struct raw_ws *clients[CONNECTIONS];
    const uint8_t keep[1] = {COMMAND_KEEP};
    struct fixture fixture;
    struct raw_options options;
    struct raw_ws *late;
    size_t size = 0;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    for (uint32_t c = 0; c < CONNECTIONS; c++) {
        clients[c] = connect_good(&fixture);
        assert_true(raw_ws_send(clients[c], keep, 1));
    }
    fixture_wait(&fixture, fixture_kept, CONNECTIONS);
    options = raw_options_good(net_port(fixture.net));
    net_quiesce(fixture.net);
    do {
        enum raw_result result = raw_ws_connect(&options, &late);

        raw_ws_free(late);
        if (result != RAW_UPGRADED) {
            break;
        }
    } while (true);
    fixture_release(&fixture);
    for (uint32_t c = 0; c < CONNECTIONS; c++) {
        assert_true(raw_ws_receive(clients[c], buffer, sizeof(buffer), &size));
        assert_int_equal(size, 4);
    }
    fixture_stop(&fixture, 300);
    for (uint32_t c = 0; c < CONNECTIONS; c++) {
        assert_int_equal(raw_ws_wait_close(clients[c]), NET_CLOSE_GOING_AWAY);
        raw_ws_free(clients[c]);
    }
    fixture_deinit(&fixture);
}

struct sender {
    struct fixture *fixture;
    pthread_t thread;
    uint32_t seed;
};

static void *send_anywhere(void *data)
{
    struct sender *sender = data;
    uint64_t connection = 0;

    for (uint32_t i = 0; i < 20000; i++) {
        uint8_t *bytes = malloc(4);

        CHECK(bytes != NULL);
        memcpy(bytes, "else", 4);
        CHECK(pthread_mutex_lock(&sender->fixture->lock) == 0);
        connection = sender->fixture->last_opened.connection;
        CHECK(pthread_mutex_unlock(&sender->fixture->lock) == 0);
        sender->seed = sender->seed * 1664525u + 1013904223u;
        if (sender->seed >> 30 == 0) {
            /* A number that never was, on a thread that exists. */
            connection ^= UINT64_C(0xffff) << 40;
        }
        net_send(sender->fixture->net, connection, NET_FRAME_MORE, bytes, 4);
        if (sender->seed >> 24 == 0) {
            net_close(sender->fixture->net, connection, NET_CLOSE_DONE);
        } else if (sender->seed >> 24 == 1) {
            net_cut(sender->fixture->net, connection);
        }
    }
    return NULL;
}

/* Goal: sending from other threads to connections that come and go is safe.
 * Method: three threads send, close and cut at random while clients connect,
 * echo and leave; run under the sanitizers. */
static void test_senders_race_with_closing(void **state)
{
    struct sender senders[3];
    struct fixture fixture;
    struct raw_ws *first;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    first = connect_good(&fixture);
    fixture_wait(&fixture, fixture_opened, 1);
    for (uint32_t i = 0; i < ARRAY_LEN(senders); i++) {
        senders[i] = (struct sender){.fixture = &fixture, .seed = i};
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_anywhere, &senders[i]), 0);
    }
    for (uint32_t i = 0; i < 100; i++) {
        const struct raw_options options = raw_options_good(net_port(fixture.net));
        struct raw_ws *ws;
        size_t size = 0;

        /* It may be cut at any time, even before it is answered. */
        if (raw_ws_connect(&options, &ws) == RAW_UPGRADED) {
            (void)raw_ws_send(ws, "e", 1);
            (void)raw_ws_receive(ws, buffer, sizeof(buffer), &size);
        }
        raw_ws_free(ws);
    }
    for (uint32_t i = 0; i < ARRAY_LEN(senders); i++) {
        assert_int_equal(pthread_join(senders[i].thread, NULL), 0);
    }
    raw_ws_free(first);
    fixture_deinit(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo_sizes),
        cmocka_unit_test(test_packing),
        cmocka_unit_test(test_owed_requests),
        cmocka_unit_test(test_refused_frame_waits),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_large_frames),
        cmocka_unit_test(test_admit_raises_limit),
        cmocka_unit_test(test_close_and_cut),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_exporter_and_source),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_senders_race_with_closing),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
