#include "tests/bench/transport.h"

#include "tests/bench/framing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 512,
    READ_BYTES = 1 << 17,
};

enum phase {
    PHASE_HANDSHAKE,
    PHASE_UPGRADE,
    PHASE_OPEN,
    PHASE_CLOSING,
};

struct buffer {
    uint8_t *bytes;
    size_t size;
    size_t room;
};

struct transport_connection {
    struct transport *transport;
    void *user;
    SSL *tls;
    int fd;
    enum phase phase;
    int wants_out;
    struct buffer in;      /* bytes of frames that are not whole yet */
    struct buffer message; /* fragments of a message that is not whole yet */
    struct buffer out;
    struct transport_connection *next_closing;
};

struct transport {
    struct transport_handler handler;
    const char *protocol;
    SSL_CTX *tls;
    int epoll;
    struct sockaddr_in address;
    struct transport_connection *closing;
    uint8_t read[READ_BYTES];
};

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static void append(struct buffer *buffer, const uint8_t *bytes, size_t size)
{
    if (buffer->size + size > buffer->room) {
        const size_t room = (buffer->size + size) * 2;
        uint8_t *grown = realloc(buffer->bytes, room);
        must(grown != NULL, "memory");
        buffer->bytes = grown;
        buffer->room = room;
    }
    memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
}

/* Idle connections must hold no memory, or their count would be limited by ours. */
static void drop_front(struct buffer *buffer, size_t size)
{
    buffer->size -= size;
    if (buffer->size == 0) {
        free(buffer->bytes);
        *buffer = (struct buffer){0};
    } else {
        memmove(buffer->bytes, buffer->bytes + size, buffer->size);
    }
}

uint64_t transport_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

struct transport *transport_new(uint16_t port, const char *protocol,
                                const struct transport_handler *handler)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    struct transport *transport = calloc(1, sizeof *transport);
    must(transport != NULL, "memory");
    transport->handler = *handler;
    transport->protocol = protocol;
    transport->tls = SSL_CTX_new(TLS_client_method());
    must(transport->tls != NULL, "TLS");
    SSL_CTX_set_min_proto_version(transport->tls, TLS1_3_VERSION);
    SSL_CTX_set_verify(transport->tls, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_mode(transport->tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                         SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                         SSL_MODE_RELEASE_BUFFERS);
    static const uint8_t http[] = "\x08http/1.1";
    (void)SSL_CTX_set_alpn_protos(transport->tls, http, sizeof http - 1);
    transport->epoll = epoll_create1(EPOLL_CLOEXEC);
    must(transport->epoll >= 0, "epoll");
    transport->address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return transport;
}

void transport_free(struct transport *transport)
{
    if (transport != NULL) {
        SSL_CTX_free(transport->tls);
        close(transport->epoll);
        free(transport);
    }
}

void *transport_user(const struct transport_connection *connection)
{
    return connection->user;
}

void transport_close(struct transport_connection *connection)
{
    if (connection->phase != PHASE_CLOSING) {
        connection->phase = PHASE_CLOSING;
        connection->next_closing = connection->transport->closing;
        connection->transport->closing = connection;
    }
}

static void watch(struct transport_connection *connection, int operation, int wants_out)
{
    struct epoll_event event = {.events = EPOLLIN | (wants_out ? EPOLLOUT : 0),
                                .data.ptr = connection};
    must(epoll_ctl(connection->transport->epoll, operation, connection->fd, &event) == 0,
         "epoll_ctl");
    connection->wants_out = wants_out;
}

/* False when the connection is broken. */
static int may_retry(struct transport_connection *connection, int result, int *out_wants_out)
{
    const int error = SSL_get_error(connection->tls, result);
    *out_wants_out = error == SSL_ERROR_WANT_WRITE;
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void flush(struct transport_connection *connection)
{
    int wants_out = 0;
    size_t sent = 0;
    while (sent < connection->out.size && connection->phase != PHASE_CLOSING) {
        const size_t rest = connection->out.size - sent;
        const int count = SSL_write(connection->tls, connection->out.bytes + sent,
                                    rest > READ_BYTES ? READ_BYTES : (int)rest);
        if (count > 0) {
            sent += (size_t)count;
        } else if (may_retry(connection, count, &wants_out)) {
            wants_out = 1;
            break;
        } else {
            transport_close(connection);
        }
    }
    if (sent > 0) {
        drop_front(&connection->out, sent);
    }
    if (wants_out != connection->wants_out && connection->phase != PHASE_CLOSING) {
        watch(connection, EPOLL_CTL_MOD, wants_out);
    }
}

static void send_frame(struct transport_connection *connection, uint8_t opcode,
                       const uint8_t *bytes, size_t size)
{
    uint8_t head[FRAMING_HEAD_BYTES_MAX];
    append(&connection->out, head, framing_head(opcode, size, head));
    append(&connection->out, bytes, size);
    flush(connection);
}

void transport_send(struct transport_connection *connection, const uint8_t *bytes, size_t size)
{
    if (connection->phase == PHASE_OPEN) {
        send_frame(connection, 2, bytes, size);
    }
}

void transport_exporter(struct transport_connection *connection,
                        uint8_t out[TRANSPORT_EXPORTER_BYTES])
{
    static const char label[] = "EXPORTER-Channel-Binding";
    must(SSL_export_keying_material(connection->tls, out, TRANSPORT_EXPORTER_BYTES, label,
                                    sizeof label - 1, (const uint8_t *)"", 0, 1) == 1,
         "exporter");
}

struct transport_connection *transport_connect(struct transport *transport, void *user)
{
    struct transport_connection *connection = calloc(1, sizeof *connection);
    must(connection != NULL, "memory");
    connection->transport = transport;
    connection->user = user;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(connection->fd >= 0, "socket");
    must(connect(connection->fd, (const struct sockaddr *)&transport->address,
                 sizeof transport->address) == 0,
         "connect");
    must(fcntl(connection->fd, F_SETFL, O_NONBLOCK) == 0, "O_NONBLOCK");
    const int on = 1;
    (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection->tls = SSL_new(transport->tls);
    must(connection->tls != NULL && SSL_set_fd(connection->tls, connection->fd) == 1, "TLS");
    SSL_set_connect_state(connection->tls);
    watch(connection, EPOLL_CTL_ADD, 1);
    return connection;
}

static void handshake(struct transport_connection *connection)
{
    const int result = SSL_do_handshake(connection->tls);
    int wants_out = 0;
    if (result != 1) {
        if (!may_retry(connection, result, &wants_out)) {
            transport_close(connection);
        } else if (wants_out != connection->wants_out) {
            watch(connection, EPOLL_CTL_MOD, wants_out);
        }
        return;
    }
    char text[512];
    const int size =
        snprintf(text, sizeof text,
                 "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
                 connection->transport->protocol);
    connection->phase = PHASE_UPGRADE;
    append(&connection->out, (const uint8_t *)text, (size_t)size);
    flush(connection);
}

static void take_frame(struct transport_connection *connection, const struct framing *frame)
{
    const struct transport_handler *handler = &connection->transport->handler;
    if (frame->opcode == 8) {
        transport_close(connection);
    } else if (frame->opcode == 9) {
        send_frame(connection, 10, frame->bytes, frame->size);
    } else if (frame->opcode <= 2 && frame->final && connection->message.size == 0) {
        handler->on_message(handler->state, connection, frame->bytes, frame->size);
    } else if (frame->opcode <= 2) {
        append(&connection->message, frame->bytes, frame->size);
        if (frame->final) {
            handler->on_message(handler->state, connection, connection->message.bytes,
                                connection->message.size);
            drop_front(&connection->message, connection->message.size);
        }
    }
}

/* Takes all whole frames out of |bytes| and returns how much they were. */
static size_t take_frames(struct transport_connection *connection, const uint8_t *bytes,
                          size_t size)
{
    size_t used = 0;
    struct framing frame;
    while (connection->phase == PHASE_OPEN && framing_parse(bytes + used, size - used, &frame)) {
        take_frame(connection, &frame);
        used += frame.whole;
    }
    return used;
}

/* The answer to the upgrade; returns how much of it was taken. */
static size_t take_upgrade(struct transport_connection *connection, const uint8_t *bytes,
                           size_t size)
{
    const uint8_t *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (end == NULL) {
        return 0;
    }
    if (size < 12 || memcmp(bytes, "HTTP/1.1 101", 12) != 0) {
        fprintf(stderr, "no upgrade: %.*s\n", (int)(end - bytes), (const char *)bytes);
        transport_close(connection);
        return size;
    }
    connection->phase = PHASE_OPEN;
    connection->transport->handler.on_open(connection->transport->handler.state, connection);
    return (size_t)(end - bytes) + 4;
}

static void take_bytes(struct transport_connection *connection, const uint8_t *bytes, size_t size)
{
    const int buffered = connection->in.size > 0;
    if (buffered) {
        append(&connection->in, bytes, size);
        bytes = connection->in.bytes;
        size = connection->in.size;
    }
    size_t used = 0;
    if (connection->phase == PHASE_UPGRADE) {
        used = take_upgrade(connection, bytes, size);
    }
    used += take_frames(connection, bytes + used, size - used);
    if (buffered) {
        drop_front(&connection->in, used);
    } else if (used < size) {
        append(&connection->in, bytes + used, size - used);
    }
}

static void readable(struct transport_connection *connection)
{
    struct transport *transport = connection->transport;
    int wants_out = 0;
    while (connection->phase == PHASE_UPGRADE || connection->phase == PHASE_OPEN) {
        /* Records are read until nothing is left, to hand over whole messages at once. */
        size_t size = 0;
        int count = 1;
        while (size < READ_BYTES && count > 0) {
            count = SSL_read(connection->tls, transport->read + size, (int)(READ_BYTES - size));
            size += count > 0 ? (size_t)count : 0;
        }
        /* Asked before anything is written: a write changes OpenSSL's answer. */
        const int broken = count <= 0 && !may_retry(connection, count, &wants_out);
        if (size > 0) {
            take_bytes(connection, transport->read, size);
        }
        if (broken) {
            transport_close(connection);
        }
        if (count <= 0) {
            return;
        }
    }
}

static void end(struct transport_connection *connection)
{
    const struct transport_handler *handler = &connection->transport->handler;
    handler->on_closed(handler->state, connection);
    (void)SSL_shutdown(connection->tls);
    SSL_free(connection->tls);
    close(connection->fd);
    free(connection->in.bytes);
    free(connection->message.bytes);
    free(connection->out.bytes);
    free(connection);
}

void transport_poll(struct transport *transport, int timeout_ms)
{
    struct epoll_event events[EVENTS_MAX];
    const int count = epoll_wait(transport->epoll, events, EVENTS_MAX, timeout_ms);
    for (int i = 0; i < count; i++) {
        struct transport_connection *connection = events[i].data.ptr;
        if (connection->phase == PHASE_HANDSHAKE) {
            handshake(connection);
        }
        if (connection->phase == PHASE_UPGRADE || connection->phase == PHASE_OPEN) {
            if ((events[i].events & EPOLLOUT) != 0) {
                flush(connection);
            }
            readable(connection);
        }
    }
    while (transport->closing != NULL) {
        struct transport_connection *connection = transport->closing;
        transport->closing = connection->next_closing;
        end(connection);
    }
}
