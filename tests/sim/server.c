#include "tests/sim/server.h"

#include "server/door/door.h"
#include "server/run/signer_link.h"
#include "tests/sim/disk.h"
#include "tests/sim/served.h"
#include "tests/sim/signer.h"
#include "tests/sim/world.h"
#include "tests/support/test.h"

#define ASKED_MAX   64u
#define TURNS_MAX   50u
#define DOWN_MS_MAX 4000u

struct out {
    struct out *next;
    struct span bytes;        /* owned; data NULL: it is |stream| */
    struct net_stream stream; /* gives frames until it is done */
};

struct connection {
    struct connection *next;
    struct inproc_link *link;
    uint64_t number;
    void *user; /* the door's */
    struct out *first, *last;
    bool closing; /* once all is out */
    struct {
        struct request_id id;
        uint32_t op;
    } asked[ASKED_MAX];
    size_t asked_next;
};

struct net {
    struct world *world;
    struct door *door;
    struct run *run;
    struct signer_link *signer;
    struct run_output output; /* the door's */
    struct net_handler handler;
    struct connection *connections;
    uint64_t last_number;
    uint64_t up_at_ms;
    bool lose_next;
    bool power; /* goes when the process dies */
    struct disk_copy backup;
};

static struct net net;

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

static const struct inproc_place PLACE = {place_connect, place_handle, place_gone};

/* ---- what the committer hands out, looked at on its way */

static void on_answer(void *state, struct run_request *request, struct run_checkpoints *heads)
{
    (void)state;
    served_answer(net.world, request, run_checkpoints_view(heads));
    net.output.answer(net.output.state, request, heads);
}

static void on_push(void *state, struct guest *guest, const struct core_effect *moved,
                    struct run_checkpoints *heads)
{
    (void)state;
    net.output.push(net.output.state, guest, moved, heads);
}

static void on_cut(void *state, struct guest *guest)
{
    (void)state;
    net.output.cut(net.output.state, guest);
}

/* ---- its life */

static void close_all(struct inproc *server)
{
    run_free(net.run);
    door_free(net.door);
    signer_link_close(net.signer);
    core_close(server->core);
    db_close(server->db);
    net.run = NULL;
    net.door = NULL;
    net.signer = NULL;
    server->core = NULL;
    server->db = NULL;
}

static void take_heads(struct inproc *server)
{
    struct run_checkpoints *heads = run_checkpoints_now(net.run);
    server->heads = *run_checkpoints_view(heads);
    run_checkpoints_drop(heads);
}

/* As server/cmd_serve.c does. */
static enum status start(struct inproc *server)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data", server->folder);
    struct db_options options = {.map_bytes = (uint64_t)1 << 30};
    disk_start();
    enum status status = db_open(path, &options, &server->db);
    struct public_key login;
    login_key_public(server->login_key, &login);
    if (status == STATUS_OK) {
        status = core_open(server->db, &login, server->now_ms, &server->core);
    }
    if (status == STATUS_OK) {
        status = door_new(server->db, &server->practice, server->login_key, &net.door);
    }
    struct signer_link_options link = {.starter = signer_starter()};
    if (status == STATUS_OK) {
        net.output = door_output(net.door);
        net.handler = door_handler(net.door);
        status = signer_link_open(&link, &server->practice, &net.signer);
    }
    struct run_output output = {NULL, on_answer, on_push, on_cut};
    if (status == STATUS_OK) {
        status = run_new(server->db, server->core, net.signer, NULL, &output, &net.run);
    }
    if (status == STATUS_OK) {
        door_attach_run(net.door, net.run);
        door_attach_net(net.door, &net);
        take_heads(server);
    }
    return status;
}

bool server_is_up(void)
{
    return net.run != NULL;
}

static bool start_again(struct world *world)
{
    if (world->server.now_ms < net.up_at_ms) {
        return false;
    }
    enum status status = start(&world->server);
    world_tell(world, "the server starts: %s", status_name(status));
    if (status == STATUS_OK) {
        served_start(world);
        return true;
    }
    close_all(&world->server);
    net.up_at_ms = world->server.now_ms + 1000;
    if (world->calm || (status != STATUS_UNAVAILABLE && status != STATUS_FULL)) {
        world_fail(world, "the server does not start: %s", status_name(status));
    }
    return true;
}

void server_kill(struct world *world, bool power, struct dice *dice)
{
    if (!server_is_up()) {
        return;
    }
    disk.dead = true;
    for (unsigned i = 0; i < world->device_count; i++) {
        carry_cut(world, &world->devices[i]);
    }
    while (net.connections != NULL) {
        net.connections->link->closed = true;
        lose(net.connections);
    }
    close_all(&world->server);
    if (power) {
        disk_power_cut(dice);
        signer_power_cut();
    }
    net.lose_next = false;
    net.power = false;
    net.up_at_ms = world->server.now_ms + dice_below(dice, DOWN_MS_MAX);
    world_tell(world, "the server is dead%s", power ? ", and the power was gone" : "");
}

void server_backup(struct world *world, struct dice *dice)
{
    if (!server_is_up() || disk_unsafe() > 0) {
        return;
    }
    if (net.backup.bytes == NULL) {
        disk_copy(&net.backup);
        return;
    }
    struct disk_copy newest = {0};
    server_kill(world, false, dice);
    disk_copy(&newest);
    disk_put_back(&net.backup);
    enum status status = start(&world->server);
    world_tell(world, "an old database is put back: %s", status_name(status));
    if (status == STATUS_OK && world->server.heads.events_size < world->newest[1]) {
        world_fail(world, "an old database is served");
    }
    if (status != STATUS_OK && status != STATUS_REWOUND && !world->signer_troubled) {
        world_fail(world, "an old database is refused with %s", status_name(status));
    }
    close_all(&world->server);
    disk_put_back(&newest);
    disk_copy_free(&newest);
    disk_copy_free(&net.backup);
}

void server_lose_next(bool lose)
{
    net.lose_next = lose;
}

void server_power_goes_with_it(bool power)
{
    net.power = power;
}

bool server_turn(struct world *world)
{
    if (!server_is_up()) {
        return start_again(world);
    }
    bool idle = false;
    served_begin(world);
    enum status status = run_turn(net.run, 0, &idle);
    world->turns++;
    if (status != STATUS_OK || disk.dead) {
        if (!disk.dead && !disk.faulty && !world->signer_troubled) {
            world_fail(world, "the server gave up: %s", status_name(status));
        }
        struct dice dice;
        dice_throw(&dice, world->seed ^ UINT64_C(0x706f776572), world->step);
        server_kill(world, net.power, &dice);
        return true;
    }
    served_end(world);
    take_heads(&world->server);
    return !idle;
}

void server_open(struct world *world)
{
    struct inproc *server = &world->server;
    memset(&net, 0, sizeof net);
    net.world = world;
    db_close(server->db);
    server->db = NULL;
    server->place = &PLACE;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data/data.mdb", server->folder);
    disk_watch(path);
    OK(start(server));
    served_start(world);
}

void server_close(struct world *world)
{
    while (net.connections != NULL) {
        lose(net.connections);
    }
    close_all(&world->server);
    disk_copy_free(&net.backup);
    disk_forget();
}
