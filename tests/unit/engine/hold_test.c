/*
 * The first sync of many sections: what was checked of several is kept in one transaction, and each
 * answer is still there whole or not at all.
 */
#include "client/engine/exchange/inside.h"
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

enum { CLIENTS = 4, SECTIONS = 4 * CLIENTS };

struct many {
    struct scene scene;
    struct inproc_person clients[CLIENTS - 1];
};

static bool write_one(void *visitor, const struct view_section *section)
{
    struct inproc_person *by = visitor;
    uint64_t ticket = 0;
    (void)scene_write(by, &section->section, NULL, REVISION_DRAFT, "one", &ticket);
    return true;
}

/* A therapist with a note in each of sixteen sections, and a device that holds nothing but keys. */
static int start(void **state)
{
    struct many *many = calloc(1, sizeof *many);
    assert_non_null(many);
    struct scene *scene = &many->scene;
    scene_open(scene);
    for (size_t i = 0; i < CLIENTS - 1; i++) {
        scene_invite(&scene->therapist, ROLE_CLIENT, "Client", &many->clients[i]);
        inproc_offline(&many->clients[i]);
        scene_relate(scene, &many->clients[i], &scene->therapist, RELATION_TREATS);
        struct chart_id chart;
        uint64_t ticket = 0;
        OK(act_chart(scene->therapist.engine, &many->clients[i].content.member,
                     span_of((const uint8_t *)"Client", 6), scene->server.now_ms, &chart, &ticket));
        scene_wait(&scene->therapist, ticket);
    }
    assert_int_equal(scene_sections(&scene->therapist), SECTIONS);
    view_sections(scene->therapist.engine, write_one, &scene->therapist);
    inproc_sync(&scene->therapist);
    *state = many;
    return 0;
}

static int stop(void **state)
{
    struct many *many = *state;
    for (size_t i = 0; i < CLIENTS - 1; i++) {
        inproc_person_free(&many->clients[i]);
    }
    scene_close(&many->scene);
    free(many);
    return 0;
}

static void empty(struct inproc_person *person)
{
    inproc_offline(person);
    memory_storage_reset(person->storage);
    inproc_restart(person);
}

static size_t kept(const struct inproc_person *person)
{
    return memory_storage_count(person->storage, STORAGE_REVISION);
}

/* The sum of the highest places in charts that the engine remembers. */
static uint64_t places(const struct inproc_person *person)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < person->engine->sections.chart_count; i++) {
        sum += person->engine->sections.charts[i].number;
    }
    return sum;
}

/* Goal: fewer transactions than sections, and the same is held. Method: an emptied device, and
 * another engine over what it stored: places in a chart too, of which four pages tell four. */
static void test_many_sections_are_not_as_many_transactions(void **state)
{
    struct many *many = *state;
    struct inproc_person *therapist = &many->scene.therapist;
    size_t all = kept(therapist);
    assert_true(all >= SECTIONS);
    empty(therapist);
    size_t before = memory_storage_commits(therapist->storage);
    inproc_sync(therapist);
    assert_in_range(memory_storage_commits(therapist->storage) - before, 1, SECTIONS - 1);
    assert_int_equal(kept(therapist), all);
    uint64_t remembered = places(therapist);
    assert_int_equal(therapist->engine->sections.chart_count, CLIENTS);
    inproc_restart(therapist);
    assert_int_equal(places(therapist), remembered);
    inproc_sync(therapist);
}

/* Goal: what could not be kept counts nowhere, and comes again. Method: each transaction of such a
 * sync fails once; then the same engine goes on, and so does another over the same storage. */
static void test_what_is_not_kept_comes_again(void **state)
{
    struct many *many = *state;
    struct inproc_person *therapist = &many->scene.therapist;
    size_t all = kept(therapist);
    bool failed = true;
    for (size_t commits = 0; failed; commits++) {
        empty(therapist);
        memory_storage_fail_after(therapist->storage, commits / 2);
        failed = inproc_run(therapist) != STATUS_OK;
        inproc_offline(therapist);
        memory_storage_fail_after(therapist->storage, SIZE_MAX);
        assert_true(kept(therapist) == 0 || kept(therapist) == all);
        if (commits % 2 == 0) {
            inproc_restart(therapist);
        }
        inproc_sync(therapist);
        assert_int_equal(kept(therapist), all);
        struct section_id progress = scene_section(therapist, CLASS_PROGRESS);
        assert_string_equal(scene_read(therapist, &progress).seen, "[one]");
    }
}

static bool lose_page(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                      ProtobufCMessage *body)
{
    size_t *left = context;
    (void)link;
    (void)code;
    (void)body;
    if (op == OP_PAGE && *left > 0) {
        (*left)--;
        return true;
    }
    return op != OP_PAGE && (op != FRAME_CHUNK + 1000 || *left > 0);
}

/* Goal: what was checked when a connection breaks is not read again. Method: nothing comes of the
 * sixth page. */
static void test_a_cut_connection_loses_nothing(void **state)
{
    struct many *many = *state;
    struct inproc_person *therapist = &many->scene.therapist;
    empty(therapist);
    many->scene.server.hook = lose_page;
    size_t left = 6; /* and nothing of the sixth */
    many->scene.server.hook_context = &left;
    assert_int_equal(inproc_run(therapist), STATUS_OK);
    size_t waited = kept(therapist);
    inproc_offline(therapist);
    many->scene.server.hook = NULL;
    assert_true(waited < 5 && kept(therapist) >= 5);
    uint64_t pages = many->scene.server.ops[OP_PAGE];
    inproc_sync(therapist);
    assert_int_equal(many->scene.server.ops[OP_PAGE] - pages, SECTIONS - 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_sections_are_not_as_many_transactions),
        cmocka_unit_test(test_what_is_not_kept_comes_again),
        cmocka_unit_test(test_a_cut_connection_loses_nothing),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
