/*
 * A websocket client that does what it is told, also what no client should:
 * any header, any TLS version, any frame. For tests that attack the server.
 * Blocking, with a bound on every wait. Loopback only.
 */
#pragma once

#include "proto/span.h"

struct raw_ws;

enum raw_result {
    RAW_UPGRADED,
    RAW_HTTP_REFUSED, /* an HTTP status other than 101 */
    RAW_TLS_FAILED,
    RAW_CLOSED, /* closed without a word after TLS */
    RAW_NO_TCP,
};

struct raw_options {
    uint16_t port;
    int tls_version_max;           /* an OpenSSL version number; 0: what OpenSSL offers */
    const char *request;           /* the whole HTTP request; NULL: built from what follows */
    const char *path;              /* NULL: "/" */
    const char *subprotocol;       /* NULL: no such header */
    const char *origin;            /* NULL: no such header */
    const char *more;              /* further header lines, each with CRLF; may be NULL */
    uint32_t receive_buffer_bytes; /* SO_RCVBUF; 0: the kernel's */
};

/* The one right way to connect. */
struct raw_options raw_options_good(uint16_t port);

/* Always gives a struct; after anything but RAW_UPGRADED only free it. */
enum raw_result raw_ws_connect(const struct raw_options *options, struct raw_ws **out_ws);
/* NULL is allowed. Closes the socket without a closing handshake. */
void raw_ws_free(struct raw_ws *ws);

/* What the server answered to the upgrade, NUL-terminated. */
const char *raw_ws_response(const struct raw_ws *ws);
/* RFC 9266 tls-exporter. */
void raw_ws_exporter(struct raw_ws *ws, uint8_t out_exporter[32]);

/* Writes bytes into the TLS stream as they are. False: the connection is gone. */
bool raw_ws_write(struct raw_ws *ws, const void *bytes, size_t size);
/* One TLS 1.3 KeyUpdate (RFC 8446 4.6.3) that asks for none in return: no data. */
bool raw_ws_key_update(struct raw_ws *ws);
/* One masked websocket frame; first_byte is FIN, RSV and opcode. */
bool raw_ws_frame(struct raw_ws *ws, uint8_t first_byte, const void *bytes, size_t size);
/* One binary message that holds one packed frame. */
bool raw_ws_send(struct raw_ws *ws, const void *bytes, size_t size);

/* The next websocket frame: opcode, and up to cap bytes of payload. False: the
 * connection is gone, or nothing came for 20 s. */
bool raw_ws_read(struct raw_ws *ws, uint8_t *out_opcode, uint8_t *buffer, size_t cap,
                 size_t *out_size);
/* The next packed frame, whatever message it came in; pongs are passed over.
 * False also when a close frame came. */
bool raw_ws_receive(struct raw_ws *ws, uint8_t *buffer, size_t cap, size_t *out_size);
/* Reads on until the connection is over; the code of the close frame, or 0 if
 * there was none, or -1 if it is still open after 20 s of silence. */
int raw_ws_wait_close(struct raw_ws *ws);
