#include "client/wire/queue.h"

struct queue_frame {
    struct queue_frame *next;
    size_t size;
    uint8_t bytes[];
};

enum status queue_add(struct queue *queue, struct span frame)
{
    struct queue_frame *copy = malloc(sizeof *copy + frame.size);
    if (copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    copy->next = NULL;
    copy->size = frame.size;
    memcpy(copy->bytes, frame.data, frame.size);
    if (queue->tail == NULL) {
        queue->head = copy;
    } else {
        queue->tail->next = copy;
    }
    queue->tail = copy;
    queue->bytes += frame.size;
    return STATUS_OK;
}

static void drop_head(struct queue *queue)
{
    struct queue_frame *frame = queue->head;
    queue->head = frame->next;
    if (queue->head == NULL) {
        queue->tail = NULL;
    }
    queue->bytes -= frame->size;
    queue->head_sent = 0;
    free(frame);
}

void queue_fill(struct queue *queue, uint8_t *buffer, struct packing_piece *out_piece)
{
    *out_piece = (struct packing_piece){.first = true, .last = true};
    while (queue->head != NULL) {
        const struct queue_frame *frame = queue->head;
        size_t took = packing_fill(out_piece, buffer, QUEUE_FRAGMENT_BYTES,
                                   span_of(frame->bytes, frame->size), queue->head_sent);
        if (took == 0) {
            return;
        }
        queue->head_sent += took;
        if (queue->head_sent == frame->size) {
            drop_head(queue);
        }
    }
}

void queue_append(struct queue *queue, struct queue *more)
{
    if (more->head == NULL) {
        return;
    }
    if (queue->tail == NULL) {
        queue->head = more->head;
    } else {
        queue->tail->next = more->head;
    }
    queue->tail = more->tail;
    queue->bytes += more->bytes;
    *more = (struct queue){.head = NULL};
}

void queue_clear(struct queue *queue)
{
    while (queue->head != NULL) {
        drop_head(queue);
    }
}
