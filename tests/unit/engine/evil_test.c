/*
 * An evil server: the real one's honest messages, one of them changed. Whatever is changed, the
 * client stops with an alarm, shows nothing of it, and moves on nowhere.
 */
#include "keys/public/bytes/random.h"
#include "tests/support/test.h"
#include "tests/unit/engine/lies.h"
#include "tests/unit/engine/scene.h"

static bool tell(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                 ProtobufCMessage *body)
{
    (void)link;
    (void)code;
    struct lie *lie = context;
    if (op == lie->op && !lie->done) {
        lie->done = true;
        lie->change(body);
    }
    return true;
}

/* What a client holds; a lie may not change it. */
struct holds {
    char seen[8192];
    uint64_t statements, events;
};

static struct holds holds_of(struct inproc_person *person, const struct section_id *section)
{
    struct scene_texts texts = scene_read(person, section);
    struct holds holds = {{0}, 0, 0};
    memcpy(holds.seen, texts.seen, sizeof holds.seen);
    struct engine_state state;
    engine_state(person->engine, &state);
    holds.statements = state.statements_size;
    return holds;
}

static void one_lie(struct lie *lie)
{
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    scene_note(&scene.therapist, &shared, "before");
    inproc_sync(&scene.client);
    /* News for the client: an epoch, which is a statement, and two notes. */
    inproc_offline(&scene.client);
    uint64_t ticket = 0;
    OK(act_rotate(scene.therapist.engine, &shared, scene.server.now_ms, &ticket));
    scene_write(&scene.therapist, &shared, NULL, REVISION_DRAFT, "news", &ticket);
    scene_note(&scene.therapist, &shared, "more news");
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    struct holds before = holds_of(&scene.client, &shared);
    scene.server.hook = tell;
    scene.server.hook_context = lie;
    engine_sync(scene.client.engine);
    enum status status = inproc_run(&scene.client);
    if (lie->op == OP_CHECKPOINT && status == STATUS_OK && !lie->done) {
        scene_note(&scene.therapist, &progress, "elsewhere");
        engine_sync(scene.client.engine);
        status = inproc_run(&scene.client);
    }
    print_message("%-20s %s, %zu alarms\n", lie->name, status_name(status),
                  engine_alarm_count(scene.client.engine));
    assert_true(lie->done);
    assert_int_not_equal(status, STATUS_OK);
    if (lie->expected != STATUS_OK) {
        assert_int_equal(status, lie->expected);
    }
    assert_true(engine_alarm_count(scene.client.engine) >= 1);
    struct engine_state state;
    engine_state(scene.client.engine, &state);
    assert_int_equal(state.phase, ENGINE_STOPPED);
    struct span out;
    assert_false(engine_next_frame(scene.client.engine, &out));
    if (lie->op != OP_CHECKPOINT) {
        struct holds after = holds_of(&scene.client, &shared);
        assert_string_equal(after.seen, before.seen);
    }
    /* Honest again: everything comes, also after a restart from what was kept. */
    scene.server.hook = NULL;
    inproc_restart(&scene.client);
    inproc_sync(&scene.client);
    assert_string_equal(scene_read(&scene.client, &shared).seen, "[before][news][more news]");
    scene_close(&scene);
}

/* Goal: no single changed message is believed. Method: each lie of the table, told once to a
 * client that has seen something and is about to see more. */
static void test_every_lie_is_caught(void **state)
{
    (void)state;
    size_t count = 0;
    struct lie *lies = lies_all(&count);
    for (size_t i = 0; i < count; i++) {
        one_lie(&lies[i]);
    }
}

/* Goal: a server that forgot is not followed. Method: the keystore has seen more than the
 * server has. */
static void test_rewound_server_is_reported(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    inproc_offline(&scene.client);
    engine_free(scene.client.engine);
    scene.client.content.events.size += 1000;
    inproc_start(&scene.client);
    assert_int_equal(inproc_run(&scene.client), STATUS_REWOUND);
    assert_int_equal(engine_alarm(scene.client.engine, 0)->status, STATUS_REWOUND);
    scene_close(&scene);
}

/* Goal: a wiped cache cannot be rolled back. Method: storage emptied, the keystore kept; an
 * honest server restores everything. The keystore's root changed: another history. */
static void test_wiped_cache_is_checked_against_the_keystore(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    scene_note(&scene.therapist, &shared, "kept");
    inproc_offline(&scene.therapist);
    memory_storage_reset(scene.therapist.storage);
    inproc_restart(&scene.therapist);
    inproc_sync(&scene.therapist);
    assert_string_equal(scene_read(&scene.therapist, &shared).seen, "[kept]");
    inproc_offline(&scene.therapist);
    memory_storage_reset(scene.therapist.storage);
    scene.therapist.content.statements.root.bytes[3] ^= 1;
    inproc_restart(&scene.therapist);
    assert_int_not_equal(inproc_run(&scene.therapist), STATUS_OK);
    assert_true(engine_alarm_count(scene.therapist.engine) > 0);
    scene_close(&scene);
}

/* Goal: a server cannot say that there is nothing new after it said that there is. Method: the list
 * of sections is honest, and pages are answered empty. */
static void test_withheld_page(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    scene_note(&scene.therapist, &shared, "before");
    inproc_sync(&scene.client);
    scene_note(&scene.therapist, &shared, "news");
    scene.server.withholds = true;
    engine_sync(scene.client.engine);
    assert_int_equal(inproc_run(&scene.client), STATUS_BAD_PROOF);
    assert_int_equal(engine_alarm_count(scene.client.engine), 1);
    scene.server.withholds = false;
    inproc_restart(&scene.client);
    inproc_sync(&scene.client);
    assert_string_equal(scene_read(&scene.client, &shared).seen, "[before][news]");
    scene_close(&scene);
}

static bool empty_first(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                        ProtobufCMessage *body)
{
    bool *done = context;
    (void)link;
    (void)code;
    Alcove__PageChunk *chunk = (Alcove__PageChunk *)(void *)body;
    for (size_t i = 0; op == FRAME_CHUNK + 1000 && i < chunk->n_entry && !*done; i++) {
        if (chunk->entry[i]->kind == ENTRY_REVISION) {
            chunk->entry[i]->wrap.len = 0;
            chunk->entry[i]->envelope.len = 0;
            *done = true;
        }
    }
    return true;
}

/* Goal: a text that nobody erased cannot be withheld by saying so on an early page. Method: many
 * small pages, the first revision empty; then honestly again. */
static void test_emptied_on_an_early_page(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    scene_note(&scene.therapist, &shared, "one");
    scene_note(&scene.therapist, &shared, "two");
    scene_note(&scene.therapist, &shared, "three");
    inproc_offline(&scene.client);
    memory_storage_reset(scene.client.storage);
    scene.client.page_entries = 2;
    inproc_restart(&scene.client);
    scene.server.hook = empty_first;
    bool done = false;
    scene.server.hook_context = &done;
    assert_int_equal(inproc_run(&scene.client), STATUS_BAD_PROOF);
    assert_true(done);
    scene.server.hook = NULL;
    for (size_t i = 0; i < 2; i++) {
        inproc_restart(&scene.client);
        inproc_sync(&scene.client);
        assert_string_equal(scene_read(&scene.client, &shared).seen, "[one][two][three]");
    }
    scene_close(&scene);
}

struct overheard {
    struct inproc_link *from, *to;
    struct arena arena;
    Alcove__StateReply *reply;
    size_t told;
};

/* Tells one what the other was told. */
static bool overhear(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                     ProtobufCMessage *body)
{
    struct overheard *overheard = context;
    (void)code;
    if (op != OP_STATE) {
        return true;
    }
    Alcove__StateReply *reply = (Alcove__StateReply *)(void *)body;
    if (link == overheard->from && overheard->reply == NULL) {
        uint8_t *bytes = NULL;
        size_t size = 0;
        OK(message_pack(&reply->base, &bytes, &size));
        ProtobufCMessage *copy = NULL;
        OK(message_decode(&alcove__state_reply__descriptor, span_of(bytes, size), &overheard->arena,
                          &copy));
        free(bytes);
        overheard->reply = (Alcove__StateReply *)(void *)copy;
    } else if (link == overheard->to && overheard->reply != NULL && overheard->told == 0) {
        overheard->told = overheard->reply->n_chain;
        reply->chain = overheard->reply->chain;
        reply->n_chain = overheard->reply->n_chain;
    }
    return true;
}

/* Goal: a list of chains is a hint: a chain that the server names and then does not hand out holds up
 * nothing. Method: the client is told the therapist's list once; later all is honest. */
static void test_list_of_somebody_elses_chains(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    struct overheard overheard = {.from = &scene.therapist.link, .to = &scene.client.link};
    scene.server.hook = overhear;
    scene.server.hook_context = &overheard;
    scene_refresh(&scene.therapist);
    scene_note(&scene.therapist, &shared, "news");
    scene_refresh(&scene.client);
    scene.server.hook = NULL;
    assert_true(overheard.told > 0);
    inproc_offline(&scene.client);
    scene_refresh(&scene.client);
    assert_string_equal(scene_read(&scene.client, &shared).seen, "[news]");
    arena_free(&overheard.arena);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_lie_is_caught),
        cmocka_unit_test(test_rewound_server_is_reported),
        cmocka_unit_test(test_wiped_cache_is_checked_against_the_keystore),
        cmocka_unit_test(test_withheld_page),
        cmocka_unit_test(test_emptied_on_an_early_page),
        cmocka_unit_test(test_list_of_somebody_elses_chains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
