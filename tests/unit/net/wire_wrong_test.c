/* The client's transport against servers that are wrong. */
#include "tests/unit/net/wire_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_servers),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
