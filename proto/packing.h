/*
 * How frames travel in a websocket message: one message holds one or more
 * whole frames, each `u32 big-endian size ‖ bytes`, in both directions.
 *
 * The websocket library turns every write into one TLS record and one system
 * call, so many small answers go out as one message. A frame is never empty,
 * never split over two messages, and a message never has bytes left over.
 * Pure, for any thread.
 */
#pragma once

#include "proto/span.h"
#include "proto/status.h"

#define WIRE_SUBPROTOCOL "alcove.v1"
/* PROTOCOL.md's version, said in the Hello. The sub-protocol names only how frames are packed, so
 * that two programs of different versions can still tell each other which. */
#define WIRE_VERSION     2u

/* RFC 9266 tls-exporter: this many bytes, this label, a zero-length context. */
#define WIRE_EXPORTER_BYTES 32u
#define WIRE_EXPORTER_LABEL "EXPORTER-Channel-Binding"

#define PACKING_PREFIX_BYTES  4u
/* A message is packed up to this size: with the websocket header it still fits
 * one TLS record of 16,384 bytes. A larger frame goes alone, in fragments of
 * this size. */
#define PACKING_MESSAGE_BYTES 16000u
#define PACKING_FRAME_BYTES   (PACKING_MESSAGE_BYTES - PACKING_PREFIX_BYTES)

static inline void packing_put_size(uint8_t out[PACKING_PREFIX_BYTES], uint32_t size)
{
    out[0] = (uint8_t)(size >> 24);
    out[1] = (uint8_t)(size >> 16);
    out[2] = (uint8_t)(size >> 8);
    out[3] = (uint8_t)size;
}

/* Takes the first frame off *rest. STATUS_MALFORMED: *rest is empty, its prefix
 * is cut off, or the prefix says zero or more than what is there; *rest is then
 * unchanged. out_frame borrows from *rest. */
MUST_CHECK static inline enum status packing_next(struct span *rest, struct span *out_frame)
{
    size_t size;

    if (rest->size <= PACKING_PREFIX_BYTES) {
        return STATUS_MALFORMED;
    }
    size = (size_t)rest->data[0] << 24 | (size_t)rest->data[1] << 16 | (size_t)rest->data[2] << 8 |
           (size_t)rest->data[3];
    if (size == 0 || size > rest->size - PACKING_PREFIX_BYTES) {
        return STATUS_MALFORMED;
    }
    *out_frame = span_of(rest->data + PACKING_PREFIX_BYTES, size);
    *rest = span_of(out_frame->data + size, rest->size - PACKING_PREFIX_BYTES - size);
    return STATUS_OK;
}

/* One websocket fragment being filled. Begins as {.first = true, .last = true}. */
struct packing_piece {
    size_t size; /* 0: nothing to write */
    bool first;  /* of its websocket message */
    bool last;
    bool alone; /* part of a large frame: nothing else goes with it */
};

/*
 * Adds what fits of one frame, of which |sent| bytes went out with earlier pieces: all of it,
 * behind the small frames that are in the piece already, or of a frame that is too large for a
 * message the next fragment of at most |fragment_bytes|. Returns how many of the frame's bytes
 * went in; 0: it has to wait for the next piece. |buffer| has room for PACKING_MESSAGE_BYTES and
 * for |fragment_bytes|.
 */
size_t packing_fill(struct packing_piece *piece, uint8_t *buffer, size_t fragment_bytes,
                    struct span frame, size_t sent);
