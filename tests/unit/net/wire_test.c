/* The client's transport against the server's, and against servers that are
 * wrong. */
#include "client/wire/wire.h"
#include "proto/limits.h"
#include "tests/unit/net/fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct client {
    struct wire *wire;
    uint32_t opened;
    uint32_t ended;
    uint8_t exporter[WIRE_EXPORTER_BYTES];
    struct wire_closed closed;
    uint32_t frames;
    size_t bytes;
    uint8_t last[FRAME_BYTES_MAX];
    size_t last_size;
    bool close_on_frame;
    uint32_t readable;
    int watched_fd;
    bool unwatch_on_readable;
};

static struct client client;

static void on_open(void *state, const uint8_t exporter[WIRE_EXPORTER_BYTES])
{
    struct client *c = state;

    c->opened++;
    memcpy(c->exporter, exporter, WIRE_EXPORTER_BYTES);
}

static void on_frame(void *state, struct span frame)
{
    struct client *c = state;

    CHECK(frame.size <= sizeof(c->last));
    c->frames++;
    c->bytes += frame.size;
    c->last_size = frame.size;
    memcpy(c->last, frame.data, frame.size);
    if (c->close_on_frame) {
        wire_close(c->wire);
    }
}

static void on_closed(void *state, const struct wire_closed *closed)
{
    struct client *c = state;

    c->ended++;
    c->closed = *closed;
}

static void client_new(const struct wire_options *options)
{
    const struct wire_handler handler = {
        .state = &client, .on_open = on_open, .on_frame = on_frame, .on_closed = on_closed};

    memset(&client, 0, sizeof(client));
    assert_int_equal(wire_new(options, &handler, &client.wire), STATUS_OK);
}

static uint64_t now_ms(void)
{
    struct timespec now;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Services the wire until *counter reaches at_least; fails the test after 20 s. */
static void run_until(const uint32_t *counter, uint32_t at_least)
{
    uint64_t end = now_ms() + 20000;

    while (*counter < at_least) {
        assert_true(now_ms() < end);
        assert_int_equal(wire_service(client.wire, 100), STATUS_OK);
    }
}

static void open_to(struct fixture *fixture)
{
    assert_int_equal(wire_connect(client.wire, "127.0.0.1", net_port(fixture->net), &fixture->pin),
                     STATUS_OK);
    run_until(&client.opened, client.opened + 1);
    assert_true(wire_is_open(client.wire));
}

static void set_up(struct fixture *fixture)
{
    struct wire_options options;

    wire_options_default(&options);
    fixture_init(fixture);
    fixture_start(fixture);
    client_new(&options);
}

static void tear_down(struct fixture *fixture)
{
    wire_free(client.wire);
    fixture_deinit(fixture);
}

/* Goal: frames of every size come back; both ends hold the same exporter; a wire
 * can be used again after it was closed. */
static void test_echo_and_again(void **state)
{
    static const size_t SIZES[] = {1, 2, 1024, 15996, 15997, 16000, 32000, 65532};
    static uint8_t frame[65536];
    struct fixture fixture;

    (void)state;
    set_up(&fixture);
    for (uint32_t round = 0; round < 3; round++) {
        open_to(&fixture);
        fixture_wait(&fixture, fixture_opened, round + 1);
        assert_memory_equal(fixture.last_opened.exporter, client.exporter, WIRE_EXPORTER_BYTES);
        for (size_t s = 0; s < ARRAY_LEN(SIZES); s++) {
            for (size_t i = 0; i < SIZES[s]; i++) {
                frame[i] = (uint8_t)(i * 3 + s);
            }
            frame[0] = COMMAND_ECHO;
            assert_int_equal(wire_send(client.wire, span_of(frame, SIZES[s])), STATUS_OK);
            run_until(&client.frames, client.frames + 1);
            assert_int_equal(client.last_size, SIZES[s]);
            assert_memory_equal(client.last, frame, SIZES[s]);
        }
        wire_close(client.wire);
        run_until(&client.ended, round + 1);
        assert_int_equal(client.closed.why, WIRE_END_ASKED);
        assert_int_equal(wire_send(client.wire, span_of("e", 1)), STATUS_OFFLINE);
    }
    assert_int_equal(client.opened, 3);
    tear_down(&fixture);
    assert_int_equal(client.ended, 3);
}

/* Goal: what is sent in one go shares messages, and back-pressure holds: 5,000
 * frames against a server that lets 32 be unanswered. */
static void test_many_frames(void **state)
{
    struct fixture fixture;

    (void)state;
    set_up(&fixture);
    open_to(&fixture);
    for (uint32_t i = 0; i < 5000; i++) {
        uint8_t frame[100] = {COMMAND_ECHO};

        assert_int_equal(wire_send(client.wire, span_of(frame, sizeof(frame))), STATUS_OK);
    }
    assert_int_equal(wire_queued_bytes(client.wire), 500000);
    run_until(&client.frames, 5000);
    assert_int_equal(client.bytes, 500000);
    assert_int_equal(wire_queued_bytes(client.wire), 0);
    assert_true(fixture_counters(&fixture).paused > 0);
    tear_down(&fixture);
    assert_int_equal(client.ended, 1);
}

/* Goal: the limits of wire_send. */
static void test_send_limits(void **state)
{
    static uint8_t frame[FRAME_BYTES_MAX + 1];
    struct fixture fixture;
    const uint8_t admit[1] = {COMMAND_ADMIT};

    (void)state;
    set_up(&fixture);
    assert_int_equal(wire_send(client.wire, span_of(frame, 1)), STATUS_OFFLINE);
    open_to(&fixture);
    assert_int_equal(wire_send(client.wire, span_of(frame, 0)), STATUS_TOO_LARGE);
    assert_int_equal(wire_send(client.wire, span_of(frame, sizeof(frame))), STATUS_TOO_LARGE);
    assert_int_equal(wire_send(client.wire, span_of(admit, 1)), STATUS_OK);
    run_until(&client.frames, 1);
    frame[0] = COMMAND_KEEP;
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(wire_send(client.wire, span_of(frame, FRAME_BYTES_MAX)), STATUS_OK);
    }
    assert_int_equal(wire_send(client.wire, span_of(frame, FRAME_BYTES_MAX)), STATUS_BUSY);
    while (fixture_count(&fixture, fixture_kept) < 3 && client.ended == 0) {
        assert_int_equal(wire_service(client.wire, 10), STATUS_OK);
    }
    assert_int_equal(client.ended, 0);
    tear_down(&fixture);
}

/* Goal: a server with another key is not talked to, whatever its certificate
 * says. Method: every bit of the pin flipped in turn would be slow; one bit in
 * each byte is. */
static void test_wrong_pin(void **state)
{
    struct fixture fixture;

    (void)state;
    set_up(&fixture);
    for (uint32_t byte = 0; byte < HASH_BYTES; byte++) {
        struct hash wrong = fixture.pin;

        wrong.bytes[byte] ^= (uint8_t)(1u << (byte % 8));
        assert_int_equal(wire_connect(client.wire, "127.0.0.1", net_port(fixture.net), &wrong),
                         STATUS_OK);
        run_until(&client.ended, byte + 1);
        assert_int_equal(client.closed.why, WIRE_END_WRONG_KEY);
        assert_string_equal(client.closed.text, "The server's TLS key is not the one pinned.");
    }
    assert_int_equal(client.opened, 0);
    open_to(&fixture);
    tear_down(&fixture);
    assert_int_equal(fixture.opened, 1);
}

/* Goal: closes are told apart. Method: the server says goodbye; it cuts; it stops;
 * nobody listens; the name does not exist. */
static void test_ends(void **state)
{
    struct fixture fixture;
    uint16_t port;

    (void)state;
    set_up(&fixture);
    open_to(&fixture);
    assert_int_equal(wire_send(client.wire, span_of("b", 1)), STATUS_OK);
    run_until(&client.ended, 1);
    assert_int_equal(client.frames, 1);
    assert_int_equal(client.closed.why, WIRE_END_SERVER);
    assert_int_equal(client.closed.close_code, NET_CLOSE_DONE);
    open_to(&fixture);
    assert_int_equal(wire_send(client.wire, span_of("c", 1)), STATUS_OK);
    run_until(&client.ended, 2);
    assert_int_equal(client.closed.why, WIRE_END_LOST);
    open_to(&fixture);
    port = net_port(fixture.net);
    fixture_stop(&fixture, 0);
    run_until(&client.ended, 3);
    assert_true(client.closed.why == WIRE_END_SERVER || client.closed.why == WIRE_END_LOST);
    assert_int_equal(wire_connect(client.wire, "127.0.0.1", port, &fixture.pin), STATUS_OK);
    assert_int_equal(wire_connect(client.wire, "127.0.0.1", port, &fixture.pin), STATUS_USAGE);
    run_until(&client.ended, 4);
    assert_int_equal(client.closed.why, WIRE_END_UNREACHABLE);
    assert_int_equal(wire_connect(client.wire, "no.such.name.invalid", port, &fixture.pin),
                     STATUS_OK);
    run_until(&client.ended, 5);
    assert_int_equal(client.closed.why, WIRE_END_UNREACHABLE);
    tear_down(&fixture);
}

/* Goal: closing in a frame's callback delivers nothing more, and waits for what
 * was queued. */
static void test_close_in_callback(void **state)
{
    struct fixture fixture;

    (void)state;
    set_up(&fixture);
    client.close_on_frame = true;
    open_to(&fixture);
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(wire_send(client.wire, span_of("e", 1)), STATUS_OK);
    }
    run_until(&client.ended, 1);
    assert_int_equal(client.frames, 1);
    assert_int_equal(client.closed.why, WIRE_END_ASKED);
    tear_down(&fixture);
}

/* A server for one connection that is wrong in one way. */
struct wrong_server {
    int fd;
    uint16_t port;
    pthread_t thread;
    const struct fixture *identity;
    int tls_version_max; /* 0: speaks no TLS: says nothing until the peer is gone */
    const char *answer;  /* to the upgrade */
    size_t answer_size;
};

static void *serve_wrongly(void *data)
{
    struct wrong_server *server = data;
    int fd = accept(server->fd, NULL, NULL);
    char request[4096];

    CHECK(fd >= 0);
    if (server->tls_version_max == 0) {
        while (read(fd, request, sizeof(request)) > 0) {
        }
    } else {
        SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
        SSL *ssl;

        CHECK(ctx != NULL);
        CHECK(SSL_CTX_set_max_proto_version(ctx, server->tls_version_max) == 1);
        CHECK(SSL_CTX_use_certificate_file(ctx, server->identity->certificate_path,
                                           SSL_FILETYPE_PEM) == 1);
        CHECK(SSL_CTX_use_PrivateKey_file(ctx, server->identity->key_path, SSL_FILETYPE_PEM) == 1);
        ssl = SSL_new(ctx);
        CHECK(ssl != NULL && SSL_set_fd(ssl, fd) == 1);
        if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0) {
            (void)SSL_write(ssl, server->answer, (int)server->answer_size);
            while (SSL_read(ssl, request, sizeof(request)) > 0) {
            }
        }
        SSL_free(ssl);
        SSL_CTX_free(ctx);
    }
    (void)close(fd);
    return NULL;
}

static void wrong_server_start(struct wrong_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(server->fd >= 0);
    CHECK(bind(server->fd, (const struct sockaddr *)&address, size) == 0);
    CHECK(listen(server->fd, 1) == 0);
    CHECK(getsockname(server->fd, (struct sockaddr *)&address, &size) == 0);
    server->port = ntohs(address.sin_port);
    CHECK(pthread_create(&server->thread, NULL, serve_wrongly, server) == 0);
}

/* Goal: each kind of wrong server gives its own word. */
static void test_wrong_servers(void **state)
{
    /* The accept value belongs to a fixed key and so never matches. */
    static const char NO_VERSION[] =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    static const char REDIRECT[] =
        "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    static const char REFUSAL[] =
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    static const char GARBAGE[] = "\0\1\2\3 what?\r\n\r\n";
    struct fixture fixture;
    const struct {
        int tls_version_max;
        const char *answer;
        size_t answer_size;
        enum wire_end why;
    } cases[] = {
        {0, NULL, 0, WIRE_END_TIMEOUT},
        {TLS1_2_VERSION, NULL, 0, WIRE_END_TLS},
        {TLS1_3_VERSION, NO_VERSION, sizeof(NO_VERSION) - 1, WIRE_END_VERSION},
        {TLS1_3_VERSION, REDIRECT, sizeof(REDIRECT) - 1, WIRE_END_VERSION},
        {TLS1_3_VERSION, REFUSAL, sizeof(REFUSAL) - 1, WIRE_END_VERSION},
        {TLS1_3_VERSION, GARBAGE, sizeof(GARBAGE) - 1, WIRE_END_TIMEOUT},
    };
    struct wire_options options;

    (void)state;
    fixture_init(&fixture);
    wire_options_default(&options);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct wrong_server server = {.identity = &fixture,
                                      .tls_version_max = cases[i].tls_version_max,
                                      .answer = cases[i].answer,
                                      .answer_size = cases[i].answer_size};

        options.connect_timeout_ms = cases[i].why == WIRE_END_TIMEOUT ? 500 : 15000;
        client_new(&options);
        wrong_server_start(&server);
        assert_int_equal(wire_connect(client.wire, "127.0.0.1", server.port, &fixture.pin),
                         STATUS_OK);
        run_until(&client.ended, 1);
        if (client.closed.why != cases[i].why) {
            fail_msg("case %zu: %s", i, client.closed.text);
        }
        assert_int_equal(client.opened, 0);
        wire_free(client.wire);
        assert_int_equal(client.ended, 1);
        assert_int_equal(pthread_join(server.thread, NULL), 0);
        (void)close(server.fd);
    }
    fixture_deinit(&fixture);
}

static void on_readable(void *state, int fd)
{
    struct client *c = state;
    char bytes[64];

    c->watched_fd = fd;
    if (c->unwatch_on_readable) {
        wire_unwatch(c->wire, fd);
    }
    CHECK(read(fd, bytes, sizeof(bytes)) >= 0);
    c->readable++;
}

/* Goal: other descriptors are served by the same loop, also without a connection;
 * the end of a peer is seen; unwatching, from the callback too, ends the calls;
 * the descriptor stays the caller's. */
static void test_watch(void **state)
{
    struct fixture fixture;
    int pair[2];
    uint32_t before;

    (void)state;
    set_up(&fixture);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(wire_watch(client.wire, pair[0], on_readable, &client), STATUS_OK);
    assert_int_equal(wire_watch(client.wire, pair[0], on_readable, &client), STATUS_USAGE);
    assert_int_equal(write(pair[1], "x", 1), 1);
    run_until(&client.readable, 1);
    assert_int_equal(client.watched_fd, pair[0]);
    open_to(&fixture);
    assert_int_equal(write(pair[1], "x", 1), 1);
    run_until(&client.readable, 2);
    client.unwatch_on_readable = true;
    assert_int_equal(write(pair[1], "x", 1), 1);
    run_until(&client.readable, 3);
    assert_int_equal(write(pair[1], "x", 1), 1);
    before = client.readable;
    assert_int_equal(wire_send(client.wire, span_of("e", 1)), STATUS_OK);
    run_until(&client.frames, 1);
    assert_int_equal(client.readable, before);
    client.unwatch_on_readable = false;
    assert_int_equal(wire_watch(client.wire, pair[0], on_readable, &client), STATUS_OK);
    run_until(&client.readable, before + 1);
    assert_int_equal(close(pair[1]), 0);
    run_until(&client.readable, before + 2);
    wire_unwatch(client.wire, pair[0]);
    wire_unwatch(client.wire, pair[0]);
    tear_down(&fixture);
    assert_int_equal(close(pair[0]), 0);
}

/* Goal: many descriptors that come and go, as the agent's clients do. Method: all
 * 64 places filled, one too many refused, all emptied, twice. */
static void test_watch_places(void **state)
{
    struct fixture fixture;
    int pairs[64][2];

    (void)state;
    set_up(&fixture);
    for (uint32_t round = 0; round < 2; round++) {
        uint32_t before = client.readable;

        for (size_t i = 0; i < 64; i++) {
            assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
            assert_int_equal(wire_watch(client.wire, pairs[i][0], on_readable, &client), STATUS_OK);
            assert_int_equal(write(pairs[i][1], "x", 1), 1);
        }
        assert_int_equal(wire_watch(client.wire, pairs[0][1], on_readable, &client), STATUS_BUSY);
        run_until(&client.readable, before + 64);
        for (size_t i = 0; i < 64; i++) {
            wire_unwatch(client.wire, pairs[i][0]);
            assert_int_equal(close(pairs[i][0]), 0);
            assert_int_equal(close(pairs[i][1]), 0);
        }
    }
    tear_down(&fixture);
}

static void *wake_later(void *data)
{
    const struct timespec pause = {.tv_nsec = 50000000};

    (void)nanosleep(&pause, NULL);
    wire_wake(data);
    return NULL;
}

/* Goal: a wait ends by wire_wake from another thread; a short one by itself; a
 * zero one does not wait. */
static void test_wake_and_timeouts(void **state)
{
    struct fixture fixture;
    pthread_t waker;

    (void)state;
    set_up(&fixture);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(wire_service(client.wire, 0), STATUS_OK);
    }
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(wire_service(client.wire, 20), STATUS_OK);
    }
    assert_int_equal(pthread_create(&waker, NULL, wake_later, client.wire), 0);
    /* Would outlast the test's own time limit. */
    for (uint32_t i = 0; i < 1; i++) {
        assert_int_equal(wire_service(client.wire, 3600000), STATUS_OK);
    }
    assert_int_equal(pthread_join(waker, NULL), 0);
    tear_down(&fixture);
}

/* Goal: the environment has no say. Method: proxies that do not exist. */
static void test_no_environment(void **state)
{
    struct fixture fixture;

    (void)state;
    assert_int_equal(setenv("http_proxy", "127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("https_proxy", "127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("all_proxy", "socks5://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("socks_proxy", "127.0.0.1:1", 1), 0);
    set_up(&fixture);
    open_to(&fixture);
    tear_down(&fixture);
    (void)unsetenv("http_proxy");
    (void)unsetenv("https_proxy");
    (void)unsetenv("all_proxy");
    (void)unsetenv("socks_proxy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo_and_again), cmocka_unit_test(test_many_frames),
        cmocka_unit_test(test_send_limits),    cmocka_unit_test(test_wrong_pin),
        cmocka_unit_test(test_ends),           cmocka_unit_test(test_close_in_callback),
        cmocka_unit_test(test_wrong_servers),  cmocka_unit_test(test_watch),
        cmocka_unit_test(test_watch_places),   cmocka_unit_test(test_wake_and_timeouts),
        cmocka_unit_test(test_no_environment),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
