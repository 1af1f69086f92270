/* The nine actions on content. */
#include "keys/public/bytes/random.h"
#include "proto/message.h"
#include "tests/e2e/attempt.h"
#include "tests/support/test.h"

/* What one person tries in one class. */
struct trying {
    struct attempts *attempts;
    struct forge forge;
    struct attempt attempt;
    const struct section_id *section;
    const struct note_id *note;
    const struct hash *note_link;
    bool erasable; /* there is a note to erase */
};

static bool judge(struct trying *trying, uint32_t action, size_t things,
                  const struct live_reply *reply)
{
    struct attempt attempt = trying->attempt;
    attempt.action = action;
    attempt.things = things;
    attempt.section = action == ACTION_CREATE_SECTION ? NULL : trying->section;
    return attempt_judge(trying->attempts, &attempt, reply);
}

static void create(struct trying *trying)
{
    struct world *world = trying->attempts->world;
    uint32_t class = trying->attempt.class;
    const struct member_id *client =
        class != CLASS_DIRECTORY ? &world->people[WORLD_CLIENT].content.member : NULL;
    (void)judge(trying, ACTION_CREATE_SECTION, 2,
                forge_create(&trying->forge, class, &world->chart, client));
}

static void read_page(struct trying *trying)
{
    Alcove__PageAsk ask = ALCOVE__PAGE_ASK__INIT;
    ask.section = field_of(trying->section->bytes, ID_BYTES);
    ask.from = 1;
    ask.to = 1;
    ask.purpose = mirror_purpose(&trying->attempts->world->mirror,
                                 &trying->forge.actor->content.member, trying->section);
    (void)judge(trying, ACTION_READ, 1, live_ask(trying->forge.actor, OP_PAGE, &ask.base));
}

static void write_and_erase(struct trying *trying)
{
    struct note_id note = *trying->note;
    struct hash link = *trying->note_link;
    if (!trying->erasable) {
        random_bytes(note.bytes, sizeof note.bytes);
    }
    bool wrote = judge(trying, ACTION_WRITE, 1,
                       forge_write(&trying->forge, trying->section, REVISION_DRAFT,
                                   trying->erasable ? NULL : &note, NULL));
    if (wrote && !trying->erasable) {
        link = trying->forge.link;
    }
    (void)judge(trying, ACTION_ERASE, 1,
                forge_write(&trying->forge, trying->section, REVISION_TOMBSTONE, &note, &link));
}

/* A grant to a newcomer, their share of the first epoch, and its end. Who may not grant tries
 * to reseal to and to revoke somebody who is in already. */
static void share(struct trying *trying, enum world_set set)
{
    struct world *world = trying->attempts->world;
    const struct live_person *newcomer = &world->people[WORLD_NEWCOMER];
    const struct live_person *in =
        &world->people[set == WORLD_BY_CLIENT ? WORLD_CLIENT : WORLD_STANDING];
    uint32_t class = trying->attempt.class;
    /* Where a client may reseal and not grant they may serve their own further device alone. */
    bool own = trying->attempt.person == WORLD_CLIENT &&
               policy_file_allows(trying->attempts->policy, ROLE_CLIENT, POLICY_OWN_CHART, class,
                                  ACTION_RESEAL) &&
               !policy_file_allows(trying->attempts->policy, ROLE_CLIENT, POLICY_OWN_CHART, class,
                                   ACTION_GRANT);
    bool granted =
        judge(trying, ACTION_GRANT, 2,
              forge_grant(&trying->forge, trying->section, &newcomer->content.member, RIGHT_READ));
    const struct live_person *to = granted ? newcomer : in;
    const struct hash *device =
        own ? &world->second.content.device_statement : &to->content.device_statement;
    (void)judge(trying, ACTION_RESEAL, 1, forge_reseal(&trying->forge, trying->section, device));
    (void)judge(trying, ACTION_REVOKE, 2,
                forge_revoke(&trying->forge, trying->section, &to->content.member));
}

static void begin(struct attempts *attempts, enum world_person person, enum world_set set,
                  uint32_t class, struct trying *out_trying)
{
    struct world *world = attempts->world;
    *out_trying = (struct trying){
        .attempts = attempts,
        .attempt = {.person = person,
                    .relations = world_relations(person, set, class),
                    .class = class},
        .section = &world->section[set][class],
        .note = &world->note[class],
        .note_link = &world->note_link[class],
        .erasable = set == WORLD_MAIN,
    };
    forge_init(&world->mirror, &world->people[person], &out_trying->forge);
}

void attempt_content(struct attempts *attempts, enum world_person person, enum world_set set,
                     uint32_t class)
{
    struct trying trying;
    begin(attempts, person, set, class, &trying);
    if (class != CLASS_DIRECTORY) {
        create(&trying);
    }
    read_page(&trying);
    (void)judge(&trying, ACTION_OPENED, 1,
                forge_opened(&trying.forge, trying.section, trying.note, trying.note_link));
    (void)judge(&trying, ACTION_ROTATE, 1, forge_rotate(&trying.forge, trying.section));
    write_and_erase(&trying);
    share(&trying, set);
}

void attempt_directory(struct attempts *attempts)
{
    attempts_go_raw(attempts);
    for (int i = 0; i < WORLD_STANDING; i++) {
        struct trying trying;
        if (i != WORLD_ADMIN) {
            begin(attempts, (enum world_person)i, WORLD_MAIN, CLASS_DIRECTORY, &trying);
            create(&trying);
        }
    }
    attempts_end_raw(attempts);
    /* Allowed: done by the admin's own engine, or what follows would fail. */
    assert_true(policy_file_allows(attempts->policy, ROLE_ADMIN, POLICY_ANY, CLASS_DIRECTORY,
                                   ACTION_CREATE_SECTION));
    world_make_directory(attempts->world, attempts->policy);
    struct attempt made = {.person = WORLD_ADMIN,
                           .relations = POLICY_ANY | POLICY_AUTHOR,
                           .class = CLASS_DIRECTORY,
                           .action = ACTION_CREATE_SECTION};
    attempts_mark(attempts, &made);
}

void attempt_give(struct attempts *attempts, enum world_person person, uint32_t class)
{
    static const struct {
        uint32_t right, action;
    } given[] = {{RIGHT_READ, ACTION_READ}, {RIGHT_WRITE, ACTION_WRITE}, {RIGHT_OWN, ACTION_GRANT}};
    struct world *world = attempts->world;
    enum world_person maker = world_maker(WORLD_MAIN, class);
    uint32_t relations = world_relations(person, WORLD_MAIN, class);
    for (size_t i = 0; i < ARRAY_LEN(given) && person != maker; i++) {
        if (policy_file_allows(attempts->policy, world_role(person), relations, class,
                               given[i].action)) {
            continue;
        }
        struct trying trying;
        begin(attempts, maker, WORLD_MAIN, class, &trying);
        trying.attempt.action = ACTION_GRANT;
        trying.attempt.section = trying.section;
        (void)attempt_expect(attempts, &trying.attempt, false,
                             forge_grant(&trying.forge, trying.section,
                                         &world->people[person].content.member,
                                         RIGHT_READ | given[i].right));
    }
}
