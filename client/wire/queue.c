#include "client/wire/queue.h"

struct queue_frame {
    struct queue_frame *next;
    size_t size;
    uint8_t bytes[];
};

enum status queue_add(struct queue *queue, struct span frame)
{
    struct queue_frame *copy = malloc(sizeof(*copy) + frame.size);

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

static void fill_fragment(struct queue *queue, uint8_t *buffer, struct queue_piece *piece)
{
    const struct queue_frame *frame = queue->head;
    size_t prefix = 0;
    size_t take = frame->size - queue->head_sent;

    piece->first = queue->head_sent == 0;
    if (piece->first) {
        packing_put_size(buffer, (uint32_t)frame->size);
        prefix = PACKING_PREFIX_BYTES;
    }
    if (take > QUEUE_FRAGMENT_BYTES - prefix) {
        take = QUEUE_FRAGMENT_BYTES - prefix;
    }
    memcpy(buffer + prefix, frame->bytes + queue->head_sent, take);
    queue->head_sent += take;
    piece->size = prefix + take;
    piece->last = queue->head_sent == frame->size;
    if (piece->last) {
        drop_head(queue);
    }
}

void queue_fill(struct queue *queue, uint8_t *buffer, struct queue_piece *out_piece)
{
    *out_piece = (struct queue_piece){.first = true, .last = true};
    if (queue->head != NULL && queue->head->size > PACKING_FRAME_BYTES) {
        fill_fragment(queue, buffer, out_piece);
        return;
    }
    while (queue->head != NULL &&
           queue->head->size + PACKING_PREFIX_BYTES <= PACKING_MESSAGE_BYTES - out_piece->size) {
        const struct queue_frame *frame = queue->head;

        packing_put_size(buffer + out_piece->size, (uint32_t)frame->size);
        memcpy(buffer + out_piece->size + PACKING_PREFIX_BYTES, frame->bytes, frame->size);
        out_piece->size += PACKING_PREFIX_BYTES + frame->size;
        drop_head(queue);
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
