#include "tests/sim/lie.h"

#include "tests/hostile/kit.h"
#include "tests/sim/server.h"
#include "tests/sim/truth.h"
#include "tests/support/engine_digest.h"
#include "tests/support/test.h"

#define SHARE_PER_THOUSAND 400u
#define OFTEN_PER_THOUSAND 12u
#define READS_MAX          600u

/* Dice of the liar's own, so that a seed throws all others the same whether it lies or not. */
static void throw(struct dice * dice, const struct world *world, uint64_t salt)
{
    dice_throw(dice, world->seed ^ salt, world->step);
}

static unsigned number_of(const struct world *world, const struct world_device *device)
{
    return (unsigned)(device - world->devices);
}

static struct liar_device *met_of(const struct world *world, const struct world_device *device)
{
    return world->liar == NULL ? NULL : &world->liar->devices[number_of(world, device)];
}

/* With a copy goes the key that signs its logs: magic, seed, public key (keys/server/key_file.h). */
static void take_log_key(struct world *world)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/log.key", world->signer_folder);
    FILE *file = fopen(path, "rb");
    uint8_t bytes[72];
    CHECK(file != NULL && fread(bytes, 1, sizeof bytes, file) == sizeof bytes);
    (void)fclose(file);
    OK(identity_signer_from_seed(IDENTITY_WITNESS, span_of(bytes + 8, 32), &world->liar->log_key));
}

void liar_open(struct world *world)
{
    struct dice dice;
    throw(&dice, world, UINT64_C(0x6c696172));
    if (!dice_chance(&dice, SHARE_PER_THOUSAND)) {
        return;
    }
    world->liar = calloc(1, sizeof *world->liar);
    CHECK(world->liar != NULL);
    for (unsigned i = 0; i < WORLD_DEVICES_MAX; i++) {
        world->liar->devices[i].copy = LIAR_TRUE;
    }
    take_log_key(world);
}

static void close_copy(struct world *world, struct liar_copy *copy, unsigned number)
{
    for (unsigned i = 0; i < world->device_count; i++) {
        if (world->liar->devices[i].copy == number) {
            carry_cut(world, &world->devices[i]);
            world->liar->devices[i].copy = LIAR_TRUE;
        }
    }
    if (copy->used) {
        kit_fork_close(&copy->server);
    }
    *copy = (struct liar_copy){.used = false};
}

static void free_span(struct span *span)
{
    free((void *)(uintptr_t)span->data);
    *span = span_of(NULL, 0);
}

/* With its connection: an answer that never came would be waited for as long as that lasts. */
static void end_lie(struct world *world, struct world_device *device)
{
    struct liar_device *met = met_of(world, device);
    if (met->until != 0) {
        met->until = 0;
        carry_cut(world, device);
    }
}

void liar_calm(struct world *world)
{
    struct liar *liar = world->liar;
    for (unsigned i = 0; liar != NULL && i < LIAR_COPIES_MAX; i++) {
        close_copy(world, &liar->copies[i], i);
    }
    for (unsigned i = 0; liar != NULL && i < world->device_count; i++) {
        end_lie(world, &world->devices[i]);
    }
}

void liar_close(struct world *world)
{
    struct liar *liar = world->liar;
    if (liar == NULL) {
        return;
    }
    liar_calm(world);
    for (unsigned i = 0; i < WORLD_DEVICES_MAX; i++) {
        for (size_t slot = 0; slot < LIAR_SLOTS; slot++) {
            free_span(&liar->devices[i].old[slot]);
        }
        free_span(&liar->devices[i].held);
    }
    identity_signer_free(liar->log_key);
    free(liar);
    world->liar = NULL;
}

/* ---- what the liar does */

static void begin_lie(struct world *world, struct dice *dice, struct world_device *device)
{
    static const char *const names[LIE_KINDS] = {"changes fields of what it tells",
                                                 "changes frames to",
                                                 "loses answers to",
                                                 "says everything twice to",
                                                 "answers late to",
                                                 "answers as it did before to",
                                                 "tells what others were told to",
                                                 "refuses what it could do to",
                                                 "leaves out a section for",
                                                 "hands out empty pages to",
                                                 "spoils the keys of texts for",
                                                 "stops pages in the middle for",
                                                 "calls texts damaged that are not, to",
                                                 "names chains of others to"};
    struct liar_device *met = met_of(world, device);
    met->kind = (enum lie_kind)dice_below(dice, LIE_KINDS);
    met->until = world->step + 50 + dice_below(dice, 600);
    met->choice = dice_next(dice);
    world_tell(world, "the server %s %s for a while", names[met->kind], tell_who(world, device));
}

/* Its number; LIAR_TRUE: there is nothing to copy now. */
static unsigned make_copy(struct world *world, struct dice *dice)
{
    if (!server_is_up()) {
        return LIAR_TRUE;
    }
    unsigned number = (unsigned)dice_below(dice, LIAR_COPIES_MAX);
    struct liar_copy *copy = &world->liar->copies[number];
    if (copy->used) {
        close_copy(world, copy, number);
    }
    kit_fork(&world->server, &copy->server);
    copy->server.place = NULL; /* no real server's parts: what inproc.c does is enough to lie */
    copy->server.log_signer = world->liar->log_key;
    inproc_sign(&copy->server);
    copy->used = true;
    world_tell(world, "the server keeps copy %u of itself", number);
    return number;
}

static struct liar_copy *any_copy(struct world *world, struct dice *dice, unsigned *out_number)
{
    unsigned first = (unsigned)dice_below(dice, LIAR_COPIES_MAX);
    for (unsigned i = 0; i < LIAR_COPIES_MAX; i++) {
        *out_number = (first + i) % LIAR_COPIES_MAX;
        if (world->liar->copies[*out_number].used) {
            return &world->liar->copies[*out_number];
        }
    }
    return NULL;
}

/* Mostly one in which something was planted; LIAR_TRUE: there is no copy. */
static unsigned choose_copy(struct world *world, struct dice *dice)
{
    unsigned number = LIAR_TRUE;
    for (unsigned i = 0; i < LIAR_COPIES_MAX; i++) {
        const struct liar_copy *copy = any_copy(world, dice, &number);
        if (copy == NULL) {
            return LIAR_TRUE;
        }
        if (copy->plant.kind != PLANT_NONE || dice_chance(dice, 200)) {
            break;
        }
    }
    return number;
}

static void lead_to(struct world *world, struct world_device *device, unsigned number)
{
    struct liar_device *met = met_of(world, device);
    if (number == met->copy) {
        return;
    }
    carry_cut(world, device);
    met->copy = number;
    met->met = true;
    met->strayed |= number != LIAR_TRUE;
    world->liar->lies++;
    if (number == LIAR_TRUE) {
        world_tell(world, "%s talks to the true server again", tell_who(world, device));
    } else {
        world_tell(world, "%s is led to copy %u", tell_who(world, device), number);
    }
}

/* In a copy as new as what everybody holds, and somebody reads it at once: else it would be known
 * for an old one, or gone, before anything that stands in it is read. */
static void plant(struct world *world, struct dice *dice, struct world_device *device)
{
    /* Who took up another history before follows no other any more. */
    for (unsigned i = 0; i < world->device_count && met_of(world, device)->strayed; i++) {
        device = &world->devices[(number_of(world, device) + 1) % world->device_count];
    }
    const unsigned number = make_copy(world, dice);
    if (number == LIAR_TRUE) {
        return;
    }
    struct liar_copy *copy = &world->liar->copies[number];
    if (lie_plant(world, dice, copy)) {
        world_tell(world, "the server plants in copy %u: %s", number, copy->plant.what);
        lead_to(world, device, number);
        carry_hurry(device);
        device->wants_line = true;
        engine_sync(device->person.engine);
        for (unsigned i = 0; i < READS_MAX && carry(world, device, dice); i++) {
        }
    }
}

void liar_step(struct world *world)
{
    for (unsigned i = 0; world->liar != NULL && i < world->device_count; i++) {
        if (world->liar->devices[i].until <= world->step) {
            end_lie(world, &world->devices[i]);
        }
    }
    struct dice dice;
    throw(&dice, world, UINT64_C(0x73746570));
    if (world->liar == NULL || !dice_chance(&dice, OFTEN_PER_THOUSAND)) {
        return;
    }
    struct world_device *device = &world->devices[dice_below(&dice, world->device_count)];
    uint64_t way = dice_below(&dice, 100);
    if (way < 45) {
        begin_lie(world, &dice, device);
    } else if (way < 57) {
        (void)make_copy(world, &dice);
    } else if (way < 75) {
        lead_to(world, device, choose_copy(world, &dice));
    } else if (way < 90) {
        plant(world, &dice, device);
    } else {
        /* Whoever was led away comes home. */
        for (unsigned i = 0; i < world->device_count; i++) {
            if (world->liar->devices[i].copy != LIAR_TRUE) {
                lead_to(world, &world->devices[i], LIAR_TRUE);
                break;
            }
        }
    }
}

/* ---- the line */

struct inproc *liar_server(struct world *world, const struct world_device *device)
{
    const struct liar_device *met = met_of(world, device);
    if (met == NULL || met->copy == LIAR_TRUE) {
        return &world->server;
    }
    struct inproc *server = &world->liar->copies[met->copy].server;
    server->now_ms = world->server.now_ms;
    return server;
}

static bool lies_now(const struct world *world, const struct liar_device *met)
{
    return met != NULL && met->until > world->step && !world->calm;
}

void liar_handle(struct world *world, struct world_device *device, struct span frame)
{
    struct liar_device *met = met_of(world, device);
    (void)liar_server(world, device); /* whose clock goes as everybody's */
    if (met != NULL) {
        lie_asked(met, frame);
    }
    uint8_t *empty = NULL;
    size_t size = 0;
    if (lies_now(world, met) && met->kind == LIE_PAGES &&
        lie_empty_page(met, frame, &empty, &size)) {
        met->met = true;
        met->met_now = true;
        frame = span_of(empty, size);
    }
    inproc_handle(&device->person.link, frame);
    free(empty);
}

void liar_cut(struct world *world, struct world_device *device)
{
    struct liar_device *met = met_of(world, device);
    if (met != NULL) {
        met->met_now = met->copy != LIAR_TRUE;
        met->asked = 0;
        met->emptied = (struct request_id){{0}};
        free_span(&met->held);
    }
}

bool liar_met(const struct world *world, const struct world_device *device)
{
    const struct liar_device *met = met_of(world, device);
    return met != NULL && met->met;
}

void liar_alarm(struct world *world, struct world_device *device)
{
    const struct engine_alarm *alarm = engine_alarm(device->person.engine, 0);
    world_tell(world, "%s's device raises an alarm: %s [%s]", tell_who(world, device),
               alarm->reason, alarm->evidence);
    if (alarm->status == STATUS_OK || alarm->reason[0] == '\0') {
        world_fail(world, "device %u raises an alarm that says nothing", number_of(world, device));
    }
    device->behind =
        true; /* statements in front of a false one count, and last with the next ones */
    world->liar->alarms++;
    count_alarm(alarm);
    engine_alarms_clear(device->person.engine);
}

bool liar_elsewhere(struct world *world, const struct world_device *device)
{
    const struct liar_device *met = met_of(world, device);
    return met != NULL && met->strayed &&
           (met->copy != LIAR_TRUE || !server_is_up() ||
            truth_parted(&world->server, device->person.engine));
}

/* What a frame that is refused may change: nothing. */
static enum status give(struct world *world, struct world_device *device, struct span frame,
                        bool lied)
{
    struct engine *engine = device->person.engine;
    /* To look at everything takes the disk, which must not be full. */
    bool looks = lied && device->disk_until == 0 && !device->dies;
    struct engine_digest before;
    if (looks) {
        engine_digest(engine, &before);
    }
    enum status status = engine_receive(engine, frame, world_clock(world, device));
    struct engine_digest after;
    if (looks && status != STATUS_OK) {
        engine_digest(engine, &after);
        const char *part = engine_digest_differs(&before, &after);
        if (part != NULL) {
            world_fail(world, "device %u refuses an answer, and something of it stays: %s",
                       number_of(world, device), part);
        }
    }
    return status;
}

/* Two more frames than came: one that was held back, and one twice. */
static enum status give_all(struct world *world, struct world_device *device, struct lied *lied,
                            struct span frame)
{
    struct liar_device *met = met_of(world, device);
    struct span held = met->held;
    met->held = span_of(NULL, 0);
    struct span now = lied->bytes != NULL ? span_of(lied->bytes, lied->size) : frame;
    bool changed = lied->bytes != NULL || lied->twice || held.data != NULL;
    enum status status = STATUS_OK;
    if (lied->later) {
        uint8_t *copy = malloc(now.size);
        CHECK(copy != NULL);
        memcpy(copy, now.data, now.size);
        met->held = span_of(copy, now.size);
    } else if (!lied->never) {
        status = give(world, device, now, changed);
    }
    if (status == STATUS_OK && lied->twice) {
        status = give(world, device, now, true);
    }
    if (status == STATUS_OK && held.data != NULL) {
        status = give(world, device, held, true);
    }
    free_span(&held);
    return status;
}

static void believes_plant(struct world *world, const struct world_device *device,
                           const struct liar_device *met)
{
    if (met->copy == LIAR_TRUE) {
        return;
    }
    const struct liar_copy *copy = &world->liar->copies[met->copy];
    if (truth_believes(copy, device->person.engine)) {
        world_fail(world, "device %u believes what cannot be true: %s", number_of(world, device),
                   copy->plant.what);
    }
}

enum status liar_arrive(struct world *world, struct world_device *device, struct span frame)
{
    struct liar_device *met = met_of(world, device);
    if (met == NULL) {
        return engine_receive(device->person.engine, frame, world_clock(world, device));
    }
    struct lied lied = {.bytes = NULL};
    bool told = lie_frame(world, device, frame, &lied);
    if (lies_now(world, met) && told) {
        met->met = true;
        met->met_now = true;
        world->liar->lies++;
    }
    enum status status = give_all(world, device, &lied, frame);
    free(lied.bytes);
    believes_plant(world, device, met);
    if (status == STATUS_OK && !told && lie_is_empty_page(met, frame)) {
        world_fail(world, "device %u believes that nothing is new where the server said it was",
                   number_of(world, device));
    }
    if (status == STATUS_OK && told && met->copy == LIAR_TRUE) {
        check_true(world, device);
    }
    return status;
}
