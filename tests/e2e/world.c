#include "tests/e2e/world.h"
#include "tests/support/test.h"

static const struct {
    const char *name;
    uint32_t role;
    uint32_t relations;
} WHO[WORLD_PEOPLE] = {
    [WORLD_ADMIN] = {"admin", ROLE_ADMIN, POLICY_ANY},
    [WORLD_AUDITOR] = {"auditor", ROLE_AUDITOR, POLICY_ANY},
    [WORLD_OWNER] = {"owner", ROLE_THERAPIST, POLICY_ANY | POLICY_TREATS},
    [WORLD_PAST] = {"past", ROLE_THERAPIST, POLICY_ANY},
    [WORLD_STRANGER] = {"stranger", ROLE_THERAPIST, POLICY_ANY},
    [WORLD_TREATS] = {"treats", ROLE_THERAPIST, POLICY_ANY | POLICY_TREATS},
    [WORLD_COVERS] = {"covers", ROLE_THERAPIST, POLICY_ANY | POLICY_COVERS},
    [WORLD_SUPERVISES] = {"supervises", ROLE_THERAPIST, POLICY_ANY | POLICY_SUPERVISES},
    [WORLD_TRAINS] = {"trains", ROLE_THERAPIST, POLICY_ANY | POLICY_TRAINS},
    [WORLD_DELEGATED] = {"delegated", ROLE_THERAPIST, POLICY_ANY | POLICY_DELEGATED},
    [WORLD_CLIENT] = {"client", ROLE_CLIENT, POLICY_ANY | POLICY_OWN_CHART},
    [WORLD_OTHER] = {"other client", ROLE_CLIENT, POLICY_ANY},
    [WORLD_STANDING] = {"standing", ROLE_THERAPIST, POLICY_ANY | POLICY_TREATS | POLICY_TRAINS},
    [WORLD_NEWCOMER] = {"newcomer", ROLE_THERAPIST, POLICY_ANY | POLICY_TREATS | POLICY_TRAINS},
    [WORLD_VICTIM] = {"victim", ROLE_THERAPIST, POLICY_ANY},
};

enum world_person world_maker(enum world_set set, uint32_t class)
{
    if (set != WORLD_MAIN) {
        return set == WORLD_BY_PAST ? WORLD_PAST : WORLD_CLIENT;
    }
    switch (class) {
    case CLASS_JOURNAL:
        return WORLD_CLIENT;
    case CLASS_DIRECTORY:
        return WORLD_ADMIN;
    default:
        return WORLD_OWNER;
    }
}

bool world_has(enum world_set set, uint32_t class)
{
    switch (set) {
    case WORLD_MAIN:
        return class != CLASS_NONE;
    case WORLD_BY_CLIENT:
        return class == CLASS_SAFETY;
    case WORLD_BY_PAST:
    default:
        return class != CLASS_NONE && class != CLASS_JOURNAL && class != CLASS_DIRECTORY;
    }
}

bool world_unowned(enum world_set set, uint32_t class)
{
    return (set == WORLD_BY_CLIENT && class == CLASS_SAFETY) ||
           (set == WORLD_BY_PAST && class == CLASS_SHARED);
}

uint32_t world_relations(enum world_person person, enum world_set set, uint32_t class)
{
    bool made = class != CLASS_NONE ? person == world_maker(set, class)
                                    : person == WORLD_OWNER || person == WORLD_PAST ||
                                          person == WORLD_ADMIN || person == WORLD_CLIENT;
    bool unowned = person == WORLD_CLIENT && world_unowned(set, class);
    return WHO[person].relations | (made ? (uint32_t)POLICY_AUTHOR : 0u) |
           (unowned ? (uint32_t)POLICY_UNOWNED : 0u);
}

uint32_t world_role(enum world_person person)
{
    return WHO[person].role;
}

const char *world_name(enum world_person person)
{
    return WHO[person].name;
}

/* ---- people */

static void invite_all(struct world *world)
{
    struct live_person *people = world->people;
    live_join(&world->live, world->live.admin_code, &people[WORLD_ADMIN]);
    live_sync(&people[WORLD_ADMIN]);
    for (int i = WORLD_ADMIN + 1; i < WORLD_PEOPLE; i++) {
        if (WHO[i].role != ROLE_CLIENT) {
            cast_invite(&people[WORLD_ADMIN], WHO[i].role, WHO[i].name, &people[i]);
        }
    }
    cast_delegate(&people[WORLD_ADMIN], &people[WORLD_DELEGATED]);
    cast_invite(&people[WORLD_DELEGATED], ROLE_CLIENT, "Cleo", &people[WORLD_CLIENT]);
    cast_invite(&people[WORLD_DELEGATED], ROLE_CLIENT, "Otto", &people[WORLD_OTHER]);
}

static struct hash relate(struct world *world, enum world_person subject, enum world_person staff,
                          uint32_t kind)
{
    return cast_relate(&world->people[WORLD_ADMIN], &world->people[subject], &world->people[staff],
                       kind);
}

/* Gives the relation of WORLD_PAST, which ends later. */
static struct hash relate_all(struct world *world)
{
    (void)relate(world, WORLD_CLIENT, WORLD_OWNER, RELATION_TREATS);
    (void)relate(world, WORLD_CLIENT, WORLD_TREATS, RELATION_TREATS);
    (void)relate(world, WORLD_CLIENT, WORLD_STANDING, RELATION_TREATS);
    (void)relate(world, WORLD_CLIENT, WORLD_NEWCOMER, RELATION_TREATS);
    (void)relate(world, WORLD_CLIENT, WORLD_COVERS, RELATION_COVERS);
    (void)relate(world, WORLD_OWNER, WORLD_SUPERVISES, RELATION_SUPERVISES);
    (void)relate(world, WORLD_OWNER, WORLD_TRAINS, RELATION_TRAINS);
    (void)relate(world, WORLD_OWNER, WORLD_STANDING, RELATION_TRAINS);
    (void)relate(world, WORLD_OWNER, WORLD_NEWCOMER, RELATION_TRAINS);
    (void)relate(world, WORLD_PAST, WORLD_STANDING, RELATION_TRAINS);
    (void)relate(world, WORLD_PAST, WORLD_NEWCOMER, RELATION_TRAINS);
    return relate(world, WORLD_CLIENT, WORLD_PAST, RELATION_TREATS);
}

/* ---- sections */

/* What the file lets a person hold, as an owner would grant it. */
static uint32_t best_rights(const struct policy_file *policy, enum world_person person,
                            uint32_t class)
{
    uint32_t relations = world_relations(person, WORLD_MAIN, class);
    uint32_t role = WHO[person].role;
    uint32_t rights = RIGHT_NONE;
    rights |= policy_file_allows(policy, role, relations, class, ACTION_READ) ? RIGHT_READ : 0u;
    rights |= policy_file_allows(policy, role, relations, class, ACTION_WRITE) ? RIGHT_WRITE : 0u;
    rights |= policy_file_allows(policy, role, relations, class, ACTION_GRANT) ? RIGHT_OWN : 0u;
    return (rights & RIGHT_READ) != 0 ? rights : (uint32_t)RIGHT_NONE;
}

static void grant_all(struct world *world, const struct policy_file *policy, uint32_t class)
{
    struct live_person *maker = &world->people[world_maker(WORLD_MAIN, class)];
    for (int i = 0; i < WORLD_PEOPLE; i++) {
        uint32_t rights = best_rights(policy, (enum world_person)i, class);
        bool later = i == WORLD_NEWCOMER || i == WORLD_STANDING || i == WORLD_VICTIM;
        if (&world->people[i] != maker && rights != RIGHT_NONE && !later) {
            cast_grant(maker, &world->section[WORLD_MAIN][class], &world->people[i], rights, 0);
        }
    }
    cast_grant(maker, &world->section[WORLD_MAIN][class], &world->people[WORLD_STANDING],
               RIGHT_READ, 0);
}

static void make_section(struct world *world, const struct policy_file *policy, uint32_t class)
{
    struct live_person *maker = &world->people[world_maker(WORLD_MAIN, class)];
    live_sync(maker);
    world->section[WORLD_MAIN][class] =
        cast_section(maker, class, &world->chart,
                     class != CLASS_DIRECTORY ? &world->people[WORLD_CLIENT] : NULL);
    grant_all(world, policy, class);
    uint64_t ticket = 0;
    world->note[class] = cast_write_later(maker, &world->section[WORLD_MAIN][class], NULL,
                                          span_of("a note", 6), &ticket);
    live_done(maker, ticket);
    struct engine_ticket info;
    engine_ticket(maker->engine, ticket, &info);
    world->note_link[class] = info.object;
    live_sync(maker);
}

static void make_other(struct world *world, enum world_set set, uint32_t class)
{
    struct live_person *maker = &world->people[world_maker(set, class)];
    live_sync(maker);
    world->section[set][class] =
        cast_section(maker, class, &world->chart, &world->people[WORLD_CLIENT]);
    if (set == WORLD_BY_PAST) {
        cast_grant(maker, &world->section[set][class], &world->people[WORLD_STANDING], RIGHT_READ,
                   0);
    }
    if (set == WORLD_BY_PAST && class == CLASS_SHARED) {
        cast_grant(maker, &world->section[set][class], &world->people[WORLD_CLIENT],
                   RIGHT_READ | RIGHT_WRITE, 0);
    }
}

static void find_delegation(struct world *world)
{
    const struct authority_member *member =
        authority_member(world->mirror.authority, &world->people[WORLD_DELEGATED].content.member);
    assert_non_null(member);
    assert_non_null(member->delegations);
    world->delegation = member->delegations->statement;
}

void world_start(struct world *world, const struct policy_file *policy)
{
    memset(world, 0, sizeof *world);
    live_start(&world->live);
    invite_all(world);
    struct hash treated = relate_all(world);
    for (uint32_t class = CLASS_PROCESS; class < POLICY_CLASS_COUNT; class ++) {
        if (class == CLASS_DIRECTORY) {
            continue; /* see world_make_directory */
        }
        make_section(world, policy, class);
        if (world_has(WORLD_BY_PAST, class)) {
            make_other(world, WORLD_BY_PAST, class);
        }
    }
    make_other(world, WORLD_BY_CLIENT, CLASS_SAFETY);
    cast_unrelate(&world->people[WORLD_ADMIN], &treated);
    live_sync(&world->people[WORLD_PAST]);
    live_sync(&world->people[WORLD_CLIENT]);
    cast_device(&world->people[WORLD_CLIENT], &world->second);
    mirror_open(&world->live, &world->mirror);
    find_delegation(world);
}

void world_make_directory(struct world *world, const struct policy_file *policy)
{
    make_section(world, policy, CLASS_DIRECTORY);
}

void world_stop(struct world *world)
{
    mirror_close(&world->mirror);
    live_stop(&world->live);
}
