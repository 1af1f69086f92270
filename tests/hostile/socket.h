/*
 * A logged-in connection that may send any frame, over raw_ws.h. One thread.
 */
#pragma once

#include "keys/private/keystore.h"
#include "proto/message.h"
#include "proto/words.h"
#include "tests/support/raw_ws.h"

enum socket_end {
    SOCKET_ANSWERED, /* the request sent after it was answered */
    SOCKET_CLOSED,   /* the server ended the connection */
    SOCKET_SILENT,   /* neither: the server is stuck, or the connection is */
};

struct attack_socket {
    struct raw_ws *ws;
    struct span_buffer {
        uint8_t bytes[1 << 17];
        size_t size;
    } hello;
    uint64_t asked;
    uint32_t last_status; /* of the last frame that was an answer to something else */
    uint64_t answers;     /* of those */
};

/* Connects and waits for the Hello. False: refused. */
bool socket_connect(struct attack_socket *socket, uint16_t port);
/* Logs in after it. False: refused or closed. */
bool socket_login(struct attack_socket *socket, const struct keystore_content *content);
void socket_close(struct attack_socket *socket);

/* A packed Frame; the caller frees |*out_bytes|. */
void socket_pack(uint32_t kind, uint32_t code, const struct request_id *id, struct span body,
                 uint8_t **out_bytes, size_t *out_size);

/* Sends these bytes as one frame, then a request that is in order, and waits for what comes of
 * it. Every answer has to be a frame of the protocol. */
enum socket_end socket_try(struct attack_socket *socket, struct span frame);
