/*
 * AT-37: a server that shows two people two histories, in a section, in the statements or in the
 * access log alone; each side is signed as it should be.
 */
#include "tests/hostile/stage.h"

/* ---------------------------------------------------------------- forks */

/* Goal: two people with different histories find out as soon as one is led to the other's side.
 * Method: fork, both write, then the client is joined to the therapist's server. */
static void test_AT37_fork_then_join(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *client = &stage->scene.client;
    struct inproc other;
    kit_fork(&stage->scene.server, &other);
    kit_move(client, &other);
    scene_note(client, &stage->shared, "on the other side");
    scene_note(&stage->scene.therapist, &stage->shared, "here");
    kit_grow(&stage->scene.server, 60);
    kit_move(client, &stage->scene.server);
    kit_refuses(client, STATUS_BAD_PROOF, 0);
    kit_fork_close(&other);
}

/* The therapist's next revision, written on this side, shown on the other as if it stood there. */
static void transplant(struct stage *stage, struct inproc *other, const char *text)
{
    uint64_t ticket = 0;
    scene_write(&stage->scene.therapist, &stage->shared, NULL, REVISION_DRAFT, text, &ticket);
    struct kit_submit submit;
    kit_capture(&stage->scene.therapist, &submit);
    assert_int_equal(submit.ask->n_revision, 1);
    kit_plant_revision(other, &submit.peer, &stage->shared, submit.ask->revision[0]);
    kit_submit_free(&submit);
}

/* The other's word itself is true and may be kept: but then all stops, and what waits here is
 * sent to nobody. */
static void finds_out(struct inproc_person *victim, const struct section_id *section)
{
    uint64_t ticket = 0;
    scene_write(victim, section, NULL, REVISION_DRAFT, "mine", &ticket);
    const uint64_t submits = victim->server->ops[OP_SUBMIT];
    engine_sync(victim->engine);
    assert_int_equal(inproc_run(victim), STATUS_EQUIVOCATION);
    struct engine_state state;
    engine_state(victim->engine, &state);
    assert_int_equal(state.phase, ENGINE_STOPPED);
    struct span out;
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
    struct inproc_person *client = &stage->scene.client;
    struct inproc other;
    kit_fork(&stage->scene.server, &other);
    kit_move(client, &other);
    scene_note(client, &stage->shared, "theirs");
    /* The therapist sees another entry at that number. */
    scene_note(&stage->scene.therapist, &stage->shared, "ours");
    transplant(stage, &other, "carried over");
    kit_refuses(client, STATUS_OK, 0);
    kit_move(client, &stage->scene.server);
    kit_fork_close(&other);
}

/* Goal: the same where only the statements differ: what the author signs that they have seen is
 * not what we have. Method: a delegation that the client's side never had, in a chain that says
 * nothing of the chart. */
static void test_AT37_fork_of_the_statements(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *client = &stage->scene.client;
    struct inproc other;
    kit_fork(&stage->scene.server, &other);
    kit_move(client, &other);
    scene_refresh(&stage->scene.admin);
    uint64_t ticket = 0;
    OK(act_delegate(stage->scene.admin.engine, &stage->scene.therapist.content.member, 0,
                    stage->scene.server.now_ms, &ticket));
    scene_wait(&stage->scene.admin, ticket);
    scene_refresh(&stage->scene.therapist);
    kit_grow(&other, 60);
    transplant(stage, &other, "with one more statement seen");
    finds_out(client, &stage->shared);
    kit_move(client, &stage->scene.server);
    kit_fork_close(&other);
}

/* Goal: and where only the access log differs: something was hidden from one of them. Method: the
 * two logs part at different lengths of the author's and the reader's knowledge, so that sizes
 * meet by chance, are apart, and the author is ahead. */
static void fork_events(struct stage *stage, size_t here, size_t there)
{
    struct inproc_person *client = &stage->scene.client;
    struct inproc other;
    kit_fork(&stage->scene.server, &other);
    kit_grow(&stage->scene.server, here);
    kit_grow(&other, there);
    scene_refresh(&stage->scene.therapist);
    kit_move(client, &other);
    transplant(stage, &other, "with other events seen");
    finds_out(client, &stage->shared);
    kit_move(client, &stage->scene.server);
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
        scene_note(&stage->scene.therapist, &stage->shared, "x");
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
        scene_note(&stage->scene.therapist, &stage->shared, "x");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(test_AT37_fork_then_join),
        STAGE_TEST(test_AT37_fork_of_a_section),
        STAGE_TEST(test_AT37_fork_of_the_statements),
        STAGE_TEST(test_AT37_fork_of_the_events),
        STAGE_TEST(test_AT37_fork_of_the_events_just_grown),
        STAGE_TEST(test_AT37_fork_of_the_events_author_ahead),
        STAGE_TEST(test_AT37_control_one_history),
        STAGE_TEST(test_AT37_spoiled_proofs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
