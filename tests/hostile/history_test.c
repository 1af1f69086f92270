/*
 * AT-36, 37, 39, 42, 44, 46, withheld statements, chart histories and the auditor: a server that
 * forgets, forks, leaves out and delays, with everything that it signs itself right.
 */
#include "tests/hostile/kit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OK(call) assert_int_equal((call), STATUS_OK)

struct stage {
    struct scene scene;
    struct section_id shared, progress;
};

static void note(struct inproc_person *by, const struct section_id *section, const char *text)
{
    uint64_t ticket = 0;
    scene_write(by, section, NULL, REVISION_DRAFT, text, &ticket);
    scene_wait(by, ticket);
}

static int open_stage(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    assert_non_null(stage);
    scene_open(&stage->scene);
    stage->shared = scene_section(&stage->scene.therapist, CLASS_SHARED);
    stage->progress = scene_section(&stage->scene.therapist, CLASS_PROGRESS);
    note(&stage->scene.therapist, &stage->shared, "one");
    scene_refresh(&stage->scene.client);
    *state = stage;
    return 0;
}

static int close_stage(void **state)
{
    struct stage *stage = *state;
    scene_close(&stage->scene);
    free(stage);
    return 0;
}

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
    struct inproc yesterday;
    struct inproc_person *client = &stage->scene.client;
    uint64_t ticket = 0;
    kit_fork(&stage->scene.server, &yesterday);
    note(&stage->scene.therapist, &stage->shared, "two");
    scene_refresh(client);
    assert_string_equal(scene_read(client, &stage->shared).seen, "[one][two]");
    if (longer >= 0) {
        uint64_t seen = events_of(client);
        assert_true(seen > yesterday.heads.events_size);
        kit_grow(&yesterday, (size_t)(seen - yesterday.heads.events_size) + (size_t)longer);
    }
    kit_move(client, &yesterday);
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
    struct inproc yesterday;
    struct inproc_person second;
    scene_device(&stage->scene.therapist, &second);
    inproc_offline(&second);
    kit_fork(&stage->scene.server, &yesterday);
    note(&stage->scene.therapist, &stage->shared, "two");
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

/* ---------------------------------------------------------------- forks */

/* Goal: two people with different histories find out as soon as one is led to the other's side.
 * Method: fork, both write, then the client is joined to the therapist's server. */
static void test_AT37_fork_then_join(void **state)
{
    struct stage *stage = *state;
    struct inproc other;
    struct inproc_person *client = &stage->scene.client;
    kit_fork(&stage->scene.server, &other);
    kit_move(client, &other);
    note(client, &stage->shared, "on the other side");
    note(&stage->scene.therapist, &stage->shared, "here");
    kit_grow(&stage->scene.server, 60);
    kit_move(client, &stage->scene.server);
    kit_refuses(client, STATUS_BAD_PROOF, 0);
    kit_fork_close(&other);
}

/* The therapist's next revision, written on this side, shown on the other as if it stood there. */
static void transplant(struct stage *stage, struct inproc *other, const char *text)
{
    struct kit_submit submit;
    uint64_t ticket = 0;
    scene_write(&stage->scene.therapist, &stage->shared, NULL, REVISION_DRAFT, text, &ticket);
    kit_capture(&stage->scene.therapist, &submit);
    assert_int_equal(submit.ask->n_revision, 1);
    kit_plant_revision(other, &submit.peer, &stage->shared, submit.ask->revision[0]);
    kit_submit_free(&submit);
}

/* The other's word itself is true and may be kept: but then all stops, and what waits here is
 * sent to nobody. */
static void finds_out(struct inproc_person *victim, const struct section_id *section)
{
    struct engine_state state;
    struct span out;
    uint64_t ticket = 0;
    scene_write(victim, section, NULL, REVISION_DRAFT, "mine", &ticket);
    const uint64_t submits = victim->server->ops[OP_SUBMIT];
    engine_sync(victim->engine);
    assert_int_equal(inproc_run(victim), STATUS_EQUIVOCATION);
    engine_state(victim->engine, &state);
    assert_int_equal(state.phase, ENGINE_STOPPED);
    assert_false(engine_next_frame(victim->engine, &out));
    assert_int_equal(victim->server->ops[OP_SUBMIT], submits);
    assert_int_equal(state.outbox_count, 1);
    assert_int_equal(engine_alarm_count(victim->engine), 1);
    const struct engine_alarm *alarm = engine_alarm(victim->engine, 0);
    print_message("    %s [%s]\n", alarm->reason, alarm->evidence);
    assert_non_null(strstr(alarm->evidence, "events (root"));
}

/* Goal: a fork cannot be bridged by carrying a revision over. Method: the sections differ; the
 * therapist's next revision is planted on the client's side. */
static void test_AT37_fork_of_a_section(void **state)
{
    struct stage *stage = *state;
    struct inproc other;
    struct inproc_person *client = &stage->scene.client;
    kit_fork(&stage->scene.server, &other);
    kit_move(client, &other);
    note(client, &stage->shared, "theirs");
    /* The therapist sees another entry at that number. */
    note(&stage->scene.therapist, &stage->shared, "ours");
    transplant(stage, &other, "carried over");
    kit_refuses(client, STATUS_OK, 0);
    kit_fork_close(&other);
}

/* Goal: the same where only the statements differ: what the author signs that they have seen is
 * not what we have. Method: a delegation that the client's side never had, in a chain that says
 * nothing of the chart. */
static void test_AT37_fork_of_the_statements(void **state)
{
    struct stage *stage = *state;
    struct inproc other;
    struct inproc_person *client = &stage->scene.client;
    uint64_t ticket = 0;
    kit_fork(&stage->scene.server, &other);
    kit_move(client, &other);
    scene_refresh(&stage->scene.admin);
    OK(act_delegate(stage->scene.admin.engine, &stage->scene.therapist.content.member, 0,
                    stage->scene.server.now_ms, &ticket));
    scene_wait(&stage->scene.admin, ticket);
    scene_refresh(&stage->scene.therapist);
    kit_grow(&other, 60);
    transplant(stage, &other, "with one more statement seen");
    finds_out(client, &stage->shared);
    kit_fork_close(&other);
}

/* Goal: and where only the access log differs: something was hidden from one of them. Method: the
 * two logs part at different lengths of the author's and the reader's knowledge, so that sizes
 * meet by chance, are apart, and the author is ahead. */
static void fork_events(struct stage *stage, size_t here, size_t there)
{
    struct inproc other;
    struct inproc_person *client = &stage->scene.client;
    kit_fork(&stage->scene.server, &other);
    kit_grow(&stage->scene.server, here);
    kit_grow(&other, there);
    scene_refresh(&stage->scene.therapist);
    kit_move(client, &other);
    transplant(stage, &other, "with other events seen");
    finds_out(client, &stage->shared);
    kit_fork_close(&other);
}
static void test_AT37_fork_of_the_events(void **state)
{
    fork_events(*state, 3, 40);
}
static void test_AT37_fork_of_the_events_just_grown(void **state)
{
    fork_events(*state, 1, 10);
}
static void test_AT37_fork_of_the_events_author_ahead(void **state)
{
    fork_events(*state, 300, 0);
}

/* Goal: the control: what an author has seen of our own past is proved and nothing is said.
 * Method: words at many lengths of the log, each read at another length. */
static void test_AT37_control_one_history(void **state)
{
    struct stage *stage = *state;
    for (size_t i = 0; i < 24; i++) {
        kit_grow(&stage->scene.server, i % 5);
        note(&stage->scene.therapist, &stage->shared, "x");
        kit_grow(&stage->scene.server, 1 + i * 7 % 11);
        const uint64_t proofs = stage->scene.server.ops[OP_PROOF];
        scene_refresh(&stage->scene.client);
        assert_int_equal(stage->scene.server.ops[OP_PROOF], proofs + 2);
    }
}

struct spoiling {
    size_t hash; /* SIZE_MAX: all of them left out */
    size_t seen;
};

/* Of the first path only; of the second, only its first hash is used. */
static bool spoil_proof(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                        ProtobufCMessage *body)
{
    struct spoiling *spoiling = context;
    (void)link;
    (void)code;
    if (op != OP_PROOF || spoiling->seen++ > 0) {
        return true;
    }
    Alcove__ProofReply *reply = (Alcove__ProofReply *)(void *)body;
    if (spoiling->hash < reply->n_inclusion) {
        reply->inclusion[spoiling->hash].data[7] ^= 4;
    } else {
        reply->n_inclusion = spoiling->hash == SIZE_MAX ? 0 : reply->n_inclusion - 1;
    }
    return true;
}

/* Goal: a proof that is none is not taken for one. Method: each hash of the path changed, the last
 * left out, none given. */
static void test_AT37_spoiled_proofs(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *client = &stage->scene.client;
    static const size_t hashes[] = {0, 1, 2, 3, 4, 5, 60, SIZE_MAX};
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        struct spoiling spoiling = {.hash = hashes[i]};
        note(&stage->scene.therapist, &stage->shared, "x");
        kit_grow(&stage->scene.server, 3);
        stage->scene.server.hook = spoil_proof;
        stage->scene.server.hook_context = &spoiling;
        engine_sync(client->engine);
        assert_int_not_equal(inproc_run(client), STATUS_OK);
        assert_true(spoiling.seen > 0);
        assert_true(engine_alarm_count(client->engine) > 0);
        stage->scene.server.hook = NULL;
        inproc_restart(client);
        inproc_sync(client);
    }
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
    struct inproc_person cover;
    struct inproc_person second;
    uint64_t ticket = 0;
    scene_refresh(&stage->scene.admin);
    scene_invite(&stage->scene.admin, ROLE_THERAPIST, "Tom", &cover);
    scene_relate(&stage->scene, &stage->scene.client, &cover, RELATION_COVERS);
    const struct act_grant grant = {.section = stage->progress,
                                    .member = cover.content.member,
                                    .rights = RIGHT_READ,
                                    .code_compared = true};
    OK(act_grant(stage->scene.therapist.engine, &grant, stage->scene.server.now_ms, &ticket));
    scene_wait(&stage->scene.therapist, ticket);
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
    struct inproc_person third;
    uint64_t ticket = 0;
    scene_device(&stage->scene.therapist, &second);
    scene_device(&stage->scene.therapist, &third);
    inproc_offline(&third);
    scene_refresh(&stage->scene.therapist);
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

#define STAGE_TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(test_AT36_rollback_shorter),
        STAGE_TEST(test_AT36_rollback_same_size),
        STAGE_TEST(test_AT36_rollback_grown_past),
        STAGE_TEST(test_AT36_new_device_with_handed_checkpoints),
        STAGE_TEST(test_AT37_fork_then_join),
        STAGE_TEST(test_AT37_fork_of_a_section),
        STAGE_TEST(test_AT37_fork_of_the_statements),
        STAGE_TEST(test_AT37_fork_of_the_events),
        STAGE_TEST(test_AT37_fork_of_the_events_just_grown),
        STAGE_TEST(test_AT37_fork_of_the_events_author_ahead),
        STAGE_TEST(test_AT37_control_one_history),
        STAGE_TEST(test_AT37_spoiled_proofs),
        STAGE_TEST(test_withheld_revocation),
        STAGE_TEST(test_withheld_device_revocation),
        STAGE_TEST(test_AT39_one_of_fifty_left_out),
        STAGE_TEST(test_AT39_two_of_fifty_swapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
