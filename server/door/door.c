#include "server/door/internal.h"

#include "keys/public/bytes/random.h"
#include "keys/public/hash.h"
#include "proto/packing.h"
#include "server/core/brought.h"
#include "server/core/produce.h"

enum status door_new(struct db *db, const struct practice_id *practice,
                     const struct login_key *login_key, struct door **out_door)
{
    struct door *door = calloc(1, sizeof *door);
    if (door == NULL) {
        return STATUS_NO_MEMORY;
    }
    door->db = db;
    door->practice = *practice;
    door->login_key = login_key;
    login_key_public(login_key, &door->login_public);
    *out_door = door;
    return STATUS_OK;
}

void door_free(struct door *door)
{
    if (door != NULL) {
        db_abort(door->after);
        for (size_t i = 0; i < DOOR_READERS_MAX; i++) {
            db_abort(atomic_load(&door->idle[i]));
        }
        free(door);
    }
}

enum status door_begin_read(struct door *door, struct txn **out_txn)
{
    struct txn *txn = NULL;
    for (size_t i = 0; i < DOOR_READERS_MAX && txn == NULL; i++) {
        txn = atomic_exchange(&door->idle[i], NULL);
    }
    if (txn == NULL) {
        return db_begin_read(door->db, out_txn);
    }
    enum status status = db_renew(txn);
    if (status != STATUS_OK) {
        db_abort(txn);
        return status;
    }
    *out_txn = txn;
    return STATUS_OK;
}

void door_end_read(struct door *door, struct txn *txn)
{
    if (txn == NULL) {
        return;
    }
    db_reset(txn);
    for (size_t i = 0; i < DOOR_READERS_MAX; i++) {
        struct txn *none = NULL;
        if (atomic_compare_exchange_strong(&door->idle[i], &none, txn)) {
            return;
        }
    }
    db_abort(txn);
}

void door_attach_run(struct door *door, struct run *run)
{
    door->run = run;
}

void door_attach_net(struct door *door, struct net *net)
{
    door->net = net;
}

uint8_t *door_frame(uint32_t kind, const struct request_id *id, uint32_t code, struct span body,
                    size_t *out_size)
{
    Alcove__Frame frame = ALCOVE__FRAME__INIT;
    frame.kind = kind;
    if (id != NULL) {
        frame.request_id = field_of(id->bytes, ID_BYTES);
    }
    frame.code = code;
    frame.body = field_of(body.data, body.size);
    uint8_t *bytes = NULL;
    return message_pack(&frame.base, &bytes, out_size) == STATUS_OK ? bytes : NULL;
}

/* Without memory for an answer the connection ends: silence would break its order. */
static void send_frame(struct door *door, uint64_t connection, enum net_frame_kind last,
                       uint8_t *bytes, size_t size)
{
    if (bytes == NULL) {
        net_cut(door->net, connection);
    } else {
        net_send(door->net, connection, last, bytes, size);
    }
}

/* ---- in */

static void send_hello(struct door *door, struct guest *guest)
{
    Alcove__Hello hello = ALCOVE__HELLO__INIT;
    struct run_checkpoints *shared = run_checkpoints_now(door->run);
    const struct core_checkpoints *heads = run_checkpoints_view(shared);
    struct core_login *login = guest_login(guest);
    random_bytes(login->hello_nonce, sizeof login->hello_nonce);
    hello.version_min = WIRE_VERSION;
    hello.version_max = WIRE_VERSION;
    hello.nonce = field_of(login->hello_nonce, sizeof login->hello_nonce);
    hello.practice = field_of(door->practice.bytes, HASH_BYTES);
    hello.login_key = field_of(door->login_public.bytes, PUBLIC_KEY_BYTES);
    hello.statements_checkpoint = field_of(heads->statements, heads->statements_bytes);
    hello.events_checkpoint = field_of(heads->events, heads->events_bytes);
    login->hello_statements_size = heads->statements_size;
    login->hello_events_size = heads->events_size;
    uint8_t *body = NULL;
    uint8_t *frame = NULL;
    size_t size = 0;
    if (message_pack(&hello.base, &body, &size) == STATUS_OK) {
        hash_bytes(span_of(body, size), &login->hello_hash);
        frame = door_frame(FRAME_HELLO, NULL, 0, span_of(body, size), &size);
    }
    free(body);
    run_checkpoints_drop(shared);
    send_frame(door, guest_number(guest), NET_FRAME_MORE, frame, size);
}

static void on_open(void *state, const struct net_opened *opened, void **user)
{
    struct door *door = state;
    struct guest *guest = guest_new(opened->connection, opened->exporter, opened->source.bytes);
    *user = guest;
    if (guest == NULL) {
        send_frame(door, opened->connection, NET_FRAME_MORE, NULL, 0);
        return;
    }
    send_hello(door, guest);
}

static void request_release(void *owned)
{
    struct door_request *request = owned;
    arena_free(&request->arena);
    brought_free(request->brought);
    free(request);
}

static enum status fill_ask(const struct door *door, struct guest *guest,
                            const Alcove__Frame *frame, struct door_request *owned,
                            struct core_ask *ask)
{
    const struct core_peer *peer = guest_peer(guest);
    bool login = frame->kind == FRAME_LOGIN;
    if (!field_required(frame->request_id, ask->id.bytes, ID_BYTES) && !login) {
        return STATUS_OK;
    }
    /* A login is a frame of its own kind; its number is no op on the wire. */
    if (!login && frame->code == CORE_OP_LOGIN) {
        return STATUS_OK;
    }
    ask->op = login ? CORE_OP_LOGIN : frame->code;
    if (login) {
        owned->login = *guest_login(guest);
        hash_bytes(field_span(frame->body), &owned->login.login_hash);
        ask->login = &owned->login;
    }
    return door_decode(door, peer, field_span(frame->body), owned, ask);
}

/* NULL: no memory, so that the frame is offered again; it must not be told that it is malformed. A frame that is not one becomes a request without an op, so that it
 * leaves its event like any other. */
static struct run_request *make_request(struct door *door, struct guest *guest, uint8_t *bytes,
                                        size_t size)
{
    struct run_request *request = calloc(1, sizeof *request);
    struct door_request *owned = calloc(1, sizeof *owned);
    if (request == NULL || owned == NULL) {
        free(request);
        free(owned);
        return NULL;
    }
    request->owned = owned;
    request->release = request_release;
    request->bytes = size;
    request->guest = guest;
    guest_hold(guest);
    memcpy(request->ask.source, guest_source(guest), CORE_SOURCE_BYTES);
    ProtobufCMessage *message = NULL;
    enum status status =
        message_decode(&alcove__frame__descriptor, span_of(bytes, size), &owned->arena, &message);
    if (status == STATUS_OK) {
        const Alcove__Frame *frame = (const Alcove__Frame *)(const void *)message;
        if (frame->kind == FRAME_LOGIN || frame->kind == FRAME_REQUEST) {
            status = fill_ask(door, guest, frame, owned, &request->ask);
        }
    }
    if (status == STATUS_NO_MEMORY) {
        run_request_free(request);
        return NULL;
    }
    request->bytes += owned->brought == NULL ? 0 : owned->brought->bytes;
    return request;
}

static bool on_message(void *state, uint64_t number, void **user, uint8_t *bytes, size_t size)
{
    struct door *door = state;
    struct guest *guest = *user;
    if (guest == NULL) {
        free(bytes);
        return true;
    }
    struct run_request *request = make_request(door, guest, bytes, size);
    if (request == NULL) {
        return false;
    }
    /* Before login there is nobody in whose name an event could be written: a request that only
     * members may make ends the connection without a word. */
    if (guest_peer(guest) == NULL && !core_before_login(request->ask.op)) {
        run_request_free(request);
        free(bytes);
        net_close(door->net, number, NET_CLOSE_POLICY);
        return true;
    }
    if (!run_offer(door->run, request)) {
        run_request_free(request);
        return false;
    }
    free(bytes);
    return true;
}

static void on_closed(void *state, uint64_t number, void *user)
{
    struct door *door = state;
    struct guest *guest = user;
    (void)number;
    if (guest == NULL) {
        return;
    }
    struct run_request *request;
    request = calloc(1, sizeof *request);
    if (request != NULL) {
        request->closed = true;
        request->guest = guest;
        guest_hold(guest);
        if (!run_offer(door->run, request)) {
            run_request_free(request);
        }
    }
    guest_drop(guest);
}

struct net_handler door_handler(struct door *door)
{
    struct net_handler handler = {door, on_open, on_message, on_closed};
    return handler;
}
