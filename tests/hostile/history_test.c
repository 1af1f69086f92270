/*
 * AT-36, 39 and withheld statements: a server that forgets and leaves out, with everything that it
 * signs itself right.
 */
#include "tests/hostile/stage.h"

/* ---------------------------------------------------------------- rollback */

static uint64_t events_of(struct inproc_person *person)
{
    struct engine_state seen;
    engine_state(person->engine, &seen);
    return seen.events_size;
}

/* The client saw "two"; then yesterday's server is back, shorter, as long and longer. */
static void roll_back(struct stage *stage, int longer, enum status expected)
{
    struct inproc_person *client = &stage->scene.client;
    struct inproc yesterday;
    kit_fork(&stage->scene.server, &yesterday);
    scene_note(&stage->scene.therapist, &stage->shared, "two");
    scene_refresh(client);
    assert_string_equal(scene_read(client, &stage->shared).seen, "[one][two]");
    if (longer >= 0) {
        uint64_t seen = events_of(client);
        assert_true(seen > yesterday.heads.events_size);
        kit_grow(&yesterday, (size_t)(seen - yesterday.heads.events_size) + (size_t)longer);
    }
    kit_move(client, &yesterday);
    uint64_t ticket = 0;
    scene_write(client, &stage->shared, NULL, REVISION_DRAFT, "mine", &ticket);
    kit_refuses(client, expected, 0);
    assert_string_equal(scene_read(client, &stage->shared).seen, "[one][two][mine]");
    /* With the cache wiped and the keystore kept it is no better. */
    inproc_offline(client);
    memory_storage_reset(client->storage);
    inproc_restart(client);
    kit_refuses(client, STATUS_OK, 0);
    /* The honest server is welcome again and gets what waited. */
    kit_move(client, &stage->scene.server);
    inproc_restart(client);
    inproc_sync(client);
    assert_string_equal(scene_read(client, &stage->shared).seen, "[one][two][mine]");
    kit_fork_close(&yesterday);
}

/* Goal: nobody who saw more is led back. Method: a copy of the database from before, under the
 * same keys: shorter; of the very size that was seen; and grown past it. */
static void test_AT36_rollback_shorter(void **state)
{
    roll_back(*state, -1, STATUS_REWOUND);
}
static void test_AT36_rollback_same_size(void **state)
{
    roll_back(*state, 0, STATUS_EQUIVOCATION);
}
static void test_AT36_rollback_grown_past(void **state)
{
    roll_back(*state, 7, STATUS_BAD_PROOF);
}

/* Goal: a new device that was handed its maker's checkpoints cannot begin in the past. */
static void test_AT36_new_device_with_handed_checkpoints(void **state)
{
    struct stage *stage = *state;
    struct inproc_person second;
    scene_device(&stage->scene.therapist, &second);
    inproc_offline(&second);
    struct inproc yesterday;
    kit_fork(&stage->scene.server, &yesterday);
    scene_note(&stage->scene.therapist, &stage->shared, "two");
    kit_grow(&yesterday, 60);
    second.content.statements = stage->scene.therapist.content.statements;
    second.content.events = stage->scene.therapist.content.events;
    memory_storage_reset(second.storage);
    kit_move(&second, &yesterday);
    inproc_restart(&second);
    kit_refuses(&second, STATUS_OK, 0);
    kit_move(&second, &stage->scene.server);
    inproc_person_free(&second);
    kit_fork_close(&yesterday);
}

/* ---------------------------------------------------------------- withheld */

struct withheld {
    uint32_t type;
    size_t count;
};

/* Ends a chain before its first statement of that type. */
static bool withhold(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                     ProtobufCMessage *body)
{
    struct withheld *withheld = context;
    (void)code;
    if (op != OP_CHAIN) {
        return true;
    }
    Alcove__ChainReply *reply = (Alcove__ChainReply *)(void *)body;
    for (size_t i = 0; i < reply->n_entry; i++) {
        struct statement statement;
        OK(statement_parse(field_span(reply->entry[i]->statement), &link->server->practice,
                           &statement));
        if (statement.rule->type == withheld->type) {
            reply->n_entry = i;
            reply->more = false;
            withheld->count++;
        }
        statement_free(&statement);
    }
    return true;
}

/* |victim| has a word waiting and is not told of a statement: it must not seal to whoever the
 * statement put out. */
static void withhold_from(struct stage *stage, struct inproc_person *victim, uint32_t type)
{
    struct withheld withheld = {.type = type};
    uint64_t ticket = 0;
    scene_write(victim, &stage->progress, NULL, REVISION_DRAFT, "secret", &ticket);
    stage->scene.server.hook = withhold;
    stage->scene.server.hook_context = &withheld;
    const uint64_t submits = stage->scene.server.ops[OP_SUBMIT];
    kit_refuses(victim, STATUS_BAD_CHAIN, 0);
    assert_true(withheld.count > 0);
    assert_int_equal(stage->scene.server.ops[OP_SUBMIT], submits);
    stage->scene.server.hook = NULL;
    inproc_restart(victim);
    inproc_sync(victim);
}

/* Goal: decision 3. A revocation cannot be kept from a writer. Method: the therapist's other
 * device is not shown that a colleague is out. */
static void test_withheld_revocation(void **state)
{
    struct stage *stage = *state;
    scene_refresh(&stage->scene.admin);
    struct inproc_person cover;
    scene_invite(&stage->scene.admin, ROLE_THERAPIST, "Tom", &cover);
    scene_relate(&stage->scene, &stage->scene.client, &cover, RELATION_COVERS);
    const struct act_grant grant = {.section = stage->progress,
                                    .member = cover.content.member,
                                    .rights = RIGHT_READ,
                                    .code_compared = true};
    uint64_t ticket = 0;
    OK(act_grant(stage->scene.therapist.engine, &grant, stage->scene.server.now_ms, &ticket));
    scene_wait(&stage->scene.therapist, ticket);
    struct inproc_person second;
    scene_device(&stage->scene.therapist, &second);
    inproc_offline(&second);
    OK(act_revoke(stage->scene.therapist.engine, &stage->progress, &cover.content.member,
                  stage->scene.server.now_ms, &ticket));
    scene_wait(&stage->scene.therapist, ticket);
    withhold_from(stage, &second, STATEMENT_REVOCATION);
    scene_refresh(&cover);
    assert_string_equal(scene_read(&cover, &stage->progress).seen, "");
    inproc_person_free(&second);
    inproc_person_free(&cover);
}

/* Goal: nor the revocation of a device. Method: the second of three is out; the third is not
 * told. */
static void test_withheld_device_revocation(void **state)
{
    struct stage *stage = *state;
    struct inproc_person second;
    scene_device(&stage->scene.therapist, &second);
    struct inproc_person third;
    scene_device(&stage->scene.therapist, &third);
    inproc_offline(&third);
    scene_refresh(&stage->scene.therapist);
    uint64_t ticket = 0;
    OK(act_device_revoke(stage->scene.therapist.engine, &stage->scene.therapist.content.member,
                         &second.content.device_statement, stage->scene.server.now_ms, &ticket));
    scene_wait(&stage->scene.therapist, ticket);
    withhold_from(stage, &third, STATEMENT_DEVICE_REVOCATION);
    inproc_person_free(&third);
    inproc_person_free(&second);
}

/* ---------------------------------------------------------------- omission */

static bool drop_one_of_many(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                             ProtobufCMessage *body)
{
    size_t *which = context;
    (void)link;
    (void)code;
    Alcove__PageChunk *chunk = (Alcove__PageChunk *)(void *)body;
    if (op == FRAME_CHUNK + 1000 && *which < chunk->n_entry) {
        memmove(&chunk->entry[*which], &chunk->entry[*which + 1],
                (chunk->n_entry - *which - 1) * sizeof(Alcove__PageEntry *));
        chunk->n_entry--;
        *which = SIZE_MAX;
    }
    return true;
}

static bool swap_two_of_many(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                             ProtobufCMessage *body)
{
    size_t *which = context;
    (void)link;
    (void)code;
    Alcove__PageChunk *chunk = (Alcove__PageChunk *)(void *)body;
    if (op == FRAME_CHUNK + 1000 && *which != SIZE_MAX && *which + 1 < chunk->n_entry) {
        Alcove__PageEntry *first = chunk->entry[*which];
        chunk->entry[*which] = chunk->entry[*which + 1];
        chunk->entry[*which + 1] = first;
        chunk->entry[*which]->number--;
        chunk->entry[*which + 1]->number++;
        *which = SIZE_MAX;
    }
    return true;
}

static void fifty(struct stage *stage, inproc_hook *hook)
{
    struct inproc_person *client = &stage->scene.client;
    inproc_offline(client);
    for (int i = 0; i < 50; i++) {
        uint64_t ticket = 0;
        scene_write(&stage->scene.therapist, &stage->shared, NULL, REVISION_DRAFT, "x", &ticket);
    }
    inproc_sync(&stage->scene.therapist);
    static const size_t places[] = {0, 1};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        size_t which = places[i];
        stage->scene.server.hook = hook;
        stage->scene.server.hook_context = &which;
        kit_refuses(client, STATUS_OK, 0);
        assert_true(which == SIZE_MAX);
        stage->scene.server.hook = NULL;
        inproc_restart(client);
    }
    inproc_sync(client);
    assert_int_equal(scene_read(client, &stage->shared).notes, 51);
}

/* Goal: one of fifty cannot be left out, nor two change places. Method: at several places, with
 * the numbers made right again. */
static void test_AT39_one_of_fifty_left_out(void **state)
{
    fifty(*state, drop_one_of_many);
}
static void test_AT39_two_of_fifty_swapped(void **state)
{
    fifty(*state, swap_two_of_many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(test_AT36_rollback_shorter),
        STAGE_TEST(test_AT36_rollback_same_size),
        STAGE_TEST(test_AT36_rollback_grown_past),
        STAGE_TEST(test_AT36_new_device_with_handed_checkpoints),
        STAGE_TEST(test_withheld_revocation),
        STAGE_TEST(test_withheld_device_revocation),
        STAGE_TEST(test_AT39_one_of_fifty_left_out),
        STAGE_TEST(test_AT39_two_of_fifty_swapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
