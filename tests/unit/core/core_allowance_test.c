/* Goal: no member and no device fills the access log by asking, and nobody who works is held up. Method:
 * hours of a clock that the test moves; loops of everything that leaves a line; and the heaviest day. */
#include "tests/unit/core/core_scene.h"

#include "proto/alcove.pb-c.h"
#include "proto/limits.h"
#include "proto/message.h"
#include "proto/words.h"
#include "server/core/allowance.h"

enum {
    LIMIT = 40,
    HOUR_MS = 3600 * 1000,
    MINUTE_MS = 60 * 1000,
};

/* What a loop asks for: something allowed, something forbidden, the log, and what is no request. */
static enum status ask_one(struct scene *scene, const struct make_person *person, unsigned kind,
                           const struct make_section *section)
{
    Alcove__PageAsk page = ALCOVE__PAGE_ASK__INIT;
    page.section = field_of(section->id.bytes, ID_BYTES);
    page.from = 1;
    page.purpose = PURPOSE_TREAT;
    Alcove__EventsAsk events = ALCOVE__EVENTS_ASK__INIT;
    events.scope = kind == 2 ? ACTION_LOG_OWN : ACTION_LOG_ALL;
    events.limit = 1;
    if (kind == 1) {
        page.section = field_of(person->id.bytes, ID_BYTES);
    }
    return kind < 2   ? scene_ask(scene, person, 0, OP_PAGE, &page.base)
           : kind < 4 ? scene_ask(scene, person, 0, OP_EVENTS, &events.base)
                      : scene_ask(scene, person, 0, OP_PAGE, NULL);
}

static void tick(struct scene *scene)
{
    if (core_tick_due(scene->core, scene->now_ms)) {
        struct txn *txn = NULL;
        OK(db_begin_write(scene->db, &txn));
        OK(core_tick(scene->core, txn, scene->now_ms));
        OK(db_commit(txn));
        core_effects_clear(scene->core);
    }
}

/* Asks every |every_ms| for |for_ms|, whatever the answer. How many lines that left. */
static uint64_t loop(struct scene *scene, unsigned kind, const struct make_section *section,
                     uint64_t for_ms, uint64_t every_ms, size_t *out_busy)
{
    const uint64_t before = scene_size(scene, LEDGER_EVENTS);
    const uint64_t end_ms = scene->now_ms + for_ms;
    *out_busy = 0;
    for (; scene->now_ms < end_ms; scene->now_ms += every_ms) {
        tick(scene);
        scene->events = SCENE_ANY_EVENTS;
        const enum status status = ask_one(scene, scene->p->t1, kind, section);
        *out_busy += status == STATUS_BUSY ? 1 : 0;
    }
    tick(scene);
    return scene_size(scene, LEDGER_EVENTS) - before;
}

static void test_hostile_loop_leaves_few_lines(void **state)
{
    struct scene *scene = *state;
    struct make_section *section = scene_section(scene, CLASS_PROGRESS, scene->p->c1, scene->p->t1);
    core_allow(scene->core, LIMIT);
    scene->now_ms = scene->w->time_ms;
    for (unsigned kind = 0; kind < 5; kind++) {
        size_t busy = 0;
        const uint64_t lines = loop(scene, kind, section, HOUR_MS, 6000, &busy);
        print_message("kind %u: %llu lines of 600 asks, %zu put off\n", kind,
                      (unsigned long long)lines, busy);
        /* The first burst, an hour's worth, and a line a minute. */
        assert_in_range(lines, LIMIT / 2, 2 * LIMIT + 61);
        assert_true(busy > 450);
        scene->now_ms += HOUR_MS;
    }
}

/* The first of the put off is an event of its own, the others are one line a minute, which names the
 * device and why. Who is put off from reading can still submit; and has all lines back in an hour. */
static void test_put_off_is_folded_and_passes(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *section = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    core_allow(scene->core, LIMIT);
    scene->now_ms = scene->w->time_ms - scene->w->time_ms % MINUTE_MS + MINUTE_MS;
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < LIMIT && status != STATUS_BUSY; i++) {
        status = ask_one(scene, p->t1, 0, section);
    }
    assert_int_equal(status, STATUS_BUSY);
    scene_expect_event(scene, ACTION_READ, OUTCOME_FAILED);
    for (unsigned i = 0; i < 200; i++) {
        scene->events = 0;
        assert_int_equal(ask_one(scene, p->t1, i % 5, section), STATUS_BUSY);
        assert_null(scene->answer.body);
        assert_false(scene->answer.close);
    }
    OK(ask_one(scene, p->t2, 2, section)); /* nobody else waits */
    scene->now_ms += MINUTE_MS;
    const uint64_t before = scene_size(scene, LEDGER_EVENTS);
    tick(scene);
    assert_int_equal(scene_size(scene, LEDGER_EVENTS) - before, 1);
    scene_expect_event(scene, ACTION_LOGIN_REFUSED, OUTCOME_REFUSED);
    OK(scene_write(scene, section, p->t1, 0, NULL, NULL, NULL));
    scene->now_ms += HOUR_MS;
    OK(ask_one(scene, p->t1, 0, section));
}

static void test_login_loop_is_put_off(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    core_allow(scene->core, LIMIT);
    const struct scene_login login = {.signer = &p->t1->device[0].login,
                                      .member = p->t1->id,
                                      .device = p->t1->device[0].statement};
    scene->now_ms = scene->w->time_ms;
    const uint64_t before = scene_size(scene, LEDGER_EVENTS);
    for (unsigned i = 0; i < 300; i++) {
        scene->events = SCENE_ANY_EVENTS;
        const enum status status = scene_login(scene, &login);
        assert_true(i < LIMIT / 2 ? status == STATUS_OK : i < LIMIT || status == STATUS_BUSY);
        assert_int_equal(scene->answer.close, status == STATUS_BUSY);
        assert_int_equal(scene->answer.login, status == STATUS_OK);
    }
    assert_true(scene_size(scene, LEDGER_EVENTS) - before <= LIMIT);
}

/* By one device, within minutes: 1,000 sections fetched and said to be opened, 5,000 notes brought
 * in and exported; and the next day again. */
static void test_heavy_day_is_never_held_up(void **state)
{
    (void)state;
    struct allowances *allowances = NULL;
    OK(allowances_new(LINES_PER_HOUR, &allowances));
    const struct core_peer peer = {.member_local = 900, .device_local = 4000};
    uint64_t now_ms = 1800000000000u;
    for (unsigned day = 0; day < 3; day++) {
        for (unsigned line = 0; line < 1000 + 5000 + 200; line++) {
            now_ms += 100;
            assert_true(allowance_left(allowances, &peer, ALLOWANCE_LOOK, now_ms));
            OK(allowance_take(allowances, &peer, 1, now_ms));
        }
        now_ms += 8 * (uint64_t)HOUR_MS;
    }
    allowances_free(allowances);
}

/* A member's devices share; one device leaves a quarter to the others; a clock that is set back by
 * a day stops nobody who owes little, and nobody for longer than an hour. */
static void test_members_devices_and_clock(void **state)
{
    (void)state;
    struct allowances *allowances = NULL;
    OK(allowances_new(1000, &allowances));
    uint64_t now_ms = 1800000000000u;
    unsigned lines[2] = {0, 0};
    const struct core_peer first = {.member_local = 1, .device_local = 1};
    while (allowance_left(allowances, &first, ALLOWANCE_CHANGE, now_ms)) {
        OK(allowance_take(allowances, &first, 1, now_ms));
        lines[0]++;
    }
    const struct core_peer second = {.member_local = 1, .device_local = 2};
    while (allowance_left(allowances, &second, ALLOWANCE_CHANGE, now_ms)) {
        OK(allowance_take(allowances, &second, 1, now_ms));
        lines[1]++;
    }
    assert_int_equal(lines[0], 750);
    assert_int_equal(lines[1], 250);
    const struct core_peer other = {.member_local = 2, .device_local = 3};
    assert_true(allowance_left(allowances, &other, ALLOWANCE_LOOK, now_ms));
    OK(allowance_take(allowances, &other, 1, now_ms));
    now_ms -= 24 * (uint64_t)HOUR_MS;
    assert_true(allowance_left(allowances, &other, ALLOWANCE_LOOK, now_ms));
    OK(allowance_take(allowances, &first, 1, now_ms));
    assert_false(allowance_left(allowances, &first, ALLOWANCE_CHANGE, now_ms));
    now_ms += HOUR_MS;
    assert_true(allowance_left(allowances, &first, ALLOWANCE_CHANGE, now_ms));
    allowances_free(allowances);
    OK(allowances_new(0, &allowances));
    OK(allowance_take(allowances, &first, UINT64_MAX, now_ms));
    assert_true(allowance_left(allowances, &first, ALLOWANCE_LOOK, now_ms));
    allowances_free(allowances);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_hostile_loop_leaves_few_lines),
        SCENE_TEST(test_put_off_is_folded_and_passes),
        SCENE_TEST(test_login_loop_is_put_off),
        cmocka_unit_test(test_heavy_day_is_never_held_up),
        cmocka_unit_test(test_members_devices_and_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
