/*
 * A proof of the access log goes on from the last one.
 */
#include "client/engine/api/query.h"
#include "client/engine/common/storage.h"
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

#include <string.h>

static struct query_verdict prove(struct inproc_person *person, const struct chart_id *chart,
                                  bool whole)
{
    scene_refresh(person); /* as `log verify` does: what came since is seen */
    uint64_t ticket = 0;
    if (whole) {
        OK(chart == NULL ? query_verify_all(person->engine, &ticket)
                         : query_verify_chart(person->engine, chart, &ticket));
    } else {
        OK(query_verify_on(person->engine, chart, &ticket));
    }
    scene_wait(person, ticket);
    struct query_verdict verdict;
    OK(query_verdict(person->engine, ticket, &verdict));
    assert_int_equal(verdict.status, STATUS_OK);
    query_drop(person->engine, ticket);
    return verdict;
}

/* What a proof that went on says, against one from the beginning. */
static void check_same(struct inproc_person *person, const struct chart_id *chart,
                       const struct query_verdict *on)
{
    struct query_verdict whole = prove(person, chart, true);
    assert_int_equal(whole.before, 0);
    assert_true(whole.events >= on->before + on->events);
    assert_int_equal(whole.charts, on->charts);
    assert_int_equal(whole.sections, on->sections);
}

static void restart(struct inproc_person *person)
{
    inproc_offline(person);
    inproc_restart(person);
    inproc_sync(person);
}

static void check_goes_on(struct scene *scene, struct inproc_person *person,
                          const struct chart_id *chart)
{
    struct section_id shared = scene_section(&scene->therapist, CLASS_SHARED);
    struct query_verdict first = prove(person, chart, false);
    assert_int_equal(first.before, 0);
    assert_true(first.events > 5 && first.whole_ms > 0);
    uint64_t proved = first.events;
    for (size_t i = 0; i < 4; i++) {
        if (i == 2) {
            restart(person);
        }
        scene_note(&scene->therapist, &shared, "one more");
        struct query_verdict next = prove(person, chart, false);
        assert_int_equal(next.before, proved);
        assert_true(next.events > 0 && next.events < 12);
        assert_int_equal(next.first, next.before + (chart == NULL ? 0 : 1));
        assert_int_equal(next.whole_ms, first.whole_ms);
        proved += next.events;
        if (i == 3) {
            check_same(person, chart, &next);
        }
    }
}

static void open_with_auditor(struct scene *scene, struct inproc_person *auditor)
{
    scene_open(scene);
    struct section_id shared = scene_section(&scene->therapist, CLASS_SHARED);
    scene_note(&scene->therapist, &shared, "reflection");
    inproc_sync(&scene->client);
    scene_refresh(&scene->admin);
    scene_invite(&scene->admin, ROLE_AUDITOR, "Aud", auditor);
}

/* Goal: what was proved is not read again, across restarts too, and the answer is the one of a
 * proof from the beginning. Method: an auditor and a client, a note between proofs. */
static void test_goes_on(void **state)
{
    (void)state;
    struct scene scene;
    struct inproc_person auditor;
    open_with_auditor(&scene, &auditor);
    check_goes_on(&scene, &auditor, NULL);
    check_goes_on(&scene, &scene.client, &scene.chart);
    inproc_person_free(&auditor);
    scene_close(&scene);
}

/* Goal: a kept proof is never believed. Method: one that says too little, too much, or something
 * else, is put in place of the right one, byte by byte; each time the log is proved, by reading it
 * from the beginning where it must, and nobody is accused. */
static void check_never_believed(struct scene *scene, struct inproc_person *person,
                                 const struct chart_id *chart, struct span key)
{
    struct section_id shared = scene_section(&scene->therapist, CLASS_SHARED);
    struct storage storage;
    memory_storage_get(person->storage, &storage);
    (void)prove(person, chart, false);
    struct span value;
    OK(storage_get(&storage, STORAGE_META, key, &value));
    size_t size = value.size;
    uint8_t good[4096];
    assert_true(size <= sizeof good);
    memcpy(good, value.data, size);
    size_t anew = 0;
    for (size_t at = 0; at < size; at += at < 160 ? 5 : 97) {
        uint8_t bad[4096];
        memcpy(bad, good, size);
        bad[at] ^= 0x40;
        OK(storage_put_now(&storage, STORAGE_META, key, span_of(bad, size)));
        scene_note(&scene->therapist, &shared, "more");
        struct query_verdict verdict = prove(person, chart, false);
        anew += verdict.before == 0 ? 1 : 0;
        assert_int_equal(engine_alarm_count(person->engine), 0);
    }
    print_message("%zu proofs from the beginning\n", anew);
    assert_true(anew > 8);
    OK(storage_remove_now(&storage, STORAGE_META, key));
    assert_int_equal(prove(person, chart, false).before, 0);
}

static void test_never_believed(void **state)
{
    (void)state;
    struct scene scene;
    struct inproc_person auditor;
    open_with_auditor(&scene, &auditor);
    check_never_believed(&scene, &auditor, NULL, span_of((const uint8_t *)"pa", 2));
    uint8_t key[2 + ID_BYTES] = {'p', 'c'};
    memcpy(key + 2, scene.chart.bytes, ID_BYTES);
    check_never_believed(&scene, &scene.client, &scene.chart, span_of(key, sizeof key));
    inproc_person_free(&auditor);
    scene_close(&scene);
}

struct runs {
    uint8_t keys[16][19];
    size_t count;
};

static bool take_run(void *visitor, struct span key, struct span value)
{
    struct runs *runs = visitor;
    (void)value;
    assert_true(runs->count < ARRAY_LEN(runs->keys) && key.size == sizeof runs->keys[0]);
    memcpy(runs->keys[runs->count++], key.data, key.size);
    return true;
}

/* Goal: running numbers that are kept are not believed either. Method: each is taken away in turn. */
static void test_runs_never_believed(void **state)
{
    (void)state;
    struct scene scene;
    struct inproc_person auditor;
    open_with_auditor(&scene, &auditor);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    struct storage storage;
    memory_storage_get(auditor.storage, &storage);
    (void)prove(&auditor, NULL, false);
    struct runs runs = {.count = 0};
    enum status visited = STATUS_OK;
    OK(storage_scan(&storage, STORAGE_META, span_of((const uint8_t *)"pr", 2), take_run, &runs,
                    &visited));
    assert_int_equal(runs.count, 1 + 4);
    size_t anew = 0;
    for (size_t i = 0; i < runs.count; i++) {
        OK(storage_remove_now(&storage, STORAGE_META, span_of(runs.keys[i], sizeof runs.keys[i])));
        scene_note(&scene.therapist, &shared, "more");
        anew += prove(&auditor, NULL, false).before == 0 ? 1 : 0;
    }
    assert_true(anew >= 1); /* the chart's, whose number goes up by one each time */
    assert_int_equal(engine_alarm_count(auditor.engine), 0);
    struct query_verdict last = prove(&auditor, NULL, true);
    assert_int_equal(last.charts, 1);
    assert_int_equal(last.sections, 4);
    inproc_person_free(&auditor);
    scene_close(&scene);
}

/* No later event links to the last one: nothing but the root holds it fast. */
static void change_last(Alcove__EventLeaf *leaf)
{
    leaf->restricted.len = 0;
    leaf->restricted_opening.len = 0;
    leaf->restricted_hash.data[3] ^= 1;
}

/* Events after those that were proved before are told otherwise than they were. */
static bool tell_otherwise(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                           ProtobufCMessage *body)
{
    bool *told = context;
    (void)link;
    (void)code;
    if (op == OP_EVENT_LEAVES) {
        Alcove__EventLeavesReply *reply = (Alcove__EventLeavesReply *)(void *)body;
        assert_true(reply->n_leaf > 0);
        change_last(reply->leaf[reply->n_leaf - 1]);
        *told = true;
    } else if (op == OP_EVENTS) {
        Alcove__EventsReply *reply = (Alcove__EventsReply *)(void *)body;
        assert_true(reply->n_leaf > 0);
        reply->leaf[0]->restricted_hash.data[3] ^= 1;
        *told = true;
    }
    return true;
}

/* Goal: a log that was changed behind what was proved is an alarm all the same. Method: one event
 * is told otherwise, each time that it is asked for. */
static void check_alarm(struct scene *scene, struct inproc_person *person,
                        const struct chart_id *chart)
{
    struct section_id shared = scene_section(&scene->therapist, CLASS_SHARED);
    (void)prove(person, chart, false);
    scene_note(&scene->therapist, &shared, "more");
    scene_refresh(person);
    uint64_t ticket = 0;
    OK(query_verify_on(person->engine, chart, &ticket));
    scene->server.hook = tell_otherwise;
    bool told = false;
    scene->server.hook_context = &told;
    engine_sync(person->engine);
    assert_int_not_equal(inproc_run(person), STATUS_OK);
    scene->server.hook = NULL;
    assert_true(told);
    assert_true(engine_alarm_count(person->engine) > 0);
    struct query_verdict verdict;
    OK(query_verdict(person->engine, ticket, &verdict));
    assert_int_not_equal(verdict.status, STATUS_OK);
    /* What was proved before stands. */
    engine_alarms_clear(person->engine);
    restart(person);
    assert_true(prove(person, chart, false).before > 0);
}

static void test_changed_behind_it(void **state)
{
    (void)state;
    struct scene scene;
    struct inproc_person auditor;
    open_with_auditor(&scene, &auditor);
    check_alarm(&scene, &auditor, NULL);
    check_alarm(&scene, &scene.client, &scene.chart);
    inproc_person_free(&auditor);
    scene_close(&scene);
}

static bool cannot_read(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                        ProtobufCMessage *body)
{
    (void)context;
    (void)link;
    (void)body;
    *code = op == OP_EVENTS || op == OP_EVENT_LEAVES ? STATUS_UNAVAILABLE : *code;
    return true;
}

/* Goal: whoever waits for a proof is told at once that the server cannot read, and it is proved when
 * the server can. */
static void check_told(struct scene *scene, struct inproc_person *person,
                       const struct chart_id *chart)
{
    uint64_t ticket = 0;
    OK(query_verify_on(person->engine, chart, &ticket));
    scene->server.hook = cannot_read;
    engine_sync(person->engine);
    OK(inproc_run(person));
    struct engine_ticket info;
    engine_ticket(person->engine, ticket, &info);
    assert_int_equal(info.wish, ENGINE_WISH_WAITING);
    assert_int_equal(info.status, STATUS_UNAVAILABLE);
    scene->server.hook = NULL;
    scene->server.now_ms += 3600000u;
    engine_tick(person->engine, scene->server.now_ms);
    scene_wait(person, ticket);
    engine_ticket(person->engine, ticket, &info);
    assert_int_equal(info.status, STATUS_OK);
    query_drop(person->engine, ticket);
}

static void test_told_that_it_cannot_be_read(void **state)
{
    (void)state;
    struct scene scene;
    struct inproc_person auditor;
    open_with_auditor(&scene, &auditor);
    check_told(&scene, &auditor, NULL);
    check_told(&scene, &scene.client, &scene.chart);
    inproc_person_free(&auditor);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_never_believed),
        cmocka_unit_test(test_runs_never_believed),
        cmocka_unit_test(test_changed_behind_it),
        cmocka_unit_test(test_told_that_it_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
