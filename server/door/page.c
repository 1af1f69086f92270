#include "server/door/internal.h"

/* The bytes of the largest frame that are not its body. */
#define OVERHEAD_BYTES FRAME_OVERHEAD_BYTES_MAX

/* A page on its way to one reader: the reply, then whole chunks from the database, cut into
 * frames. All of it is made on the connection's thread. */
struct page_stream {
    struct door *door;
    struct guest *guest;
    struct run_checkpoints *heads; /* they cover its event; NULL once the reply is out */
    uint64_t losses;               /* of the connection when the page was allowed */
    struct request_id id;
    struct core_answer answer;
    struct produce_page page;
    uint8_t *body;
    size_t body_bytes;
    size_t sent;
    bool last;
};

static void page_close(void *state)
{
    struct page_stream *stream = state;
    guest_drop(stream->guest);
    run_checkpoints_drop(stream->heads);
    core_answer_clear(&stream->answer);
    free(stream->body);
    free(stream);
}

/* The reader lost the section while the page was under way, or stored bytes do not give their
 * hashes: the rest of the page never leaves. */
static enum status page_stop(struct page_stream *stream, enum status why)
{
    Alcove__PageChunk chunk = ALCOVE__PAGE_CHUNK__INIT;
    free(stream->body);
    stream->body = NULL;
    chunk.last = true;
    chunk.status = (uint32_t)why;
    stream->last = true;
    stream->sent = 0;
    return message_pack(&chunk.base, &stream->body, &stream->body_bytes);
}

static enum status page_fill(struct page_stream *stream, struct txn *txn, size_t capacity)
{
    enum status status = produce_chunk(txn, &stream->page, capacity, &stream->body,
                                       &stream->body_bytes, &stream->last);
    stream->sent = 0;
    for (size_t i = 0; i < stream->page.damage_count; i++) {
        door_page_damaged(txn, guest_peer(stream->guest), stream->page.walk.section_local,
                          &stream->page.damages[i]);
    }
    if (status == STATUS_OK) {
        return STATUS_OK;
    }
    door_page_failed(txn, guest_peer(stream->guest), &stream->page.walk, status);
    return page_stop(stream, STATUS_UNAVAILABLE);
}

/* The body of the reply and, when it leaves room in |cap|, the first chunk, read at once. */
static enum status page_begin(struct page_stream *stream, size_t cap, uint8_t **out_body,
                              size_t *out_size)
{
    struct txn *txn = NULL;
    enum status status = door_begin_read(stream->door, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    status = produce_reply(txn, &stream->answer, run_checkpoints_view(stream->heads), out_body,
                           out_size);
    if (status == STATUS_OK && stream->answer.from <= stream->answer.to) {
        size_t used = *out_size + 2 * OVERHEAD_BYTES + PACKING_PREFIX_BYTES;
        if (used + NET_CHUNK_BYTES_MIN <= cap) {
            status = page_fill(stream, txn, cap - used);
        }
    }
    door_end_read(stream->door, txn);
    return status;
}

static enum status page_reply(struct page_stream *stream, uint8_t *buffer, size_t cap,
                              size_t *out_size, bool *out_done)
{
    Alcove__Frame frame = ALCOVE__FRAME__INIT;
    uint8_t *body = NULL;
    size_t size = 0;
    enum status status = page_begin(stream, cap, &body, &size);
    run_checkpoints_drop(stream->heads);
    stream->heads = NULL;
    if (status != STATUS_OK) {
        door_answer_failed(guest_peer(stream->guest), OP_PAGE, &stream->answer, status);
        stream->answer.status = STATUS_UNAVAILABLE;
        size = 0;
    }
    frame.kind = FRAME_REPLY;
    frame.request_id = field_of(stream->id.bytes, ID_BYTES);
    frame.code = (uint32_t)stream->answer.status;
    frame.body = field_of(body, size);
    *out_done = status != STATUS_OK || stream->answer.from > stream->answer.to;
    status = message_pack_into(&frame.base, buffer, cap, out_size);
    free(body);
    return status;
}

static enum status page_piece(struct page_stream *stream, uint8_t *buffer, size_t cap,
                              size_t *out_size, bool *out_done)
{
    Alcove__Frame frame = ALCOVE__FRAME__INIT;
    size_t room = cap - OVERHEAD_BYTES;
    size_t left = stream->body_bytes - stream->sent;
    size_t piece = left < room ? left : room;
    frame.kind = FRAME_CHUNK;
    frame.request_id = field_of(stream->id.bytes, ID_BYTES);
    frame.code = piece < left ? 1 : 0;
    frame.body = field_of(stream->body + stream->sent, piece);
    enum status status = message_pack_into(&frame.base, buffer, cap, out_size);
    stream->sent += piece;
    if (stream->sent == stream->body_bytes) {
        free(stream->body);
        stream->body = NULL;
        *out_done = stream->last;
    }
    return status;
}

static enum status page_read_on(struct page_stream *stream, size_t cap)
{
    struct txn *txn = NULL;
    enum status status = door_begin_read(stream->door, &txn);
    if (status != STATUS_OK) {
        return page_stop(stream, STATUS_UNAVAILABLE);
    }
    status = page_fill(stream, txn, cap - OVERHEAD_BYTES);
    door_end_read(stream->door, txn);
    return status;
}

static enum status page_next(void *state, uint8_t *buffer, size_t cap, size_t *out_size,
                             bool *out_done)
{
    struct page_stream *stream = state;
    *out_done = false;
    if (stream->heads != NULL) {
        return page_reply(stream, buffer, cap, out_size, out_done);
    }
    enum status status = STATUS_OK;
    if (guest_losses(stream->guest) != stream->losses) {
        status = page_stop(stream, STATUS_REFUSED);
    } else if (stream->body == NULL) {
        status = page_read_on(stream, cap);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return page_piece(stream, buffer, cap, out_size, out_done);
}

bool page_start(struct door *door, struct net *net, struct run_request *request,
                struct run_checkpoints *heads)
{
    struct page_stream *stream = calloc(1, sizeof *stream);
    struct net_stream out = {stream, page_next, page_close};
    if (stream == NULL) {
        return false;
    }
    stream->door = door;
    stream->guest = request->guest;
    guest_hold(request->guest);
    stream->heads = heads;
    run_checkpoints_hold(heads);
    stream->losses = request->losses;
    stream->id = request->ask.id;
    stream->answer = request->answer;
    memset(&request->answer, 0, sizeof request->answer);
    produce_page_init(&stream->page, stream->answer.local, stream->answer.from, stream->answer.to);
    net_stream(net, guest_number(request->guest), &out);
    return true;
}
