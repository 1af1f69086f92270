#include "server/door/internal.h"

#include "keys/public/bytes/cursor.h"

/* The committer's own read transaction, on the state that it has just made durable. */
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
    struct span parts[] = {
        span_of(login->exporter, 32), span_of(login->hello_nonce, 32), field_span(message->nonce),
        ID_SPAN(&login->login_hash),  span_of(sizes, sizeof sizes),
    };
    bool rewound = answer->status == STATUS_REWOUND;
    cursor_put_u64(sizes, answer->from);
    cursor_put_u64(sizes + 8, answer->to);
    struct signature signature;
    enum status status =
        login_key_sign(door->login_key, rewound ? LABEL_REWOUND : LABEL_LOGIN_SERVER,
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

/* Produces the body that an answer still lacks; if that fails the answer is UNAVAILABLE. */
static uint8_t *finish_body(struct door *door, struct run_request *request,
                            const struct core_checkpoints *heads, size_t *out_size)
{
    struct core_answer *answer = &request->answer;
    bool login = request->ask.op == CORE_OP_LOGIN;
    *out_size = 0;
    enum status status = STATUS_OK;
    if (answer->produce != NULL && login) {
        status = sign_login(door, &request->ask, answer);
    }
    uint8_t *body = NULL;
    if (status == STATUS_OK && answer->produce == NULL) {
        body = answer->body;
        *out_size = answer->body_bytes;
        answer->body = NULL;
    } else if (status == STATUS_OK && (answer->status == STATUS_OK || login)) {
        status = produce_body(door, answer, heads, &body, out_size);
    }
    if (status != STATUS_OK) {
        door_answer_failed(request->ask.peer, request->ask.op, answer, status);
        answer->status = STATUS_UNAVAILABLE;
    }
    return body;
}

static void on_answer(void *state, struct run_request *request, struct run_checkpoints *shared)
{
    struct door *door = state;
    struct net *net = door->net;
    struct core_answer *answer = &request->answer;
    uint64_t number = guest_number(request->guest);
    bool login = request->ask.op == CORE_OP_LOGIN;
    if (answer->status == STATUS_OK && answer->chunks) {
        if (!page_start(door, net, request, shared)) {
            net_cut(net, number);
        }
        return;
    }
    size_t size = 0;
    uint8_t *body = finish_body(door, request, run_checkpoints_view(shared), &size);
    uint8_t *frame =
        door_frame(login ? FRAME_LOGIN_REPLY : FRAME_REPLY, login ? NULL : &request->ask.id,
                   (uint32_t)answer->status, span_of(body, size), &size);
    free(body);
    if (frame == NULL) {
        net_cut(net, number);
        return;
    }
    if (answer->login) {
        net_admit(net, number, FRAME_BYTES_MAX + PACKING_PREFIX_BYTES);
    }
    net_send(net, number, NET_FRAME_FINAL, frame, size);
    if (answer->close) {
        net_close(net, number, NET_CLOSE_POLICY);
    }
}

static void on_push(void *state, struct guest *guest, const struct core_effect *moved,
                    struct run_checkpoints *shared)
{
    struct door *door = state;
    struct net *net = door->net;
    const struct core_checkpoints *heads = run_checkpoints_view(shared);
    Alcove__Push push = ALCOVE__PUSH__INIT;
    push.section = field_of(moved->section.bytes, ID_BYTES);
    push.number = moved->number;
    push.statements_size = heads->statements_size;
    push.events_size = heads->events_size;
    uint8_t *body = NULL;
    uint8_t *frame = NULL;
    size_t size = 0;
    if (message_pack(&push.base, &body, &size) == STATUS_OK) {
        frame = door_frame(FRAME_PUSH, NULL, 0, span_of(body, size), &size);
    }
    free(body);
    if (frame == NULL) {
        net_cut(net, guest_number(guest));
        return;
    }
    net_send(net, guest_number(guest), NET_FRAME_MORE, frame, size);
}

static void on_cut(void *state, struct guest *guest)
{
    struct door *door = state;
    net_cut(door->net, guest_number(guest));
}

struct run_output door_output(struct door *door)
{
    struct run_output output = {door, on_answer, on_push, on_cut};
    return output;
}
