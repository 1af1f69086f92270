/*
 * A server that says we are out of a section, though the statements in its own log let us in: an
 * alarm with evidence. An honest server never causes one, whatever happens in between: a removal
 * that is not known here yet, a return, a right that ended by the clock.
 */
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

enum withheld { REFUSED_PAGE, ENDED, LEFT_OUT, WITHHELD_WAYS };

/* Of one person alone; the others are answered honestly. */
struct withholding {
    const struct inproc_link *of;
    enum withheld how;
};

static bool withhold(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                     ProtobufCMessage *body)
{
    const struct withholding *withholding = context;
    if (link != withholding->of) {
        return true;
    }
    if (withholding->how == REFUSED_PAGE) {
        *code = op == OP_PAGE ? STATUS_REFUSED : *code;
        return op != FRAME_CHUNK + 1000;
    }
    if (op == OP_STATE && *code == STATUS_OK) {
        Alcove__StateReply *state = (Alcove__StateReply *)(void *)body;
        for (size_t i = 0; withholding->how == ENDED && i < state->n_section; i++) {
            state->section[i]->ended_at = state->section[i]->number;
        }
        state->n_section = withholding->how == LEFT_OUT ? 0 : state->n_section;
    }
    return true;
}

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", text, part);
    }
}

/* Goal: the contradiction is told with what the server said and which statement says otherwise, and
 * nothing is written meanwhile from a state that may be old. Method: each way to withhold; then an
 * honest server. */
static void test_what_is_withheld_is_an_alarm(void **state)
{
    (void)state;
    static const char *const said[] = {"a page from", "said to have ended", "left out of the list"};
    for (int how = 0; how < WITHHELD_WAYS; how++) {
        struct scene scene;
        scene_open(&scene);
        struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
        scene_note(&scene.therapist, &shared, "news");
        struct withholding withholding = {&scene.client.link, (enum withheld)how};
        scene.server.hook = withhold;
        scene.server.hook_context = &withholding;
        inproc_offline(&scene.client);
        uint64_t ticket = 0;
        scene_write(&scene.client, &shared, NULL, REVISION_SIGNED, "answer", &ticket);
        uint64_t submits = scene.server.ops[OP_SUBMIT];
        assert_int_equal(inproc_run(&scene.client), STATUS_BAD_PROOF);
        assert_int_equal(scene.server.ops[OP_SUBMIT], submits);
        assert_int_equal(engine_alarm_count(scene.client.engine), 1);
        const struct engine_alarm *alarm = engine_alarm(scene.client.engine, 0);
        assert_says(alarm->reason, "The server withholds the shared notes");
        assert_says(alarm->evidence, said[how]);
        assert_says(alarm->evidence, "gives rights 3");
        scene.server.hook = NULL;
        engine_alarms_clear(scene.client.engine);
        inproc_offline(&scene.client);
        inproc_sync(&scene.client);
        scene_refresh(&scene.client);
        assert_int_equal(scene.server.ops[OP_SUBMIT], submits + 1);
        assert_string_equal(scene_read(&scene.client, &shared).seen, "[news][answer]");
        scene_close(&scene);
    }
}

/* Goal: a device that holds nothing yet notices it too. Method: an emptied device, whose server
 * names the section's chain and leaves the section out. */
static void test_a_section_never_listed_is_noticed(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    inproc_offline(&scene.client);
    memory_storage_reset(scene.client.storage);
    inproc_restart(&scene.client);
    struct withholding withholding = {&scene.client.link, LEFT_OUT};
    scene.server.hook = withhold;
    scene.server.hook_context = &withholding;
    assert_int_equal(inproc_run(&scene.client), STATUS_BAD_PROOF);
    assert_says(engine_alarm(scene.client.engine, 0)->evidence, "left out of the list");
    scene_close(&scene);
}

/* ---- what happens to an honest server's client in between */

struct meanwhile {
    struct scene *scene;
    struct inproc_person *of; /* whose answer comes from before */
    uint32_t op;              /* what was answered then */
    void (*happen)(struct scene *scene);
    bool done;
};

static bool meanwhile(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                      ProtobufCMessage *body)
{
    (void)code;
    (void)body;
    struct meanwhile *meanwhile = context;
    if (link == &meanwhile->of->link && op == meanwhile->op && !meanwhile->done) {
        meanwhile->done = true;
        meanwhile->happen(meanwhile->scene);
    }
    return true;
}

static void remove_client(struct scene *scene)
{
    struct section_id shared = scene_section(&scene->therapist, CLASS_SHARED);
    uint64_t ticket = 0;
    OK(act_revoke(scene->therapist.engine, &shared, &scene->client.content.member,
                  scene->server.now_ms, &ticket));
    scene_wait(&scene->therapist, ticket);
}

static void let_client_in(struct scene *scene)
{
    struct section_id shared = scene_section(&scene->therapist, CLASS_SHARED);
    scene_grant(scene, &shared, &scene->client, RIGHT_READ | RIGHT_WRITE, 1);
}

/* The client's device comes back to |op| answered from before |happen|; all that follows is
 * honest, and so must be the end: no alarm, and everybody at rest. */
static uint64_t race(struct scene *scene, uint32_t op, void (*happen)(struct scene *scene))
{
    struct section_id shared = scene_section(&scene->therapist, CLASS_SHARED);
    inproc_offline(&scene->client);
    scene_note(&scene->therapist, &shared, "news");
    struct meanwhile context = {.scene = scene, .of = &scene->client, .op = op, .happen = happen};
    scene->server.hook = meanwhile;
    scene->server.hook_context = &context;
    uint64_t pages = scene->server.ops[OP_PAGE];
    inproc_sync(&scene->client);
    assert_true(context.done);
    scene->server.hook = NULL;
    return scene->server.ops[OP_PAGE] - pages;
}

/* Goal: what is refused or missing because of a removal that is not known here yet leads to a look
 * at the newest head, and to no alarm. Method: a client who is removed between any two answers. */
static void test_a_removal_not_known_yet_is_no_alarm(void **state)
{
    (void)state;
    static const uint32_t ops[] = {FRAME_LOGIN_REPLY + 1000, OP_LEAVES, OP_STATE, OP_CHAIN};
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        struct scene scene;
        scene_open(&scene);
        struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
        inproc_offline(&scene.client);
        uint64_t ticket = 0;
        OK(act_rotate(scene.therapist.engine, &shared, scene.server.now_ms, &ticket));
        scene_wait(&scene.therapist, ticket);
        (void)race(&scene, ops[i], remove_client);
        Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
        struct write_note ask = {.section = shared, .kind = REVISION_DRAFT, .body = &body};
        uint64_t own = 0;
        assert_int_equal(write_note(scene.client.engine, &ask, scene.server.now_ms, NULL, &own),
                         STATUS_REFUSED);
        scene_close(&scene);
    }
}

/* Removed when the page was asked for, let in when the head was asked for again. */
static void out_and_in(struct scene *scene)
{
    static struct meanwhile context;
    remove_client(scene);
    context = (struct meanwhile){
        .scene = scene, .of = &scene->client, .op = OP_CHECKPOINT, .happen = let_client_in};
    scene->server.hook = meanwhile;
    scene->server.hook_context = &context;
}

/* Goal: a refusal that was true when it was said is no alarm later, and the section is asked for
 * again. Method: somebody who is out for the time of one page. */
static void test_a_return_is_no_alarm(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    assert_true(race(&scene, OP_STATE, out_and_in) > 1);
    scene_refresh(&scene.client);
    assert_string_equal(scene_read(&scene.client, &shared).seen, "[news]");
    scene_close(&scene);
}

/* A therapist who covers the client until then, and reads and writes the progress notes. */
static struct section_id cover(struct scene *scene, uint64_t until_ms, struct inproc_person *out)
{
    scene_invite(&scene->admin, ROLE_THERAPIST, "Tomas", out);
    scene_refresh(&scene->admin);
    uint64_t ticket = 0;
    OK(act_relate(scene->admin.engine, &scene->client.content.member, &out->content.member,
                  RELATION_COVERS, until_ms, scene->server.now_ms, &ticket));
    scene_wait(&scene->admin, ticket);
    scene_refresh(&scene->therapist);
    struct section_id progress = scene_section(&scene->therapist, CLASS_PROGRESS);
    scene_grant(scene, &progress, out, RIGHT_READ | RIGHT_WRITE, 1);
    scene_refresh(out);
    scene_note(&scene->therapist, &progress, "news");
    inproc_offline(out);
    return progress;
}

/* Goal: of what ends by the clock nothing is said, since the server's clock is not ours. Method: a
 * covering therapist whose clock is behind, when the relation is over; no statement says so. */
static void test_an_end_by_the_clock_is_no_alarm(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    const uint64_t until_ms = scene.server.now_ms + 3600000u;
    struct inproc_person second;
    struct section_id progress = cover(&scene, until_ms, &second);
    scene.server.now_ms = until_ms + 1000u;
    second.clock_off_ms = -2 * 3600000;
    inproc_sync(&second);
    scene_refresh(&second);
    assert_string_equal(scene_read(&second, &progress).seen, "");
    inproc_person_free(&second);
    scene_close(&scene);
}

static void suspend(struct scene *scene, const struct inproc_person *person, bool resume)
{
    scene_refresh(&scene->admin);
    uint64_t ticket = 0;
    OK(act_suspend(scene->admin.engine, &person->content.member, resume, NULL, scene->server.now_ms,
                   &ticket));
    scene_wait(&scene->admin, ticket);
}

/* Goal: who is let back in when their right is over by the clock changes nothing, and holds up no
 * note of others. Method: a covering therapist whose relation ends while they are suspended. */
static void test_an_end_within_a_suspension_holds_up_nobody(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    const uint64_t until_ms = scene.server.now_ms + 3600000u;
    struct inproc_person second;
    struct section_id progress = cover(&scene, until_ms, &second);
    suspend(&scene, &second, false);
    scene_refresh(&scene.therapist);
    scene_note(&scene.therapist, &progress, "alone");
    scene.server.now_ms = until_ms;
    suspend(&scene, &second, true);
    scene_refresh(&scene.therapist);
    scene_note(&scene.therapist, &progress, "goes on");
    assert_string_equal(scene_read(&scene.therapist, &progress).seen, "[news][alone][goes on]");
    inproc_person_free(&second);
    scene_close(&scene);
}

/* Goal: a purpose that ended by the clock is refused and accuses nobody, and the pages come for the
 * purpose that is left. Method: a supervisor who also covers for a while, whose clock is behind. */
static void test_a_purpose_that_ended_by_the_clock_is_no_alarm(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    const uint64_t until_ms = scene.server.now_ms + 3600000u;
    struct inproc_person second;
    scene_invite(&scene.admin, ROLE_THERAPIST, "Tomas", &second);
    scene_relate(&scene, &scene.therapist, &second, RELATION_SUPERVISES);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    scene_grant(&scene, &progress, &second, RIGHT_READ, 1);
    uint64_t ticket = 0;
    OK(act_relate(scene.admin.engine, &scene.client.content.member, &second.content.member,
                  RELATION_COVERS, until_ms, scene.server.now_ms, &ticket));
    scene_wait(&scene.admin, ticket);
    scene_refresh(&second);
    scene_refresh(&scene.therapist);
    scene_note(&scene.therapist, &progress, "news");
    inproc_offline(&second);
    scene.server.now_ms = until_ms + 1000u;
    second.clock_off_ms = -2 * 3600000;
    inproc_sync(&second);
    scene_refresh(&second);
    assert_string_equal(scene_read(&second, &progress).seen, "[news]");
    inproc_person_free(&second);
    scene_close(&scene);
}

/* Goal: where there is no alarm, nothing is written from a state that is known to be withheld
 * either. Method: the same therapist in time, and each way to withhold; then an honest server. */
static void test_nothing_is_written_while_a_section_is_withheld(void **state)
{
    (void)state;
    for (int how = 0; how < WITHHELD_WAYS; how++) {
        struct scene scene;
        scene_open(&scene);
        struct inproc_person second;
        struct section_id progress = cover(&scene, scene.server.now_ms + 86400000u, &second);
        struct withholding withholding = {&second.link, (enum withheld)how};
        scene.server.hook = withhold;
        scene.server.hook_context = &withholding;
        inproc_sync(&second);
        uint64_t submits = scene.server.ops[OP_SUBMIT];
        uint64_t ticket = 0;
        scene_write(&second, &progress, NULL, REVISION_SIGNED, "answer", &ticket);
        for (size_t i = 0; i < 2; i++) {
            uint64_t pages = scene.server.ops[OP_PAGE];
            scene_refresh(&second);
            assert_true(scene.server.ops[OP_PAGE] - pages <= 1);
        }
        assert_int_equal(scene.server.ops[OP_SUBMIT], submits);
        scene.server.hook = NULL;
        scene_refresh(&second);
        scene_refresh(&second);
        assert_int_equal(scene.server.ops[OP_SUBMIT], submits + 1);
        assert_string_equal(scene_read(&second, &progress).seen, "[news][answer]");
        inproc_person_free(&second);
        scene_close(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_withheld_is_an_alarm),
        cmocka_unit_test(test_a_section_never_listed_is_noticed),
        cmocka_unit_test(test_a_removal_not_known_yet_is_no_alarm),
        cmocka_unit_test(test_a_return_is_no_alarm),
        cmocka_unit_test(test_an_end_by_the_clock_is_no_alarm),
        cmocka_unit_test(test_an_end_within_a_suspension_holds_up_nobody),
        cmocka_unit_test(test_a_purpose_that_ended_by_the_clock_is_no_alarm),
        cmocka_unit_test(test_nothing_is_written_while_a_section_is_withheld),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
