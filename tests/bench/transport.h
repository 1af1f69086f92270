/*
 * Many websocket connections over TLS 1.3 from one thread, for measuring: epoll,
 * OpenSSL and just enough of RFC 6455. It checks no certificate and trusts its
 * peer to keep to the protocol; nothing but a benchmark may use it. One thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct transport;
struct transport_connection;

enum {
    TRANSPORT_EXPORTER_BYTES = 32,
};

struct transport_handler {
    void *state;
    void (*on_open)(void *state, struct transport_connection *connection);
    /* One whole message; the bytes are borrowed until this returns. */
    void (*on_message)(void *state, struct transport_connection *connection, const uint8_t *bytes,
                       size_t size);
    /* Also when opening failed. The connection is gone after this returns. */
    void (*on_closed)(void *state, struct transport_connection *connection);
};

/* |protocol| is the websocket subprotocol; strings are borrowed. Ends the process
 * when it cannot be set up. */
struct transport *transport_new(uint16_t port, const char *protocol,
                                const struct transport_handler *handler);
void transport_free(struct transport *transport);

/* Starts connecting; |user| is kept with it. */
struct transport_connection *transport_connect(struct transport *transport, void *user);
void *transport_user(const struct transport_connection *connection);

/* Sends one binary message; bytes are copied when they cannot go out at once. */
void transport_send(struct transport_connection *connection, const uint8_t *bytes, size_t size);

/* Ends it; on_closed is called from the next transport_poll. */
void transport_close(struct transport_connection *connection);

/* The channel binding of RFC 9266. */
void transport_exporter(struct transport_connection *connection,
                        uint8_t out[TRANSPORT_EXPORTER_BYTES]);

/* Handles what is there, waiting at most so long. */
void transport_poll(struct transport *transport, int timeout_ms);

/* Microseconds of a clock that only goes forward. */
uint64_t transport_now_us(void);
