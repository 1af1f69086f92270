/*
 * Inside client/wire: the wire itself, shared by wire.c (life and sending), session.c
 * (what happens on the connection) and watch.c (other descriptors).
 */
#pragma once

#include <libwebsockets.h>

#include "client/wire/queue.h"
#include "client/wire/tls.h"
#include "client/wire/wire.h"

#define WATCHES_MAX          64u
#define WATCH_PROTOCOL       "watch"
#define HOST_BYTES_MAX       256u
#define WIRE_RX_BUFFER_BYTES 16384u

enum wire_state { WIRE_IDLE, WIRE_CONNECTING, WIRE_OPEN };

/* The list entry comes first, so that the library's pointer to it is one to this. */
struct wire_timer {
    lws_sorted_usec_list_t entry;
    struct wire *wire;
};

struct watch {
    struct wire *wire;
    struct lws *wsi;
    int fd;
    bool used;
    void (*on_readable)(void *state, int fd);
    void *state;
};

struct wire {
    struct wire_options options;
    struct wire_handler handler;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    struct lws *wsi;
    enum wire_state state;
    struct tls_pin pin;
    void *tls;       /* tls_client_new */
    bool closing;    /* wire_close was called */
    bool in_connect; /* an end now is told by the next wire_service */
    bool end_waits;
    enum wire_end waiting_end;
    uint16_t close_code;
    char host[HOST_BYTES_MAX];
    struct wire_timer timer;      /* connecting or closing takes too long */
    lws_sorted_usec_list_t sleep; /* ends a wire_service that waits */
    lws_retry_bo_t idle_policy;
    struct queue queue;
    uint8_t *message; /* one that is not whole yet */
    size_t message_size;
    size_t message_capacity;
    uint32_t fragments;
    struct watch watches[WATCHES_MAX];
    uint8_t buffer[LWS_PRE + QUEUE_FRAGMENT_BYTES];
};

/* The library's callback for the protocol WATCH_PROTOCOL. */
int watch_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                size_t size);

/* The library's callback for the connection itself. */
int session_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t size);

/* The connection is over for the caller (on_closed); what the library still does
 * with its socket is of no interest any more. No-op when idle. */
void session_finish(struct wire *wire, enum wire_end why);
/* Same, and the socket goes too. */
void session_abandon(struct wire *wire, enum wire_end why);
/* Calls on_closed for an end that had to wait. */
void session_tell_end(struct wire *wire);
/* From what TLS came to, why no connection came about. */
enum wire_end session_connect_failure(const struct wire *wire);
/* The connection is abandoned when connect_timeout_ms are over. */
void session_start_timer(struct wire *wire);
