/*
 * What people are called: only names that can be typed and look like nothing else, only from those
 * who may give them, checked where one is made and where one is read.
 */
#include "client/engine/exchange/inside.h"
#include "client/engine/section/petname.h"
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

/* A NAME note as any program may write one. */
static void write_name(struct inproc_person *by, const struct section_id *section,
                       const struct member_id *member, struct span name)
{
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = NOTE_NAME;
    body.title = field_of(name.data, name.size);
    body.member = field_of(member->bytes, ID_BYTES);
    struct write_note ask = {.section = *section, .kind = REVISION_DRAFT, .body = &body};
    uint64_t ticket = 0;
    OK(write_note(by->engine, &ask, by->server->now_ms, NULL, &ticket));
    scene_wait(by, ticket);
}

static struct span words(const char *text)
{
    return span_of((const uint8_t *)text, strlen(text));
}

static void assert_called(struct inproc_person *by, const struct member_id *member,
                          const char *expected)
{
    char name[VIEW_NAME_BYTES_MAX];
    view_name(by->engine, member, name);
    assert_string_equal(name, expected);
}

/* By digits, as somebody without a name. */
static void assert_nameless(struct inproc_person *by, const struct member_id *member)
{
    char name[VIEW_NAME_BYTES_MAX];
    view_name(by->engine, member, name);
    assert_int_equal(strlen(name), 8);
    assert_int_equal(strspn(name, "0123456789abcdef"), 8);
}

/* A scene with a second therapist, who covers the client and writes in the shared section. */
struct names_scene {
    struct scene scene;
    struct inproc_person second;
    struct section_id shared;
};

static int start(void **state)
{
    struct names_scene *names = calloc(1, sizeof *names);
    assert_non_null(names);
    scene_open(&names->scene);
    names->shared = scene_section(&names->scene.therapist, CLASS_SHARED);
    scene_invite(&names->scene.admin, ROLE_THERAPIST, "Tomas", &names->second);
    scene_relate(&names->scene, &names->scene.client, &names->second, RELATION_COVERS);
    *state = names;
    return 0;
}

static int stop(void **state)
{
    struct names_scene *names = *state;
    inproc_person_free(&names->second);
    scene_close(&names->scene);
    free(names);
    return 0;
}

static void let_in(struct names_scene *names)
{
    scene_grant(&names->scene, &names->shared, &names->second, RIGHT_READ | RIGHT_WRITE, 1);
    scene_refresh(&names->second);
}

static const char long_name[] = "This name has more than sixty-four characters, and is cut nowhere";

/* Goal: what is no name is passed over, and the name before it stays. Method: a staff member of
 * ill will, who may name themselves, tries one after the other by a program of their own. */
static void test_what_is_no_name_is_passed_over(void **state)
{
    struct names_scene *names = *state;
    const struct member_id *self = &names->second.content.member;
    let_in(names);
    write_name(&names->second, &names->shared, self, words("Tomas"));
    scene_refresh(&names->scene.client);
    assert_called(&names->scene.client, self, "Tomas");
    static const char *const bad[] = {"",
                                      " ",
                                      "Tara\nALARM: call",
                                      "\033[2J\033[HTara",
                                      "\342\200\256araT", /* turned around */
                                      " Tara",
                                      "\xff\xfe",
                                      "\xe2\x80\x8b",
                                      "a\tb",
                                      long_name};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        write_name(&names->second, &names->shared, self, words(bad[i]));
        scene_refresh(&names->scene.client);
        assert_called(&names->scene.client, self, "Tomas");
    }
    inproc_restart(&names->scene.client);
    assert_called(&names->scene.client, self, "Tomas");
}

/* Goal: nor is one made. Method: every way in which this program gives a name. */
static void test_what_is_no_name_is_not_made(void **state)
{
    struct names_scene *names = *state;
    struct scene *scene = &names->scene;
    static const char *const bad[] = {" ", "a\nb", long_name};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const struct act_invite ask = {.role = ROLE_THERAPIST,
                                       .name = words(bad[i]),
                                       .expires_ms = scene->server.now_ms + 86400000u};
        char code[INVITATION_TEXT_CHARS_MAX + 1];
        struct member_id member;
        uint64_t ticket = 0;
        assert_int_equal(
            act_invite(scene->admin.engine, &ask, scene->server.now_ms, code, &member, &ticket),
            STATUS_MALFORMED);
        bool written = false;
        assert_int_equal(act_call(scene->therapist.engine, &scene->client.content.member,
                                  words(bad[i]), scene->server.now_ms, &written, &ticket),
                         STATUS_MALFORMED);
        struct chart_id chart;
        assert_int_equal(act_chart(scene->therapist.engine, &scene->client.content.member,
                                   words(bad[i]), scene->server.now_ms, &chart, &ticket),
                         STATUS_MALFORMED);
        assert_false(written);
    }
}

/* Goal: nobody is named by who may not name them. Method: who covers names the treating therapist;
 * the client names the second one; the owner names staff without any relation. */
static void test_who_may_not_name(void **state)
{
    struct names_scene *names = *state;
    struct scene *scene = &names->scene;
    struct inproc_person third;
    scene_invite(&scene->admin, ROLE_THERAPIST, "Tess", &third);
    scene_refresh(&scene->therapist);
    let_in(names);
    write_name(&names->second, &names->shared, &scene->therapist.content.member, words("Evil"));
    scene_refresh(&scene->client);
    write_name(&scene->client, &names->shared, &names->second.content.member, words("Evil"));
    scene_refresh(&scene->therapist);
    write_name(&scene->therapist, &names->shared, &third.content.member, words("Evil"));
    scene_refresh(&scene->client);
    scene_refresh(&names->second);
    assert_nameless(&scene->client, &scene->therapist.content.member);
    assert_nameless(&scene->client, &names->second.content.member);
    assert_nameless(&scene->therapist, &names->second.content.member);
    assert_nameless(&names->second, &third.content.member);
    inproc_person_free(&third);
}

static bool count_name(void *visitor, const struct view_revision *revision)
{
    *(size_t *)visitor += revision->body != NULL && revision->body->kind == NOTE_NAME ? 1 : 0;
    return true;
}

static size_t names_in(struct inproc_person *person, const struct section_id *section)
{
    size_t count = 0;
    OK(view_revisions(person->engine, section, NULL, count_name, &count));
    return count;
}

/* Goal: the client can say who it was in the log: who owns their shared section tells them, once,
 * what somebody is called whom they let into the chart. The colleague's own word goes before that.
 * Method: a colleague is let into two sections. */
static void test_a_client_learns_the_names_of_colleagues(void **state)
{
    struct names_scene *names = *state;
    struct scene *scene = &names->scene;
    const struct member_id *second = &names->second.content.member;
    OK(petname_set(&scene->therapist.engine->names, second, words("Tomas")));
    size_t before = names_in(&scene->therapist, &names->shared);
    struct section_id progress = scene_section(&scene->therapist, CLASS_PROGRESS);
    scene_grant(scene, &progress, &names->second, RIGHT_READ, 1);
    scene_refresh(&scene->client);
    assert_called(&scene->client, second, "Tomas");
    inproc_restart(&scene->client);
    assert_called(&scene->client, second, "Tomas");
    let_in(names);
    assert_int_equal(names_in(&scene->therapist, &names->shared), before + 1);
    inproc_sync(&scene->client);
    write_name(&names->second, &names->shared, second, words("Tom"));
    scene_refresh(&scene->client);
    assert_called(&scene->client, second, "Tom");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_no_name_is_passed_over, start, stop),
        cmocka_unit_test_setup_teardown(test_what_is_no_name_is_not_made, start, stop),
        cmocka_unit_test_setup_teardown(test_who_may_not_name, start, stop),
        cmocka_unit_test_setup_teardown(test_a_client_learns_the_names_of_colleagues, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
