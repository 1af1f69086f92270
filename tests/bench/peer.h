/*
 * A member's connection as a load generator needs it: login and requests over
 * transport.h, by the letter of PROTOCOL.md but without verifying anything the
 * server says. What must be verified is the engine's; this only makes load.
 * A failure that should not happen ends the process. One thread.
 */
#pragma once

#include "keys/private/keystore.h"
#include "proto/message.h"
#include "proto/words.h"

struct peers; /* all connections of this process */
struct peer;  /* one of them */

struct peer_frame {
    uint32_t kind; /* FRAME_REPLY or FRAME_CHUNK */
    uint32_t code; /* status */
    struct span body;
    bool done; /* no more frames for this request */
};
typedef void peer_on_frame(void *context, struct peer *peer, const struct peer_frame *frame);

struct peer_handler {
    void *state;
    void (*on_ready)(void *state, struct peer *peer);                          /* logged in */
    void (*on_push)(void *state, struct peer *peer, const Alcove__Push *push); /* may be NULL */
    /* |status|: what the login was answered, or STATUS_OFFLINE. */
    void (*on_closed)(void *state, struct peer *peer, enum status status);
};

/* All log in as the device of |content|, which is borrowed. */
struct peers *peers_new(uint16_t port, const struct keystore_content *content,
                        const struct peer_handler *handler);
void peers_free(struct peers *peers);
/* Handles what is there, waiting at most so long. */
void peers_poll(struct peers *peers, int timeout_ms);
const struct keystore_content *peers_content(const struct peers *peers);

/* |index| is the caller's name for it. */
void peers_connect(struct peers *peers, size_t index);
size_t peer_index(const struct peer *peer);
void peer_close(struct peer *peer);

/* Sends one request; frames of its answer come to |on_frame|. Returns the bytes sent. */
size_t peer_ask(struct peer *peer, uint32_t op, const ProtobufCMessage *message,
                peer_on_frame *on_frame, void *context);
/* The same with a body packed before, so that packing is not measured. */
size_t peer_ask_bytes(struct peer *peer, uint32_t op, struct span body, peer_on_frame *on_frame,
                      void *context);
/* The id of the request that was sent last. */
struct request_id peers_last_request(const struct peers *peers);
/* Bytes of messages received so far, over all connections. */
uint64_t peers_received_bytes(const struct peers *peers);

uint64_t peer_now_us(void);

/* Ends the process with the words when it does not hold. */
void peer_must(bool ok, const char *what);
