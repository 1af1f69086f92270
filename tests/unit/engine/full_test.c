/*
 * A server that cannot take anything now: its disk is full, it is busy. That passes, so that
 * nothing that a person wrote is given up for it, and nothing else stops meanwhile.
 */
#include "client/engine/exchange/inside.h"
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

#define MINUTE_MS 60000u

struct refusing {
    uint32_t op;
    enum status code;
    bool on;
};

static bool refuse(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                   ProtobufCMessage *body)
{
    const struct refusing *refusing = context;
    (void)link;
    (void)body;
    if (refusing->on && op == refusing->op) {
        *code = refusing->code;
    }
    return true;
}

/* Ticks for a minute, a second each. */
static void pass_minute(struct inproc_person *person)
{
    for (size_t i = 0; i < MINUTE_MS / 1000; i++) {
        person->server->now_ms += 1000;
        engine_tick(person->engine, person->server->now_ms);
        inproc_sync(person);
    }
}

static struct engine_ticket ticket_of(const struct inproc_person *person, uint64_t ticket)
{
    struct engine_ticket info;
    engine_ticket(person->engine, ticket, &info);
    return info;
}

/* Goal: a note that meets a full disk waits and is sent when there is room; the server is asked a
 * few times a minute at most; the round ends. Method: every SUBMIT refused for two minutes. */
static void test_note_waits_for_room(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    scene.server.hook = refuse;
    struct refusing refusing = {OP_SUBMIT, STATUS_FULL, true};
    scene.server.hook_context = &refusing;
    uint64_t ticket = 0;
    scene_write(&scene.therapist, &shared, NULL, REVISION_DRAFT, "kept", &ticket);
    inproc_sync(&scene.therapist);
    assert_int_equal(ticket_of(&scene.therapist, ticket).wish, ENGINE_WISH_WAITING);
    assert_int_equal(ticket_of(&scene.therapist, ticket).status, STATUS_FULL);
    struct engine_state now;
    engine_state(scene.therapist.engine, &now);
    assert_int_equal(now.phase, ENGINE_IDLE);
    uint64_t asked = scene.server.ops[OP_SUBMIT];
    pass_minute(&scene.therapist);
    assert_in_range(scene.server.ops[OP_SUBMIT] - asked, 1, 4);
    asked = scene.server.ops[OP_SUBMIT];
    pass_minute(&scene.therapist);
    assert_in_range(scene.server.ops[OP_SUBMIT] - asked, 0, 2);
    assert_int_equal(ticket_of(&scene.therapist, ticket).wish, ENGINE_WISH_WAITING);
    refusing.on = false;
    for (size_t i = 0; i < 6; i++) {
        pass_minute(&scene.therapist);
    }
    assert_int_equal(ticket_of(&scene.therapist, ticket).wish, ENGINE_WISH_DONE);
    assert_int_equal(ticket_of(&scene.therapist, ticket).status, STATUS_OK);
    scene_refresh(&scene.client);
    assert_string_equal(scene_read(&scene.client, &shared).seen, "[kept]");
    scene_close(&scene);
}

/* Goal: a full disk does not end the login of who only reads. Method: STATE refused once; within
 * a minute of room the round is done. */
static void test_reader_waits_too(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    scene.server.hook = refuse;
    struct refusing refusing = {OP_STATE, STATUS_FULL, true};
    scene.server.hook_context = &refusing;
    engine_sync(scene.client.engine);
    assert_int_equal(inproc_run(&scene.client), STATUS_OK);
    refusing.on = false;
    for (size_t i = 0; i < MINUTE_MS / 1000; i++) {
        scene.server.now_ms += 1000;
        engine_tick(scene.client.engine, scene.server.now_ms);
        assert_int_equal(inproc_run(&scene.client), STATUS_OK);
    }
    struct engine_state now;
    engine_state(scene.client.engine, &now);
    assert_int_equal(now.phase, ENGINE_IDLE);
    scene_close(&scene);
}

/* Goal: what an earlier version gave up is sent after all. Method: a note marked as it did. */
static void test_given_up_note_is_taken_up(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    inproc_offline(&scene.therapist);
    uint64_t ticket = 0;
    scene_write(&scene.therapist, &shared, NULL, REVISION_DRAFT, "given up", &ticket);
    struct outbox *outbox = &scene.therapist.engine->outbox;
    OK(wish_failed(outbox, wish_find(outbox, ticket), STATUS_FULL));
    inproc_restart(&scene.therapist);
    inproc_sync(&scene.therapist);
    scene_refresh(&scene.client);
    assert_string_equal(scene_read(&scene.client, &shared).seen, "[given up]");
    scene_close(&scene);
}

/* Goal: an engine that an alarm stopped still answers what is here and takes what is written, and
 * loses none of it. Method: an answer to a login that is not the server's; then an honest one. */
static void test_stopped_engine_works_here(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    scene_note(&scene.therapist, &shared, "here");
    inproc_offline(&scene.therapist);
    scene.server.hook = refuse;
    struct refusing refusing = {FRAME_LOGIN_REPLY + 1000, STATUS_REWOUND, true};
    scene.server.hook_context = &refusing;
    assert_int_not_equal(inproc_run(&scene.therapist), STATUS_OK);
    struct engine_state now;
    engine_state(scene.therapist.engine, &now);
    assert_int_equal(now.phase, ENGINE_STOPPED);
    uint64_t ticket = 0;
    scene_write(&scene.therapist, &shared, NULL, REVISION_DRAFT, "written", &ticket);
    assert_string_equal(scene_read(&scene.therapist, &shared).seen, "[here][written]");
    assert_true(scene_sections(&scene.therapist) > 0);
    refusing.on = false;
    inproc_restart(&scene.therapist);
    inproc_sync(&scene.therapist);
    scene_refresh(&scene.client);
    assert_string_equal(scene_read(&scene.client, &shared).seen, "[here][written]");
    scene_close(&scene);
}

static void pass_minute_put_off(struct inproc_person *person)
{
    for (size_t i = 0; i < MINUTE_MS / 1000; i++) {
        person->server->now_ms += 1000;
        engine_tick(person->engine, person->server->now_ms);
        (void)inproc_run(person);
    }
}

/* Goal: a member whose lines in the log are used up is put off, says so, asks a few times a minute at
 * most, loses nothing, and goes on by itself. Method: a server that takes twenty lines an hour. */
static void test_lines_are_used_up(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    core_allow(scene.server.core, 20);
    uint64_t ticket = 0;
    for (unsigned i = 0; i < 30; i++) {
        scene_write(&scene.therapist, &shared, NULL, REVISION_DRAFT, "kept", &ticket);
        (void)inproc_run(&scene.therapist);
    }
    struct engine_state now;
    engine_state(scene.therapist.engine, &now);
    assert_true(now.put_off);
    assert_true(now.outbox_count > 0);
    for (unsigned minute = 0; minute < 20; minute++) {
        const uint64_t before = scene.server.requests;
        pass_minute_put_off(&scene.therapist);
        assert_true(minute == 0 || scene.server.requests - before <= 4);
    }
    for (unsigned minute = 0; minute < 180; minute++) {
        pass_minute_put_off(&scene.therapist);
    }
    engine_state(scene.therapist.engine, &now);
    assert_int_equal(now.outbox_count, 0);
    assert_false(now.put_off);
    assert_int_equal(engine_alarm_count(scene.therapist.engine), 0);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_note_waits_for_room),
        cmocka_unit_test(test_lines_are_used_up),
        cmocka_unit_test(test_reader_waits_too),
        cmocka_unit_test(test_given_up_note_is_taken_up),
        cmocka_unit_test(test_stopped_engine_works_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
