#include "tests/bench/peer.h"

#include "keys/public/bytes/random.h"
#include "proto/packing.h"
#include "tests/bench/login.h"
#include "tests/bench/transport.h"

enum {
    PENDING_MAX = 64,
};

struct pending {
    bool used;
    uint32_t op;
    struct request_id id;
    peer_on_frame *on_frame;
    void *context;
};

struct peer {
    struct peers *peers;
    struct transport_connection *connection;
    size_t index;
    bool ready;
    enum status status;
    struct pending pending[PENDING_MAX];
};

struct peers {
    struct transport *transport;
    const struct keystore_content *content;
    struct peer_handler handler;
    uint8_t id_prefix[8];
    uint64_t asked;
    uint64_t received_bytes;
};

void peer_must(bool ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "load: %s\n", what);
        exit(1);
    }
}

uint64_t peer_now_us(void)
{
    return transport_now_us();
}

static void send_frame(struct peer *peer, uint32_t kind, const struct request_id *id, uint32_t code,
                       struct span body)
{
    Alcove__Frame frame = ALCOVE__FRAME__INIT;
    frame.kind = kind;
    frame.code = code;
    frame.body = field_of(body.data, body.size);
    if (id != NULL) {
        frame.request_id = field_of(id->bytes, sizeof id->bytes);
    }
    const size_t size = protobuf_c_message_get_packed_size(&frame.base);
    uint8_t *bytes = malloc(PACKING_PREFIX_BYTES + size);
    peer_must(bytes != NULL, "memory");
    packing_put_size(bytes, (uint32_t)size);
    (void)protobuf_c_message_pack(&frame.base, bytes + PACKING_PREFIX_BYTES);
    transport_send(peer->connection, bytes, PACKING_PREFIX_BYTES + size);
    free(bytes);
}

static void put_u64(uint8_t out[8], uint64_t value)
{
    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(value >> (56 - 8 * i));
    }
}

static void login(struct peer *peer, const Alcove__Frame *frame)
{
    uint8_t exporter[TRANSPORT_EXPORTER_BYTES];
    transport_exporter(peer->connection, exporter);
    uint8_t body[LOGIN_BODY_BYTES_MAX];
    const size_t size = login_body(peer->peers->content, field_span(frame->body), exporter, body);
    send_frame(peer, FRAME_LOGIN, NULL, 0, span_of(body, size));
}

static struct pending *find_pending(struct peer *peer, ProtobufCBinaryData id)
{
    for (size_t i = 0; i < PENDING_MAX; i++) {
        if (peer->pending[i].used && id.len == ID_BYTES &&
            memcmp(peer->pending[i].id.bytes, id.data, ID_BYTES) == 0) {
            return &peer->pending[i];
        }
    }
    return NULL;
}

static bool is_last_chunk(struct span body)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    peer_must(message_decode(&alcove__page_chunk__descriptor, body, &arena, &message) == STATUS_OK,
              "a chunk is malformed");
    const bool last = ((const Alcove__PageChunk *)(const void *)message)->last != 0;
    arena_free(&arena);
    return last;
}

static void answered(struct peer *peer, const Alcove__Frame *frame)
{
    struct pending *pending = find_pending(peer, frame->request_id);
    peer_must(pending != NULL, "an answer to nothing that was asked");
    struct peer_frame out = {
        .kind = frame->kind, .code = frame->code, .body = field_span(frame->body), .done = true};
    if (frame->kind == FRAME_CHUNK) {
        out.done = is_last_chunk(out.body);
    } else if (pending->op == OP_PAGE && frame->code == STATUS_OK) {
        out.done = false;
    }
    const struct pending was = *pending;
    pending->used = !out.done;
    was.on_frame(was.context, peer, &out);
}

static void pushed(struct peer *peer, struct span body)
{
    if (peer->peers->handler.on_push == NULL) {
        return;
    }
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    peer_must(message_decode(&alcove__push__descriptor, body, &arena, &message) == STATUS_OK,
              "a push is malformed");
    peer->peers->handler.on_push(peer->peers->handler.state, peer,
                                 (const Alcove__Push *)(const void *)message);
    arena_free(&arena);
}

static void take_frame(struct peer *peer, const Alcove__Frame *frame)
{
    if (frame->kind == FRAME_HELLO) {
        login(peer, frame);
    } else if (frame->kind == FRAME_LOGIN_REPLY) {
        peer->status = (enum status)frame->code;
        peer->ready = frame->code == STATUS_OK;
        if (peer->ready) {
            peer->peers->handler.on_ready(peer->peers->handler.state, peer);
        } else {
            transport_close(peer->connection);
        }
    } else if (frame->kind == FRAME_PUSH) {
        pushed(peer, field_span(frame->body));
    } else {
        answered(peer, frame);
    }
}

static void on_message(void *state, struct transport_connection *connection, const uint8_t *bytes,
                       size_t size)
{
    struct peers *peers = state;
    struct span rest = span_of(bytes, size);
    peers->received_bytes += size;
    struct span one;
    while (packing_next(&rest, &one) == STATUS_OK) {
        struct arena arena = {0};
        ProtobufCMessage *message = NULL;
        peer_must(message_decode(&alcove__frame__descriptor, one, &arena, &message) == STATUS_OK,
                  "a frame is malformed");
        take_frame(transport_user(connection), (const Alcove__Frame *)(const void *)message);
        arena_free(&arena);
    }
    peer_must(rest.size == 0, "a message has a tail");
}

static void on_open(void *state, struct transport_connection *connection)
{
    (void)state; /* the server speaks first */
    (void)connection;
}

static void on_closed(void *state, struct transport_connection *connection)
{
    struct peers *peers = state;
    struct peer *peer = transport_user(connection);
    peers->handler.on_closed(peers->handler.state, peer,
                             peer->status == STATUS_OK && !peer->ready ? STATUS_OFFLINE
                                                                       : peer->status);
    free(peer);
}

struct peers *peers_new(uint16_t port, const struct keystore_content *content,
                        const struct peer_handler *handler)
{
    struct peers *peers = calloc(1, sizeof *peers);
    peer_must(peers != NULL, "memory");
    peers->content = content;
    peers->handler = *handler;
    random_bytes(peers->id_prefix, sizeof peers->id_prefix);
    const struct transport_handler below = {
        .state = peers, .on_open = on_open, .on_message = on_message, .on_closed = on_closed};
    peers->transport = transport_new(port, WIRE_SUBPROTOCOL, &below);
    return peers;
}

void peers_free(struct peers *peers)
{
    if (peers != NULL) {
        transport_free(peers->transport);
        free(peers);
    }
}

void peers_poll(struct peers *peers, int timeout_ms)
{
    transport_poll(peers->transport, timeout_ms);
}

const struct keystore_content *peers_content(const struct peers *peers)
{
    return peers->content;
}

uint64_t peers_received_bytes(const struct peers *peers)
{
    return peers->received_bytes;
}

void peers_connect(struct peers *peers, size_t index)
{
    struct peer *peer = calloc(1, sizeof *peer);
    peer_must(peer != NULL, "memory");
    peer->peers = peers;
    peer->index = index;
    peer->connection = transport_connect(peers->transport, peer);
}

size_t peer_index(const struct peer *peer)
{
    return peer->index;
}

void peer_close(struct peer *peer)
{
    transport_close(peer->connection);
}

struct request_id peers_last_request(const struct peers *peers)
{
    struct request_id id;
    memcpy(id.bytes, peers->id_prefix, 8);
    put_u64(id.bytes + 8, peers->asked);
    return id;
}

size_t peer_ask_bytes(struct peer *peer, uint32_t op, struct span body, peer_on_frame *on_frame,
                      void *context)
{
    struct pending *slot = NULL;
    for (size_t i = 0; i < PENDING_MAX && slot == NULL; i++) {
        slot = peer->pending[i].used ? NULL : &peer->pending[i];
    }
    peer_must(slot != NULL, "too many requests at once");
    *slot = (struct pending){.used = true, .op = op, .on_frame = on_frame, .context = context};
    peer->peers->asked++;
    slot->id = peers_last_request(peer->peers);
    send_frame(peer, FRAME_REQUEST, &slot->id, op, body);
    return body.size;
}

size_t peer_ask(struct peer *peer, uint32_t op, const ProtobufCMessage *message,
                peer_on_frame *on_frame, void *context)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    peer_must(message_pack(message, &bytes, &size) == STATUS_OK, "a request cannot be packed");
    (void)peer_ask_bytes(peer, op, span_of(bytes, size), on_frame, context);
    free(bytes);
    return size;
}
