#include "server/door/internal.h"

#include "server/core/produce.h"

/* A page on its way to one reader: whole chunks from the database, cut into frames. */
struct page_stream {
    struct door *door;
    struct run_connection *connection;
    uint64_t losses; /* of the connection when the page was allowed */
    struct request_id id;
    struct produce_page page;
    uint8_t *body;
    size_t body_bytes;
    size_t sent;
    bool last;
};

#define CHUNK_BYTES (PACKING_FRAME_BYTES - FRAME_OVERHEAD_BYTES_MAX)

static void page_close(void *state)
{
    struct page_stream *stream = state;

    run_connection_drop(stream->connection);
    free(stream->body);
    free(stream);
}

static enum status page_fill(struct page_stream *stream)
{
    struct txn *txn = NULL;
    enum status status = db_begin_read(stream->door->db, &txn);

    if (status == STATUS_OK) {
        status = produce_chunk(txn, &stream->page, CHUNK_BYTES, &stream->body, &stream->body_bytes,
                               &stream->last);
    }
    db_abort(txn);
    stream->sent = 0;
    return status;
}

/* The reader lost the section while the page was under way: the rest never leaves. */
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

static enum status page_piece(struct page_stream *stream, uint8_t *buffer, size_t cap,
                              size_t *out_size, bool *out_done)
{
    Alcove__Frame frame = ALCOVE__FRAME__INIT;
    size_t left = stream->body_bytes - stream->sent;
    size_t piece = left < CHUNK_BYTES ? left : CHUNK_BYTES;
    enum status status;

    frame.kind = FRAME_CHUNK;
    frame.request_id = field_of(stream->id.bytes, ID_BYTES);
    frame.code = piece < left ? 1 : 0;
    frame.body = field_of(stream->body + stream->sent, piece);
    status = message_pack_into(&frame.base, buffer, cap, out_size);
    stream->sent += piece;
    if (stream->sent == stream->body_bytes) {
        free(stream->body);
        stream->body = NULL;
        *out_done = stream->last;
    }
    return status;
}

static enum status page_next(void *state, uint8_t *buffer, size_t cap, size_t *out_size,
                             bool *out_done)
{
    struct page_stream *stream = state;
    enum status status = STATUS_OK;

    *out_done = false;
    if (run_connection_losses(stream->connection) != stream->losses) {
        status = page_stop(stream, STATUS_REFUSED);
    } else if (stream->body == NULL) {
        status = page_fill(stream);
        if (status != STATUS_OK) {
            (void)fprintf(stderr, "alcoved: a page could not be read (%s) and was stopped\n",
                          status_name(status));
            status = page_stop(stream, STATUS_UNAVAILABLE);
        }
    }
    if (status != STATUS_OK) {
        return status;
    }
    return page_piece(stream, buffer, cap, out_size, out_done);
}

static void start_page(struct door *door, struct net *net, const struct run_request *request)
{
    struct page_stream *stream = calloc(1, sizeof(*stream));
    struct net_stream out = {stream, page_next, page_close};
    uint64_t number = run_connection_number(request->connection);

    if (stream == NULL) {
        net_cut(net, number);
        return;
    }
    stream->door = door;
    stream->connection = request->connection;
    run_connection_hold(request->connection);
    stream->losses = request->losses;
    stream->id = request->ask.id;
    produce_page_init(&stream->page, request->answer.local, request->answer.from,
                      request->answer.to);
    net_stream(net, number, &out);
}

/* The committer's own read transaction, on what it has just made durable. */
static enum status produce_body(struct door *door, const struct core_answer *answer,
                                const struct core_checkpoints *heads, uint8_t **out_body,
                                size_t *out_size)
{
    enum status status =
        door->after == NULL ? db_begin_read(door->db, &door->after) : db_renew(door->after);

    if (status != STATUS_OK) {
        return status;
    }
    status = produce_reply(door->after, answer, heads, out_body, out_size);
    db_reset(door->after);
    return status;
}

static enum status sign_login(const struct door *door, const struct core_ask *ask,
                              struct core_answer *answer)
{
    const struct core_login *login = ask->login;
    const Alcove__Login *message = (const Alcove__Login *)(const void *)ask->message;
    uint8_t sizes[16];
    struct signature signature;
    struct span parts[] = {
        span_of(login->exporter, 32), span_of(login->hello_nonce, 32), field_span(message->nonce),
        ID_SPAN(&login->login_hash),  span_of(sizes, sizeof(sizes)),
    };
    bool rewound = answer->status == STATUS_REWOUND;
    enum status status;

    for (unsigned i = 0; i < 8; i++) {
        sizes[i] = (uint8_t)(answer->from >> (56 - 8 * i));
        sizes[8 + i] = (uint8_t)(answer->to >> (56 - 8 * i));
    }
    status = login_key_sign(door->login_key, rewound ? LABEL_REWOUND : LABEL_LOGIN_SERVER,
                            &door->practice, parts, rewound ? 5 : 4, &signature);
    if (status == STATUS_OK) {
        answer->body = malloc(SIGNATURE_BYTES);
        if (answer->body == NULL) {
            return STATUS_NO_MEMORY;
        }
        memcpy(answer->body, signature.bytes, SIGNATURE_BYTES);
        answer->body_bytes = SIGNATURE_BYTES;
    }
    return status;
}

static bool has_body(const struct core_answer *answer)
{
    return answer->status == STATUS_OK || answer->produce == CORE_PRODUCE_BODY ||
           answer->produce == CORE_PRODUCE_LOGIN;
}

static void on_answer(void *state, struct run_request *request, struct run_checkpoints *shared)
{
    struct door *door = state;
    struct net *net = atomic_load(&door->net);
    struct core_answer *answer = &request->answer;
    const struct core_checkpoints *heads = run_checkpoints_view(shared);
    uint64_t number = run_connection_number(request->connection);
    bool login = request->ask.op == CORE_OP_LOGIN;
    bool page;
    uint8_t *body = NULL;
    uint8_t *frame;
    size_t size = 0;
    enum status status = STATUS_OK;

    if (net == NULL) {
        return;
    }
    if (login && answer->produce == CORE_PRODUCE_LOGIN) {
        status = sign_login(door, &request->ask, answer);
    }
    if (status == STATUS_OK && answer->produce == CORE_PRODUCE_BODY) {
        body = answer->body;
        size = answer->body_bytes;
        answer->body = NULL;
    } else if (status == STATUS_OK && has_body(answer)) {
        status = produce_body(door, answer, heads, &body, &size);
    }
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "alcoved: an answer could not be produced (%s)\n",
                      status_name(status));
        answer->status = STATUS_UNAVAILABLE;
    }
    page = answer->status == STATUS_OK && answer->produce == CORE_PRODUCE_PAGE &&
           answer->from <= answer->to;
    frame = door_frame(login ? FRAME_LOGIN_REPLY : FRAME_REPLY, login ? NULL : &request->ask.id,
                       (uint32_t)answer->status, span_of(body, size), &size);
    free(body);
    if (frame == NULL) {
        net_cut(net, number);
        return;
    }
    if (answer->login) {
        net_admit(net, number, FRAME_BYTES_MAX + PACKING_PREFIX_BYTES);
    }
    net_send(net, number, page ? NET_FRAME_MORE : NET_FRAME_FINAL, frame, size);
    if (page) {
        start_page(door, net, request);
    }
    if (answer->close) {
        net_close(net, number, NET_CLOSE_POLICY);
    }
}

static void on_push(void *state, struct run_connection *connection, const struct core_effect *moved,
                    struct run_checkpoints *shared)
{
    struct door *door = state;
    struct net *net = atomic_load(&door->net);
    const struct core_checkpoints *heads = run_checkpoints_view(shared);
    Alcove__Push push = ALCOVE__PUSH__INIT;
    uint8_t *body = NULL;
    uint8_t *frame = NULL;
    size_t size = 0;

    if (net == NULL) {
        return;
    }
    push.section = field_of(moved->section.bytes, ID_BYTES);
    push.number = moved->number;
    push.statements_size = heads->statements_size;
    push.events_size = heads->events_size;
    if (message_pack(&push.base, &body, &size) == STATUS_OK) {
        frame = door_frame(FRAME_PUSH, NULL, 0, span_of(body, size), &size);
    }
    free(body);
    if (frame == NULL) {
        net_cut(net, run_connection_number(connection));
        return;
    }
    net_send(net, run_connection_number(connection), NET_FRAME_MORE, frame, size);
}

static void on_cut(void *state, struct run_connection *connection)
{
    struct door *door = state;
    struct net *net = atomic_load(&door->net);

    if (net != NULL) {
        net_cut(net, run_connection_number(connection));
    }
}

struct run_output door_output(struct door *door)
{
    struct run_output output = {door, on_answer, on_push, on_cut};
    return output;
}
