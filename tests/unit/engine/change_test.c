/*
 * What happens to writing when authority changes under it, when the disk fails, when the clock
 * is wrong, and when what was stored is damaged.
 */
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

static bool see_link(void *visitor, const struct view_revision *revision)
{
    *(struct hash *)visitor = revision->link;
    return true;
}

static bool see_heads(void *visitor, const struct view_note *note)
{
    *(size_t *)visitor += note->heads;
    return true;
}

/* Goal: two editors on one draft of one device keep both texts, whoever is faster, and none of them
 * is refused. Method: both begin with the same revision; the second writes when the first is on the
 * server, with the engine as it is and after a restart; a third joins them. */
static void test_two_editors_on_one_device(void **state)
{
    (void)state;
    for (int restart = 0; restart < 2; restart++) {
        struct scene scene;
        scene_open(&scene);
        struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
        struct note_id note = scene_note(&scene.therapist, &progress, "base");
        struct hash base;
        OK(view_revisions(scene.therapist.engine, &progress, &note, see_link, &base));
        scene_note(&scene.therapist, &progress, "another");
        static const char *const texts[] = {"left", "right"};
        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
            Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
            body.kind = NOTE_PROGRESS;
            body.text = field_of(texts[i], strlen(texts[i]));
            struct write_note ask = {.section = progress,
                                     .note = note,
                                     .kind = REVISION_DRAFT,
                                     .parent_count = 1,
                                     .parents = {base},
                                     .body = &body};
            uint64_t ticket = 0;
            OK(write_note(scene.therapist.engine, &ask, scene.server.now_ms, NULL, &ticket));
            scene_wait(&scene.therapist, ticket);
            if (restart == 1) {
                inproc_restart(&scene.therapist);
            }
        }
        size_t heads = 0;
        OK(view_last_notes(scene.therapist.engine, &progress, 2, see_heads, &heads));
        assert_string_equal(scene_read(&scene.therapist, &progress).seen,
                            "[base][another][left][right]");
        assert_int_equal(heads, 3); /* two of the draft */
        uint64_t ticket = 0;
        scene_write(&scene.therapist, &progress, &note, REVISION_DRAFT, "both", &ticket);
        scene_wait(&scene.therapist, ticket);
        heads = 0;
        OK(view_last_notes(scene.therapist.engine, &progress, 2, see_heads, &heads));
        assert_int_equal(heads, 2);
        scene_close(&scene);
    }
}

/* Goal: somebody's suspension closes the section, and the next writer brings the new epoch in
 * the same request. Method: the client of a shared section is suspended and resumed. */
static void test_next_writer_brings_the_epoch(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    scene_refresh(&scene.admin);
    uint64_t ticket = 0;
    OK(act_suspend(scene.admin.engine, &scene.client.content.member, false, NULL,
                   scene.server.now_ms, &ticket));
    scene_wait(&scene.admin, ticket);
    assert_true(scene.client.link.closed);
    scene_refresh(&scene.therapist);
    struct view_section shown;
    OK(view_section(scene.therapist.engine, &shared, &shown));
    assert_true(shown.closed);
    assert_int_equal(shown.epoch, 1);
    uint64_t submits = scene.server.ops[OP_SUBMIT];
    scene_note(&scene.therapist, &shared, "meanwhile");
    assert_int_equal(scene.server.ops[OP_SUBMIT] - submits, 1);
    OK(view_section(scene.therapist.engine, &shared, &shown));
    assert_false(shown.closed);
    assert_int_equal(shown.epoch, 2);
    inproc_offline(&scene.client);
    assert_int_equal(inproc_run(&scene.client), STATUS_SUSPENDED);
    scene_close(&scene);
}

/* Goal: a write that meets a section closed meanwhile is refused, made anew under the same
 * device number naming what it replaces, and stored once. Method: the therapist does not hear
 * of the suspension before sending. */
static void test_refused_write_is_made_anew(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    scene_note(&scene.therapist, &shared, "first");
    scene_refresh(&scene.admin);
    uint64_t ticket = 0;
    OK(act_suspend(scene.admin.engine, &scene.client.content.member, false, NULL,
                   scene.server.now_ms, &ticket));
    scene_wait(&scene.admin, ticket);
    scene_write(&scene.therapist, &shared, NULL, REVISION_DRAFT, "second", &ticket);
    inproc_sync(&scene.therapist);
    struct engine_ticket info;
    engine_ticket(scene.therapist.engine, ticket, &info);
    assert_int_equal(info.wish, ENGINE_WISH_DONE);
    assert_string_equal(scene_read(&scene.therapist, &shared).seen, "[first][second]");
    scene_note(&scene.therapist, &shared, "third");
    assert_string_equal(scene_read(&scene.therapist, &shared).seen, "[first][second][third]");
    scene_close(&scene);
}

/* Goal: a write that the server refuses for good stays with its author. Method: the therapist's
 * relation ends before the note is sent. */
static void test_refused_note_is_kept(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    inproc_offline(&scene.therapist);
    uint64_t ticket = 0;
    scene_write(&scene.therapist, &progress, NULL, REVISION_DRAFT, "too late", &ticket);
    scene_refresh(&scene.admin);
    uint64_t end = 0;
    OK(act_suspend(scene.admin.engine, &scene.therapist.content.member, false, NULL,
                   scene.server.now_ms, &end));
    scene_wait(&scene.admin, end);
    assert_int_equal(inproc_run(&scene.therapist), STATUS_SUSPENDED);
    inproc_offline(&scene.therapist);
    inproc_restart(&scene.therapist);
    struct engine_ticket info;
    engine_ticket(scene.therapist.engine, ticket, &info);
    assert_int_equal(info.wish, ENGINE_WISH_WAITING);
    assert_string_equal(scene_read(&scene.therapist, &progress).seen, "[too late]");
    scene_close(&scene);
}

/* Goal: a failing disk costs nothing that was acknowledged and shows nothing twice. Method: the
 * storage fails at every commit in turn while a note is written and synced. */
static void test_every_failing_commit(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    char expected[256] = "";
    uint64_t ticket = 0;
    for (size_t n = 0; n < 12; n++) {
        char text[16];
        (void)snprintf(text, sizeof text, "note %zu", n);
        scene_write(&scene.therapist, &progress, NULL, REVISION_DRAFT, text, &ticket);
        memory_storage_fail_after(scene.therapist.storage, n);
        engine_sync(scene.therapist.engine);
        (void)inproc_run(&scene.therapist);
        memory_storage_fail_after(scene.therapist.storage, SIZE_MAX);
        inproc_restart(&scene.therapist);
        inproc_sync(&scene.therapist);
        size_t used = strlen(expected);
        (void)snprintf(expected + used, sizeof expected - used, "[%s]", text);
        assert_string_equal(scene_read(&scene.therapist, &progress).seen, expected);
    }
    scene_close(&scene);
}

/* Goal: a server a day ahead stops writing until a person confirms. Method: our clock is two
 * days behind. */
static void test_clock_stops_writing(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    scene.therapist.clock_off_ms = -2 * 86400000;
    inproc_offline(&scene.therapist);
    inproc_restart(&scene.therapist);
    inproc_sync(&scene.therapist);
    uint64_t ticket = 0;
    scene_write(&scene.therapist, &progress, NULL, REVISION_DRAFT, "x", &ticket);
    inproc_sync(&scene.therapist);
    struct engine_state seen;
    engine_state(scene.therapist.engine, &seen);
    assert_true(seen.clock_shown && seen.clock_stopped);
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = NOTE_PROGRESS;
    struct write_note ask = {.section = progress, .kind = REVISION_DRAFT, .body = &body};
    uint64_t then = scene.server.now_ms - 2 * 86400000u;
    uint64_t submits = scene.server.ops[OP_SUBMIT];
    OK(write_note(scene.therapist.engine, &ask, then, NULL, &ticket));
    inproc_sync(&scene.therapist);
    assert_int_equal(scene.server.ops[OP_SUBMIT], submits);
    OK(engine_confirm_clock(scene.therapist.engine));
    assert_int_equal(engine_confirm_clock(scene.therapist.engine), STATUS_ALREADY);
    inproc_offline(&scene.therapist);
    inproc_restart(&scene.therapist);
    inproc_sync(&scene.therapist);
    OK(write_note(scene.therapist.engine, &ask, then, NULL, &ticket));
    /* Good for two days and one; not for a server that goes on. */
    scene.therapist.clock_off_ms = -4 * 86400000;
    inproc_offline(&scene.therapist);
    inproc_restart(&scene.therapist);
    inproc_sync(&scene.therapist);
    engine_state(scene.therapist.engine, &seen);
    assert_true(seen.clock_stopped);
    /* Nor once the clocks had agreed meanwhile. */
    static const int64_t off_ms[] = {0, -2 * 86400000};
    for (size_t i = 0; i < ARRAY_LEN(off_ms); i++) {
        scene.therapist.clock_off_ms = off_ms[i];
        inproc_offline(&scene.therapist);
        inproc_restart(&scene.therapist);
        inproc_sync(&scene.therapist);
        scene_write(&scene.therapist, &progress, NULL, REVISION_DRAFT, "y", &ticket);
        inproc_sync(&scene.therapist);
        engine_state(scene.therapist.engine, &seen);
        assert_int_equal(seen.clock_stopped, off_ms[i] != 0);
    }
    scene_close(&scene);
}

/* Goal: nothing is signed before our clock was compared with the newest leaf, also one that was
 * kept (decision 23). Method: restarts of a device whose clock is behind by two days, with a note
 * that waits and nothing new to read. */
static void test_clock_stops_after_a_restart(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    scene_note(&scene.therapist, &progress, "before");
    inproc_offline(&scene.therapist);
    uint64_t ticket = 0;
    scene_write(&scene.therapist, &progress, NULL, REVISION_DRAFT, "waits", &ticket);
    scene.therapist.clock_off_ms = -2 * 86400000;
    inproc_restart(&scene.therapist);
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = NOTE_PROGRESS;
    struct write_note ask = {.section = progress, .kind = REVISION_DRAFT, .body = &body};
    uint64_t then = scene.server.now_ms - 2 * 86400000u;
    OK(write_note(scene.therapist.engine, &ask, then, NULL, &ticket));
    uint64_t submits = scene.server.ops[OP_SUBMIT];
    inproc_sync(&scene.therapist);
    assert_int_equal(scene.server.ops[OP_SUBMIT], submits);
    OK(engine_confirm_clock(scene.therapist.engine));
    scene_refresh(&scene.therapist);
    assert_int_equal(scene.server.ops[OP_SUBMIT], submits + 2);
    scene_close(&scene);
}

/* Goal: erasing follows the policy table like everything else. Method: what the table does not
 * give is refused before it is queued. */
static void test_erasing_follows_policy(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    struct note_id note = scene_note(&scene.therapist, &shared, "stays");
    bool may =
        policy_allows(ROLE_THERAPIST, POLICY_TREATS | POLICY_AUTHOR, CLASS_SHARED, ACTION_ERASE);
    struct write_note ask = {.section = shared, .note = note, .kind = REVISION_TOMBSTONE};
    uint64_t ticket = 0;
    assert_int_equal(write_note(scene.therapist.engine, &ask, scene.server.now_ms, NULL, &ticket),
                     may ? STATUS_OK : STATUS_REFUSED);
    inproc_sync(&scene.therapist);
    assert_string_equal(scene_read(&scene.therapist, &shared).seen, may ? "" : "[stays]");
    scene_close(&scene);
}

/* Loads, and syncs if it loads; nothing may crash, whatever the answer. */
static void live_with(struct scene *scene)
{
    struct inproc_person *person = &scene->therapist;
    struct engine_config config = {.content = &person->content};
    memory_storage_get(person->storage, &config.storage);
    struct engine *engine = NULL;
    enum status status = engine_new(&config, &engine);
    assert_true(status == STATUS_OK || status == STATUS_CORRUPT);
    for (size_t i = 0; status == STATUS_OK && i < scene->section_count; i++) {
        struct scene_texts texts = {0};
        enum status read =
            view_revisions(engine, &scene->sections[i], NULL, scene_add_text, &texts);
        assert_true(read == STATUS_OK || read == STATUS_CORRUPT || read == STATUS_NOT_FOUND);
        /* From then on nothing of it counts, until all is fetched anew. */
        status = storage_trusted(&config.storage);
        assert_int_equal(status, read == STATUS_CORRUPT ? STATUS_CORRUPT : STATUS_OK);
    }
    engine_free(engine);
    (void)!storage_remove_now(&config.storage, STORAGE_META, span_of("doubted", 7));
}

/* Goal: stored bytes that are not what was stored are refused or do no harm. Method: bits of every
 * stored value inverted one at a time, the engine loaded from them. */
static void test_damaged_storage(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    scene_note(&scene.therapist, &progress, "kept");
    inproc_offline(&scene.therapist);
    uint64_t ticket = 0;
    scene_write(&scene.therapist, &progress, NULL, REVISION_DRAFT, "waiting", &ticket);
    for (uint32_t class = CLASS_PROCESS; class <= CLASS_SHARED; class ++) {
        scene.sections[scene.section_count++] = scene_section(&scene.therapist, class);
    }
    engine_free(scene.therapist.engine);
    for (unsigned table = 1; table < STORAGE_TABLE_COUNT; table++) {
        size_t count = memory_storage_count(scene.therapist.storage, (enum storage_table)table);
        for (size_t i = 0; i < count; i++) {
            for (size_t byte = 0; byte < 400; byte += 37) {
                unsigned bit = (unsigned)(byte + i);
                if (!memory_storage_flip(scene.therapist.storage, (enum storage_table)table, i,
                                         byte, bit)) {
                    break;
                }
                live_with(&scene);
                assert_true(memory_storage_flip(scene.therapist.storage, (enum storage_table)table,
                                                i, byte, bit));
            }
        }
    }
    inproc_start(&scene.therapist);
    inproc_sync(&scene.therapist);
    assert_string_equal(scene_read(&scene.therapist, &progress).seen, "[kept][waiting]");
    scene_close(&scene);
}

struct losing {
    uint8_t key[STORAGE_KEY_BYTES_MAX];
    size_t key_size;
    uint8_t value[16384];
    size_t value_size;
    size_t skip;
};

static bool copy_one(void *visitor, struct span key, struct span value)
{
    struct losing *losing = visitor;
    if (losing->skip > 0) {
        losing->skip--;
        return true;
    }
    assert_true(value.size <= sizeof losing->value);
    memcpy(losing->key, key.data, key.size);
    memcpy(losing->value, value.data, value.size);
    losing->key_size = key.size;
    losing->value_size = value.size;
    return false;
}

/* Goal: a file that lost some of its pages shows no less without a word. Method: each entry of each
 * section taken out, as a tree whose page is an old one has it; read, then read after all is
 * fetched anew. */
static void test_entry_that_is_gone_is_noticed(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    scene_note(&scene.therapist, &progress, "kept");
    for (uint32_t class = CLASS_PROCESS; class <= CLASS_SHARED; class ++) {
        scene.sections[scene.section_count++] = scene_section(&scene.therapist, class);
    }
    inproc_offline(&scene.therapist);
    engine_free(scene.therapist.engine);
    struct storage storage;
    memory_storage_get(scene.therapist.storage, &storage);
    static const enum storage_table tables[] = {STORAGE_REVISION, STORAGE_ENTRY};
    size_t lost = 0;
    for (size_t table = 0; table < ARRAY_LEN(tables); table++) {
        size_t count = memory_storage_count(scene.therapist.storage, tables[table]);
        for (size_t i = 0; i < count; i++) {
            struct losing losing = {.skip = i};
            OK(storage.scan(storage.context, tables[table], span_of(NULL, 0), copy_one, &losing));
            OK(storage_remove_now(&storage, tables[table], span_of(losing.key, losing.key_size)));
            struct engine_config config = {.content = &scene.therapist.content, .storage = storage};
            struct engine *engine = NULL;
            enum status status = engine_new(&config, &engine);
            for (size_t s = 0; status == STATUS_OK && s < scene.section_count; s++) {
                struct scene_texts texts = {0};
                status = view_revisions(engine, &scene.sections[s], NULL, scene_add_text, &texts);
            }
            engine_free(engine);
            assert_int_equal(status, STATUS_CORRUPT);
            assert_int_equal(storage_trusted(&storage), STATUS_CORRUPT);
            OK(storage_put_now(&storage, tables[table], span_of(losing.key, losing.key_size),
                               span_of(losing.value, losing.value_size)));
            OK(storage_remove_now(&storage, STORAGE_META, span_of("doubted", 7)));
            lost++;
        }
    }
    assert_true(lost > 10);
    OK(storage_doubt(&storage));
    struct engine_config config = {.content = &scene.therapist.content, .storage = storage};
    struct engine *engine = NULL;
    assert_int_equal(engine_new(&config, &engine), STATUS_CORRUPT);
    memory_storage_reset(scene.therapist.storage);
    inproc_start(&scene.therapist);
    inproc_sync(&scene.therapist);
    assert_string_equal(scene_read(&scene.therapist, &progress).seen, "[kept]");
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_editors_on_one_device),
        cmocka_unit_test(test_next_writer_brings_the_epoch),
        cmocka_unit_test(test_refused_write_is_made_anew),
        cmocka_unit_test(test_refused_note_is_kept),
        cmocka_unit_test(test_every_failing_commit),
        cmocka_unit_test(test_clock_stops_writing),
        cmocka_unit_test(test_clock_stops_after_a_restart),
        cmocka_unit_test(test_erasing_follows_policy),
        cmocka_unit_test(test_damaged_storage),
        cmocka_unit_test(test_entry_that_is_gone_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
