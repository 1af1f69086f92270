/* The client's transport against servers that are wrong. */
#include "tests/support/test.h"
#include "tests/unit/net/wire_client.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A server for one connection that is wrong in one way. */
struct wrong_server {
    int fd;
    uint16_t port;
    pthread_t thread;
    const struct fixture *identity;
    int tls_version_max; /* 0: speaks no TLS: says nothing until the peer is gone */
    const char *answer;  /* to the upgrade; NULL: the right one */
    size_t answer_size;
    bool cuts;           /* the connection after the answer */
    const uint8_t *then; /* after that */
    size_t then_size;
};

/* RFC 6455 4.2.2, as a server should. */
static void answer_rightly(SSL *ssl, const char *request)
{
    static const char HEADER[] = "Sec-WebSocket-Key: ";
    const char *at = strcasestr(request, HEADER);
    CHECK(at != NULL);
    char text[128];
    int size = snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
                        at + strlen(HEADER));
    unsigned char hash[EVP_MAX_MD_SIZE];
    CHECK(EVP_Digest(text, (size_t)size, hash, NULL, EVP_sha1(), NULL) == 1);
    unsigned char accept_value[64];
    CHECK(EVP_EncodeBlock(accept_value, hash, 20) == 28);
    char answer[512];
    size = snprintf(answer, sizeof answer,
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\nSec-WebSocket-Protocol: " WIRE_SUBPROTOCOL "\r\n"
                    "Sec-WebSocket-Accept: %s\r\n\r\n",
                    (const char *)accept_value);
    CHECK(SSL_write(ssl, answer, size) == size);
}

static void serve_tls(const struct wrong_server *server, SSL *ssl)
{
    if (SSL_accept(ssl) != 1) {
        return;
    }
    char request[4096];
    int size = SSL_read(ssl, request, (int)sizeof request - 1);
    if (size <= 0) {
        return;
    }
    request[size] = '\0';
    if (server->answer == NULL) {
        answer_rightly(ssl, request);
        CHECK(SSL_write(ssl, server->then, (int)server->then_size) == (int)server->then_size);
    } else {
        (void)SSL_write(ssl, server->answer, (int)server->answer_size);
    }
    while (!server->cuts && SSL_read(ssl, request, sizeof request) > 0) {
    }
}

static void *serve_wrongly(void *data)
{
    struct wrong_server *server = data;
    int fd = accept(server->fd, NULL, NULL);
    CHECK(fd >= 0);
    char request[4096];
    if (server->tls_version_max == 0) {
        while (read(fd, request, sizeof request) > 0) {
        }
    } else {
        SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
        CHECK(ctx != NULL);
        CHECK(SSL_CTX_set_max_proto_version(ctx, server->tls_version_max) == 1);
        CHECK(SSL_CTX_use_certificate_file(ctx, server->identity->certificate_path,
                                           SSL_FILETYPE_PEM) == 1);
        CHECK(SSL_CTX_use_PrivateKey_file(ctx, server->identity->key_path, SSL_FILETYPE_PEM) == 1);
        SSL *ssl = SSL_new(ctx);
        CHECK(ssl != NULL && SSL_set_fd(ssl, fd) == 1);
        serve_tls(server, ssl);
        SSL_free(ssl);
        SSL_CTX_free(ctx);
    }
    (void)close(fd);
    return NULL;
}

static void wrong_server_start(struct wrong_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
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
    const struct {
        int tls_version_max;
        const char *answer;
        size_t answer_size;
        enum wire_end why;
        bool cuts;
    } cases[] = {
        {0, NULL, 0, WIRE_END_TIMEOUT, false},
        {TLS1_2_VERSION, NULL, 0, WIRE_END_TLS, false},
        {TLS1_3_VERSION, NO_VERSION, sizeof NO_VERSION - 1, WIRE_END_VERSION, false},
        {TLS1_3_VERSION, REDIRECT, sizeof REDIRECT - 1, WIRE_END_VERSION, false},
        {TLS1_3_VERSION, REFUSAL, sizeof REFUSAL - 1, WIRE_END_VERSION, false},
        {TLS1_3_VERSION, GARBAGE, sizeof GARBAGE - 1, WIRE_END_TIMEOUT, false},
        /* A connection that is cut before a whole answer says nothing of versions. */
        {TLS1_3_VERSION, NO_VERSION, 40, WIRE_END_LOST, true},
        {TLS1_3_VERSION, NO_VERSION, 1, WIRE_END_LOST, true},
    };
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    struct wire_options options;
    wire_options_default(&options);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct wrong_server server = {.identity = &fixture,
                                      .tls_version_max = cases[i].tls_version_max,
                                      .answer = cases[i].answer,
                                      .answer_size = cases[i].answer_size,
                                      .cuts = cases[i].cuts};
        options.connect_timeout_ms = cases[i].why == WIRE_END_TIMEOUT ? 500 : 15000;
        client_new(&options);
        wrong_server_start(&server);
        assert_int_equal(wire_connect(client.wire, "127.0.0.1", server.port, &fixture.pin),
                         STATUS_OK);
        client_run_until(&client.ended, 1);
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

/* A right upgrade and then these bytes; what the client made of them. */
static void serve_bytes(struct fixture *fixture, const uint8_t *bytes, size_t size)
{
    struct wrong_server server = {
        .identity = fixture, .tls_version_max = TLS1_3_VERSION, .then = bytes, .then_size = size};
    struct wire_options options;
    wire_options_default(&options);
    client_new(&options);
    wrong_server_start(&server);
    assert_int_equal(wire_connect(client.wire, "127.0.0.1", server.port, &fixture->pin), STATUS_OK);
    while (client.ended == 0 && client.frames < 2) {
        assert_int_equal(wire_service(client.wire, 100), STATUS_OK);
    }
    assert_int_equal(client.opened, 1);
    wire_free(client.wire);
    assert_int_equal(client.ended, 1);
    assert_int_equal(pthread_join(server.thread, NULL), 0);
    (void)close(server.fd);
}

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

/* Goal: a message that is not one of whole frames ends the connection, and nothing of it
 * is delivered. Method: the same server with a message that is right, then wrong ones:
 * empty, a text, a frame of no size, one cut, one with bytes left over, one in too many
 * fragments, one that is announced over the limit. */
static void test_wrong_messages(void **state)
{
    static const struct {
        const uint8_t *bytes;
        size_t size;
    } wrong[] = {
        {BYTES("\x82\x00")},
        {BYTES("\x81\x05\0\0\0\1a")},
        {BYTES("\x82\x05\0\0\0\0a")},
        {BYTES("\x82\x04\0\0\0\1")},
        {BYTES("\x82\x06\0\0\0\3ab")},
        {BYTES("\x82\x0d\0\0\0\1a\0\0\0\1b\0\0\0")},
        {BYTES("\x82\x0a\0\0\0\1a\0\0\0\2b")},
    };
    static uint8_t fragments[257 * 3] = {0x02, 1, 0, 0x00, 1, 0, 0x00, 1, 0, 0x00, 1, 253};
    static uint8_t large[10 + 20000] = {0x82, 127, 0, 0, 0, 0, 0, 0x20, 0, 1};
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    serve_bytes(&fixture, BYTES("\x82\x0a\0\0\0\1a\0\0\0\1b"));
    assert_int_equal(client.frames, 2);
    assert_int_equal(client.closed.why, WIRE_END_ASKED);
    /* In fragments, the first without a byte: right, if odd. */
    serve_bytes(&fixture, BYTES("\x02\x00\x80\x0a\0\0\0\1a\0\0\0\1b"));
    assert_int_equal(client.frames, 2);
    serve_bytes(&fixture, BYTES("\x02\x00\x00\x05\0\0\0\1a\x80\x05\0\0\0\1b"));
    assert_int_equal(client.frames, 2);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        serve_bytes(&fixture, wrong[i].bytes, wrong[i].size);
        if (client.frames != 0 || client.closed.why != WIRE_END_PROTOCOL) {
            fail_msg("case %zu: %u frames; %s", i, client.frames, client.closed.text);
        }
    }
    for (size_t i = 4; i < 257; i++) {
        fragments[3 * i + 1] = 1;
    }
    fragments[3 * 256] = 0x80;
    serve_bytes(&fixture, fragments, sizeof fragments);
    assert_int_equal(client.frames, 0);
    assert_int_equal(client.closed.why, WIRE_END_PROTOCOL);
    serve_bytes(&fixture, large, sizeof large);
    assert_int_equal(client.frames, 0);
    assert_int_equal(client.closed.why, WIRE_END_PROTOCOL);
    fixture_deinit(&fixture);
}

#define SLOW_NAME "slow.example"

static atomic_uint looking_up;
static atomic_bool resolver_works;

/* In place of the C library's: one name takes as long as the test wants. */
__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **out)
{
    int (*real)(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out);
    void *found = dlsym(RTLD_NEXT, "getaddrinfo");
    CHECK(found != NULL);
    memcpy(&real, &found, sizeof real);
    const struct timespec pause = {.tv_nsec = 1000000};
    if (node != NULL && strcmp(node, SLOW_NAME) == 0) {
        atomic_fetch_add(&looking_up, 1);
        while (!atomic_load(&resolver_works)) {
            (void)nanosleep(&pause, NULL);
        }
        return EAI_NONAME;
    }
    return real(node, service, hints, out);
}

static void wait_for_look_ups(uint32_t count)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (uint32_t i = 0; i < 20000 && atomic_load(&looking_up) < count; i++) {
        (void)nanosleep(&pause, NULL);
    }
    assert_int_equal(atomic_load(&looking_up), count);
}

/* Goal: a name look-up that hangs does not stop the caller: the time to connect holds,
 * a close is told at once, and the next connection is made when the resolver lets go. */
static void test_slow_name(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_start(&fixture);
    struct wire_options options;
    wire_options_default(&options);
    options.connect_timeout_ms = 300;
    client_new(&options);
    atomic_store(&resolver_works, false);
    assert_int_equal(wire_connect(client.wire, SLOW_NAME, 1, &fixture.pin), STATUS_OK);
    wait_for_look_ups(1);
    client_run_until(&client.ended, 1);
    assert_int_equal(client.closed.why, WIRE_END_TIMEOUT);
    assert_int_equal(wire_connect(client.wire, SLOW_NAME, 1, &fixture.pin), STATUS_OK);
    wire_close(client.wire);
    client_run_until(&client.ended, 2);
    assert_int_equal(client.closed.why, WIRE_END_ASKED);
    atomic_store(&resolver_works, true);
    for (uint32_t i = 0; i < 50 && client.opened == 0; i++) {
        uint32_t ended = client.ended;
        assert_int_equal(
            wire_connect(client.wire, "127.0.0.1", net_port(fixture.net), &fixture.pin), STATUS_OK);
        while (client.opened == 0 && client.ended == ended) {
            assert_int_equal(wire_service(client.wire, 100), STATUS_OK);
        }
    }
    assert_int_equal(client.opened, 1);
    wire_free(client.wire);
    /* The second was abandoned before the line could begin with it. */
    assert_int_equal(atomic_load(&looking_up), 1);
    fixture_deinit(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_servers),
        cmocka_unit_test(test_wrong_messages),
        cmocka_unit_test(test_slow_name),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
