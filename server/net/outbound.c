#include "server/net/outbound.h"

#include "proto/trace.h"

void outbound_item_free(struct outbound_item *item)
{
    if (item == NULL) {
        return;
    }
    if (item->kind == OUTBOUND_STREAM) {
        item->stream.close(item->stream.state);
    }
    free(item->bytes);
    free(item);
}

void outbound_add(struct outbound *out, struct outbound_item *item)
{
    item->next = NULL;
    if (out->tail == NULL) {
        out->head = item;
    } else {
        out->tail->next = item;
    }
    out->tail = item;
    out->queued_bytes += item->size;
}

static void drop_head(struct outbound *out)
{
    struct outbound_item *item = out->head;
    out->head = item->next;
    if (out->head == NULL) {
        out->tail = NULL;
    }
    out->queued_bytes -= item->size;
    out->head_sent = 0;
    outbound_item_free(item);
}

static void count_frame(struct outbound_piece *piece, enum net_frame_kind kind)
{
    piece->frames++;
    if (kind == NET_FRAME_FINAL) {
        piece->answers++;
    }
}

/* Appends one frame of the head stream. A stream that fails becomes a request to close: frames
 * queued before it still go out. */
static void add_chunk(struct outbound *out, uint8_t *buffer, struct outbound_piece *piece)
{
    struct outbound_item *item = out->head;
    size_t room = PACKING_MESSAGE_BYTES - PACKING_PREFIX_BYTES - piece->packed.size;
    size_t size = 0;
    bool done = false;
    if (item->stream.next_chunk(item->stream.state,
                                buffer + piece->packed.size + PACKING_PREFIX_BYTES, room, &size,
                                &done) != STATUS_OK) {
        item->stream.close(item->stream.state);
        item->kind = OUTBOUND_CLOSE;
        item->value = NET_CLOSE_GOING_AWAY;
        return;
    }
    CHECK(size > 0 && size <= room);
    trace_frame(TRACE_OUT, item->connection,
                span_of(buffer + piece->packed.size + PACKING_PREFIX_BYTES, size));
    packing_put_size(buffer + piece->packed.size, (uint32_t)size);
    piece->packed.size += PACKING_PREFIX_BYTES + size;
    count_frame(piece, done ? NET_FRAME_FINAL : NET_FRAME_MORE);
    if (done) {
        drop_head(out);
    }
}

/* False: the head frame has to wait for the next piece. */
static bool add_frame(struct outbound *out, uint8_t *buffer, struct outbound_piece *piece)
{
    const struct outbound_item *item = out->head;
    size_t took = packing_fill(&piece->packed, buffer, PACKING_MESSAGE_BYTES,
                               span_of(item->bytes, item->size), out->head_sent);
    out->head_sent += took;
    if (out->head_sent == item->size) {
        trace_frame(TRACE_OUT, item->connection, span_of(item->bytes, item->size));
        count_frame(piece, item->frame_kind);
        drop_head(out);
    }
    return took > 0;
}

static bool chunk_fits(const struct packing_piece *packed)
{
    return !packed->alone &&
           PACKING_MESSAGE_BYTES - packed->size >= NET_CHUNK_BYTES_MIN + PACKING_PREFIX_BYTES;
}

void outbound_fill(struct outbound *out, uint8_t *buffer, struct outbound_piece *out_piece)
{
    *out_piece = (struct outbound_piece){.packed = {.first = true, .last = true}};
    bool more = true;
    while (more && out->head != NULL) {
        more = false;
        if (out->head->kind == OUTBOUND_FRAME) {
            more = add_frame(out, buffer, out_piece);
        } else if (out->head->kind == OUTBOUND_STREAM && chunk_fits(&out_piece->packed)) {
            add_chunk(out, buffer, out_piece);
            more = true;
        }
    }
    if (out_piece->packed.size == 0 && out->head != NULL && out->head->kind == OUTBOUND_CLOSE) {
        out_piece->close_code = (uint16_t)out->head->value;
    }
}

bool outbound_is_empty(const struct outbound *out)
{
    return out->head == NULL;
}

bool outbound_head_is_close(const struct outbound *out)
{
    return out->head != NULL && out->head->kind == OUTBOUND_CLOSE;
}

void outbound_clear(struct outbound *out)
{
    while (out->head != NULL) {
        drop_head(out);
    }
}
