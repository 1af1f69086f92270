#include "tests/sim/world.h"

#include "client/engine/exchange/inside.h"
#include "tests/sim/act.h"
#include "tests/sim/server.h"
#include "tests/support/test.h"

/*
 * A server that says no must hear little. For some minutes one device meets a server that refuses in
 * one way, while it has something to send and its person asks for nothing: how often it is told no is
 * counted. Whatever the engine or the agent's rule forgets to wait for is a loop here, since time
 * passes as fast as frames are asked for.
 */

#define SIEGE_PER_STEPS 1200u
#define SIEGE_MINUTES   6u
#define MOVES_MAX       4000u
#define TOLD_MAX        4u
#define QUIET_MINUTES   4u

enum siege_kind {
    SIEGE_BUSY,    /* everything, from the login on */
    SIEGE_ASKS,    /* everything after the login is BUSY */
    SIEGE_FULL,    /* nothing that is sent is taken */
    SIEGE_STORE,   /* nothing that is sent can be stored */
    SIEGE_PAGES,   /* no section can be handed out */
    SIEGE_READ,    /* nothing can be handed out */
    SIEGE_OUT,     /* suspended */
    SIEGE_REFUSED, /* a device that it does not know */
    SIEGE_CUT,     /* the line ends after each login */
    SIEGES,
};

struct siege {
    struct inproc_link *link;
    enum siege_kind kind;
    bool dropped; /* the last page was refused: nothing of it comes */
    unsigned told;
};

static enum status answer_of(enum siege_kind kind, uint32_t op)
{
    bool login = op == FRAME_LOGIN_REPLY + 1000;
    bool page = op == OP_PAGE;
    bool submit = op == OP_SUBMIT;
    switch (kind) {
    case SIEGE_BUSY:
        return STATUS_BUSY;
    case SIEGE_ASKS:
        return login ? STATUS_OK : STATUS_BUSY;
    case SIEGE_FULL:
        return submit ? STATUS_FULL : STATUS_OK;
    case SIEGE_STORE:
        return submit ? STATUS_UNAVAILABLE : STATUS_OK;
    case SIEGE_PAGES:
        return page ? STATUS_UNAVAILABLE : STATUS_OK;
    case SIEGE_READ:
        return login || submit ? STATUS_OK : STATUS_UNAVAILABLE;
    case SIEGE_OUT:
        return login ? STATUS_SUSPENDED : STATUS_OK;
    case SIEGE_REFUSED:
        return login ? STATUS_REFUSED : STATUS_OK;
    case SIEGE_CUT:
    case SIEGES:
        break;
    }
    return STATUS_OK;
}

static bool besiege(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                    ProtobufCMessage *body)
{
    struct siege *siege = context;
    (void)body;
    if (link != siege->link || op == FRAME_HELLO + 1000) {
        return true;
    }
    if (op == FRAME_CHUNK + 1000) {
        return !siege->dropped;
    }
    enum status answer = answer_of(siege->kind, op);
    siege->dropped = op == OP_PAGE && answer != STATUS_OK;
    if (answer != STATUS_OK) {
        *code = (uint32_t)answer;
        siege->told++;
    }
    if (siege->kind == SIEGE_CUT && op == FRAME_LOGIN_REPLY + 1000) {
        link->closed = true;
        siege->told++;
    }
    return true;
}

static bool count_wish(void *visitor, uint64_t ticket, const struct engine_ticket *info)
{
    (void)ticket;
    *(unsigned *)visitor += info->wish != ENGINE_WISH_FAILED ? 1 : 0;
    return true;
}

/* Sections of which something is wanted: what is new, or a text that did not open. */
static unsigned count_wanted(const struct engine *engine)
{
    unsigned count = 0;
    for (size_t i = 0; i < engine->sections.count; i++) {
        const struct section *section = &engine->sections.items[i];
        count += section_behind(section) || section->gaps > 0 ? 1 : 0;
    }
    return count;
}

/* Four times in the first minute, as client/engine/common/backoff.h says: for the server as a whole,
 * or for each thing that waits by itself. */
static unsigned bound(const struct world_device *device, enum siege_kind kind)
{
    unsigned things = 0;
    if (kind == SIEGE_FULL || kind == SIEGE_STORE) {
        engine_outbox(device->person.engine, count_wish, &things);
    } else if (kind == SIEGE_PAGES) {
        things = count_wanted(device->person.engine);
    }
    return TOLD_MAX * (things > 1 ? things : 1);
}

static void until_quiet(struct world *world, struct world_device *device, struct dice *dice)
{
    carry_tick(world, device);
    unsigned moves = 0;
    while (carry(world, device, dice) || server_turn(world)) {
        if (++moves == MOVES_MAX) {
            world_fail(world, "%s's device asks without end", tell_who(world, device));
        }
    }
}

static void besieged(struct world *world, struct world_device *device, struct dice *dice)
{
    static const char *const names[SIEGES] = {"is busy",
                                              "is busy after the login",
                                              "is full",
                                              "cannot store",
                                              "cannot hand out pages",
                                              "cannot hand out anything",
                                              "calls it suspended",
                                              "does not know it",
                                              "ends the line after the login"};
    struct siege siege = {.link = &device->person.link,
                          .kind = (enum siege_kind)dice_below(dice, SIEGES)};
    world_tell(world, "the server %s for %s", names[siege.kind], tell_who(world, device));
    carry_cut(world, device);
    /* A further device is asked for before the note, so that its keys wait for its statement. */
    if (dice_chance(dice, 300)) {
        (void)charts_second_device(world, dice, device);
    }
    (void)notes_write(world, dice, device);
    carry_hurry(device);
    device->wants_line = true;
    device->besieged = true;
    world->server.hook = besiege;
    world->server.hook_context = &siege;
    for (unsigned minute = 0; minute < SIEGE_MINUTES; minute++) {
        siege.told = 0;
        unsigned most = bound(device, siege.kind);
        for (unsigned i = 0; i < 60; i++) {
            world->server.now_ms += 1000;
            until_quiet(world, device, dice);
        }
        /* Of some it heard only now that they are wanted. */
        const unsigned later = bound(device, siege.kind);
        most = later > most ? later : most;
        if (siege.told > most) {
            world_fail(world, "the server %s, and %s's device was told so %u times in a minute",
                       names[siege.kind], tell_who(world, device), siege.told);
        }
        world->refusals += siege.told;
        world_tell(world, "    minute %u: told so %u times, may be %u", minute, siege.told, most);
    }
    world->server.hook = NULL;
    carry_cut(world, device);
    device->besieged = false;
}

void bound_step(struct world *world)
{
    struct dice dice;
    dice_throw(&dice, world->seed ^ UINT64_C(0x7369656765), world->step);
    if (dice_below(&dice, SIEGE_PER_STEPS) != 0) {
        return;
    }
    struct world_device *device = &world->devices[dice_below(&dice, world->device_count)];
    /* Whom the dice say to be led astray, or whose disk is full, has other troubles. */
    bool well = server_is_up() && !disk.full && !world->signer_troubled && !disk.faulty &&
                disk.dies_in == DISK_NEVER && disk.fails_in == DISK_NEVER;
    if (well && !device->out && !device->dies && device->disk_until == 0 && world->liar == NULL) {
        besieged(world, device, &dice);
    }
}

void bound_quiet(struct world *world)
{
    struct dice dice;
    dice_throw(&dice, world->seed ^ UINT64_C(0x7175696574), world->step);
    for (unsigned minute = 0; minute < QUIET_MINUTES; minute++) {
        uint64_t asked[WORLD_DEVICES_MAX] = {0};
        for (unsigned i = 0; i < 60 * world->device_count; i++) {
            unsigned number = i % world->device_count;
            uint64_t before = world->frames;
            world->server.now_ms += number == 0 ? 1000 : 0;
            until_quiet(world, &world->devices[number], &dice);
            asked[number] += world->frames - before;
        }
        for (unsigned i = 0; i < world->device_count; i++) {
            if (asked[i] > TOLD_MAX) {
                world_fail(world, "nobody wants anything, and %s's device asks %llu times a minute",
                           tell_who(world, &world->devices[i]), (unsigned long long)asked[i]);
            }
        }
    }
}
