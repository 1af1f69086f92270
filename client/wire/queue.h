/*
 * Inside client/wire: frames waiting to be sent, handed out as websocket
 * pieces: small frames packed together, a large one in fragments.
 */
#pragma once

#include "proto/packing.h"

/* A large frame goes in fragments of this size, so that 1 MiB stays well under
 * the 64 fragments that a server takes. */
#define QUEUE_FRAGMENT_BYTES 32000u

struct queue_frame;

struct queue {
    struct queue_frame *head;
    struct queue_frame *tail;
    size_t bytes;
    size_t head_sent; /* bytes of the head frame that went out */
};

/* Copies the frame in. STATUS_NO_MEMORY. */
MUST_CHECK enum status queue_add(struct queue *queue, struct span frame);

/* Takes the next piece: small frames together, or a fragment of a large one. buffer has
 * QUEUE_FRAGMENT_BYTES. */
void queue_fill(struct queue *queue, uint8_t *buffer, struct packing_piece *out_piece);

/* Moves all frames of *more behind those of *queue. */
void queue_append(struct queue *queue, struct queue *more);

void queue_clear(struct queue *queue);
