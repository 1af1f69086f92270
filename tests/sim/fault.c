#include "tests/sim/world.h"

#include "tests/support/test.h"

#define HOUR_MS 3600000u

static struct world_device *any(struct world *world, struct dice *dice)
{
    return &world->devices[dice_below(dice, world->device_count)];
}

static void server_again(struct world *world)
{
    for (unsigned i = 0; i < world->device_count; i++) {
        carry_cut(world, &world->devices[i]);
    }
    inproc_restart_server(&world->server);
    check_heads(world);
}

void fault_end(struct world *world, struct world_device *device)
{
    (void)world;
    memory_storage_fail_after(device->person.storage, SIZE_MAX);
    device->disk_until = 0;
}

/* Killed while its disk is full it could not start: a person makes room first. */
static void kill_device(struct world *world, struct world_device *device)
{
    fault_end(world, device);
    settle(world); /* what it heard before it died was heard */
    carry_cut(world, device);
    inproc_restart(&device->person);
    check_typed(world, device);
}

void fault(struct world *world, struct dice *dice)
{
    struct world_device *device = any(world, dice);
    unsigned number = (unsigned)(device - world->devices);
    enum world_fault kind = (enum world_fault)dice_below(dice, FAULTS);
    world->faults[kind]++;
    static const char *const names[] = {"cut",  "abort", "lost answer", "server killed",
                                        "kill", "disk",  "clock",       "hours pass"};
    world_tell(world, "fault: %s, device %u", names[kind], number);
    switch (kind) {
    case FAULT_CUT:
        carry_cut(world, device);
        break;
    case FAULT_ABORT:
        world->server.abort_next = true;
        break;
    case FAULT_ANSWER:
        world->server.lose_next = true;
        break;
    case FAULT_SERVER:
        server_again(world);
        break;
    case FAULT_KILL:
        kill_device(world, device);
        break;
    case FAULT_DISK:
        memory_storage_fail_after(device->person.storage, dice_below(dice, 5));
        device->troubled = true;
        device->disk_until = world->step + 20 + dice_below(dice, 400);
        break;
    case FAULT_CLOCK:
        device->person.clock_off_ms =
            (int64_t)dice_below(dice, 16 * HOUR_MS) - (int64_t)(8 * HOUR_MS);
        break;
    case FAULT_TIME:
        world->server.now_ms += dice_below(dice, 3 * HOUR_MS);
        break;
    case FAULTS:
        break;
    }
}
