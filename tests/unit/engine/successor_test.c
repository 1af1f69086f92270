/*
 * The next therapist: what a client whose therapist left can be charted in, what the client hands
 * on, what the therapist takes back, on what a grant that waits rests, and that an invitation can be
 * withdrawn.
 */
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

struct finding_relation {
    struct member_id staff;
    struct hash statement;
};

static bool find_relation(void *visitor, const struct view_relation *relation)
{
    struct finding_relation *finding = visitor;
    if (!relation->ended && ID_EQUAL(&relation->staff, &finding->staff)) {
        finding->statement = relation->statement;
    }
    return true;
}

static struct hash relation_of(struct inproc_person *admin, const struct inproc_person *staff)
{
    struct finding_relation finding = {.staff = staff->content.member};
    view_relations(admin->engine, find_relation, &finding);
    return finding.statement;
}

static void unrelate(struct scene *scene, const struct inproc_person *staff)
{
    scene_refresh(&scene->admin);
    struct hash relation = relation_of(&scene->admin, staff);
    uint64_t ticket = 0;
    OK(act_unrelate(scene->admin.engine, &relation, scene->server.now_ms, &ticket));
    scene_wait(&scene->admin, ticket);
    scene_refresh(&scene->therapist);
    scene_refresh(&scene->client);
}

static enum status grant(struct inproc_person *by, const struct section_id *section,
                         const struct inproc_person *to, uint32_t rights, uint64_t *out_ticket)
{
    struct act_grant ask = {.section = *section,
                            .member = to->content.member,
                            .rights = rights,
                            .history_from = 1,
                            .code_compared = true};
    return act_grant(by->engine, &ask, by->server->now_ms, out_ticket);
}

/* Goal: a client whose therapist left is charted on by the next, who has the shared past from the
 * client. Method: the therapist leaves; the next makes what is missing, twice; the client hands
 * shared on, not before; the next one owns it and reads what was written. */
static void test_next_therapist_goes_on(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    scene_refresh(&scene.admin);
    struct inproc_person next;
    scene_invite(&scene.admin, ROLE_THERAPIST, "Nora", &next);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    scene_note(&scene.therapist, &shared, "for you");
    scene_relate(&scene, &scene.client, &next, RELATION_TREATS);
    scene_refresh(&next);
    uint64_t ticket = 0;
    const uint32_t all = RIGHT_READ | RIGHT_WRITE | RIGHT_OWN;
    assert_int_equal(grant(&scene.client, &shared, &next, all, &ticket), STATUS_REFUSED);
    unrelate(&scene, &scene.therapist);
    OK(grant(&scene.client, &shared, &next, all, &ticket));
    scene_wait(&scene.client, ticket);
    scene_refresh(&next);
    assert_string_equal(scene_read(&next, &shared).seen, "[for you]");
    struct chart_id chart;
    OK(act_chart(next.engine, &scene.client.content.member, span_of(NULL, 0), scene.server.now_ms,
                 &chart, &ticket));
    scene_wait(&next, ticket);
    assert_true(ID_EQUAL(&chart, &scene.chart));
    scene_refresh(&next);
    assert_int_equal(scene_sections(&next), 4); /* session, progress, process, and that shared */
    assert_int_equal(act_chart(next.engine, &scene.client.content.member, span_of(NULL, 0),
                               scene.server.now_ms, &chart, &ticket),
                     STATUS_ALREADY);
    struct section_id progress = scene_section(&next, CLASS_PROGRESS);
    scene_note(&next, &progress, "goes on");
    scene_note(&next, &shared, "hello");
    scene_refresh(&scene.client);
    assert_string_equal(scene_read(&scene.client, &shared).seen, "[for you][hello]");
    inproc_person_free(&next);
    scene_close(&scene);
}

/* Goal: a therapist who treats a client again takes back what nobody owns, by an act, and reads and
 * writes on. Method: the relation ends and is stated anew; writing is refused until then. */
static void test_therapist_takes_back(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    scene_note(&scene.therapist, &progress, "before");
    unrelate(&scene, &scene.therapist);
    scene_note(&scene.client, &shared, "alone");
    scene_relate(&scene, &scene.client, &scene.therapist, RELATION_TREATS);
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = NOTE_PROGRESS;
    struct write_note ask = {.section = progress, .kind = REVISION_DRAFT, .body = &body};
    uint64_t ticket = 0;
    assert_int_equal(write_note(scene.therapist.engine, &ask, scene.server.now_ms, NULL, &ticket),
                     STATUS_REFUSED);
    struct chart_id chart;
    OK(act_chart(scene.therapist.engine, &scene.client.content.member, span_of(NULL, 0),
                 scene.server.now_ms, &chart, &ticket));
    scene_wait(&scene.therapist, ticket);
    scene_refresh(&scene.therapist);
    assert_int_equal(scene_sections(&scene.therapist), 4);
    scene_note(&scene.therapist, &progress, "after");
    assert_string_equal(scene_read(&scene.therapist, &progress).seen, "[before][after]");
    scene_note(&scene.therapist, &shared, "back");
    scene_refresh(&scene.client);
    /* What the client wrote while nobody else was in is sealed to the client alone. */
    assert_string_equal(scene_read(&scene.client, &shared).seen, "[alone][back]");
    scene_close(&scene);
}

static bool find_until(void *visitor, const struct view_access *access)
{
    struct view_access *wanted = visitor;
    if (ID_EQUAL(&access->member, &wanted->member)) {
        wanted->until_ms = access->until_ms;
    }
    return true;
}

/* Goal: a grant that waits rests on the relation for which it was made, or on none. Method: the
 * relation ends and is stated anew while the granter is offline; then one made since, which ends,
 * as the access list says, with its relation. */
static void test_grant_that_waits_rests_on_what_it_was_made_for(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    scene_refresh(&scene.admin);
    struct inproc_person next;
    scene_invite(&scene.admin, ROLE_THERAPIST, "Nora", &next);
    scene_relate(&scene, &scene.client, &next, RELATION_COVERS);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    inproc_offline(&scene.therapist);
    uint64_t waits = 0;
    OK(grant(&scene.therapist, &progress, &next, RIGHT_READ, &waits));
    scene_refresh(&scene.admin);
    struct hash relation = relation_of(&scene.admin, &next);
    uint64_t ticket = 0;
    OK(act_unrelate(scene.admin.engine, &relation, scene.server.now_ms, &ticket));
    scene_wait(&scene.admin, ticket);
    const uint64_t until_ms = scene.server.now_ms + 3600000u;
    OK(act_relate(scene.admin.engine, &scene.client.content.member, &next.content.member,
                  RELATION_COVERS, until_ms, scene.server.now_ms, &ticket));
    scene_wait(&scene.admin, ticket);
    scene_refresh(&scene.therapist);
    struct engine_ticket info;
    engine_ticket(scene.therapist.engine, waits, &info);
    assert_int_equal(info.wish, ENGINE_WISH_FAILED);
    assert_int_equal(info.status, STATUS_REFUSED);
    struct view_access found = {.member = next.content.member, .until_ms = 1};
    OK(view_access(scene.therapist.engine, &progress, find_until, &found));
    assert_int_equal(found.until_ms, 1);
    char words[VIEW_NAME_BYTES_MAX];
    uint64_t rests_until_ms = 0;
    view_rests(scene.therapist.engine, &progress, &next.content.member, RIGHT_READ, words,
               &rests_until_ms);
    assert_string_equal(words, "covers for the therapist");
    assert_int_equal(rests_until_ms, until_ms);
    scene_grant(&scene, &progress, &next, RIGHT_READ, 0);
    OK(view_access(scene.therapist.engine, &progress, find_until, &found));
    assert_int_equal(found.until_ms, until_ms);
    inproc_person_free(&next);
    scene_close(&scene);
}

/* Goal: an invitation is withdrawn by whoever made it, and its code then admits nobody. Method: the
 * therapist withdraws a client's, an admin a therapist's; others may not; once joined it is too
 * late. */
static void test_withdrawn_code_admits_nobody(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct act_invite ask = {.role = ROLE_CLIENT,
                             .name = span_of("Cara", 4),
                             .expires_ms = scene.server.now_ms + 86400000u};
    char code[INVITATION_TEXT_CHARS_MAX + 1];
    struct member_id member;
    uint64_t ticket = 0;
    OK(act_invite(scene.therapist.engine, &ask, scene.server.now_ms, code, &member, &ticket));
    scene_wait(&scene.therapist, ticket);
    scene_refresh(&scene.admin);
    assert_int_equal(act_withdraw(scene.client.engine, &member, NULL, scene.server.now_ms, &ticket),
                     STATUS_NOT_FOUND);
    assert_int_equal(act_withdraw(scene.therapist.engine, &scene.client.content.member, NULL,
                                  scene.server.now_ms, &ticket),
                     STATUS_USAGE);
    OK(act_withdraw(scene.therapist.engine, &member, NULL, scene.server.now_ms, &ticket));
    scene_wait(&scene.therapist, ticket);
    scene_refresh(&scene.admin);
    struct view_member shown;
    OK(view_member(scene.admin.engine, &member, &shown));
    assert_true(shown.withdrawn);
    assert_int_equal(act_withdraw(scene.admin.engine, &member, NULL, scene.server.now_ms, &ticket),
                     STATUS_ALREADY);
    scene_close(&scene);
}

/* Goal: two therapists never supervise each other, and it is said why. Method: one way, then the
 * other. */
static void test_circle_is_refused_here(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    scene_refresh(&scene.admin);
    struct inproc_person other;
    scene_invite(&scene.admin, ROLE_THERAPIST, "Sam", &other);
    scene_relate(&scene, &scene.therapist, &other, RELATION_SUPERVISES);
    uint64_t ticket = 0;
    assert_int_equal(act_relate(scene.admin.engine, &other.content.member,
                                &scene.therapist.content.member, RELATION_TRAINS, 0,
                                scene.server.now_ms, &ticket),
                     STATUS_CONFLICT);
    inproc_person_free(&other);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_therapist_goes_on),
        cmocka_unit_test(test_therapist_takes_back),
        cmocka_unit_test(test_grant_that_waits_rests_on_what_it_was_made_for),
        cmocka_unit_test(test_withdrawn_code_admits_nobody),
        cmocka_unit_test(test_circle_is_refused_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
