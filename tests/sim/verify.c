#include "tests/sim/act.h"
#include "tests/sim/lie.h"
#include "tests/support/test.h"

#define ROUNDS_MAX 60u

static void prove(struct world *world, struct world_device *device)
{
    unsigned number = (unsigned)(device - world->devices);
    uint64_t ticket = 0;
    enum status status = log_prove(device, true, &ticket);
    if (status == STATUS_NOT_FOUND) {
        return;
    }
    struct dice dice;
    dice_throw(&dice, world->seed, world->step);
    carry_hurry(device);
    struct query_verdict verdict = {.status = STATUS_NOT_FOUND};
    for (unsigned round = 0; status == STATUS_OK && round < ROUNDS_MAX; round++) {
        world->server.now_ms += 1000;
        carry_tick(world, device);
        settle_frames(world, &dice);
        if (query_verdict(device->person.engine, ticket, &verdict) == STATUS_OK) {
            break;
        }
    }
    if (status != STATUS_OK || verdict.status != STATUS_OK) {
        world_fail(world, "device %u of member %u cannot prove the log: %s: %s", number,
                   device->member, status_name(status == STATUS_OK ? verdict.status : status),
                   verdict.reason);
    }
    world_tell(world, "device %u proves %llu events", number, (unsigned long long)verdict.events);
    query_drop(device->person.engine, ticket);
    world->checks++;
}

/* The same device with an empty cache: all chains, heads and sections are verified from the first. */
static void from_nothing(struct world *world, struct world_device *device)
{
    carry_cut(world, device);
    struct inproc_person before = device->person;
    device->person = (struct inproc_person){.server = &world->server, .content = before.content};
    device->person.storage = memory_storage_new();
    inproc_start(&device->person);
    world->at_once = true;
    enum status status = inproc_run(&device->person);
    world->at_once = false;
    struct engine_state state;
    engine_state(device->person.engine, &state);
    if (status != STATUS_OK || state.phase != ENGINE_IDLE) {
        world_fail(world, "device %u cannot begin anew: %s", (unsigned)(device - world->devices),
                   status_name(status));
    }
    /* What it showed before is no question: it comes again, all of it that is its own. */
    uint8_t *had = device->had;
    size_t had_count = device->had_count;
    device->had = NULL;
    device->had_count = 0;
    check_reader(world, device, true);
    free(device->had);
    device->had = had;
    device->had_count = had_count;
    inproc_offline(&device->person);
    engine_free(device->person.engine);
    memory_storage_free(device->person.storage);
    before.content = device->person.content;
    device->person = before;
}

void verify_all(struct world *world)
{
    for (unsigned i = 0; i < world->device_count; i++) {
        if (!world->devices[i].out && !liar_elsewhere(world, &world->devices[i])) {
            prove(world, &world->devices[i]);
        }
    }
    for (unsigned i = (unsigned)(world->seed % 4); i < world->device_count; i += 4) {
        if (!world->devices[i].out && !liar_elsewhere(world, &world->devices[i])) {
            from_nothing(world, &world->devices[i]);
        }
    }
}
