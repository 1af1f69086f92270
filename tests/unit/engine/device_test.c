/*
 * Two devices of one person: both read everything, both may write offline, nothing is lost or
 * doubled.
 */
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

/* Goal: a new device reads the past. Method: notes first, then the device. */
static void test_new_device_reads_the_past(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    scene_note(&scene.therapist, &progress, "before");
    struct inproc_person second;
    scene_device(&scene.therapist, &second);
    assert_int_equal(scene_sections(&second), 4);
    assert_string_equal(scene_read(&second, &progress).seen, "[before]");
    scene_note(&second, &progress, "after");
    scene_refresh(&scene.therapist);
    assert_string_equal(scene_read(&scene.therapist, &progress).seen, "[before][after]");
    inproc_person_free(&second);
    scene_close(&scene);
}

/* Goal: two devices that edit one note offline keep both texts. Method: both write on the same
 * head without a connection; then a third revision joins them. */
static void test_offline_edits_become_siblings(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    struct note_id note = scene_note(&scene.therapist, &progress, "base");
    struct inproc_person second;
    scene_device(&scene.therapist, &second);
    inproc_offline(&scene.therapist);
    inproc_offline(&second);
    uint64_t ticket = 0;
    scene_write(&scene.therapist, &progress, &note, REVISION_DRAFT, "left", &ticket);
    scene_write(&second, &progress, &note, REVISION_DRAFT, "right", &ticket);
    inproc_sync(&scene.therapist);
    inproc_sync(&second);
    scene_refresh(&scene.therapist);
    struct scene_texts texts = scene_read(&scene.therapist, &progress);
    assert_string_equal(texts.seen, "[base][left][right]");
    assert_int_equal(texts.heads, 2);
    scene_write(&scene.therapist, &progress, &note, REVISION_DRAFT, "joined", &ticket);
    scene_wait(&scene.therapist, ticket);
    scene_refresh(&second);
    texts = scene_read(&second, &progress);
    assert_string_equal(texts.seen, "[base][left][right][joined]");
    assert_int_equal(texts.heads, 1);
    inproc_person_free(&second);
    scene_close(&scene);
}

static bool drop_submit_reply(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                              ProtobufCMessage *body)
{
    (void)link;
    (void)code;
    (void)body;
    size_t *left = context;
    if (op == OP_SUBMIT && *left > 0) {
        (*left)--;
        return false;
    }
    return true;
}

/* Goal: a lost answer doubles nothing. Method: the answer to a write is dropped, the connection
 * ends, the engine is restarted from its storage and sends again. */
static void test_lost_answer_is_not_doubled(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    uint64_t ticket = 0;
    scene_write(&scene.therapist, &progress, NULL, REVISION_DRAFT, "once", &ticket);
    scene.server.hook = drop_submit_reply;
    size_t drops = 1;
    scene.server.hook_context = &drops;
    OK(inproc_run(&scene.therapist));
    assert_int_equal(drops, 0);
    assert_int_equal(scene_read(&scene.therapist, &progress).pending, 1);
    inproc_restart(&scene.therapist);
    inproc_sync(&scene.therapist);
    struct scene_texts texts = scene_read(&scene.therapist, &progress);
    assert_string_equal(texts.seen, "[once]");
    assert_int_equal(texts.notes, 1);
    scene_close(&scene);
}

/* Goal: a revoked device gets nothing that is written later. Method: the second device is
 * revoked; the next note is under a new epoch that is not sealed to it. */
static void test_revoked_device_gets_no_new_epoch(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    struct inproc_person second;
    scene_device(&scene.therapist, &second);
    uint64_t ticket = 0;
    OK(act_device_revoke(scene.therapist.engine, &scene.therapist.content.member,
                         &second.content.device_statement, scene.server.now_ms, &ticket));
    scene_wait(&scene.therapist, ticket);
    scene_note(&scene.therapist, &progress, "later");
    struct view_section shown;
    OK(view_section(scene.therapist.engine, &progress, &shown));
    assert_int_equal(shown.epoch, 2); /* made by the revocation, not by the note */
    assert_false(shown.closed);
    assert_true(second.link.closed);
    inproc_offline(&second);
    assert_int_equal(inproc_run(&second), STATUS_REFUSED);
    assert_string_equal(scene_read(&second, &progress).seen, "");
    inproc_person_free(&second);
    scene_close(&scene);
}

static bool count_given(void *visitor, const struct view_given *given)
{
    size_t *counts = visitor;
    counts[0]++;
    counts[1] += given->lacking > 0 ? 1 : 0;
    counts[2] += given->writable ? 1 : 0;
    return true;
}

/* Goal: a revocation moves every key on at once that the device held and that its owner may move.
 * Method: it is revoked, and nobody writes; all sections have a new key, and it is told what it had. */
static void test_revocation_moves_the_keys_at_once(void **state)
{
    (void)state;
    static const uint32_t classes[] = {CLASS_SESSION, CLASS_PROGRESS, CLASS_PROCESS, CLASS_SHARED};
    struct scene scene;
    scene_open(&scene);
    struct inproc_person second;
    scene_device(&scene.therapist, &second);
    size_t counts[3] = {0};
    view_given(scene.therapist.engine, &second.content.device_statement, count_given, counts);
    assert_int_equal(counts[0], 4);
    assert_int_equal(counts[1], 0);
    assert_int_equal(counts[2], 4);
    uint64_t ticket = 0;
    OK(act_device_revoke(scene.therapist.engine, &scene.therapist.content.member,
                         &second.content.device_statement, scene.server.now_ms, &ticket));
    scene_wait(&scene.therapist, ticket);
    for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
        struct section_id section = scene_section(&scene.therapist, classes[i]);
        struct view_section shown;
        OK(view_section(scene.therapist.engine, &section, &shown));
        assert_int_equal(shown.epoch, 2);
        assert_false(shown.closed);
    }
    inproc_person_free(&second);
    scene_close(&scene);
}

/* Goal: a revoked device that is given everything that the server holds opens nothing that was written
 * afterwards. Method: an engine with the revoked device's keys over all that the other device fetched,
 * every statement with its seals among it: the newest key of no section opens, and did for both devices
 * before. */
static void test_revoked_device_with_all_of_the_server(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    struct inproc_person second;
    scene_device(&scene.therapist, &second);
    struct view_section shown;
    OK(view_section(second.engine, &progress, &shown));
    assert_true(shown.readable);
    uint64_t ticket = 0;
    OK(act_device_revoke(scene.therapist.engine, &scene.therapist.content.member,
                         &second.content.device_statement, scene.server.now_ms, &ticket));
    scene_wait(&scene.therapist, ticket);
    scene_note(&scene.therapist, &progress, "after");
    scene_refresh(&scene.client);
    scene_note(&scene.client, &shared, "from the client");
    scene_refresh(&scene.therapist);
    OK(view_section(scene.therapist.engine, &progress, &shown));
    assert_true(shown.readable);
    inproc_offline(&scene.therapist);
    engine_free(scene.therapist.engine);
    struct keystore_content own = scene.therapist.content;
    scene.therapist.content = second.content;
    scene.therapist.content.statements = own.statements;
    scene.therapist.content.events = own.events;
    inproc_start(&scene.therapist);
    OK(view_section(scene.therapist.engine, &progress, &shown));
    assert_int_equal(shown.epoch, 2);
    assert_false(shown.readable);
    OK(view_section(scene.therapist.engine, &shared, &shown));
    assert_false(shown.readable);
    second.content = scene.therapist.content;
    scene.therapist.content = own;
    inproc_person_free(&second);
    scene_close(&scene);
}

/* Goal: a key that only the other device holds is seen before it goes. Method: the device that is to
 * stay forgets one key. */
static void test_a_key_of_the_other_device_alone(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct inproc_person second;
    scene_device(&scene.therapist, &second);
    inproc_offline(&scene.therapist);
    struct section_id shared = scene_section(&scene.client, CLASS_SHARED);
    scene_refresh(&scene.client);
    uint64_t ticket = 0;
    OK(act_rotate(scene.client.engine, &shared, scene.server.now_ms, &ticket));
    scene_wait(&scene.client, ticket);
    /* Its member's secret is lost here: what the client seals does not open. */
    secret_free(scene.therapist.content.peers);
    scene.therapist.content.peers = NULL;
    OK(inproc_run(&scene.therapist));
    engine_alarms_clear(scene.therapist.engine);
    size_t counts[3] = {0};
    view_given(scene.therapist.engine, &second.content.device_statement, count_given, counts);
    assert_int_equal(counts[0], 4);
    assert_int_equal(counts[1], 1);
    inproc_person_free(&second);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_device_reads_the_past),
        cmocka_unit_test(test_offline_edits_become_siblings),
        cmocka_unit_test(test_lost_answer_is_not_doubled),
        cmocka_unit_test(test_revoked_device_gets_no_new_epoch),
        cmocka_unit_test(test_revocation_moves_the_keys_at_once),
        cmocka_unit_test(test_revoked_device_with_all_of_the_server),
        cmocka_unit_test(test_a_key_of_the_other_device_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
