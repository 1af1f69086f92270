/*
 * The engine against the real server's core: a small practice from its founding to notes that
 * reach exactly those who may read them.
 */
#include "tests/unit/engine/inproc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OK(call) assert_int_equal((call), STATUS_OK)

/* Goal: a person joins, logs in and syncs. Method: the first admin by the founder's code. */
static void test_join_and_first_sync(void **state)
{
    (void)state;
    struct inproc server;
    struct inproc_person admin;
    inproc_open(&server);
    inproc_join(&server, server.admin_code, &admin);
    inproc_sync(&admin);
    struct engine_state seen;
    engine_state(admin.engine, &seen);
    assert_int_equal(seen.role, ROLE_ADMIN);
    assert_int_equal(seen.statements_size, 5);
    inproc_person_free(&admin);
    inproc_close(&server);
}


/* ---- a practice with a therapist and a client, as the tests below need it */

struct scene {
    struct inproc server;
    struct inproc_person admin, therapist, client;
    struct chart_id chart;
};

static void wait_done(struct inproc_person *person, uint64_t ticket)
{
    struct engine_ticket info;
    inproc_sync(person);
    engine_ticket(person->engine, ticket, &info);
    if (info.wish != ENGINE_WISH_DONE) {
        print_message("ticket %llu: wish %d %s\n", (unsigned long long)ticket, (int)info.wish,
                      status_name(info.status));
    }
    assert_int_equal(info.wish, ENGINE_WISH_DONE);
}

static void invite(struct inproc_person *by, uint32_t role, const char *name,
                   struct inproc_person *out)
{
    char code[INVITATION_TEXT_CHARS_MAX + 1];
    struct member_id member;
    uint64_t ticket = 0;
    struct act_invite ask = {.role = role,
                             .name = span_of(name, strlen(name)),
                             .expires_ms = by->server->now_ms + 86400000u,
                             .root = role == ROLE_AUDITOR ? by->server->root : NULL};
    OK(act_invite(by->engine, &ask, by->server->now_ms, code, &member, &ticket));
    wait_done(by, ticket);
    inproc_join(by->server, code, out);
    inproc_sync(out);
    assert_true(ID_EQUAL(&out->content.member, &member));
}

static void scene_open(struct scene *scene)
{
    uint64_t ticket = 0;
    inproc_open(&scene->server);
    inproc_join(&scene->server, scene->server.admin_code, &scene->admin);
    inproc_sync(&scene->admin);
    invite(&scene->admin, ROLE_THERAPIST, "Tara", &scene->therapist);
    engine_sync(scene->admin.engine);
    inproc_sync(&scene->admin);
    OK(act_delegate(scene->admin.engine, &scene->therapist.content.member, 0,
                    scene->server.now_ms, &ticket));
    wait_done(&scene->admin, ticket);
    engine_sync(scene->therapist.engine);
    inproc_sync(&scene->therapist);
    invite(&scene->therapist, ROLE_CLIENT, "Cleo", &scene->client);
    engine_sync(scene->admin.engine);
    inproc_sync(&scene->admin);
    OK(act_relate(scene->admin.engine, &scene->client.content.member,
                  &scene->therapist.content.member, RELATION_TREATS, 0, scene->server.now_ms,
                  &ticket));
    wait_done(&scene->admin, ticket);
    engine_sync(scene->therapist.engine);
    inproc_sync(&scene->therapist);
    OK(act_chart(scene->therapist.engine, &scene->client.content.member, span_of("Cleo", 4),
                 scene->server.now_ms, &scene->chart, &ticket));
    wait_done(&scene->therapist, ticket);
    engine_sync(scene->client.engine);
    inproc_sync(&scene->client);
}

static void scene_close(struct scene *scene)
{
    inproc_person_free(&scene->client);
    inproc_person_free(&scene->therapist);
    inproc_person_free(&scene->admin);
    inproc_close(&scene->server);
}

struct finding {
    uint32_t class;
    struct section_id section;
    bool found;
    size_t count;
};

static bool find_class(void *visitor, const struct view_section *section)
{
    struct finding *finding = visitor;
    finding->count++;
    if (section->class == finding->class) {
        finding->section = section->section;
        finding->found = true;
    }
    return true;
}

static struct section_id section_of(struct inproc_person *person, uint32_t class)
{
    struct finding finding = {.class = class};
    view_sections(person->engine, find_class, &finding);
    assert_true(finding.found);
    return finding.section;
}

static size_t section_count(struct inproc_person *person)
{
    struct finding finding = {0};
    view_sections(person->engine, find_class, &finding);
    return finding.count;
}

static struct note_id write_text(struct inproc_person *person, const struct section_id *section,
                                 const struct note_id *note, uint32_t kind, const char *text,
                                 uint64_t *out_ticket)
{
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = NOTE_PROGRESS;
    body.text = field_of(text, strlen(text));
    struct write_note ask = {.section = *section, .kind = kind, .body = &body};
    if (note != NULL) {
        ask.note = *note;
    }
    struct note_id id;
    OK(write_note(person->engine, &ask, person->server->now_ms, &id, out_ticket));
    return id;
}

struct texts {
    char seen[8192];
    size_t notes, heads, pending, closed;
};

static bool add_text(void *visitor, const struct view_revision *revision)
{
    struct texts *texts = visitor;
    texts->heads += revision->head ? 1 : 0;
    texts->pending += revision->pending ? 1 : 0;
    texts->closed += revision->body == NULL ? 1 : 0;
    if (revision->body != NULL && revision->body->text.len > 0) {
        size_t used = strlen(texts->seen);
        (void)snprintf(texts->seen + used, sizeof texts->seen - used, "[%.*s]",
                       (int)revision->body->text.len, (const char *)revision->body->text.data);
    }
    texts->notes++;
    return true;
}

static struct texts read_all(struct inproc_person *person, const struct section_id *section)
{
    struct texts texts = {0};
    OK(view_all(person->engine, section, add_text, &texts));
    return texts;
}

/* Goal: a note reaches exactly those who may read it. Method: therapist and client with a
 * chart; a process note, a progress note, a reflection; each side lists what it has. */
static void test_notes_reach_exactly_their_readers(void **state)
{
    (void)state;
    struct scene scene;
    uint64_t ticket = 0;
    scene_open(&scene);
    assert_int_equal(section_count(&scene.therapist), 4);
    assert_int_equal(section_count(&scene.client), 1);
    assert_int_equal(section_count(&scene.admin), 0);
    struct section_id process = section_of(&scene.therapist, CLASS_PROCESS);
    struct section_id shared = section_of(&scene.therapist, CLASS_SHARED);
    write_text(&scene.therapist, &process, NULL, REVISION_DRAFT, "my doubts", &ticket);
    write_text(&scene.therapist, &shared, NULL, REVISION_DRAFT, "what we saw", &ticket);
    wait_done(&scene.therapist, ticket);
    inproc_sync(&scene.client); /* by the push */
    assert_string_equal(read_all(&scene.client, &shared).seen, "[what we saw]");
    assert_string_equal(read_all(&scene.therapist, &process).seen, "[my doubts]");
    write_text(&scene.client, &shared, NULL, REVISION_DRAFT, "thank you", &ticket);
    wait_done(&scene.client, ticket);
    inproc_sync(&scene.therapist);
    assert_string_equal(read_all(&scene.therapist, &shared).seen, "[what we saw][thank you]");
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
    uint64_t ticket = 0;
    scene_open(&scene);
    struct section_id progress = section_of(&scene.therapist, CLASS_PROGRESS);
    inproc_offline(&scene.therapist);
    struct note_id note =
        write_text(&scene.therapist, &progress, NULL, REVISION_DRAFT, "one", &ticket);
    write_text(&scene.therapist, &progress, &note, REVISION_DRAFT, "two", &ticket);
    assert_int_equal(read_all(&scene.therapist, &progress).pending, 2);
    inproc_restart(&scene.therapist);
    assert_int_equal(read_all(&scene.therapist, &progress).pending, 2);
    inproc_sync(&scene.therapist);
    struct texts texts = read_all(&scene.therapist, &progress);
    assert_string_equal(texts.seen, "[one][two]");
    assert_int_equal(texts.pending, 0);
    assert_int_equal(texts.heads, 1);
    inproc_restart(&scene.therapist);
    inproc_sync(&scene.therapist);
    assert_string_equal(read_all(&scene.therapist, &progress).seen, "[one][two]");
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join_and_first_sync),
        cmocka_unit_test(test_notes_reach_exactly_their_readers),
        cmocka_unit_test(test_offline_writing_survives_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
