#include "tests/sim/lie.h"

#include "client/agent/trouble.h"
#include "keys/public/bytes/random.h"
#include "tests/sim/server.h"
#include "tests/support/test.h"

/* A connection that lasted so long without work was well, as in client/agent. */
#define WELL_MS 20000u

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

/* When it comes back, as client/agent/host_connect.c says. */
static void end(struct world *world, struct world_device *device, enum wire_end why)
{
    drop_up(device);
    if (!device->person.connected) {
        return;
    }
    uint64_t now_ms = world->server.now_ms;
    if (device->idle_ms != 0 && now_ms - device->idle_ms >= WELL_MS) {
        backoff_well(&device->backoff);
    }
    device->idle_ms = 0;
    uint8_t chance = 0;
    random_bytes(&chance, 1);
    struct engine_state state;
    engine_state(device->person.engine, &state);
    backoff_failed(&device->backoff, trouble_of(true, state.phase, state.why, why), now_ms, chance);
    device->line_at_ms = device->backoff.until_ms;
    inproc_offline(&device->person);
    liar_cut(world, device);
}

void carry_cut(struct world *world, struct world_device *device)
{
    end(world, device, WIRE_END_LOST);
}

void carry_hurry(struct world_device *device)
{
    device->line_at_ms = 0;
}

static void connect(struct world *world, struct world_device *device)
{
    inproc_connect(liar_server(world, device), &device->person.link);
    engine_start(device->person.engine, device->person.link.exporter, world_clock(world, device));
    device->person.connected = true;
    device->troubled &= device->disk_until != 0;
    device->server_full = disk.full;
    device->server_waits = world->server_waits;
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

/* Which of the texts go with this frame only the engine knows: all that are under way may. */
static void note_spoiled(struct world *world, const struct world_device *device)
{
    for (size_t i = 0; i < world->model.text_count; i++) {
        struct model_text *text = &world->model.texts[i];
        struct engine_ticket info;
        if (text->fate == MODEL_TYPED && &world->devices[text->device] == device) {
            engine_ticket(device->person.engine, text->ticket, &info);
            text->spoiled |= info.wish == ENGINE_WISH_SENT;
        }
    }
}

/* A submit whose keys a member's own program spoiled: under no signature, so that an honest server
 * cannot know it. */
static bool spoil(const struct world *world, struct span bytes, uint8_t **out_bytes,
                  size_t *out_size)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__frame__descriptor, bytes, &arena, &message));
    Alcove__Frame frame = *(const Alcove__Frame *)(const void *)message;
    bool submits = frame.kind == FRAME_REQUEST && frame.code == OP_SUBMIT;
    if (submits) {
        OK(message_decode(&alcove__submit_ask__descriptor, field_span(frame.body), &arena,
                          &message));
        Alcove__SubmitAsk *ask = (Alcove__SubmitAsk *)(void *)message;
        submits = ask->n_revision > 0;
        for (size_t i = 0; i < ask->n_revision; i++) {
            ProtobufCBinaryData *wrap = &ask->revision[i]->wrap;
            if (wrap->len > 0) {
                wrap->data[world->step % wrap->len] ^= 1;
            }
        }
        uint8_t *body = NULL;
        size_t size = 0;
        OK(message_pack(&ask->base, &body, &size));
        frame.body = field_of(body, size);
        OK(message_pack(&frame.base, out_bytes, out_size));
        free(body);
    }
    arena_free(&arena);
    return submits;
}

static void hand_over(struct world *world, struct world_device *device, struct span bytes)
{
    uint8_t *spoiled = NULL;
    size_t size = 0;
    if (device->spoils && spoil(world, bytes, &spoiled, &size)) {
        world_tell(world, "%s's device spoils what it sends", tell_who(world, device));
        device->spoils = false;
        note_spoiled(world, device);
        bytes = span_of(spoiled, size);
    }
    liar_handle(world, device, bytes);
    free(spoiled);
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
    tell_asked(world, device, frame->bytes);
    hand_over(world, device, frame->bytes);
    free((void *)(uintptr_t)frame->bytes.data);
    free(frame);
    return true;
}

/* A device may stop whose disk is full, or who hears that the server's is, or that its signer is away
 * at a login; nothing else stops an honest one that met no lie. */
static bool may_stop(const struct world *world, const struct world_device *device,
                     enum status status)
{
    return device->out || status == STATUS_SUSPENDED || device->besieged ||
           liar_met(world, device) || (device->server_full && status == STATUS_FULL) ||
           (device->server_waits && status == STATUS_UNAVAILABLE) ||
           (device->troubled && (status == STATUS_IO || status == STATUS_FULL));
}

static void judge(struct world *world, struct world_device *device, enum status status)
{
    const struct engine *engine = device->person.engine;
    bool alarmed = engine_alarm_count(engine) > 0 && liar_met(world, device);
    if (alarmed) {
        liar_alarm(world, device);
        check_goes_on(world, device);
    }
    if (engine_alarm_count(engine) > 0) {
        const struct engine_alarm *alarm = engine_alarm(engine, 0);
        world_fail(world, "device %u: an alarm though the server is honest: %s: %s (%s)",
                   (unsigned)(device - world->devices), status_name(alarm->status), alarm->reason,
                   alarm->evidence);
    }
    if (status == STATUS_SUSPENDED && !device->besieged &&
        (world->calm || !liar_met(world, device))) {
        device->out = true; /* an invitation was withdrawn as they joined, for instance */
    }
    if (status != STATUS_OK) {
        if (!may_stop(world, device, status)) {
            world_fail(world, "device %u stopped: %s", (unsigned)(device - world->devices),
                       status_name(status));
        }
        world_tell(world, "%s's device stops: %s", tell_who(world, device), status_reason(status));
        end(world, device, WIRE_END_ASKED);
        /* After an alarm nobody connects before a person asks. */
        device->line_at_ms = alarmed ? UINT64_MAX : device->line_at_ms;
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
    if (state.phase == ENGINE_IDLE && device->idle_ms == 0) {
        device->idle_ms = world->server.now_ms;
    }
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
    tell_answered(world, device, span_of(frame->data, frame->size));
    count_answer(world, device, span_of(frame->data, frame->size));
    enum status status = liar_arrive(world, device, span_of(frame->data, frame->size));
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
        end(world, device, WIRE_END_SERVER);
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
