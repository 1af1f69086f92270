#include "tests/sim/act.h"
#include "tests/support/test.h"

#define DAY_MS 86400000u

enum status people_invite(struct world *world, struct dice *dice, struct world_device *by)
{
    bool admin = by->role == ROLE_ADMIN;
    struct act_invite ask = {.role = admin ? ROLE_THERAPIST : ROLE_CLIENT,
                             .name = span_of("Somebody", 8),
                             .expires_ms = world_clock(world, by) + DAY_MS * 30};
    if (admin && dice_chance(dice, 250)) {
        ask.role = ROLE_AUDITOR;
        ask.root = world->server.root;
    }
    if (!act_has_room(world)) {
        return STATUS_BUSY;
    }
    char code[INVITATION_TEXT_CHARS_MAX + 1];
    struct member_id member;
    uint64_t ticket = 0;
    enum status status =
        act_invite(by->person.engine, &ask, world_clock(world, by), code, &member, &ticket);
    if (status == STATUS_OK) {
        struct world_pending *pending = act_wait_for(world, PENDING_JOIN, by, ticket);
        memcpy(pending->code, code, sizeof code);
        pending->role = ask.role;
    }
    return status;
}

enum status people_delegate(struct world *world, struct dice *dice, struct world_device *by)
{
    struct world_device *to = act_device_of(world, dice, ROLE_THERAPIST);
    uint64_t ticket = 0;
    return to == NULL ? STATUS_NOT_FOUND
                      : act_delegate(by->person.engine, &to->person.content.member, 0,
                                     world_clock(world, by), &ticket);
}

enum status people_relate(struct world *world, struct dice *dice, struct world_device *by)
{
    struct world_device *staff = act_device_of(world, dice, ROLE_THERAPIST);
    bool client = dice_chance(dice, 800);
    struct world_device *subject =
        act_device_of(world, dice, client ? ROLE_CLIENT : ROLE_THERAPIST);
    if (staff == NULL || subject == NULL) {
        return STATUS_NOT_FOUND;
    }
    uint32_t kind = client ? (dice_chance(dice, 700) ? RELATION_TREATS : RELATION_COVERS)
                           : (dice_chance(dice, 500) ? RELATION_SUPERVISES : RELATION_TRAINS);
    uint64_t now_ms = world_clock(world, by);
    uint64_t until_ms = dice_chance(dice, 150) ? now_ms + dice_below(dice, DAY_MS / 4) : 0;
    uint64_t ticket = 0;
    enum status status = act_relate(by->person.engine, &subject->person.content.member,
                                    &staff->person.content.member, kind, until_ms, now_ms, &ticket);
    if (status == STATUS_OK && until_ms != 0) {
        /* It ends by the server's clock: from now on nothing is promised. */
        model_put_out(&world->model, staff->member, MODEL_SECTIONS_MAX, MODEL_MEMBERS_MAX,
                      world->step, MODEL_NEVER);
    }
    return status;
}

struct seen_relations {
    struct view_relation item[SEEN_MAX];
    size_t count;
};

static bool see_relation(void *visitor, const struct view_relation *relation)
{
    struct seen_relations *seen = visitor;
    if (seen->count < SEEN_MAX && !relation->ended) {
        seen->item[seen->count++] = *relation;
    }
    return true;
}

enum status people_unrelate(struct world *world, struct dice *dice, struct world_device *by)
{
    struct seen_relations seen = {.count = 0};
    view_relations(by->person.engine, see_relation, &seen);
    if (seen.count == 0) {
        return STATUS_NOT_FOUND;
    }
    const struct view_relation *relation = &seen.item[dice_below(dice, seen.count)];
    uint64_t ticket = 0;
    enum status status =
        act_unrelate(by->person.engine, &relation->statement, world_clock(world, by), &ticket);
    if (status == STATUS_OK) {
        /* Another relation may still let them in: nothing is promised either way. */
        model_put_out(&world->model, model_member(&world->model, &relation->staff, true),
                      MODEL_SECTIONS_MAX, MODEL_MEMBERS_MAX, world->step, MODEL_NEVER);
    }
    return status;
}

enum status people_suspend(struct world *world, struct dice *dice, struct world_device *by)
{
    struct world_device *who =
        act_device_of(world, dice, dice_chance(dice, 500) ? ROLE_THERAPIST : ROLE_CLIENT);
    if (who == NULL) {
        return STATUS_NOT_FOUND;
    }
    bool resume = dice_chance(dice, 600);
    uint64_t ticket = 0;
    enum status status = act_suspend(by->person.engine, &who->person.content.member, resume, NULL,
                                     world_clock(world, by), &ticket);
    if (status != STATUS_OK) {
        return status;
    }
    for (unsigned i = 0; i < world->device_count; i++) {
        if (world->devices[i].member == who->member) {
            world->devices[i].out = true;
        }
    }
    model_put_out(&world->model, who->member, MODEL_SECTIONS_MAX, MODEL_MEMBERS_MAX, world->step,
                  MODEL_NEVER);
    return status;
}

struct seen_invited {
    struct member_id member[SEEN_MAX];
    size_t count;
};

static bool see_invited(void *visitor, const struct view_member *member)
{
    struct seen_invited *seen = visitor;
    if (seen->count < SEEN_MAX && !member->enrolled && !member->withdrawn) {
        seen->member[seen->count++] = member->member;
    }
    return true;
}

/* Who is invited joins at once, mostly: whom it is too late for is refused. */
enum status people_withdraw(struct world *world, struct dice *dice, struct world_device *by)
{
    struct seen_invited seen = {.count = 0};
    view_members(by->person.engine, see_invited, &seen);
    uint64_t ticket = 0;
    return seen.count == 0
               ? STATUS_NOT_FOUND
               : act_withdraw(by->person.engine, &seen.member[dice_below(dice, seen.count)],
                              dice_chance(dice, 300) ? world->server.root : NULL,
                              world_clock(world, by), &ticket);
}

enum status people_directory(struct world *world, struct dice *dice, struct world_device *by)
{
    (void)dice;
    size_t granted = 0;
    return act_directory(by->person.engine, world_clock(world, by), &granted);
}

enum status people_call(struct world *world, struct dice *dice, struct world_device *by)
{
    struct world_device *client = act_device_of(world, dice, ROLE_CLIENT);
    bool written = false;
    uint64_t ticket = 0;
    return client == NULL
               ? STATUS_NOT_FOUND
               : act_call(by->person.engine, &client->person.content.member,
                          span_of("Somebody else", 13), world_clock(world, by), &written, &ticket);
}
