#include "server/run/signer_link.h"
#include "tests/sim/served.h"
#include "tests/sim/server_inside.h"
#include "tests/sim/signer.h"
#include "tests/support/test.h"

#define DOWN_MS_MAX 4000u

struct net net;

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
    disk_start();
    struct db_options options = {.map_bytes = (uint64_t)1 << 30};
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

#define FLICKER_STEPS_MAX 40u

static void flicker(struct dice *dice)
{
    if (net.flickers == 0) {
        return;
    }
    net.flickers--;
    net.power = dice_chance(dice, 700);
    disk.dies_in = dice_below(dice, FLICKER_STEPS_MAX);
    if (dice_chance(dice, 600)) {
        signer_fault(SIGNER_KILLED, dice);
    }
}

void server_flickers(unsigned starts, struct dice *dice)
{
    net.flickers = starts;
    flicker(dice);
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
        struct dice dice;
        dice_throw(&dice, world->seed ^ UINT64_C(0x666c69636b), world->step);
        flicker(&dice);
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
    transport_lose_all();
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
    server_kill(world, false, dice);
    signer_fault_end(); /* whatever was to befall the signer: nobody could say who refused */
    struct disk_copy newest = {0};
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
    take_heads(&world->server);
    /* While the signer is away a batch is held: its events are written, and who asked still waits. */
    world->server_waits = world->server.heads.events_size != served_events(world);
    if (!world->server_waits) {
        served_end(world);
    }
    for (unsigned i = 0; world->server_waits && i < world->device_count; i++) {
        world->devices[i].server_waits = true;
    }
    return !idle;
}

void server_open(struct world *world)
{
    struct inproc *server = &world->server;
    memset(&net, 0, sizeof net);
    net.world = world;
    db_close(server->db);
    server->db = NULL;
    server->place = &transport_place;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data/data.mdb", server->folder);
    disk_watch(path);
    OK(start(server));
    served_start(world);
}

void server_close(struct world *world)
{
    transport_lose_all();
    close_all(&world->server);
    disk_copy_free(&net.backup);
    disk_forget();
}
