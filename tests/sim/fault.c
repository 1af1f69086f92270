#include "tests/sim/server.h"
#include "tests/sim/signer.h"
#include "tests/sim/world.h"
#include "tests/support/test.h"

#define MINUTE_MS 60000u
#define HOUR_MS   3600000u
#define MIB       ((uint64_t)1 << 20)

static struct world_device *any(struct world *world, struct dice *dice)
{
    return &world->devices[dice_below(dice, world->device_count)];
}

void fault_end(struct world *world, struct world_device *device)
{
    (void)world;
    memory_storage_fail_after(device->person.storage, SIZE_MAX);
    device->disk_until = 0;
}

void fault_pass_server(struct world *world, bool now)
{
    if (now || (world->server_full_until != 0 && world->server_full_until <= world->step)) {
        disk.full = false;
        world->server_full_until = 0;
        /* Somebody looked after the machines. Who failed while their clock was ahead must not wait
         * until that time comes. */
        for (unsigned i = 0; i < world->device_count; i++) {
            world->devices[i].person.clock_off_ms = 0;
        }
    }
    if (now || (world->signer_full_until != 0 && world->signer_full_until <= world->step)) {
        signer_fault_end();
        world->signer_full_until = 0;
        world->signer_troubled = false;
    }
    if (now) {
        disk.clock_off_ms = 0;
        disk_start();
        server_lose_next(false);
        server_flickers(0, NULL);
    }
}

void fault_pass(struct world *world, bool now)
{
    fault_pass_server(world, now);
    for (unsigned i = 0; i < world->device_count; i++) {
        struct world_device *device = &world->devices[i];
        if (now) {
            memory_storage_die_after(device->person.storage, SIZE_MAX, false);
            device->dies = false;
        }
        if (device->disk_until != 0 && (now || device->disk_until <= world->step)) {
            fault_end(world, device);
        }
    }
}

/* Killed while its disk is full it could not start: a person makes room first. */
static void kill_device(struct world *world, struct world_device *device)
{
    fault_end(world, device);
    settle(world); /* what it heard before it died was heard */
    carry_cut(world, device);
    memory_storage_start(device->person.storage);
    device->dies = false;
    inproc_restart(&device->person);
    settle_started(world, device);
    check_typed(world, device);
}

void fault_died(struct world *world, struct world_device *device)
{
    world_tell(world, "device %u dies", (unsigned)(device - world->devices));
    kill_device(world, device);
}

static void cut(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)dice;
    carry_cut(world, device);
}

static void lose_answer(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)world;
    (void)device;
    (void)dice;
    server_lose_next(true);
}

static void kill_server(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)device;
    server_kill(world, dice_chance(dice, 500), dice);
}

static void server_dies(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)world;
    (void)device;
    server_power_goes_with_it(dice_chance(dice, 700));
    disk.dies_in = dice_below(dice, 16);
}

static void server_disk(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)world;
    (void)device;
    disk.fails_in = dice_below(dice, 12);
}

static void server_full(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)device;
    disk.full = true;
    disk.faulty = true;
    disk.free_bytes = dice_below(dice, 80) * MIB;
    world->server_full_until = world->step + 20 + dice_below(dice, 1200);
    for (unsigned i = 0; i < world->device_count; i++) {
        world->devices[i].server_full = true;
    }
}

static void backup(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)device;
    server_backup(world, dice);
}

static void kill_signer(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)world;
    (void)device;
    signer_fault(SIGNER_KILLED, dice);
}

static void signer_disk(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)device;
    world->signer_troubled = true;
    world->signer_full_until = world->step + 20 + dice_below(dice, 100);
    signer_fault(dice_chance(dice, 500) ? SIGNER_ERROR : SIGNER_NO_ROOM, dice);
}

static void kill_a_device(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)dice;
    kill_device(world, device);
}

static void device_dies(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)world;
    device->dies = true;
    memory_storage_die_after(device->person.storage, dice_below(dice, 40), dice_chance(dice, 500));
}

static void device_disk(struct world *world, struct world_device *device, struct dice *dice)
{
    memory_storage_fail_after(device->person.storage, dice_below(dice, 5));
    device->troubled = true;
    device->behind = true;
    device->disk_until = world->step + 20 + dice_below(dice, 400);
}

static void clock_jumps(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)world;
    /* Whoever sees that it is wrong puts it right. */
    bool right = device->person.clock_off_ms != 0 && dice_chance(dice, 500);
    device->person.clock_off_ms =
        right ? 0 : (int64_t)dice_below(dice, 16 * HOUR_MS) - (int64_t)(8 * HOUR_MS);
}

static void server_clock(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)world;
    (void)device;
    disk.clock_off_ms = (int64_t)dice_below(dice, 4 * MINUTE_MS) - (int64_t)(2 * MINUTE_MS);
}

static void hours_pass(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)device;
    world->server.now_ms += dice_below(dice, 3 * HOUR_MS);
}

static void flickers(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)world;
    (void)device;
    server_flickers(2 + (unsigned)dice_below(dice, 6), dice);
}

static void spoils(struct world *world, struct world_device *device, struct dice *dice)
{
    (void)world;
    (void)dice;
    device->spoils = true;
}

struct kind {
    const char *name;
    void (*does)(struct world *world, struct world_device *device, struct dice *dice);
};

static const struct kind KINDS[FAULTS] = {
    [FAULT_CUT] = {"a line is cut", cut},
    [FAULT_ANSWER] = {"an answer is lost", lose_answer},
    [FAULT_SERVER] = {"the server is killed", kill_server},
    [FAULT_DIES] = {"the server will die", server_dies},
    [FAULT_SERVER_DISK] = {"the server's disk will fail", server_disk},
    [FAULT_SERVER_FULL] = {"the server's disk is full", server_full},
    [FAULT_BACKUP] = {"a backup", backup},
    [FAULT_SIGNER] = {"the signer is killed", kill_signer},
    [FAULT_SIGNER_DISK] = {"the signer's disk fails", signer_disk},
    [FAULT_KILL] = {"a device is killed", kill_a_device},
    [FAULT_DEVICE_DIES] = {"a device will die", device_dies},
    [FAULT_DISK] = {"a device's disk is full", device_disk},
    [FAULT_CLOCK] = {"a clock jumps", clock_jumps},
    [FAULT_SERVER_CLOCK] = {"the server's clock is set", server_clock},
    [FAULT_TIME] = {"hours pass", hours_pass},
    [FAULT_FLICKER] = {"the power comes and goes", flickers},
    [FAULT_SPOILS] = {"a device will spoil what it sends", spoils},
};

void fault(struct world *world, struct dice *dice)
{
    struct world_device *device = any(world, dice);
    enum world_fault kind = (enum world_fault)dice_below(dice, FAULTS);
    world->faults[kind]++;
    world_tell(world, "fault: %s, %s", KINDS[kind].name, tell_who(world, device));
    KINDS[kind].does(world, device, dice);
}
