#include "tests/support/raw_ws.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define WAIT_S        20
#define MESSAGE_BYTES (4u << 20)

struct raw_ws {
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
    char response[4096];
    uint8_t *message; /* what is left of the last message read */
    size_t message_size;
    size_t message_at;
    bool timed_out;
    int close_code;
    bool close_seen;
};

struct raw_options raw_options_good(uint16_t port)
{
    struct raw_options options = {.port = port, .subprotocol = "alcove.v1"};
    return options;
}

static bool open_tcp(struct raw_ws *ws, const struct raw_options *options)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(options->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ws->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (ws->fd < 0) {
        return false;
    }
    if (options->receive_buffer_bytes != 0) {
        const int size = (int)options->receive_buffer_bytes;
        (void)setsockopt(ws->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    }
    const struct timeval wait = {.tv_sec = WAIT_S};
    (void)setsockopt(ws->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    (void)setsockopt(ws->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    const int on = 1;
    (void)setsockopt(ws->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return connect(ws->fd, (const struct sockaddr *)&address, sizeof address) == 0;
}

static bool open_tls(struct raw_ws *ws, const struct raw_options *options)
{
    ws->ctx = SSL_CTX_new(TLS_client_method());
    CHECK(ws->ctx != NULL);
    SSL_CTX_set_verify(ws->ctx, SSL_VERIFY_NONE, NULL);
    if (options->tls_version_max != 0) {
        CHECK(SSL_CTX_set_max_proto_version(ws->ctx, options->tls_version_max) == 1);
    }
    ws->ssl = SSL_new(ws->ctx);
    CHECK(ws->ssl != NULL && SSL_set_fd(ws->ssl, ws->fd) == 1);
    if (SSL_connect(ws->ssl) != 1) {
        ERR_clear_error();
        return false;
    }
    return true;
}

static void build_request(const struct raw_options *options, char *out, size_t cap)
{
    int size = snprintf(
        out, cap,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n%s%s%s%s%s%s%s\r\n",
        options->path == NULL ? "/" : options->path,
        options->subprotocol == NULL ? "" : "Sec-WebSocket-Protocol: ",
        options->subprotocol == NULL ? "" : options->subprotocol,
        options->subprotocol == NULL ? "" : "\r\n",
        options->origin == NULL ? "" : "Origin: ", options->origin == NULL ? "" : options->origin,
        options->origin == NULL ? "" : "\r\n", options->more == NULL ? "" : options->more);
    CHECK(size > 0 && (size_t)size < cap);
}

static bool read_exactly(struct raw_ws *ws, void *bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        int got = SSL_read(ws->ssl, (uint8_t *)bytes + at, (int)(size - at));
        if (got <= 0) {
            ws->timed_out = SSL_get_error(ws->ssl, got) == SSL_ERROR_WANT_READ;
            ERR_clear_error();
            return false;
        }
        at += (size_t)got;
    }
    return true;
}

static enum raw_result read_response(struct raw_ws *ws)
{
    size_t at = 0;
    while (at + 1 < sizeof ws->response) {
        if (!read_exactly(ws, ws->response + at, 1)) {
            break;
        }
        at++;
        if (at >= 4 && memcmp(ws->response + at - 4, "\r\n\r\n", 4) == 0) {
            break;
        }
    }
    ws->response[at] = '\0';
    if (at == 0) {
        return RAW_CLOSED;
    }
    return strncmp(ws->response, "HTTP/1.1 101", 12) == 0 ? RAW_UPGRADED : RAW_HTTP_REFUSED;
}

enum raw_result raw_ws_connect(const struct raw_options *options, struct raw_ws **out_ws)
{
    struct raw_ws *ws = calloc(1, sizeof *ws);
    CHECK(ws != NULL);
    *out_ws = ws;
    if (!open_tcp(ws, options)) {
        return RAW_NO_TCP;
    }
    if (!open_tls(ws, options)) {
        return RAW_TLS_FAILED;
    }
    char request[2048];
    if (options->request == NULL) {
        build_request(options, request, sizeof request);
    } else {
        (void)snprintf(request, sizeof request, "%s", options->request);
    }
    if (!raw_ws_write(ws, request, strlen(request))) {
        return RAW_CLOSED;
    }
    return read_response(ws);
}

void raw_ws_free(struct raw_ws *ws)
{
    if (ws == NULL) {
        return;
    }
    SSL_free(ws->ssl);
    SSL_CTX_free(ws->ctx);
    if (ws->fd >= 0) {
        (void)close(ws->fd);
    }
    free(ws->message);
    free(ws);
}

const char *raw_ws_response(const struct raw_ws *ws)
{
    return ws->response;
}

void raw_ws_exporter(struct raw_ws *ws, uint8_t out_exporter[32])
{
    static const char LABEL[] = "EXPORTER-Channel-Binding";
    CHECK(SSL_export_keying_material(ws->ssl, out_exporter, 32, LABEL, sizeof LABEL - 1,
                                     (const uint8_t *)"", 0, 1) == 1);
}

bool raw_ws_write(struct raw_ws *ws, const void *bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        size_t take = size - at < 16384 ? size - at : 16384;
        int put = SSL_write(ws->ssl, (const uint8_t *)bytes + at, (int)take);
        if (put <= 0) {
            ERR_clear_error();
            return false;
        }
        at += (size_t)put;
    }
    return true;
}

static size_t put_header(uint8_t first_byte, size_t size, uint8_t *out)
{
    out[0] = first_byte;
    size_t at = 2;
    if (size < 126) {
        out[1] = (uint8_t)(0x80 | size);
    } else if (size < 65536) {
        out[1] = 0x80 | 126;
        out[2] = (uint8_t)(size >> 8);
        out[3] = (uint8_t)size;
        at = 4;
    } else {
        out[1] = 0x80 | 127;
        for (size_t i = 0; i < 8; i++) {
            out[2 + i] = (uint8_t)((uint64_t)size >> (56 - 8 * i));
        }
        at = 10;
    }
    memset(out + at, 0x5a, 4);
    return at + 4;
}

bool raw_ws_key_update(struct raw_ws *ws)
{
    const bool sent = SSL_key_update(ws->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
                      SSL_do_handshake(ws->ssl) == 1;
    ERR_clear_error();
    return sent;
}

bool raw_ws_frame(struct raw_ws *ws, uint8_t first_byte, const void *bytes, size_t size)
{
    uint8_t *frame = malloc(14 + size);
    CHECK(frame != NULL);
    size_t at = put_header(first_byte, size, frame);
    for (size_t i = 0; i < size; i++) {
        frame[at + i] = ((const uint8_t *)bytes)[i] ^ 0x5a;
    }
    bool written = raw_ws_write(ws, frame, at + size);
    free(frame);
    return written;
}

bool raw_ws_send(struct raw_ws *ws, const void *bytes, size_t size)
{
    uint8_t *packed = malloc(4 + size);
    CHECK(packed != NULL);
    packed[0] = (uint8_t)(size >> 24);
    packed[1] = (uint8_t)(size >> 16);
    packed[2] = (uint8_t)(size >> 8);
    packed[3] = (uint8_t)size;
    if (size > 0) {
        memcpy(packed + 4, bytes, size);
    }
    bool sent = raw_ws_frame(ws, 0x82, packed, 4 + size);
    free(packed);
    return sent;
}

static bool read_frame(struct raw_ws *ws, uint8_t *out_first_byte, uint8_t *buffer, size_t cap,
                       size_t *out_size)
{
    uint8_t head[8];
    if (!read_exactly(ws, head, 2)) {
        return false;
    }
    *out_first_byte = head[0];
    uint64_t size = head[1] & 0x7f;
    size_t extra = 0;
    if (size == 126) {
        extra = 2;
    } else if (size == 127) {
        extra = 8;
    }
    if (extra != 0) {
        if (!read_exactly(ws, head, extra)) {
            return false;
        }
        size = 0;
        for (size_t i = 0; i < extra; i++) {
            size = size << 8 | head[i];
        }
    }
    CHECK(size <= cap);
    *out_size = (size_t)size;
    return read_exactly(ws, buffer, (size_t)size);
}

bool raw_ws_read(struct raw_ws *ws, uint8_t *out_opcode, uint8_t *buffer, size_t cap,
                 size_t *out_size)
{
    uint8_t first_byte = 0;
    if (!read_frame(ws, &first_byte, buffer, cap, out_size)) {
        return false;
    }
    *out_opcode = first_byte & 0x0f;
    if (*out_opcode == 8) {
        ws->close_seen = true;
        ws->close_code = *out_size >= 2 ? buffer[0] << 8 | buffer[1] : 0;
    }
    return true;
}

/* Reads one whole data message. */
static bool read_message(struct raw_ws *ws)
{
    if (ws->message == NULL) {
        ws->message = malloc(MESSAGE_BYTES);
        CHECK(ws->message != NULL);
    }
    ws->message_size = 0;
    ws->message_at = 0;
    uint8_t first_byte = 0;
    do {
        uint8_t *at = ws->message + ws->message_size;
        size_t size = 0;
        if (!read_frame(ws, &first_byte, at, MESSAGE_BYTES - ws->message_size, &size)) {
            return false;
        }
        if ((first_byte & 0x0f) == 8) {
            ws->close_seen = true;
            ws->close_code = size >= 2 ? at[0] << 8 | at[1] : 0;
            return false;
        }
        if ((first_byte & 0x08) == 0) {
            ws->message_size += size;
        } else {
            first_byte = 0; /* a ping or pong between fragments */
        }
    } while ((first_byte & 0x80) == 0);
    return true;
}

bool raw_ws_receive(struct raw_ws *ws, uint8_t *buffer, size_t cap, size_t *out_size)
{
    if (ws->message_at == ws->message_size && !read_message(ws)) {
        return false;
    }
    CHECK(ws->message_size - ws->message_at >= 4);
    const uint8_t *at = ws->message + ws->message_at;
    size_t size = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
    CHECK(size > 0 && size <= ws->message_size - ws->message_at - 4 && size <= cap);
    memcpy(buffer, at + 4, size);
    ws->message_at += 4 + size;
    *out_size = size;
    return true;
}

int raw_ws_wait_close(struct raw_ws *ws)
{
    ws->timed_out = false;
    while (!ws->close_seen && read_message(ws)) {
    }
    if (ws->timed_out) {
        return -1;
    }
    return ws->close_seen ? ws->close_code : 0;
}
