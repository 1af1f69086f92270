/*
 * Granting and taking back: who reads what, from when on, under which key; and what the access
 * list and the access log say of it.
 */
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

/* Goal: a newcomer reads from the grant on, or with history; after the revocation nothing new.
 * Method: a covering therapist is granted progress without, session with history. */
static void test_grant_and_revoke(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    scene_refresh(&scene.admin);
    struct inproc_person cover;
    scene_invite(&scene.admin, ROLE_THERAPIST, "Tom", &cover);
    scene_relate(&scene, &scene.client, &cover, RELATION_COVERS);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    struct section_id session = scene_section(&scene.therapist, CLASS_SESSION);
    uint64_t ticket = 0;
    scene_write(&scene.therapist, &progress, NULL, REVISION_DRAFT, "old", &ticket);
    scene_note(&scene.therapist, &session, "at ten");
    scene_grant(&scene, &progress, &cover, RIGHT_READ | RIGHT_WRITE, 0);
    scene_grant(&scene, &session, &cover, RIGHT_READ, 1);
    scene_note(&scene.therapist, &progress, "new");
    scene_refresh(&cover);
    assert_string_equal(scene_read(&cover, &progress).seen, "[new]");
    assert_string_equal(scene_read(&cover, &session).seen, "[at ten]");
    scene_note(&cover, &progress, "from Tom");
    scene_refresh(&scene.therapist);
    assert_string_equal(scene_read(&scene.therapist, &progress).seen, "[old][new][from Tom]");
    OK(act_revoke(scene.therapist.engine, &progress, &cover.content.member, scene.server.now_ms,
                  &ticket));
    scene_wait(&scene.therapist, ticket);
    scene_note(&scene.therapist, &progress, "without Tom");
    scene_refresh(&cover);
    assert_string_equal(scene_read(&cover, &progress).seen, "[new][from Tom]");
    struct view_section shown;
    OK(view_section(cover.engine, &progress, &shown));
    assert_true(shown.ended);
    inproc_person_free(&cover);
    scene_close(&scene);
}

/* Goal: what policy forbids is refused before it is queued. Method: some of each. */
static void test_forbidden_is_refused_here(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    struct section_id process = scene_section(&scene.therapist, CLASS_PROCESS);
    struct act_grant ask = {
        .section = process, .member = scene.client.content.member, .rights = RIGHT_READ};
    uint64_t ticket = 0;
    assert_int_equal(act_grant(scene.therapist.engine, &ask, scene.server.now_ms, &ticket),
                     STATUS_REFUSED);
    ask.section = shared;
    ask.member = scene.admin.content.member;
    assert_int_equal(act_grant(scene.therapist.engine, &ask, scene.server.now_ms, &ticket),
                     STATUS_REFUSED);
    assert_int_equal(act_grant(scene.client.engine, &ask, scene.server.now_ms, &ticket),
                     STATUS_REFUSED);
    assert_int_equal(act_relate(scene.therapist.engine, &scene.client.content.member,
                                &scene.therapist.content.member, RELATION_COVERS, 0,
                                scene.server.now_ms, &ticket),
                     STATUS_REFUSED);
    struct chart_id chart;
    assert_int_equal(act_chart(scene.admin.engine, &scene.client.content.member, span_of(NULL, 0),
                               scene.server.now_ms, &chart, &ticket),
                     STATUS_REFUSED);
    scene_close(&scene);
}

/* Goal: a signed note takes no edit, but an addendum. Method: both tried. */
static void test_signed_note_is_locked(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    uint64_t ticket = 0;
    struct note_id note =
        scene_write(&scene.therapist, &progress, NULL, REVISION_SIGNED, "signed", &ticket);
    scene_wait(&scene.therapist, ticket);
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = NOTE_PROGRESS;
    body.text = field_of("edit", 4);
    struct write_note ask = {
        .section = progress, .note = note, .kind = REVISION_DRAFT, .body = &body};
    assert_int_equal(write_note(scene.therapist.engine, &ask, scene.server.now_ms, NULL, &ticket),
                     STATUS_LOCKED);
    scene_write(&scene.therapist, &progress, &note, REVISION_ADDENDUM, "addendum", &ticket);
    scene_wait(&scene.therapist, ticket);
    assert_string_equal(scene_read(&scene.therapist, &progress).seen, "[signed][addendum]");
    scene_close(&scene);
}

/* Goal: a journal is the client's alone until shared; moments reach the therapist then. */
static void test_journal_is_the_clients(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id journal;
    struct chart_id chart;
    uint64_t ticket = 0;
    OK(act_section(scene.client.engine, CLASS_JOURNAL, &scene.chart, &scene.client.content.member,
                   scene.server.now_ms, &journal, &chart, &ticket));
    scene_wait(&scene.client, ticket);
    scene_note(&scene.client, &journal, "private");
    scene_refresh(&scene.therapist);
    assert_int_equal(scene_sections(&scene.therapist), 4);
    struct act_grant ask = {
        .section = journal, .member = scene.therapist.content.member, .rights = RIGHT_READ};
    OK(act_grant(scene.client.engine, &ask, scene.server.now_ms, &ticket));
    scene_wait(&scene.client, ticket);
    scene_note(&scene.client, &journal, "for you");
    scene_refresh(&scene.therapist);
    assert_string_equal(scene_read(&scene.therapist, &journal).seen, "[for you]");
    scene_close(&scene);
}

static void write_name(struct inproc_person *by, const struct section_id *section,
                       const struct member_id *named, const char *name)
{
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = NOTE_NAME;
    body.title = field_of(name, strlen(name));
    body.member = field_of(named->bytes, ID_BYTES);
    struct write_note ask = {.section = *section, .kind = REVISION_DRAFT, .body = &body};
    uint64_t ticket = 0;
    OK(write_note(by->engine, &ask, by->server->now_ms, NULL, &ticket));
    scene_wait(by, ticket);
}

static void assert_called(const struct inproc_person *by, const struct member_id *member,
                          const char *name)
{
    char found[VIEW_NAME_BYTES_MAX];
    view_name(by->engine, member, found);
    assert_string_equal(found, name);
}

/* Goal: nobody chooses for another whom a name means, since names choose whom something is
 * shared with. Method: a client with a changed program renames themself and the therapist in
 * the section they share; nothing changes, at once and after a restart, for either. The
 * therapist's own word does count. */
static void test_name_by_somebody_else_does_not_count(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    const struct member_id *therapist = &scene.therapist.content.member;
    const struct member_id *client = &scene.client.content.member;
    struct section_id shared = scene_section(&scene.client, CLASS_SHARED);
    write_name(&scene.therapist, &shared, client, "Cleo B");
    write_name(&scene.therapist, &shared, therapist, "Tara");
    write_name(&scene.client, &shared, therapist, "Somebody");
    write_name(&scene.client, &shared, client, "Tara");
    write_name(&scene.client, &shared, &scene.admin.content.member, "Tara");
    struct inproc_person *all[] = {&scene.therapist, &scene.client};
    for (size_t i = 0; i < 2 * ARRAY_LEN(all); i++) {
        struct inproc_person *one = all[i / 2];
        if (i % 2 == 0) {
            scene_refresh(one);
        } else {
            inproc_restart(one);
        }
        assert_called(one, therapist, "Tara");
        assert_called(one, client, "Cleo B");
    }
    scene_close(&scene);
}

struct access_list {
    size_t count;
    bool therapist, client;
    const struct scene *scene;
};

static bool add_access(void *visitor, const struct view_access *access)
{
    struct access_list *list = visitor;
    list->count++;
    list->therapist |= ID_EQUAL(&access->member, &list->scene->therapist.content.member);
    list->client |= ID_EQUAL(&access->member, &list->scene->client.content.member);
    assert_true(access->in_epoch);
    assert_int_not_equal(access->reason[0], '\0');
    return true;
}

/* Goal: the access list names exactly those who can open a section. */
static void test_access_list(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    struct section_id process = scene_section(&scene.therapist, CLASS_PROCESS);
    struct access_list list = {.scene = &scene};
    OK(view_access(scene.therapist.engine, &shared, add_access, &list));
    assert_int_equal(list.count, 2);
    assert_true(list.therapist && list.client);
    list = (struct access_list){.scene = &scene};
    OK(view_access(scene.therapist.engine, &process, add_access, &list));
    assert_int_equal(list.count, 1);
    assert_true(list.therapist);
    scene_close(&scene);
}

static bool count_events(void *visitor, const struct query_event *event)
{
    size_t *actions = visitor;
    assert_non_null(event->open);
    actions[event->open->action]++;
    return true;
}

/* Goal: the client's history is whole and names reads and the reader's word; the auditor proves
 * the whole log. */
static void test_logs_are_proved(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    scene_note(&scene.therapist, &shared, "reflection");
    inproc_sync(&scene.client);
    struct scene_texts texts = scene_read(&scene.client, &shared);
    uint64_t ticket = 0;
    OK(write_opened(scene.client.engine, &shared, &texts.note, &texts.last, scene.server.now_ms,
                    &ticket));
    scene_wait(&scene.client, ticket);
    OK(query_verify_chart(scene.client.engine, &scene.chart, &ticket));
    scene_wait(&scene.client, ticket);
    struct query_verdict verdict;
    OK(query_verdict(scene.client.engine, ticket, &verdict));
    assert_int_equal(verdict.status, STATUS_OK);
    size_t actions[64] = {0};
    OK(query_events(scene.client.engine, ticket, count_events, actions));
    assert_int_equal(actions[ACTION_CREATE_SECTION], 4);
    assert_int_equal(actions[ACTION_OPENED], 1);
    assert_true(actions[ACTION_WRITE] >= 1 && actions[ACTION_READ] >= 1);
    struct query_terms own = {.scope = ACTION_LOG_OWN};
    OK(query_ask(scene.client.engine, &own, &ticket));
    scene_wait(&scene.client, ticket);
    assert_int_equal(query_verify_chart(scene.therapist.engine, &scene.chart, &ticket),
                     STATUS_REFUSED);
    scene_refresh(&scene.admin);
    struct inproc_person auditor;
    scene_invite(&scene.admin, ROLE_AUDITOR, "Aud", &auditor);
    OK(query_verify_all(auditor.engine, &ticket));
    scene_wait(&auditor, ticket);
    OK(query_verdict(auditor.engine, ticket, &verdict));
    assert_int_equal(verdict.status, STATUS_OK);
    assert_int_equal(verdict.charts, 1);
    assert_int_equal(verdict.sections, 4);
    assert_true(verdict.events > 20);
    inproc_person_free(&auditor);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grant_and_revoke),
        cmocka_unit_test(test_forbidden_is_refused_here),
        cmocka_unit_test(test_signed_note_is_locked),
        cmocka_unit_test(test_journal_is_the_clients),
        cmocka_unit_test(test_name_by_somebody_else_does_not_count),
        cmocka_unit_test(test_access_list),
        cmocka_unit_test(test_logs_are_proved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
