/*
 * What a day leaves in the access log.
 *
 * Goal: a log that people can read has about one line for each thing that a person did. Method: a
 * therapist's day with three clients and an auditor, each at a device that stays connected, against
 * the real core; then every event of the day is counted by its action, beside what was done.
 */
#include "proto/message.h"
#include "proto/policy.h"
#include "server/store/events.h"
#include "server/store/ledger.h"
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

#define CLIENTS 3u

struct day {
    struct scene scene;
    struct inproc_person more[CLIENTS - 1]; /* the other clients */
    struct inproc_person auditor;
    struct inproc_person *clients[CLIENTS];
    struct section_id progress[CLIENTS], shared[CLIENTS], journal[CLIENTS];
    size_t did;     /* things that a person did that somebody must be able to see */
    size_t looked;  /* lists and polls, which ask nothing of the log */
    uint64_t began; /* size of the events log in the morning */
};

static uint64_t log_size(struct inproc *server)
{
    struct txn *txn = NULL;
    OK(db_begin_read(server->db, &txn));
    uint64_t size = ledger_size(txn, LEDGER_EVENTS);
    db_abort(txn);
    return size;
}

struct finding {
    const struct member_id *client;
    uint32_t class;
    struct section_id found;
};

static bool find_section(void *visitor, const struct view_section *section)
{
    struct finding *finding = visitor;
    if (section->class == finding->class && ID_EQUAL(&section->client, finding->client)) {
        finding->found = section->section;
    }
    return true;
}

static struct section_id section_of(struct inproc_person *by, const struct member_id *client,
                                    uint32_t class)
{
    struct finding finding = {.client = client, .class = class};
    view_sections(by->engine, find_section, &finding);
    return finding.found;
}

static void make_chart(struct day *day, struct inproc_person *client)
{
    struct inproc_person *therapist = &day->scene.therapist;
    scene_invite(therapist, ROLE_CLIENT, "Client", client);
    scene_relate(&day->scene, client, therapist, RELATION_TREATS);
    uint64_t ticket = 0;
    struct chart_id chart;
    OK(act_chart(therapist->engine, &client->content.member, span_of("Client", 6),
                 day->scene.server.now_ms, &chart, &ticket));
    scene_wait(therapist, ticket);
    scene_refresh(client);
}

/* A journal that the therapist may read. */
static void make_journal(struct day *day, size_t i)
{
    struct inproc_person *client = day->clients[i];
    struct view_section shared;
    OK(view_section(client->engine, &day->shared[i], &shared));
    struct chart_id chart;
    uint64_t ticket = 0;
    OK(act_section(client->engine, CLASS_JOURNAL, &shared.chart, &client->content.member,
                   day->scene.server.now_ms, &day->journal[i], &chart, &ticket));
    scene_wait(client, ticket);
    struct act_grant grant = {.section = day->journal[i],
                              .member = day->scene.therapist.content.member,
                              .rights = RIGHT_READ};
    OK(act_grant(client->engine, &grant, day->scene.server.now_ms, &ticket));
    scene_wait(client, ticket);
    scene_refresh(&day->scene.therapist);
}

static void open_day(struct day *day)
{
    struct scene *scene = &day->scene;
    scene_open(scene);
    day->clients[0] = &scene->client;
    scene_invite(&scene->admin, ROLE_AUDITOR, "Aud", &day->auditor);
    for (size_t i = 1; i < CLIENTS; i++) {
        day->clients[i] = &day->more[i - 1];
        make_chart(day, day->clients[i]);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        const struct member_id *client = &day->clients[i]->content.member;
        day->progress[i] = section_of(&scene->therapist, client, CLASS_PROGRESS);
        day->shared[i] = section_of(&scene->therapist, client, CLASS_SHARED);
        make_journal(day, i);
    }
    scene_refresh(&scene->therapist);
    inproc_offline(&scene->therapist);
    inproc_offline(&scene->admin);
    inproc_offline(&day->auditor);
    for (size_t i = 0; i < CLIENTS; i++) {
        scene_refresh(day->clients[i]);
        inproc_offline(day->clients[i]);
    }
    day->began = log_size(&scene->server);
}

static void close_day(struct day *day)
{
    inproc_person_free(&day->auditor);
    for (size_t i = 0; i < CLIENTS - 1; i++) {
        inproc_person_free(&day->more[i]);
    }
    scene_close(&day->scene);
}

/* ---- what people do; time goes on with each */

static void unlocks(struct day *day, struct inproc_person *person)
{
    day->scene.server.now_ms += 60000;
    inproc_sync(person);
    day->did++;
}

static struct note_id writes(struct day *day, struct inproc_person *by,
                             const struct section_id *section, const struct note_id *note,
                             uint32_t kind)
{
    day->scene.server.now_ms += 60000;
    uint64_t ticket = 0;
    struct note_id id = scene_write(by, section, note, kind, "as it was said", &ticket);
    scene_wait(by, ticket);
    day->did++;
    return id;
}

static void opens(struct day *day, struct inproc_person *by, const struct section_id *section)
{
    day->scene.server.now_ms += 60000;
    inproc_sync(by);
    struct scene_texts texts = scene_read(by, section);
    assert_true(texts.notes > 0);
    uint64_t ticket = 0;
    OK(write_opened(by->engine, section, &texts.note, &texts.last, day->scene.server.now_ms,
                    &ticket));
    scene_wait(by, ticket);
    day->did++;
}

static void polls(struct day *day, struct inproc_person *person)
{
    day->scene.server.now_ms += 60000;
    scene_refresh(person);
    day->looked++;
}

static void looks(struct day *day, struct inproc_person *person, const struct query_terms *terms)
{
    uint64_t ticket = 0;
    OK(query_ask(person->engine, terms, &ticket));
    scene_wait(person, ticket);
    query_drop(person->engine, ticket);
    day->did++;
}

static void play(struct day *day)
{
    struct inproc_person *therapist = &day->scene.therapist;
    unlocks(day, therapist);
    polls(day, therapist);
    struct note_id drafts[4];
    for (size_t i = 0; i < 12; i++) {
        bool draft = i < ARRAY_LEN(drafts);
        struct note_id note = writes(day, therapist, &day->progress[i % CLIENTS], NULL,
                                     draft ? REVISION_DRAFT : REVISION_SIGNED);
        if (draft) {
            drafts[i] = note;
        }
        if (i % 4 == 3) {
            polls(day, therapist);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(drafts); i++) {
        (void)writes(day, therapist, &day->progress[i % CLIENTS], &drafts[i],
                     i % 2 == 0 ? REVISION_SIGNED : REVISION_DRAFT);
    }
    for (size_t i = 0; i < 6; i++) {
        opens(day, therapist, &day->progress[i % CLIENTS]);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        (void)writes(day, therapist, &day->shared[i], NULL, REVISION_SIGNED);
        unlocks(day, day->clients[i]);
        opens(day, day->clients[i], &day->shared[i]);
        polls(day, day->clients[i]);
    }
    (void)writes(day, day->clients[1], &day->journal[1], NULL, REVISION_SIGNED);
    opens(day, therapist, &day->journal[1]);
    for (size_t i = 0; i < CLIENTS; i++) {
        struct view_section shared;
        OK(view_section(day->clients[i]->engine, &day->shared[i], &shared));
        struct query_terms chart = {.scope = ACTION_LOG_CHART, .chart = shared.chart};
        looks(day, day->clients[i], &chart);
    }
    looks(day, therapist, &(struct query_terms){.scope = ACTION_LOG_OWN});
    unlocks(day, &day->auditor);
    looks(day, &day->auditor, &(struct query_terms){.scope = ACTION_LOG_ALL});
    uint64_t ticket = 0;
    OK(query_verify_all(day->auditor.engine, &ticket));
    scene_wait(&day->auditor, ticket);
    day->did++;
}

/* ---- what is left of it */

static uint32_t action_of(struct txn *txn, uint64_t seq)
{
    struct event_stored event;
    OK(events_get(txn, seq, &event));
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__event_open__descriptor, event.open, &arena, &message));
    uint32_t action = ((const Alcove__EventOpen *)(const void *)message)->action;
    arena_free(&arena);
    return action;
}

static uint64_t count_events(struct day *day)
{
    uint64_t size = log_size(&day->scene.server);
    struct txn *txn = NULL;
    OK(db_begin_read(day->scene.server.db, &txn));
    uint64_t by_action[POLICY_ACTION_MAX + 1] = {0};
    for (uint64_t seq = day->began; seq < size; seq++) {
        by_action[action_of(txn, seq)]++;
    }
    db_abort(txn);
    for (uint32_t action = 0; action <= POLICY_ACTION_MAX; action++) {
        if (by_action[action] > 0) {
            print_message("%6llu %s\n", (unsigned long long)by_action[action],
                          policy_action_name(action));
        }
    }
    return size - day->began;
}

/* Goal: at most 1.3 lines for each thing that a person did; lists and polls, which hand out nothing,
 * are not counted in. Method: the day. */
static void test_day_leaves_a_line_for_each_thing_done(void **state)
{
    (void)state;
    struct day day = {.did = 0};
    open_day(&day);
    play(&day);
    uint64_t events = count_events(&day);
    print_message("%llu events for %zu things done, and %zu lists and polls: %.2f each\n",
                  (unsigned long long)events, day.did, day.looked,
                  (double)events / (double)day.did);
    assert_true(events * 10 <= day.did * 13);
    close_day(&day);
}

/* Goal: asking again for what is here already leaves no line, however often. Method: a hundred
 * polls of everybody. */
static void test_polls_leave_nothing(void **state)
{
    (void)state;
    struct day day = {.did = 0};
    open_day(&day);
    inproc_sync(&day.scene.therapist);
    inproc_sync(&day.scene.client);
    uint64_t before = log_size(&day.scene.server);
    for (size_t i = 0; i < 100; i++) {
        polls(&day, &day.scene.therapist);
        polls(&day, &day.scene.client);
    }
    assert_int_equal(log_size(&day.scene.server), before);
    close_day(&day);
}

static void ends(struct inproc_person *person, uint64_t ticket, uint64_t pages)
{
    scene_wait(person, ticket);
    assert_int_equal(person->server->ops[OP_PAGE], pages);
}

/* Goal: what one wrote oneself does not come back, and is there, verified, also after a restart.
 * Method: a note, an edit, a new epoch with a note, a new section, a grant and a revocation, each
 * without a page; then everything read again from what was kept, and from nothing. */
static void test_own_writes_do_not_come_back(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct inproc_person *therapist = &scene.therapist;
    struct section_id progress = scene_section(therapist, CLASS_PROGRESS);
    uint64_t pages = scene.server.ops[OP_PAGE];
    uint64_t ticket = 0;
    struct note_id note = scene_write(therapist, &progress, NULL, REVISION_DRAFT, "one", &ticket);
    ends(therapist, ticket, pages);
    (void)scene_write(therapist, &progress, &note, REVISION_SIGNED, "two", &ticket);
    ends(therapist, ticket, pages);
    OK(act_rotate(therapist->engine, &progress, scene.server.now_ms, &ticket));
    ends(therapist, ticket, pages);
    (void)scene_write(therapist, &progress, NULL, REVISION_DRAFT, "three", &ticket);
    ends(therapist, ticket, pages);
    struct section_id safety;
    struct chart_id chart;
    OK(act_section(therapist->engine, CLASS_SAFETY, &scene.chart, &scene.client.content.member,
                   scene.server.now_ms, &safety, &chart, &ticket));
    ends(therapist, ticket, pages);
    struct act_grant grant = {
        .section = safety, .member = scene.client.content.member, .rights = RIGHT_READ};
    OK(act_grant(therapist->engine, &grant, scene.server.now_ms, &ticket));
    ends(therapist, ticket, pages);
    OK(act_revoke(therapist->engine, &safety, &scene.client.content.member, scene.server.now_ms,
                  &ticket));
    ends(therapist, ticket, pages);
    (void)scene_write(therapist, &safety, NULL, REVISION_DRAFT, "closed, so with an epoch",
                      &ticket);
    ends(therapist, ticket, pages);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(scene_read(therapist, &progress).seen, "[one][two][three]");
        assert_string_equal(scene_read(therapist, &safety).seen, "[closed, so with an epoch]");
        inproc_offline(therapist);
        if (i == 1) {
            memory_storage_reset(therapist->storage);
        }
        inproc_restart(therapist);
        inproc_sync(therapist);
        assert_true(i == 1 || scene.server.ops[OP_PAGE] == pages);
    }
    assert_string_equal(scene_read(therapist, &progress).seen, "[one][two][three]");
    assert_true(scene.server.ops[OP_PAGE] > pages);
    scene_close(&scene);
}

/* Goal: what others wrote in between is fetched, and the own entry with it. Method: two devices of
 * one therapist; the one writes before it heard of the other's note. */
static void test_entries_of_others_are_fetched(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct inproc_person second;
    scene_device(&scene.therapist, &second);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    scene_refresh(&second);
    inproc_sync(&scene.therapist);
    uint64_t ticket = 0;
    (void)scene_write(&scene.therapist, &progress, NULL, REVISION_DRAFT, "mine", &ticket);
    (void)scene_note(&second, &progress, "theirs");
    uint64_t pages = scene.server.ops[OP_PAGE];
    scene_wait(&scene.therapist, ticket);
    assert_true(scene.server.ops[OP_PAGE] > pages);
    assert_string_equal(scene_read(&scene.therapist, &progress).seen, "[theirs][mine]");
    inproc_person_free(&second);
    scene_close(&scene);
}

/* Goal: an auditor's proof of the whole log, and a look at it, leave one line each, however many
 * pages they take. Method: a log of more than two pages. */
static void test_one_look_is_one_line(void **state)
{
    (void)state;
    struct day day = {.did = 0};
    open_day(&day);
    inproc_sync(&day.scene.therapist);
    for (size_t i = 0; i < 2 * EVENTS_PER_PAGE_MAX; i++) {
        (void)writes(&day, &day.scene.therapist, &day.progress[0], NULL, REVISION_DRAFT);
    }
    inproc_sync(&day.auditor);
    inproc_sync(&day.scene.client);
    uint64_t before = log_size(&day.scene.server);
    uint64_t ticket = 0;
    OK(query_verify_all(day.auditor.engine, &ticket));
    scene_wait(&day.auditor, ticket);
    assert_int_equal(log_size(&day.scene.server), before + 1);
    looks(&day, &day.auditor, &(struct query_terms){.scope = ACTION_LOG_ALL});
    assert_int_equal(log_size(&day.scene.server), before + 2);
    struct query_terms chart = {.scope = ACTION_LOG_CHART, .chart = day.scene.chart};
    looks(&day, &day.scene.client, &chart);
    assert_int_equal(log_size(&day.scene.server), before + 3);
    /* The same question again is another look. */
    looks(&day, &day.auditor, &(struct query_terms){.scope = ACTION_LOG_ALL});
    assert_int_equal(log_size(&day.scene.server), before + 4);
    close_day(&day);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_day_leaves_a_line_for_each_thing_done),
        cmocka_unit_test(test_polls_leave_nothing),
        cmocka_unit_test(test_own_writes_do_not_come_back),
        cmocka_unit_test(test_entries_of_others_are_fetched),
        cmocka_unit_test(test_one_look_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
