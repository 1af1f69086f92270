#include "tests/sim/lie.h"

#include "client/engine/exchange/inside.h"
#include "tests/sim/server.h"
#include "tests/support/test.h"

/* What was asked for came true, or was refused: the model is told, and newcomers come in. */

static bool try_join(struct world *world, struct world_pending *pending)
{
    struct world_device *device = world_device_add(world, 0, pending->role);
    if (device == NULL) {
        return false;
    }
    world->at_once = true;
    fault_pass_server(world, true);
    while (!server_is_up()) {
        world->server.now_ms += 1000;
        (void)server_turn(world);
    }
    enum status status = inproc_try_join(&world->server, pending->code, &device->person);
    world->at_once = false;
    if (status != STATUS_OK) {
        /* The inviter was suspended meanwhile, or the time is over. */
        world->device_count--;
        return false;
    }
    device->first = true;
    device->member =
        model_member(&world->model, &device->person.content.member, pending->role != ROLE_CLIENT);
    world_tell(world, "member %u joins on device %u", device->member, world->device_count - 1);
    return true;
}

static void start_device(struct world *world, struct world_pending *pending,
                         const struct hash *statement)
{
    const struct world_device *by = &world->devices[pending->device];
    struct world_device *device = world_device_add(world, by->member, by->role);
    if (device == NULL) {
        return;
    }
    device->out = by->out;
    device->asked = pending->asked;
    device->came = world->step;
    device->person = (struct inproc_person){.server = &world->server, .content = pending->content};
    pending->content = (struct keystore_content){0};
    struct keystore_content *content = &device->person.content;
    content->device_statement = *statement;
    content->practice = by->person.content.practice;
    content->member = by->person.content.member;
    content->pins = by->person.content.pins;
    for (unsigned i = 0; i < world->model.member_count; i++) {
        struct secret *psk = NULL;
        if (keystore_content_psk(&by->person.content, &world->model.members[i], &psk) ==
            STATUS_OK) {
            OK(keystore_content_set_psk(content, &world->model.members[i], psk));
            secret_free(psk);
        }
    }
    device->person.storage = memory_storage_new();
    inproc_start(&device->person);
    world_tell(world, "member %u has device %u", by->member, world->device_count - 1);
}

static void came_true(struct world *world, struct world_pending *pending,
                      const struct engine_ticket *info)
{
    switch (pending->kind) {
    case PENDING_JOIN:
        (void)try_join(world, pending);
        break;
    case PENDING_DEVICE:
        start_device(world, pending, &info->object);
        break;
    case PENDING_STAY:
        world->model.stays[pending->stay].done = world->step;
        break;
    case PENDING_OUT:
        world_tell(world, "member %u is out of section %u", pending->member, pending->section);
        model_put_out(&world->model, pending->member, pending->section, pending->client,
                      pending->asked, world->step);
        break;
    }
}

/* A liar may say that a statement of a member's chain was taken, which it proves by nothing: true is
 * what the log has. */
static bool is_in_log(const struct world_device *by, const struct hash *device)
{
    return authority_device(by->person.engine->log.authority, device) != NULL;
}

static bool settled(struct world *world, struct world_pending *pending)
{
    const struct world_device *by = &world->devices[pending->device];
    struct engine_ticket info;
    engine_ticket(by->person.engine, pending->ticket, &info);
    if (info.wish == ENGINE_WISH_WAITING || info.wish == ENGINE_WISH_SENT) {
        return false;
    }
    if (info.wish == ENGINE_WISH_DONE && pending->kind == PENDING_DEVICE && liar_met(world, by) &&
        !is_in_log(by, &info.object)) {
        return false;
    }
    const bool elsewhere = liar_elsewhere(world, by);
    if (info.wish == ENGINE_WISH_DONE && !elsewhere) {
        came_true(world, pending, &info);
    } else if (pending->kind == PENDING_STAY) {
        /* Refused, or its outcome forgotten by a restart: it may have come true. */
        world->model.stays[pending->stay].sure = false;
    }
    keystore_content_deinit(&pending->content);
    return true;
}

static void settle_text(struct world *world, struct model_text *text)
{
    struct engine_ticket info;
    engine_ticket(world->devices[text->device].person.engine, text->ticket, &info);
    if (info.wish == ENGINE_WISH_DONE) {
        bool elsewhere = liar_elsewhere(world, &world->devices[text->device]);
        text->fate = elsewhere ? MODEL_ASTRAY : MODEL_TAKEN;
        text->done = world->step;
    } else if (info.wish == ENGINE_WISH_FAILED) {
        text->fate = MODEL_REFUSED;
        world_tell(world, "\"%s\" is refused: %s", text->text, status_reason(info.status));
    }
}

struct seen_made {
    struct world *world;
    unsigned member;
    bool elsewhere;
};

static bool see_made(void *visitor, const struct view_section *section)
{
    struct seen_made *seen = visitor;
    struct world *world = seen->world;
    unsigned owner = model_member(&world->model, &section->owner, true);
    if (owner != seen->member || section->number == 0) {
        return true;
    }
    unsigned client = MODEL_MEMBERS_MAX;
    if (section->class != CLASS_DIRECTORY) {
        client = model_member(&world->model, &section->client, false);
    }
    if (model_section(&world->model, &section->section) == MODEL_SECTIONS_MAX) {
        unsigned number = model_made(&world->model, &section->section, section->class, owner,
                                     client, world->step);
        if (!seen->elsewhere) {
            world->model.stays[world->model.stay_count - 1].done = world->step;
        }
        if (section->class == CLASS_SHARED) {
            /* A chart lets its client in; when is known only by and by. */
            size_t stay = model_let_in(&world->model, client, number, true, world->step);
            world->model.stays[stay].sure = false;
        }
    }
    return true;
}

void settle(struct world *world)
{
    for (size_t i = 0; i < world->pending_count;) {
        if (settled(world, &world->pending[i])) {
            world->pending[i] = world->pending[--world->pending_count];
        } else {
            i++;
        }
    }
    for (size_t i = 0; i < world->model.text_count; i++) {
        if (world->model.texts[i].fate == MODEL_TYPED) {
            settle_text(world, &world->model.texts[i]);
        }
    }
    for (unsigned i = 0; i < world->device_count; i++) {
        struct seen_made seen = {world, world->devices[i].member,
                                 liar_elsewhere(world, &world->devices[i])};
        view_sections(world->devices[i].person.engine, see_made, &seen);
    }
}

void settle_started(struct world *world, const struct world_device *device)
{
    for (size_t i = 0; i < world->model.text_count; i++) {
        struct model_text *text = &world->model.texts[i];
        if (text->fate != MODEL_TYPED || &world->devices[text->device] != device) {
            continue;
        }
        struct engine_ticket info;
        engine_ticket(device->person.engine, text->ticket, &info);
        if (info.wish == ENGINE_WISH_NONE) {
            text->fate = liar_elsewhere(world, device) ? MODEL_ASTRAY : MODEL_TAKEN;
            text->done = world->step;
        }
    }
}
