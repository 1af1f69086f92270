/* Connections as they come and go: what is told of them, stopping, and races. */
#include "tests/support/test.h"
#include "tests/unit/net/peer.h"

#include <signal.h>

#define CONNECTIONS 64

/* Goal: both ends of TLS give the same exporter, and the layer above learns only
 * the peer's network. */
static void test_exporter_and_source(void **state)
{
    static const uint8_t SOURCE[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 0};
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_ws *first = peer_connect(&fixture);
    uint8_t exporter[32];
    raw_ws_exporter(first, exporter);
    fixture_wait(&fixture, fixture_opened, 1);
    assert_memory_equal(fixture.last_opened.exporter, exporter, 32);
    assert_memory_equal(fixture.last_opened.source.bytes, SOURCE, 16);
    struct raw_ws *second = peer_connect(&fixture);
    uint8_t other[32];
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
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_ws *clients[CONNECTIONS];
    const uint8_t keep[1] = {COMMAND_KEEP};
    for (uint32_t c = 0; c < CONNECTIONS; c++) {
        clients[c] = peer_connect(&fixture);
        assert_true(raw_ws_send(clients[c], keep, 1));
    }
    fixture_wait(&fixture, fixture_kept, CONNECTIONS);
    struct raw_options options = raw_options_good(net_port(fixture.net));
    net_quiesce(fixture.net);
    struct raw_ws *late;
    do {
        enum raw_result result = raw_ws_connect(&options, &late);
        raw_ws_free(late);
        if (result != RAW_UPGRADED) {
            break;
        }
    } while (true);
    fixture_release(&fixture);
    size_t size = 0;
    for (uint32_t c = 0; c < CONNECTIONS; c++) {
        assert_true(raw_ws_receive(clients[c], peer_buffer, sizeof peer_buffer, &size));
        assert_int_equal(size, 4);
    }
    fixture_stop(&fixture, 300);
    for (uint32_t c = 0; c < CONNECTIONS; c++) {
        peer_expect_close(clients[c], NET_CLOSE_GOING_AWAY);
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
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct raw_ws *first = peer_connect(&fixture);
    fixture_wait(&fixture, fixture_opened, 1);
    struct sender senders[3];
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
            (void)raw_ws_receive(ws, peer_buffer, sizeof peer_buffer, &size);
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
        cmocka_unit_test(test_exporter_and_source),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_senders_race_with_closing),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
