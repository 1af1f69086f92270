/*
 * A logged-in connection that may send any frame, over raw_ws.h. One thread.
 */
#pragma once

#include "keys/private/keystore.h"
#include "proto/message.h"
#include "proto/words.h"
#include "tests/support/raw_ws.h"

enum session_end {
    SESSION_ANSWERED, /* the request sent after it was answered */
    SESSION_CLOSED,   /* the server ended the connection */
    SESSION_SILENT,   /* neither: the server is stuck, or the connection is */
};

struct session {
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
bool session_connect(struct session *session, uint16_t port);
/* Logs in after it. False: refused or closed. */
bool session_login(struct session *session, const struct keystore_content *content);
void session_close(struct session *session);

/* A packed Frame; the caller frees |*out_bytes|. */
void session_pack(uint32_t kind, uint32_t code, const struct request_id *id, struct span body,
                  uint8_t **out_bytes, size_t *out_size);

/* Sends these bytes as one frame, then a request that is in order, and waits for what comes of
 * it. Every answer has to be a frame of the protocol. */
enum session_end session_try(struct session *session, struct span frame);
