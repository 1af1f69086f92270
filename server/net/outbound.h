/*
 * The output that waits on one connection, in order: frames, streams, and a
 * request to close. Knows nothing of sockets: it fills a buffer with the next
 * piece, and the owner writes it. Used by one thread at a time.
 */
#pragma once

#include "server/net/net.h"

enum outbound_kind {
    OUTBOUND_FRAME,
    OUTBOUND_STREAM,
    OUTBOUND_CLOSE,
    /* Not queued on a connection; the inbox of its thread carries them. */
    OUTBOUND_ADMIT,
    OUTBOUND_CUT,
};

struct outbound_item {
    struct outbound_item *next;
    uint64_t connection;
    enum outbound_kind kind;
    enum net_frame_kind frame_kind;
    uint32_t value; /* a close code, or a message limit */
    size_t size;
    uint8_t *bytes;
    struct net_stream stream;
};

struct outbound {
    struct outbound_item *head;
    struct outbound_item *tail;
    size_t queued_bytes; /* of frames; a stream holds none */
    size_t head_sent;    /* bytes of the head frame that went out */
};

/* One websocket frame to write. */
struct outbound_piece {
    struct packing_piece packed;
    uint32_t frames; /* frames that are wholly out with this piece */
    uint32_t answers;
    uint16_t close_code; /* not 0: everything before has gone; close now */
};

/* Frees the item and what it owns; a stream's close is called. NULL is allowed. */
void outbound_item_free(struct outbound_item *item);

/* Moves item to the end of the queue. */
void outbound_add(struct outbound *out, struct outbound_item *item);

/* Takes the next piece: as many whole frames and chunks of streams as fit, or one fragment
 * of a frame that is too large for a message. buffer has PACKING_MESSAGE_BYTES. A stream
 * that fails ends what is queued: after what stood before it comes a close. */
void outbound_fill(struct outbound *out, uint8_t *buffer, struct outbound_piece *out_piece);

bool outbound_is_empty(const struct outbound *out);
/* True when only the close is left to go out. */
bool outbound_head_is_close(const struct outbound *out);

/* Frees everything that waits. */
void outbound_clear(struct outbound *out);
