/*
 * A note is its author's alone: what the engine refuses to write, and what it refuses to read from a
 * server that takes it.
 */
#include "client/engine/exchange/inside.h"
#include "server/core/submit.h"
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

static enum status try_write(struct inproc_person *person, const struct section_id *section,
                             const struct note_id *note, uint32_t kind, uint64_t *out_ticket)
{
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = NOTE_PROGRESS;
    body.text = field_of("not theirs", 10);
    struct write_note ask = {.section = *section, .note = *note, .kind = kind, .body = &body};
    return write_note(person->engine, &ask, person->server->now_ms, NULL, out_ticket);
}

/* Goal: nobody edits, signs or adds to another's note; the author may from each device. Method: the
 * client and a covering therapist on a draft and on a signed note in shared; a second device. */
static void test_another_is_refused_here(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    struct note_id draft = scene_note(&scene.therapist, &shared, "a draft");
    scene_refresh(&scene.client);
    uint64_t ticket = 0;
    for (uint32_t kind = REVISION_DRAFT; kind <= REVISION_LATE_ENTRY; kind++) {
        assert_int_equal(try_write(&scene.client, &shared, &draft, kind, &ticket), STATUS_REFUSED);
    }
    struct inproc_person second;
    scene_device(&scene.therapist, &second);
    scene_refresh(&scene.therapist);
    scene_refresh(&second);
    scene_write(&second, &shared, &draft, REVISION_SIGNED, "signed", &ticket);
    scene_wait(&second, ticket);
    scene_refresh(&scene.client);
    assert_int_equal(try_write(&scene.client, &shared, &draft, REVISION_ADDENDUM, &ticket),
                     STATUS_REFUSED);
    assert_string_equal(scene_read(&scene.client, &shared).seen, "[a draft][signed]");
    inproc_person_free(&second);
    scene_close(&scene);
}

#ifdef ALCOVE_TEST_HOOKS
/* Goal: a server that takes another's revision is caught by every reader, who keeps nothing of the
 * page. Method: the client's program is changed to sign the therapist's draft, the server takes it,
 * and the therapist and a therapist who covers sync. */
static void test_reader_refuses_anothers_revision(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    scene_refresh(&scene.admin);
    struct inproc_person cover;
    scene_invite(&scene.admin, ROLE_THERAPIST, "Tom", &cover);
    scene_relate(&scene, &scene.client, &cover, RELATION_COVERS);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    struct note_id draft = scene_note(&scene.therapist, &shared, "a draft");
    scene_grant(&scene, &shared, &cover, RIGHT_READ | RIGHT_WRITE, 1);
    scene_refresh(&scene.client);
    scene_refresh(&cover);
    struct scene_texts before = scene_read(&scene.client, &shared);
    uint64_t ticket = 0;
    scene_write(&scene.client, &shared, NULL, REVISION_SIGNED, "not theirs", &ticket);
    struct wish *wish = scene.client.engine->outbox.first;
    assert_non_null(wish);
    wish->note = draft;
    wish->parent_count = 1;
    wish->parents[0] = before.last;
    submit_test_anybodys_notes = true;
    (void)inproc_run(&scene.client); /* whose own program refuses what comes back, too */
    submit_test_anybodys_notes = false;
    assert_true(scene.server.ops[OP_SUBMIT] > 0);
    struct inproc_person *readers[] = {&scene.therapist, &cover};
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        engine_sync(readers[i]->engine);
        assert_int_equal(inproc_run(readers[i]), STATUS_BAD_CHAIN);
        assert_string_equal(scene_read(readers[i], &shared).seen, "[a draft]");
    }
    inproc_person_free(&cover);
    scene_close(&scene);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_is_refused_here),
#ifdef ALCOVE_TEST_HOOKS
        cmocka_unit_test(test_reader_refuses_anothers_revision),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
