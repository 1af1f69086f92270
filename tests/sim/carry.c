#include "tests/sim/server.h"
#include "tests/sim/world.h"

#include "tests/support/test.h"

/* The network: frames of one line keep their order, lines do not. */

static void drop_up(struct world_device *device)
{
    while (device->up != NULL) {
        struct world_frame *frame = device->up;
        device->up = frame->next;
        free((void *)(uintptr_t)frame->bytes.data);
        free(frame);
    }
    device->up_last = NULL;
}

void carry_cut(struct world *world, struct world_device *device)
{
    drop_up(device);
    device->line_at_ms = world->server.now_ms + 2000;
    inproc_offline(&device->person);
}

static void connect(struct world *world, struct world_device *device)
{
    inproc_connect(&world->server, &device->person.link);
    engine_start(device->person.engine, device->person.link.exporter, world_clock(world, device));
    device->person.connected = true;
    device->troubled &= device->disk_until != 0;
    device->server_full = disk.full;
}

static bool put_up(struct world_device *device)
{
    struct span out;
    if (memory_storage_dead(device->person.storage) ||
        !engine_next_frame(device->person.engine, &out) ||
        memory_storage_dead(device->person.storage)) {
        return false;
    }
    struct world_frame *frame = calloc(1, sizeof *frame);
    uint8_t *copy = malloc(out.size);
    CHECK(frame != NULL && copy != NULL);
    memcpy(copy, out.data, out.size);
    frame->bytes = span_of(copy, out.size);
    if (device->up_last != NULL) {
        device->up_last->next = frame;
    } else {
        device->up = frame;
    }
    device->up_last = frame;
    return true;
}

static bool take_up(struct world *world, struct world_device *device)
{
    struct world_frame *frame = device->up;
    if (frame == NULL) {
        return false;
    }
    device->up = frame->next;
    device->up_last = frame->next == NULL ? NULL : device->up_last;
    world->server.now_ms++;
    world->frames++;
    device->frames++;
    inproc_handle(&device->person.link, frame->bytes);
    free((void *)(uintptr_t)frame->bytes.data);
    free(frame);
    return true;
}

/* A device may stop whose disk is full, or who hears that the server's is; nothing else stops an
 * honest one. */
static bool may_stop(const struct world_device *device, enum status status)
{
    return device->out || status == STATUS_SUSPENDED ||
           (device->server_full && status == STATUS_FULL) ||
           (device->troubled && (status == STATUS_IO || status == STATUS_FULL));
}

static void judge(struct world *world, struct world_device *device, enum status status)
{
    const struct engine *engine = device->person.engine;
    if (engine_alarm_count(engine) > 0) {
        const struct engine_alarm *alarm = engine_alarm(engine, 0);
        world_fail(world, "device %u: an alarm though the server is honest: %s: %s (%s)",
                   (unsigned)(device - world->devices), status_name(alarm->status), alarm->reason,
                   alarm->evidence);
    }
    if (status != STATUS_OK) {
        if (!may_stop(device, status)) {
            world_fail(world, "device %u stopped: %s", (unsigned)(device - world->devices),
                       status_name(status));
        }
        world_tell(world, "device %u stops: %s", (unsigned)(device - world->devices),
                   status_name(status));
        carry_cut(world, device);
    }
}

void carry_tick(struct world *world, struct world_device *device)
{
    engine_tick(device->person.engine, world_clock(world, device));
    if (memory_storage_dead(device->person.storage)) {
        fault_died(world, device);
        return;
    }
    struct engine_state state;
    engine_state(device->person.engine, &state);
    if (device->person.connected) {
        judge(world, device, state.phase == ENGINE_STOPPED ? state.why : STATUS_OK);
    }
}

static bool take_down(struct world *world, struct world_device *device)
{
    struct inproc_link *link = &device->person.link;
    struct inproc_frame *frame = link->first;
    if (frame == NULL) {
        return server_gives(world, link);
    }
    link->first = frame->next;
    link->last = frame->next == NULL ? NULL : link->last;
    enum status status = engine_receive(device->person.engine, span_of(frame->data, frame->size),
                                        world_clock(world, device));
    free(frame->data);
    free(frame);
    if (!memory_storage_dead(device->person.storage)) {
        judge(world, device, status);
    }
    return true;
}

static bool move(struct world *world, struct world_device *device, struct dice *dice)
{
    if (!device->person.connected) {
        if (device->wants_line && device->line_at_ms <= world->server.now_ms && server_is_up()) {
            connect(world, device);
            return true;
        }
        return false;
    }
    if (device->person.link.closed && device->person.link.first == NULL) {
        carry_cut(world, device);
        return true;
    }
    /* Three ways in a circle, begun anywhere, so that each waits now and then. */
    uint64_t begin = dice_below(dice, 3);
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t way = (begin + i) % 3;
        if ((way == 0 && put_up(device)) || (way == 1 && take_up(world, device)) ||
            (way == 2 && take_down(world, device))) {
            return true;
        }
    }
    return false;
}

bool carry(struct world *world, struct world_device *device, struct dice *dice)
{
    bool moved = move(world, device, dice);
    if (memory_storage_dead(device->person.storage)) {
        fault_died(world, device);
    }
    return moved;
}
