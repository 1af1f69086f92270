/* Practice actions, one's own account, the log. */
#include "proto/message.h"
#include "tests/e2e/attempt.h"
#include "tests/support/test.h"

static struct attempt cell(enum world_person person, uint32_t action, size_t things, bool more)
{
    return (struct attempt){.person = person,
                            .relations = world_relations(person, WORLD_MAIN, CLASS_NONE),
                            .class = CLASS_NONE,
                            .action = action,
                            .things = things,
                            .more = more};
}

static void judge(struct attempts *attempts, enum world_person person, uint32_t action, bool more,
                  const struct live_reply *reply)
{
    struct attempt attempt = cell(person, action, 1, more);
    (void)attempt_judge(attempts, &attempt, reply);
}

/* What everybody may have who is logged in leaves no line when it is answered. */
static void judge_unlogged(struct attempts *attempts, enum world_person person, uint32_t action,
                           const struct live_reply *reply)
{
    struct attempt attempt = cell(person, action, 0, false);
    (void)attempt_judge(attempts, &attempt, reply);
}

static void try_account(struct attempts *attempts, enum world_person person)
{
    struct live_person *who = &attempts->world->people[person];
    Alcove__StateAsk state = ALCOVE__STATE_ASK__INIT;
    Alcove__SubscribeAsk subscribe = ALCOVE__SUBSCRIBE_ASK__INIT;
    struct forge forge;
    forge_init(&attempts->world->mirror, who, &forge);
    judge_unlogged(attempts, person, ACTION_SYNC_AUTHORITY, live_ask(who, OP_STATE, &state.base));
    judge_unlogged(attempts, person, ACTION_SUBSCRIBE,
                   live_ask(who, OP_SUBSCRIBE, &subscribe.base));
    judge(attempts, person, ACTION_DEVICE, true, forge_device(&forge));
}

static const struct live_reply *ask_events(struct attempts *attempts, struct live_person *who,
                                           uint32_t scope)
{
    Alcove__EventsAsk ask = ALCOVE__EVENTS_ASK__INIT;
    ask.scope = scope;
    ask.limit = 1;
    if (scope == ACTION_LOG_CHART) {
        ask.chart = field_of(attempts->world->chart.bytes, ID_BYTES);
    }
    return live_ask(who, OP_EVENTS, &ask.base);
}

static void try_log(struct attempts *attempts, enum world_person person)
{
    struct live_person *who = &attempts->world->people[person];
    Alcove__EventLeavesAsk leaves = ALCOVE__EVENT_LEAVES_ASK__INIT;
    leaves.to = 1;
    judge(attempts, person, ACTION_LOG_OWN, false, ask_events(attempts, who, ACTION_LOG_OWN));
    judge(attempts, person, ACTION_LOG_CHART, false, ask_events(attempts, who, ACTION_LOG_CHART));
    judge(attempts, person, ACTION_LOG_ALL, false, ask_events(attempts, who, ACTION_LOG_ALL));
    judge(attempts, person, ACTION_LOG_ALL, false, live_ask(who, OP_EVENT_LEAVES, &leaves.base));
}

static void try_relate(struct attempts *attempts, enum world_person person, struct forge *forge)
{
    const struct world *world = attempts->world;
    Alcove__Relation body = ALCOVE__RELATION__INIT;
    body.staff = field_of(world->people[WORLD_VICTIM].content.member.bytes, ID_BYTES);
    body.kind = RELATION_COVERS;
    judge(attempts, person, ACTION_RELATE, true,
          forge_member(forge, STATEMENT_RELATION, &world->people[WORLD_OTHER].content.member,
                       &body.base, &body.link));
}

static void try_victim(struct attempts *attempts, enum world_person person, struct forge *forge)
{
    const struct live_person *victim = &attempts->world->people[WORLD_VICTIM];
    Alcove__Delegation delegation = ALCOVE__DELEGATION__INIT;
    Alcove__Suspension suspension = ALCOVE__SUSPENSION__INIT;
    Alcove__DeviceRevocation revocation = ALCOVE__DEVICE_REVOCATION__INIT;
    judge(attempts, person, ACTION_DELEGATE, true,
          forge_member(forge, STATEMENT_DELEGATION, &victim->content.member, &delegation.base,
                       &delegation.link));
    revocation.revoked = field_of(victim->content.device_statement.bytes, HASH_BYTES);
    judge(attempts, person, ACTION_REVOKE_DEVICE, true,
          forge_member(forge, STATEMENT_DEVICE_REVOCATION, &victim->content.member,
                       &revocation.base, &revocation.link));
    judge(attempts, person, ACTION_SUSPEND, true,
          forge_member(forge, STATEMENT_SUSPENSION, &victim->content.member, &suspension.base,
                       &suspension.link));
}

void attempt_practice(struct attempts *attempts, enum world_person person)
{
    struct world *world = attempts->world;
    struct forge forge;
    forge_init(&world->mirror, &world->people[person], &forge);
    try_account(attempts, person);
    try_log(attempts, person);
    judge(attempts, person, ACTION_INVITE_STAFF, false,
          forge_invite(&forge, ROLE_THERAPIST, NULL, NULL));
    judge(attempts, person, ACTION_INVITE_CLIENT, false,
          forge_invite(&forge, ROLE_CLIENT, &world->delegation, NULL));
    try_relate(attempts, person, &forge);
    try_victim(attempts, person, &forge);
    judge(attempts, person, ACTION_CONFIGURE, false, forge_configure(&forge));
}
