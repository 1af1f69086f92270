#include "tests/hostile/socket.h"

#include "keys/public/bytes/random.h"
#include "tests/bench/login.h"

enum {
    FRAMES_MAX = 4096, /* that may come before the answer that is waited for */
};

static void decode_frame(struct span bytes, struct arena *arena, const Alcove__Frame **out_frame)
{
    ProtobufCMessage *message = NULL;
    CHECK(message_decode(&alcove__frame__descriptor, bytes, arena, &message) == STATUS_OK);
    *out_frame = (const Alcove__Frame *)(const void *)message;
}

void socket_pack(uint32_t kind, uint32_t code, const struct request_id *id, struct span body,
                 uint8_t **out_bytes, size_t *out_size)
{
    Alcove__Frame frame = ALCOVE__FRAME__INIT;
    frame.kind = kind;
    frame.code = code;
    frame.body = field_of(body.data, body.size);
    if (id != NULL) {
        frame.request_id = field_of(id->bytes, ID_BYTES);
    }
    CHECK(message_pack(&frame.base, out_bytes, out_size) == STATUS_OK);
}

bool socket_connect(struct attack_socket *socket, uint16_t port)
{
    const struct raw_options options = raw_options_good(port);
    socket_close(socket);
    const enum raw_result result = raw_ws_connect(&options, &socket->ws);
    uint8_t frame[4096];
    size_t size = 0;
    if (result != RAW_UPGRADED || !raw_ws_receive(socket->ws, frame, sizeof frame, &size)) {
        (void)fprintf(stderr, "socket: connecting gave %d and %s hello\n", (int)result,
                      result == RAW_UPGRADED ? "no" : "so no");
        return false;
    }
    struct arena arena = {0};
    const Alcove__Frame *hello = NULL;
    decode_frame(span_of(frame, size), &arena, &hello);
    CHECK(hello->kind == FRAME_HELLO && hello->body.len <= sizeof socket->hello.bytes);
    memcpy(socket->hello.bytes, hello->body.data, hello->body.len);
    socket->hello.size = hello->body.len;
    arena_free(&arena);
    return true;
}

bool socket_login(struct attack_socket *socket, const struct keystore_content *content)
{
    uint8_t exporter[WIRE_EXPORTER_BYTES];
    raw_ws_exporter(socket->ws, exporter);
    uint8_t body[LOGIN_BODY_BYTES_MAX];
    const size_t body_size =
        login_body(content, span_of(socket->hello.bytes, socket->hello.size), exporter, body);
    uint8_t *bytes = NULL;
    size_t size = 0;
    socket_pack(FRAME_LOGIN, 0, NULL, span_of(body, body_size), &bytes, &size);
    const bool sent = raw_ws_send(socket->ws, bytes, size);
    free(bytes);
    uint8_t answer[8192];
    if (!sent || !raw_ws_receive(socket->ws, answer, sizeof answer, &size)) {
        (void)fprintf(stderr, "socket: the login was %s\n", sent ? "not answered" : "not sent");
        return false;
    }
    struct arena arena = {0};
    const Alcove__Frame *reply = NULL;
    decode_frame(span_of(answer, size), &arena, &reply);
    const bool in = reply->kind == FRAME_LOGIN_REPLY && reply->code == STATUS_OK;
    if (!in) {
        (void)fprintf(stderr, "socket: the login was answered by kind %u, code %u\n", reply->kind,
                      reply->code);
    }
    arena_free(&arena);
    return in;
}

void socket_close(struct attack_socket *socket)
{
    raw_ws_free(socket->ws);
    socket->ws = NULL;
}

/* A request that is always in order; its id is told by the number in it. */
static bool send_fence(struct attack_socket *socket, struct request_id *out_id)
{
    Alcove__SubscribeAsk ask = ALCOVE__SUBSCRIBE_ASK__INIT;
    random_bytes(out_id->bytes, ID_BYTES);
    uint8_t body[16];
    size_t body_size = 0;
    CHECK(message_pack_into(&ask.base, body, sizeof body, &body_size) == STATUS_OK);
    uint8_t *bytes = NULL;
    size_t size = 0;
    socket_pack(FRAME_REQUEST, OP_SUBSCRIBE, out_id, span_of(body, body_size), &bytes, &size);
    const bool sent = raw_ws_send(socket->ws, bytes, size);
    free(bytes);
    return sent;
}

enum socket_end socket_try(struct attack_socket *socket, struct span frame)
{
    static uint8_t buffer[1 << 21];
    struct request_id fence;
    if (!raw_ws_send(socket->ws, frame.data, frame.size) || !send_fence(socket, &fence)) {
        return SOCKET_CLOSED;
    }
    for (size_t i = 0; i < FRAMES_MAX; i++) {
        size_t size = 0;
        if (!raw_ws_receive(socket->ws, buffer, sizeof buffer, &size)) {
            return raw_ws_wait_close(socket->ws) >= 0 ? SOCKET_CLOSED : SOCKET_SILENT;
        }
        struct arena arena = {0};
        const Alcove__Frame *reply = NULL;
        decode_frame(span_of(buffer, size), &arena, &reply);
        const bool is_fence = reply->kind == FRAME_REPLY && reply->request_id.len == ID_BYTES &&
                              memcmp(reply->request_id.data, fence.bytes, ID_BYTES) == 0;
        if (!is_fence && reply->kind == FRAME_REPLY) {
            socket->last_status = reply->code;
            socket->answers++;
        }
        CHECK(!is_fence || reply->code == STATUS_OK);
        arena_free(&arena);
        if (is_fence) {
            return SOCKET_ANSWERED;
        }
    }
    return SOCKET_SILENT;
}
