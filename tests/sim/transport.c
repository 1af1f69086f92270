#include "tests/sim/disk.h"
#include "tests/sim/server_inside.h"
#include "tests/support/test.h"

#define TURNS_MAX 50u

struct out {
    struct out *next;
    struct span bytes;        /* owned; data NULL: it is |stream| */
    struct net_stream stream; /* gives frames until it is done */
};

/* ---- connections */

static struct connection *connection_of(uint64_t number, const struct inproc_link *link)
{
    struct connection *connection = net.connections;
    while (connection != NULL && connection->number != number && connection->link != link) {
        connection = connection->next;
    }
    return connection;
}

static void drop_out(struct connection *connection)
{
    struct out *out = connection->first;
    connection->first = out->next;
    connection->last = out->next == NULL ? NULL : connection->last;
    if (out->bytes.data == NULL) {
        out->stream.close(out->stream.state);
    }
    free((void *)(uintptr_t)out->bytes.data);
    free(out);
}

static void put_out(uint64_t number, struct span bytes, const struct net_stream *stream)
{
    struct connection *connection = connection_of(number, NULL);
    struct out *out = calloc(1, sizeof *out);
    CHECK(out != NULL);
    out->bytes = bytes;
    if (stream != NULL) {
        out->stream = *stream;
    }
    /* A process that is dead sends nothing; its thread goes on to the end of its turn here. */
    bool gone = connection == NULL || !disk_alive();
    if (!gone && net.lose_next) {
        net.lose_next = false;
        connection->link->closed = true;
        gone = true;
    }
    if (gone) {
        struct connection none = {.first = out, .last = out};
        drop_out(&none);
        return;
    }
    if (connection->last != NULL) {
        connection->last->next = out;
    } else {
        connection->first = out;
    }
    connection->last = out;
}

static uint32_t op_of(const struct connection *connection, const Alcove__Frame *frame)
{
    if (frame->kind == FRAME_HELLO || frame->kind == FRAME_LOGIN_REPLY ||
        frame->kind == FRAME_CHUNK) {
        return frame->kind + 1000u;
    }
    struct request_id id = {{0}};
    (void)!field_required(frame->request_id, id.bytes, ID_BYTES);
    for (size_t i = 0; i < ASKED_MAX; i++) {
        if (ID_EQUAL(&connection->asked[i].id, &id)) {
            return connection->asked[i].op;
        }
    }
    return 0;
}

/* Over the line, through the hook that may change it. */
static void goes_out(struct connection *connection, struct span bytes)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__frame__descriptor, bytes, &arena, &message));
    const Alcove__Frame *frame = (const Alcove__Frame *)(const void *)message;
    struct request_id id = {{0}};
    bool named = field_required(frame->request_id, id.bytes, ID_BYTES);
    inproc_send(connection->link, frame->kind, op_of(connection, frame), named ? &id : NULL,
                frame->code, field_span(frame->body));
    arena_free(&arena);
}

static bool give(struct connection *connection)
{
    struct out *out = connection->first;
    if (out == NULL || connection->link->closed) {
        return false;
    }
    if (out->bytes.data != NULL) {
        goes_out(connection, out->bytes);
        drop_out(connection);
    } else {
        static uint8_t piece[PACKING_FRAME_BYTES];
        size_t size = 0;
        bool done = false;
        OK(out->stream.next_chunk(out->stream.state, piece, sizeof piece, &size, &done));
        goes_out(connection, span_of(piece, size));
        if (done) {
            drop_out(connection);
        }
    }
    connection->link->closed |= connection->closing && connection->first == NULL;
    return true;
}

bool server_gives(struct world *world, struct inproc_link *link)
{
    (void)world;
    struct connection *connection = connection_of(UINT64_MAX, link);
    return connection != NULL && give(connection);
}

static void lose(struct connection *connection)
{
    struct connection **place = &net.connections;
    while (*place != connection) {
        place = &(*place)->next;
    }
    *place = connection->next;
    while (connection->first != NULL) {
        drop_out(connection);
    }
    net.handler.on_closed(net.handler.state, connection->number, connection->user);
    free(connection);
}

/* ---- the transport, as the door sees it */

void net_send(struct net *unused, uint64_t connection, enum net_frame_kind kind, uint8_t *bytes,
              size_t size)
{
    (void)unused;
    (void)kind;
    put_out(connection, span_of(bytes, size), NULL);
}

void net_stream(struct net *unused, uint64_t connection, const struct net_stream *stream)
{
    (void)unused;
    put_out(connection, span_of(NULL, 0), stream);
}

void net_admit(struct net *unused, uint64_t connection, uint32_t message_bytes_max)
{
    (void)unused;
    (void)connection;
    (void)message_bytes_max;
}

void net_close(struct net *unused, uint64_t number, enum net_close_code code)
{
    (void)unused;
    (void)code;
    struct connection *connection = connection_of(number, NULL);
    if (connection != NULL) {
        connection->closing = true;
        connection->link->closed |= connection->first == NULL;
    }
}

void net_cut(struct net *unused, uint64_t number)
{
    (void)unused;
    struct connection *connection = connection_of(number, NULL);
    if (connection != NULL) {
        connection->link->closed = true;
    }
}

/* ---- as the links see it */

static void place_connect(struct inproc_link *link)
{
    if (!server_is_up()) {
        link->closed = true;
        return;
    }
    struct connection *connection = calloc(1, sizeof *connection);
    CHECK(connection != NULL);
    connection->link = link;
    connection->number = ++net.last_number;
    connection->next = net.connections;
    net.connections = connection;
    struct net_opened opened = {.connection = connection->number};
    memcpy(opened.exporter, link->exporter, sizeof opened.exporter);
    net.handler.on_open(net.handler.state, &opened, &connection->user);
    while (give(connection)) {
    }
}

static void place_take(struct inproc_link *link, struct span bytes)
{
    struct connection *connection = connection_of(UINT64_MAX, link);
    uint8_t *copy = malloc(bytes.size);
    if (connection == NULL || copy == NULL) {
        free(copy);
        return;
    }
    memcpy(copy, bytes.data, bytes.size);
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__frame__descriptor, bytes, &arena, &message));
    const Alcove__Frame *frame = (const Alcove__Frame *)(const void *)message;
    size_t at = connection->asked_next++ % ASKED_MAX;
    connection->asked[at].op = frame->code;
    if (frame->kind == FRAME_REQUEST) {
        net.world->server.ops[frame->code % ARRAY_LEN(net.world->server.ops)]++;
    }
    (void)!field_required(frame->request_id, connection->asked[at].id.bytes, ID_BYTES);
    arena_free(&arena);
    CHECK(net.handler.on_message(net.handler.state, connection->number, &connection->user, copy,
                                 bytes.size));
}

/* For who waits for the answer on the spot: a practice's beginning, and who joins. */
static void place_handle(struct inproc_link *link, struct span bytes)
{
    place_take(link, bytes);
    if (net.world->at_once) {
        for (unsigned i = 0; i < TURNS_MAX && server_turn(net.world); i++) {
        }
        for (struct connection *c = net.connections; c != NULL; c = c->next) {
            while (give(c)) {
            }
        }
    }
}

static void place_gone(struct inproc_link *link)
{
    struct connection *connection = connection_of(UINT64_MAX, link);
    if (connection != NULL) {
        lose(connection);
    }
}

const struct inproc_place transport_place = {place_connect, place_handle, place_gone};

void transport_lose_all(void)
{
    while (net.connections != NULL) {
        net.connections->link->closed = true;
        lose(net.connections);
    }
}
