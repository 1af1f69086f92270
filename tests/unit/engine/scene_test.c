/*
 * The engine against the real server's core: a small practice from its founding to notes that
 * reach exactly those who may read them.
 */
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

/* Goal: a person joins, logs in and syncs. Method: the first admin by the founder's code. */
static void test_join_and_first_sync(void **state)
{
    (void)state;
    struct inproc server;
    inproc_open(&server);
    struct inproc_person admin;
    inproc_join(&server, server.admin_code, &admin);
    inproc_sync(&admin);
    struct engine_state seen;
    engine_state(admin.engine, &seen);
    assert_int_equal(seen.role, ROLE_ADMIN);
    assert_int_equal(seen.statements_size, 5);
    inproc_person_free(&admin);
    inproc_close(&server);
}

/* Goal: a note reaches exactly those who may read it. Method: therapist and client with a
 * chart; a process note, a progress note, a reflection; each side lists what it has. */
static void test_notes_reach_exactly_their_readers(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    assert_int_equal(scene_sections(&scene.therapist), 4);
    assert_int_equal(scene_sections(&scene.client), 1);
    assert_int_equal(scene_sections(&scene.admin), 0);
    struct section_id process = scene_section(&scene.therapist, CLASS_PROCESS);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    uint64_t ticket = 0;
    scene_write(&scene.therapist, &process, NULL, REVISION_DRAFT, "my doubts", &ticket);
    scene_note(&scene.therapist, &shared, "what we saw");
    inproc_sync(&scene.client); /* by the push */
    assert_string_equal(scene_read(&scene.client, &shared).seen, "[what we saw]");
    assert_string_equal(scene_read(&scene.therapist, &process).seen, "[my doubts]");
    scene_note(&scene.client, &shared, "thank you");
    inproc_sync(&scene.therapist);
    assert_string_equal(scene_read(&scene.therapist, &shared).seen, "[what we saw][thank you]");
    char name[VIEW_NAME_BYTES_MAX];
    view_name(scene.therapist.engine, &scene.client.content.member, name);
    assert_string_equal(name, "Cleo");
    scene_close(&scene);
}

/* Goal: offline work survives a restart and is sent once. Method: write without a connection,
 * restart the engine over the same storage, then sync. */
static void test_offline_writing_survives_restart(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    inproc_offline(&scene.therapist);
    uint64_t ticket = 0;
    struct note_id note =
        scene_write(&scene.therapist, &progress, NULL, REVISION_DRAFT, "one", &ticket);
    scene_write(&scene.therapist, &progress, &note, REVISION_DRAFT, "two", &ticket);
    assert_int_equal(scene_read(&scene.therapist, &progress).pending, 2);
    inproc_restart(&scene.therapist);
    assert_int_equal(scene_read(&scene.therapist, &progress).pending, 2);
    inproc_sync(&scene.therapist);
    struct scene_texts texts = scene_read(&scene.therapist, &progress);
    assert_string_equal(texts.seen, "[one][two]");
    assert_int_equal(texts.pending, 0);
    assert_int_equal(texts.heads, 1);
    inproc_restart(&scene.therapist);
    inproc_sync(&scene.therapist);
    assert_string_equal(scene_read(&scene.therapist, &progress).seen, "[one][two]");
    scene_close(&scene);
}

struct fitting {
    struct hex_prefix prefix;
    size_t count;
    struct section_id section;
    struct note_id note;
    struct section_id sections[8];
    size_t section_count;
};

static bool take_section(void *visitor, const struct view_section *section)
{
    struct fitting *fitting = visitor;
    assert_true(fitting->section_count < ARRAY_LEN(fitting->sections));
    fitting->sections[fitting->section_count++] = section->section;
    return true;
}

static bool count_fitting(void *visitor, const struct view_note *note)
{
    struct fitting *fitting = visitor;
    if (hex_prefix_matches(&fitting->prefix, ID_SPAN(&note->note))) {
        fitting->count++;
        fitting->section = note->section;
        fitting->note = note->note;
    }
    return true;
}

/* What view_find_note() says of one prefix, against a walk over all notes. */
static enum status check_prefix(struct inproc_person *person, struct span digits)
{
    struct fitting fitting = {.count = 0};
    OK(hex_prefix_parse(digits, &fitting.prefix));
    view_sections(person->engine, take_section, &fitting);
    for (size_t i = 0; i < fitting.section_count; i++) {
        OK(view_notes(person->engine, &fitting.sections[i], count_fitting, &fitting));
    }
    struct section_id section = {{0}};
    struct note_id note = {{0}};
    enum status status = view_find_note(person->engine, &fitting.prefix, &section, &note);
    assert_int_equal(status, fitting.count == 0   ? STATUS_NOT_FOUND
                             : fitting.count == 1 ? STATUS_OK
                                                  : STATUS_CONFLICT);
    if (status == STATUS_OK) {
        assert_true(ID_EQUAL(&note, &fitting.note) && ID_EQUAL(&section, &fitting.section));
    }
    return status;
}

/* Goal: a note is found by the beginning of its id, on the server or still in the outbox, once
 * however many revisions it has; several that fit are none. Method: seventeen notes, of which two
 * must begin with the same digit; every digit and every whole id. */
static void test_find_note_by_prefix(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    struct note_id notes[17];
    uint64_t ticket = 0;
    for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
        notes[i] = scene_write(&scene.therapist, &progress, NULL, REVISION_DRAFT, "n", &ticket);
        if (i == 8) {
            scene_write(&scene.therapist, &progress, &notes[0], REVISION_DRAFT, "more", &ticket);
            scene_wait(&scene.therapist, ticket);
        }
    }
    size_t conflicts = 0;
    for (size_t i = 0; i < 16; i++) {
        struct span digit = span_of(&"0123456789abcdef"[i], 1);
        conflicts += check_prefix(&scene.therapist, digit) == STATUS_CONFLICT ? 1 : 0;
    }
    assert_true(conflicts > 0);
    for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
        char text[HEX_CHARS(ID_BYTES) + 1];
        hex_encode(ID_SPAN(&notes[i]), text);
        OK(check_prefix(&scene.therapist, span_of(text, strlen(text))));
    }
    scene_close(&scene);
}

/* Goal: more than one page, and texts larger than a frame, arrive whole. Method: forty notes of
 * sixty thousand bytes, read again into an emptied cache. */
static void test_many_pages_of_long_notes(void **state)
{
    (void)state;
    static char text[60001];
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    memset(text, 'n', sizeof text - 1);
    uint64_t ticket = 0;
    for (size_t i = 0; i < 40; i++) {
        text[i] = 'x';
        scene_write(&scene.therapist, &progress, NULL, REVISION_DRAFT, text, &ticket);
    }
    scene_wait(&scene.therapist, ticket);
    inproc_offline(&scene.therapist);
    memory_storage_reset(scene.therapist.storage);
    scene.therapist.page_entries = 7;
    inproc_restart(&scene.therapist);
    uint64_t pages = scene.server.ops[OP_PAGE];
    inproc_sync(&scene.therapist);
    /* 42 entries in sevens, and three short sections. */
    assert_int_equal(scene.server.ops[OP_PAGE] - pages, 6 + 3);
    assert_int_equal(scene_read(&scene.therapist, &progress).notes, 40);
    struct engine_state seen;
    engine_state(scene.therapist.engine, &seen);
    assert_true(seen.signatures_checked < seen.revisions_verified);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join_and_first_sync),
        cmocka_unit_test(test_notes_reach_exactly_their_readers),
        cmocka_unit_test(test_offline_writing_survives_restart),
        cmocka_unit_test(test_find_note_by_prefix),
        cmocka_unit_test(test_many_pages_of_long_notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
