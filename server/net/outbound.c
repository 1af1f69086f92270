#include "server/net/outbound.h"

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

/* The next fragment of a head frame that is too large for one message. */
static void fill_fragment(struct outbound *out, uint8_t *buffer, struct outbound_piece *piece)
{
    const struct outbound_item *item = out->head;
    size_t prefix = 0;
    size_t take = item->size - out->head_sent;

    piece->first = out->head_sent == 0;
    if (piece->first) {
        packing_put_size(buffer, (uint32_t)item->size);
        prefix = PACKING_PREFIX_BYTES;
    }
    if (take > PACKING_MESSAGE_BYTES - prefix) {
        take = PACKING_MESSAGE_BYTES - prefix;
    }
    memcpy(buffer + prefix, item->bytes + out->head_sent, take);
    out->head_sent += take;
    piece->size = prefix + take;
    piece->last = out->head_sent == item->size;
    if (piece->last) {
        count_frame(piece, item->frame_kind);
        drop_head(out);
    }
}

/* Appends one frame of the head stream. One that fails becomes the wish to close: what was
 * queued before it still goes out. */
static void add_chunk(struct outbound *out, uint8_t *buffer, struct outbound_piece *piece)
{
    struct outbound_item *item = out->head;
    size_t room = PACKING_MESSAGE_BYTES - PACKING_PREFIX_BYTES - piece->size;
    size_t size = 0;
    bool done = false;

    if (item->stream.next_chunk(item->stream.state, buffer + piece->size + PACKING_PREFIX_BYTES,
                                room, &size, &done) != STATUS_OK) {
        item->stream.close(item->stream.state);
        item->kind = OUTBOUND_CLOSE;
        item->value = NET_CLOSE_GOING_AWAY;
        return;
    }
    CHECK(size > 0 && size <= room);
    packing_put_size(buffer + piece->size, (uint32_t)size);
    piece->size += PACKING_PREFIX_BYTES + size;
    count_frame(piece, done ? NET_FRAME_FINAL : NET_FRAME_MORE);
    if (done) {
        drop_head(out);
    }
}

static void add_frame(struct outbound *out, uint8_t *buffer, struct outbound_piece *piece)
{
    const struct outbound_item *item = out->head;

    packing_put_size(buffer + piece->size, (uint32_t)item->size);
    memcpy(buffer + piece->size + PACKING_PREFIX_BYTES, item->bytes, item->size);
    piece->size += PACKING_PREFIX_BYTES + item->size;
    count_frame(piece, item->frame_kind);
    drop_head(out);
}

/* Whether the head goes into this message too. */
static bool head_fits(const struct outbound *out, const struct outbound_piece *piece)
{
    size_t room = PACKING_MESSAGE_BYTES - piece->size;

    if (out->head == NULL) {
        return false;
    }
    if (out->head->kind == OUTBOUND_FRAME) {
        return out->head->size + PACKING_PREFIX_BYTES <= room;
    }
    return out->head->kind == OUTBOUND_STREAM && room >= NET_CHUNK_BYTES_MIN + PACKING_PREFIX_BYTES;
}

void outbound_fill(struct outbound *out, uint8_t *buffer, struct outbound_piece *out_piece)
{
    *out_piece = (struct outbound_piece){.first = true, .last = true};
    if (out->head != NULL && out->head->kind == OUTBOUND_FRAME &&
        out->head->size > PACKING_FRAME_BYTES) {
        fill_fragment(out, buffer, out_piece);
        return;
    }
    while (head_fits(out, out_piece)) {
        if (out->head->kind == OUTBOUND_STREAM) {
            add_chunk(out, buffer, out_piece);
        } else {
            add_frame(out, buffer, out_piece);
        }
    }
    if (out_piece->size == 0 && out->head != NULL && out->head->kind == OUTBOUND_CLOSE) {
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
