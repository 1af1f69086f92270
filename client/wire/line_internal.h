/*
 * Inside client/wire: the line's own state, shared by line.c (thread and library) and
 * socket.c (what happens on the connection). Only the line's thread touches it once
 * that runs.
 */
#pragma once

#include <libwebsockets.h>

#include "client/wire/line.h"
#include "client/wire/tls.h"

/* The plain text of one TLS record: what the library reads at once. */
#define LINE_RX_BYTES 16384u

struct line {
    struct post *post;
    pthread_t thread;
    uint32_t connect_timeout_ms;
    uint32_t message_bytes_max;
    struct lws_context *lws;
#if LWS_LIBRARY_VERSION_NUMBER >= 4003000
    lws_log_cx_t log; /* its users are counted, without a lock: one for each thread */
#endif
    struct lws_vhost *vhost;
    lws_retry_bo_t idle_policy;
    void *tls;           /* tls_client_new */
    struct tls_pin pin;  /* of the connection */
    uint64_t connection; /* the post's number for it */
    bool live;           /* the caller was not yet told that it ended */
    struct lws *wsi;     /* NULL: there is none, or only one of an earlier connection */
    struct post_target target;
    uint16_t close_code;
    struct post_message *message; /* one that is not whole yet */
    uint32_t fragments;
    uint8_t buffer[LWS_PRE + QUEUE_FRAGMENT_BYTES];
};

/* Begins to connect to line->target. */
void socket_begin(struct line *line);
/* Ends the connection without a word to caller or server. */
void socket_drop(struct line *line);
/* Tells the caller that the connection is over. Does nothing when that was told already. */
void socket_end(struct line *line, enum wire_end why);

/* The library's callback for the connection. */
int socket_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                 size_t size);
