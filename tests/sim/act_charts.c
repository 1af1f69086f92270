#include "tests/sim/act.h"
#include "tests/support/test.h"

enum status charts_make(struct world *world, struct dice *dice, struct world_device *by)
{
    struct world_device *client = act_device_of(world, dice, ROLE_CLIENT);
    if (client == NULL) {
        return STATUS_NOT_FOUND;
    }
    struct chart_id id;
    uint64_t ticket = 0;
    return act_chart(by->person.engine, &client->person.content.member, span_of("Client", 6),
                     world_clock(world, by), &id, &ticket);
}

/* A client begins a journal or a safety card, a therapist the safety card of a client. */
enum status charts_begin(struct world *world, struct dice *dice, struct world_device *by)
{
    const struct world_device *client =
        by->role == ROLE_CLIENT ? by : act_device_of(world, dice, ROLE_CLIENT);
    if (client == NULL) {
        return STATUS_NOT_FOUND;
    }
    bool journal = by->role == ROLE_CLIENT && dice_chance(dice, 700);
    struct chart_id none = {{0}};
    struct chart_id chart;
    struct section_id section;
    uint64_t ticket = 0;
    return act_section(by->person.engine, journal ? CLASS_JOURNAL : CLASS_SAFETY, &none,
                       &client->person.content.member, world_clock(world, by), &section, &chart,
                       &ticket);
}

struct fitting {
    const struct view_section *section;
    struct member_id member[SEEN_MAX];
    size_t count;
};

static bool fits(void *visitor, const struct view_relation *relation)
{
    struct fitting *fitting = visitor;
    const struct view_section *section = fitting->section;
    bool here = ID_EQUAL(&relation->subject, &section->client) ||
                ID_EQUAL(&relation->subject, &section->owner);
    if (here && !relation->ended && fitting->count < SEEN_MAX) {
        fitting->member[fitting->count++] = relation->staff;
    }
    return true;
}

/* Whom to let in: mostly somebody who has to do with the client or with us. */
static struct world_device *whom(struct world *world, struct dice *dice, struct world_device *by,
                                 const struct view_section *section)
{
    if (section->class == CLASS_SHARED && dice_chance(dice, 200)) {
        return act_device_of(world, dice, ROLE_CLIENT);
    }
    struct fitting fitting = {.section = section};
    view_relations(by->person.engine, fits, &fitting);
    if (fitting.count == 0 || dice_chance(dice, 300)) {
        return act_device_of(world, dice, dice_chance(dice, 700) ? ROLE_THERAPIST : ROLE_CLIENT);
    }
    const struct member_id *member = &fitting.member[dice_below(dice, fitting.count)];
    for (unsigned i = 0; i < world->device_count; i++) {
        if (ID_EQUAL(&world->devices[i].person.content.member, member)) {
            return &world->devices[i];
        }
    }
    return NULL;
}

enum status charts_grant(struct world *world, struct dice *dice, struct world_device *by)
{
    struct view_section section;
    if (!act_pick_section(by, dice, RIGHT_OWN, &section)) {
        return STATUS_NOT_FOUND;
    }
    struct world_device *to = whom(world, dice, by, &section);
    if (to == NULL) {
        return STATUS_NOT_FOUND;
    }
    /* Who is let in before the model has heard of the section would be forgotten by it. */
    unsigned number = model_section(&world->model, &section.section);
    if (number == MODEL_SECTIONS_MAX) {
        return STATUS_NOT_FOUND;
    }
    bool history = dice_chance(dice, 700);
    struct act_grant ask = {.section = section.section,
                            .member = to->person.content.member,
                            .rights = RIGHT_READ | (dice_chance(dice, 500) ? RIGHT_WRITE : 0),
                            .history_from = history ? 1 : 0,
                            .code_compared = true};
    uint64_t ticket = 0;
    enum status status = act_grant(by->person.engine, &ask, world_clock(world, by), &ticket);
    if (status == STATUS_OK) {
        size_t stay = model_let_in(&world->model, to->member, number, history, world->step);
        struct world_pending *pending = act_wait_for(world, PENDING_STAY, by, ticket);
        if (pending != NULL) {
            pending->stay = stay;
        }
    }
    return status;
}

static void wait_out(struct world *world, const struct world_device *by, uint64_t ticket,
                     unsigned member, unsigned section, unsigned client)
{
    model_put_out(&world->model, member, section, client, world->step, MODEL_NEVER);
    struct world_pending *pending = act_wait_for(world, PENDING_OUT, by, ticket);
    if (pending != NULL) {
        pending->member = member;
        pending->section = section;
        pending->client = client;
    }
}

/* Somebody who was let in and not put out, as far as the model knows; MODEL_MEMBERS_MAX: nobody. */
static unsigned pick_reader(struct world *world, struct dice *dice, unsigned section)
{
    unsigned found = MODEL_MEMBERS_MAX;
    uint64_t count = 0;
    for (size_t i = 0; i < world->model.stay_count; i++) {
        const struct model_stay *stay = &world->model.stays[i];
        bool in = stay->section == section && stay->out_asked == MODEL_NEVER &&
                  stay->member != world->model.sections[section].maker;
        count += in ? 1 : 0;
        if (in && dice_below(dice, count) == 0) {
            found = stay->member;
        }
    }
    return found;
}

enum status charts_revoke(struct world *world, struct dice *dice, struct world_device *by)
{
    struct view_section section;
    unsigned from = MODEL_MEMBERS_MAX;
    unsigned number = MODEL_SECTIONS_MAX;
    for (unsigned i = 0; i < 6 && from == MODEL_MEMBERS_MAX; i++) {
        if (!act_pick_section(by, dice, RIGHT_OWN, &section)) {
            return STATUS_NOT_FOUND;
        }
        number = model_section(&world->model, &section.section);
        from = number == MODEL_SECTIONS_MAX ? MODEL_MEMBERS_MAX : pick_reader(world, dice, number);
    }
    if (from == MODEL_MEMBERS_MAX) {
        return STATUS_NOT_FOUND;
    }
    uint64_t ticket = 0;
    enum status status = act_revoke(by->person.engine, &section.section,
                                    &world->model.members[from], world_clock(world, by), &ticket);
    if (status == STATUS_OK) {
        wait_out(world, by, ticket, from, number, MODEL_MEMBERS_MAX);
    }
    return status;
}

enum status charts_rotate(struct world *world, struct dice *dice, struct world_device *by)
{
    struct view_section section;
    uint64_t ticket = 0;
    return act_pick_section(by, dice, RIGHT_WRITE, &section)
               ? act_rotate(by->person.engine, &section.section, world_clock(world, by), &ticket)
               : STATUS_NOT_FOUND;
}

/* The further device is given the keys that this one holds. */
static void note_unheard(struct world *world, const struct world_device *by)
{
    for (size_t i = 0; i < world->model.stay_count; i++) {
        struct model_stay *stay = &world->model.stays[i];
        struct view_section section;
        bool here = stay->member == by->member &&
                    view_section(by->person.engine, &world->model.sections[stay->section].id,
                                 &section) == STATUS_OK &&
                    section.readable;
        stay->unheard |= stay->member == by->member && !here;
    }
}

enum status charts_second_device(struct world *world, struct dice *dice, struct world_device *by)
{
    (void)dice;
    if (!by->first || !act_has_room(world)) {
        return STATUS_BUSY;
    }
    struct keystore_content content;
    OK(keystore_content_init(&content));
    dice_keys(world->seed ^ 1u, world->step);
    struct act_device_keys keys = {content.device, *identity_signer_public(content.content_key),
                                   *identity_signer_public(content.login),
                                   *identity_sealer_public(content.sealing)};
    for (size_t i = 0; i < ID_BYTES; i++) {
        keys.device.bytes[i] = (uint8_t)dice_next(dice);
    }
    content.device = keys.device;
    uint8_t *body = NULL;
    size_t size = 0;
    enum status status = act_device_body(by->person.engine, &keys, &body, &size);
    uint64_t ticket = 0;
    if (status == STATUS_OK) {
        struct span bytes = span_of(body, size);
        struct signature signature;
        OK(identity_sign(content.content_key, LABEL_DEVICE, &world->server.practice, &bytes, 1,
                         &signature));
        status = act_device(by->person.engine, bytes, &signature, world_clock(world, by), &ticket);
    }
    free(body);
    if (status == STATUS_OK) {
        act_wait_for(world, PENDING_DEVICE, by, ticket)->content = content;
        note_unheard(world, by);
    } else {
        keystore_content_deinit(&content);
    }
    return status;
}

/* One of the own devices but this and the first. */
enum status charts_revoke_device(struct world *world, struct dice *dice, struct world_device *by)
{
    struct world_device *other = &world->devices[dice_below(dice, world->device_count)];
    if (other->member != by->member || other->first || other == by) {
        return STATUS_NOT_FOUND;
    }
    uint64_t ticket = 0;
    enum status status =
        act_device_revoke(by->person.engine, &by->person.content.member,
                          &other->person.content.device_statement, world_clock(world, by), &ticket);
    other->out |= status == STATUS_OK;
    return status;
}
