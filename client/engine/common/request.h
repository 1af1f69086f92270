/*
 * Frames going out and the requests that wait for an answer. Internal to the engine.
 *
 * An answer belongs to a request by its 16 random bytes, never by order. Only a few are
 * under way at once: a round of syncing asks one thing after the other, except that the
 * next page of a section is asked for while the one before is still arriving.
 */
#pragma once

#include "keys/public/log/merkle.h"
#include "proto/ids.h"
#include "proto/message.h"
#include "proto/status.h"
#include "proto/words.h"

#define REQUEST_SLOTS 4u

/* A log's size and root as verified. */
struct seen_log {
    uint64_t size;
    struct hash root;
};

struct request {
    bool used;
    bool chunks;  /* its REPLY came, chunks are coming */
    bool again;   /* a page of what is held already, for the texts that did not open */
    bool discard; /* a page whose place is gone: the one before was dropped */
    struct request_id id;
    enum op op;
    struct seen_log events; /* what we told the server that we have verified */
    struct seen_log statements;
    uint64_t
        newest_ms;  /* of all leaves verified until then: what is written later is not earlier */
    size_t section; /* index in the engine's sections */
    size_t chain;   /* index in the engine's chains */
    uint64_t from, to;
    uint64_t ticket; /* of the outbox or the query */
    void *page;      /* what of a page has arrived; the page module's */
    uint8_t *pieces; /* of a chunk that comes in several frames */
    size_t pieces_size;
};

struct request_frame {
    struct request_frame *next;
    uint8_t *data;
    size_t size;
};

struct requests {
    struct request slots[REQUEST_SLOTS];
    struct request_frame *first;
    struct request_frame *last;
    struct request_frame *given; /* what request_next_frame lent out */
};

/* Drops all frames; slots must have been released by their owners. */
void request_deinit(struct requests *requests);

/* Queues one frame with a packed |body|. |id| NULL: none. STATUS_NO_MEMORY. */
MUST_CHECK enum status request_frame(struct requests *requests, enum frame_kind kind,
                                     const struct request_id *id, uint32_t code,
                                     const ProtobufCMessage *body);
/* Queues a REQUEST and takes a slot for it. |id| NULL: drawn here. STATUS_BUSY when all are
 * taken, STATUS_NO_MEMORY. */
MUST_CHECK enum status request_ask(struct requests *requests, enum op op,
                                   const struct request_id *id, const ProtobufCMessage *body,
                                   struct request **out_request);
/* The same with a body packed before. */
MUST_CHECK enum status request_ask_bytes(struct requests *requests, enum op op,
                                         const struct request_id *id, struct span body,
                                         struct request **out_request);
struct request *request_find(struct requests *requests, ProtobufCBinaryData id);
void request_release(struct request *request);
size_t request_count(const struct requests *requests);
bool request_next_frame(struct requests *requests, struct span *out_frame);
