/* Who is let in, what is counted of those who are not, and when a door closes again. */
#include "tests/unit/core/core_scene.h"

#include "proto/alcove.pb-c.h"
#include "proto/message.h"
#include "proto/words.h"

static struct scene_login login_of(const struct make_person *person, size_t device)
{
    return (struct scene_login){.signer = &person->device[device].login,
                                .member = person->id,
                                .device = person->device[device].statement};
}

/* A refused login leaves no event of its own. */
static void refused(struct scene *scene, const struct scene_login *login)
{
    scene->events = 0;
    assert_int_equal(scene_login(scene, login), STATUS_REFUSED);
    assert_true(scene->answer.produce == NULL);
    assert_null(scene->answer.body);
    assert_true(scene->answer.close);
    assert_false(scene->answer.login);
}

/* Goal: a member at a device is let in with one event. Method: C1. */
static void test_let_in(void **state)
{
    struct scene *scene = *state;
    struct scene_login login = login_of(scene->p->c1, 0);
    OK(scene_login(scene, &login));
    assert_true(scene->answer.login);
    assert_false(scene->answer.close);
    assert_memory_equal(&scene->answer.peer.member, &scene->p->c1->id, ID_BYTES);
    scene_expect_event(scene, ACTION_LOGIN, OUTCOME_OK);
}

/* Goal: everything wrong is one answer. Method: each wrong thing alone. */
static void test_one_refusal(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_key other = make_key_new();
    struct scene_login login = login_of(p->c1, 0);
    login.signer = &other;
    refused(scene, &login);
    login = login_of(p->c1, 0);
    memset(&login.member, 0x11, sizeof login.member);
    refused(scene, &login);
    login = login_of(p->c1, 0);
    memset(&login.device, 0x11, sizeof login.device);
    refused(scene, &login);
    login = login_of(p->c1, 0);
    login.device = p->t1->device[0].statement;
    refused(scene, &login);
    /* A device that was revoked. */
    OK(scene_take(scene, p->t1, make_device_statement(scene->w, p->t1)));
    login = login_of(p->t1, 1);
    OK(scene_login(scene, &login));
    OK(scene_take(scene, p->t1,
                  make_device_revocation(scene->w, p->t1, &p->t1->device[1].statement, p->t1, 0)));
    refused(scene, &login);
}

/* Goal: who is suspended is told, and so is who has seen more than there is: both sent away
 * with an event, neither let in. Method: both, then resumed. */
static void test_suspended_and_rewound(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct scene_login login = login_of(p->t2, 0);
    OK(scene_take(scene, p->ad1, make_suspension(scene->w, p->t2, p->ad1, true)));
    assert_int_equal(scene_login(scene, &login), STATUS_SUSPENDED);
    assert_false(scene->answer.login);
    assert_true(scene->answer.close);
    scene_expect_event(scene, ACTION_LOGIN, OUTCOME_REFUSED);
    OK(scene_take(scene, p->ad1, make_suspension(scene->w, p->t2, p->ad1, false)));
    login.seen.statements_size = scene_size(scene, LEDGER_STATEMENTS) + 1;
    memset(&login.seen.statements_root, 1, HASH_BYTES);
    assert_int_equal(scene_login(scene, &login), STATUS_REWOUND);
    assert_false(scene->answer.login);
    assert_true(scene->answer.close);
    login = login_of(p->t2, 0);
    OK(scene_login(scene, &login));
}

/* Goal: a server that may not go on lets nobody in and writes nothing; strangers learn nothing of it,
 * members hear that it is read-only, and those who have seen more that it was set back, with its sizes. */
static void test_turned_away(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct scene_login login = login_of(p->t1, 0);
    OK(scene_take(scene, p->ad1, make_suspension(scene->w, p->t2, p->ad1, true)));
    scene->turned_away = true;
    assert_int_equal(scene_login(scene, &login), STATUS_READ_ONLY);
    assert_true(scene->answer.close && !scene->answer.login && scene->answer.produce == NULL);
    login.seen.statements_size = scene_size(scene, LEDGER_STATEMENTS);
    memset(&login.seen.statements_root, 1, HASH_BYTES);
    assert_int_equal(scene_login(scene, &login), STATUS_READ_ONLY);
    login.seen.statements_size++;
    assert_int_equal(scene_login(scene, &login), STATUS_REWOUND);
    assert_true(scene->answer.close && !scene->answer.login && scene->answer.produce != NULL);
    assert_int_equal(scene->answer.from, scene_size(scene, LEDGER_STATEMENTS));
    assert_int_equal(scene->answer.to, scene_size(scene, LEDGER_EVENTS));
    login = login_of(p->t2, 0);
    assert_int_equal(scene_login(scene, &login), STATUS_SUSPENDED);
    struct make_key other = make_key_new();
    login = login_of(p->t1, 0);
    login.signer = &other;
    refused(scene, &login);
    login = login_of(p->t1, 0);
    memset(&login.member, 0x11, sizeof login.member);
    refused(scene, &login);
    Alcove__BundleAsk bundle = ALCOVE__BUNDLE_ASK__INIT;
    assert_int_equal(scene_ask(scene, NULL, 0, OP_BUNDLE, &bundle.base), STATUS_READ_ONLY);
    Alcove__StateAsk ask = ALCOVE__STATE_ASK__INIT;
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_STATE, &ask.base), STATUS_READ_ONLY);
    assert_true(scene->answer.close && scene->answer.body == NULL);
}

/* Goal: a peer that was let in is judged again at each request. Method: revoke its device,
 * suspend its member, end its connection: the next request is refused, closes and is written. */
static void test_judged_again(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    Alcove__StateAsk ask = ALCOVE__STATE_ASK__INIT;
    OK(scene_take(scene, p->t1, make_device_statement(scene->w, p->t1)));
    OK(scene_ask(scene, p->t1, 1, OP_STATE, &ask.base));
    OK(scene_take(scene, p->t1,
                  make_device_revocation(scene->w, p->t1, &p->t1->device[1].statement, p->t1, 0)));
    assert_int_equal(scene_ask(scene, p->t1, 1, OP_STATE, &ask.base), STATUS_REFUSED);
    assert_true(scene->answer.close);
    scene_expect_event(scene, ACTION_SYNC_AUTHORITY, OUTCOME_REFUSED);
    OK(scene_ask(scene, p->t1, 0, OP_STATE, &ask.base));
    scene->ended = true;
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_STATE, &ask.base), STATUS_REFUSED);
    scene->ended = false;
    OK(scene_take(scene, p->ad1, make_suspension(scene->w, p->t2, p->ad1, true)));
    assert_int_equal(scene_ask(scene, p->t2, 0, OP_STATE, &ask.base), STATUS_REFUSED);
    assert_true(scene->answer.close);
}

/* Goal: malformed requests are limited per device and minute. Method: one more than allowed
 * closes; another device is not concerned; the next minute counts anew. */
static void test_malformed_limit(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    for (unsigned i = 0; i < MALFORMED_PER_DEVICE_PER_MINUTE_MAX; i++) {
        assert_int_equal(scene_ask(scene, p->t1, 0, i % 2 == 0 ? 9999 : OP_STATE, NULL),
                         STATUS_MALFORMED);
        assert_false(scene->answer.close);
        scene_expect_event(scene, ACTION_MALFORMED, OUTCOME_REFUSED);
    }
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_STATE, NULL), STATUS_MALFORMED);
    assert_true(scene->answer.close);
    assert_int_equal(scene_ask(scene, p->t2, 0, OP_STATE, NULL), STATUS_MALFORMED);
    assert_false(scene->answer.close);
    scene->w->time_ms += 60000;
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_STATE, NULL), STATUS_MALFORMED);
    assert_false(scene->answer.close);
}

static uint64_t flush(struct scene *scene, bool end)
{
    uint64_t before = scene_size(scene, LEDGER_EVENTS);
    struct txn *txn = NULL;
    OK(db_begin_write(scene->db, &txn));
    OK(end ? core_flush(scene->core, txn, scene->w->time_ms)
           : core_tick(scene->core, txn, scene->w->time_ms));
    OK(db_commit(txn));
    core_effects_clear(scene->core);
    return scene_size(scene, LEDGER_EVENTS) - before;
}

/* Goal: refused logins are counted by address and minute, the many in one line. Method: 70
 * addresses, one of them thrice; the minute's end; then one more, at the end of service. */
static void test_refused_are_counted(void **state)
{
    struct scene *scene = *state;
    struct scene_login login = login_of(scene->p->c1, 0);
    memset(&login.member, 0x11, sizeof login.member);
    for (unsigned i = 0; i < 70; i++) {
        login.source = (uint8_t)i;
        refused(scene, &login);
    }
    login.source = 0;
    refused(scene, &login);
    refused(scene, &login);
    assert_false(core_tick_due(scene->core, scene->w->time_ms));
    scene->w->time_ms += 60000;
    assert_true(core_tick_due(scene->core, scene->w->time_ms));
    assert_int_equal(flush(scene, false), LOGIN_REFUSED_ADDRESSES_PER_MINUTE_MAX + 1);
    scene_expect_event(scene, ACTION_LOGIN_REFUSED, OUTCOME_REFUSED);
    struct txn *txn = NULL;
    OK(db_begin_read(scene->db, &txn));
    struct event_stored event;
    OK(events_get(txn, ledger_size(txn, LEDGER_EVENTS) - 1 - LOGIN_REFUSED_ADDRESSES_PER_MINUTE_MAX,
                  &event));
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__event_open__descriptor, event.open, &arena, &message));
    assert_int_equal(((const Alcove__EventOpen *)(const void *)message)->count, 3);
    arena_free(&arena);
    db_abort(txn);
    assert_false(core_flush_due(scene->core));
    refused(scene, &login);
    assert_true(core_flush_due(scene->core));
    assert_int_equal(flush(scene, true), 1);
    assert_false(core_flush_due(scene->core));
}

/* The sum of the counts in the events |from| to the newest, and how many of them are counts. */
static uint64_t counted_since(struct scene *scene, uint64_t from, size_t *out_lines)
{
    struct txn *txn = NULL;
    OK(db_begin_read(scene->db, &txn));
    *out_lines = 0;
    uint64_t sum = 0;
    for (uint64_t seq = from; seq < ledger_size(txn, LEDGER_EVENTS); seq++) {
        struct event_stored event;
        OK(events_get(txn, seq, &event));
        struct arena arena = {0};
        ProtobufCMessage *message = NULL;
        OK(message_decode(&alcove__event_open__descriptor, event.open, &arena, &message));
        const Alcove__EventOpen *open = (const Alcove__EventOpen *)(const void *)message;
        if (open->action == ACTION_LOGIN_REFUSED) {
            sum += open->count;
            (*out_lines)++;
        }
        arena_free(&arena);
    }
    db_abort(txn);
    return sum;
}

/* Goal: who is refused fills no log, and none of what they asked is left out of it. Method: in
 * each of three minutes a suspended member logs in 500 times and asks 500 times on a connection
 * from before; then a minute of silence, after which the next ask is an event again. */
static void test_sent_away_are_counted(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct scene_login login = login_of(p->t2, 0);
    Alcove__StateAsk ask = ALCOVE__STATE_ASK__INIT;
    OK(scene_take(scene, p->ad1, make_suspension(scene->w, p->t2, p->ad1, true)));
    scene->w->time_ms += 60000 - scene->w->time_ms % 60000;
    uint64_t before = scene_size(scene, LEDGER_EVENTS);
    for (unsigned minute = 0; minute < 3; minute++) {
        for (unsigned i = 0; i < 500; i++) {
            scene->events = minute == 0 && i == 0 ? 1 : 0;
            assert_int_equal(scene_login(scene, &login), STATUS_SUSPENDED);
            assert_true(scene->answer.close);
            scene->events = 0;
            assert_int_equal(scene_ask(scene, p->t2, 0, OP_STATE, &ask.base), STATUS_REFUSED);
            assert_true(scene->answer.close);
        }
        assert_false(core_tick_due(scene->core, scene->w->time_ms));
        scene->w->time_ms += 60000;
        assert_true(core_tick_due(scene->core, scene->w->time_ms));
        assert_int_equal(flush(scene, false), 1);
        scene_expect_event(scene, ACTION_LOGIN_REFUSED, OUTCOME_REFUSED);
    }
    size_t lines = 0;
    assert_int_equal(counted_since(scene, before, &lines), 3 * 1000 - 1);
    assert_int_equal(lines, 3);
    assert_int_equal(scene_size(scene, LEDGER_EVENTS) - before, 4);
    scene->w->time_ms += 60000;
    assert_int_equal(scene_login(scene, &login), STATUS_SUSPENDED);
    scene_expect_event(scene, ACTION_LOGIN, OUTCOME_REFUSED);
    scene->events = 0;
    assert_int_equal(scene_login(scene, &login), STATUS_SUSPENDED);
    assert_true(core_flush_due(scene->core));
    assert_int_equal(flush(scene, true), 1);
    assert_false(core_flush_due(scene->core));
}

/* Goal: the counting is of each device by itself. Method: a suspended member asks; a device of
 * another member that was revoked has its event all the same, and whoever is in is not concerned. */
static void test_sent_away_one_by_one(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    Alcove__StateAsk ask = ALCOVE__STATE_ASK__INIT;
    OK(scene_take(scene, p->t1, make_device_statement(scene->w, p->t1)));
    OK(scene_take(scene, p->t1,
                  make_device_revocation(scene->w, p->t1, &p->t1->device[1].statement, p->t1, 0)));
    OK(scene_take(scene, p->ad1, make_suspension(scene->w, p->t2, p->ad1, true)));
    assert_int_equal(scene_ask(scene, p->t2, 0, OP_STATE, &ask.base), STATUS_REFUSED);
    assert_int_equal(scene_ask(scene, p->t1, 1, OP_STATE, &ask.base), STATUS_REFUSED);
    OK(scene_ask(scene, p->t1, 0, OP_STATE, &ask.base));
    OK(scene_ask(scene, p->t1, 0, OP_STATE, &ask.base));
    scene->events = 0;
    assert_int_equal(scene_ask(scene, p->t1, 1, OP_STATE, &ask.base), STATUS_REFUSED);
}

/* Goal: also when the clock was set back there is one line a minute. Method: the clock an hour
 * before the newest line of the log. */
static void test_refused_with_the_clock_back(void **state)
{
    struct scene *scene = *state;
    struct scene_login login = login_of(scene->p->c1, 0);
    memset(&login.member, 0x11, sizeof login.member);
    scene->now_ms = scene->w->time_ms - 3600000;
    refused(scene, &login);
    assert_false(core_tick_due(scene->core, scene->now_ms));
    assert_true(core_tick_due(scene->core, scene->now_ms + 60000));
}

/* Goal: a batch that is aborted takes its counts back. Method: a refused login that is never
 * committed; nothing is left to write. */
static void test_aborted_counts(void **state)
{
    struct scene *scene = *state;
    Alcove__BundleAsk bundle = ALCOVE__BUNDLE_ASK__INIT;
    struct core_ask ask = {.op = OP_BUNDLE, .message = &bundle.base};
    struct txn *txn = NULL;
    OK(db_begin_write(scene->db, &txn));
    struct core_answer answer = {0};
    OK(core_handle(scene->core, txn, &ask, scene->w->time_ms, &answer));
    assert_int_equal(answer.status, STATUS_REFUSED);
    db_abort(txn);
    assert_true(core_flush_due(scene->core));
    core_take_back(scene->core);
    assert_false(core_flush_due(scene->core));
}

/* Goal: before login there is nothing but bundle and enrolment. Method: every op without a
 * peer: closed, no event. */
static void test_before_login(void **state)
{
    struct scene *scene = *state;
    Alcove__StateAsk ask = ALCOVE__STATE_ASK__INIT;
    for (uint32_t op = OP_STATE; op <= OP_EVENT_LEAVES; op++) {
        scene->events = 0;
        assert_int_equal(scene_ask(scene, NULL, 0, op, &ask.base), STATUS_MALFORMED);
        assert_true(scene->answer.close);
    }
    /* And afterwards these are not for a member. */
    assert_int_equal(scene_ask(scene, scene->p->t1, 0, OP_BUNDLE, &ask.base), STATUS_MALFORMED);
    assert_int_equal(scene_ask(scene, scene->p->t1, 0, OP_ENROL, &ask.base), STATUS_MALFORMED);
    assert_int_equal(scene_ask(scene, scene->p->t1, 0, OP_MEET, &ask.base), STATUS_MALFORMED);
    assert_int_equal(scene_ask(scene, scene->p->t1, 0, CORE_OP_LOGIN, &ask.base), STATUS_MALFORMED);
}

/* Goal: whoever guesses at meetings is one more refused attempt. Method: an offer of nobody, of a member
 * unsigned, and a way into no meeting; no event, and the connection ends. */
static void test_meetings_of_nobody(void **state)
{
    struct scene *scene = *state;
    static uint8_t bytes[SIGNATURE_BYTES] = "nobody signed this";
    Alcove__MeetOpenAsk offer = ALCOVE__MEET_OPEN_ASK__INIT;
    Alcove__MeetAsk ask = ALCOVE__MEET_ASK__INIT;
    scene->events = 0;
    for (int what = 0; what < 4; what++, scene->events = 0) {
        offer.member = field_of(bytes, ID_BYTES);
        if (what > 0) {
            offer.place = field_of(bytes, ID_BYTES);
            offer.host = field_of(bytes + 16, ID_BYTES);
            offer.bundle = field_of(bytes, 8);
            offer.signature = field_of(bytes, SIGNATURE_BYTES);
            ask.place = offer.place;
        }
        if (what > 1) {
            offer.member = field_of(scene->p->t1->id.bytes, ID_BYTES);
            offer.device = field_of(scene->p->t1->device[0].statement.bytes, HASH_BYTES);
        }
        const ProtobufCMessage *body = what == 3 ? &ask.base : &offer.base;
        uint32_t op = what == 3 ? OP_MEET : OP_MEET_OPEN;
        assert_int_equal(scene_ask(scene, NULL, 0, op, body), STATUS_REFUSED);
    }
    assert_true(core_flush_due(scene->core));
}

static enum status enrol(struct scene *scene, struct made made)
{
    Alcove__EnrolAsk ask = ALCOVE__ENROL_ASK__INIT;
    ask.statement = field_of(made.bytes.data, made.bytes.size);
    return scene_ask(scene, NULL, 0, OP_ENROL, &ask.base);
}

static void take_device_id(void *context, ProtobufCMessage *body)
{
    ((Alcove__Enrolment *)(void *)body)->device->device = field_of(context, ID_BYTES);
}

/* Goal: an invitation is used once; its lost answer can be asked for again. Method: enrol,
 * the same bytes again, another enrolment for it, one with a device id that is taken. */
static void test_enrol(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_person *newcomer = make_stranger(scene->w, ROLE_THERAPIST);
    struct make_person *second = make_stranger(scene->w, ROLE_THERAPIST);
    OK(scene_take(scene, p->ad1, make_invitation(scene->w, newcomer, p->ad1, NULL)));
    struct made enrolment = make_enrolment(scene->w, newcomer);
    OK(enrol(scene, enrolment));
    scene_expect_event(scene, ACTION_ENROL, OUTCOME_OK);
    (void)make_take(scene->w, enrolment);
    scene->events = 0;
    assert_int_equal(enrol(scene, enrolment), STATUS_ALREADY);
    OK(scene_take(scene, p->ad1, make_invitation(scene->w, second, p->ad1, NULL)));
    scene->w->tamper = take_device_id;
    scene->w->tamper_context = p->t1->device[0].id.bytes;
    enrolment = make_enrolment(scene->w, second);
    scene->w->tamper = NULL;
    scene->events = 0;
    assert_int_equal(enrol(scene, enrolment), STATUS_REFUSED);
    assert_true(scene->answer.close);
    enrolment = make_enrolment(scene->w, second);
    scene->now_ms = scene->w->time_ms + 365ull * 86400000u;
    scene->events = 0;
    assert_int_equal(enrol(scene, enrolment), STATUS_REFUSED); /* expired */
}

struct claim {
    Alcove__Seen seen;
    struct hash root;
};

static void claim_seen(void *context, ProtobufCMessage *body)
{
    struct claim *claim = context;
    ((Alcove__Enrolment *)(void *)body)->link->seen = &claim->seen;
}

/* Goal: no newcomer says of the logs what is not so: it would stand in the log for ever, and every
 * client stops at it. Method: an enrolment that has seen more statements than there are, another root,
 * and events that nobody has. */
static void test_enrolment_that_saw_another_history(void **state)
{
    struct scene *scene = *state;
    struct make_person *newcomer = make_stranger(scene->w, ROLE_THERAPIST);
    OK(scene_take(scene, scene->p->ad1, make_invitation(scene->w, newcomer, scene->p->ad1, NULL)));
    static const uint64_t sizes[][2] = {{1u << 20, 0}, {3, 0}, {0, 1u << 20}, {0, 3}};
    struct claim claim = {.root.bytes = {1}};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        alcove__seen__init(&claim.seen);
        claim.seen.statements_size = sizes[i][0];
        claim.seen.events_size = sizes[i][1];
        ProtobufCBinaryData root = field_of(claim.root.bytes, HASH_BYTES);
        *(sizes[i][0] > 0 ? &claim.seen.statements_root : &claim.seen.events_root) = root;
        scene->w->tamper = claim_seen;
        scene->w->tamper_context = &claim;
        scene->events = 0;
        assert_int_equal(enrol(scene, make_enrolment(scene->w, newcomer)), STATUS_REFUSED);
        assert_true(scene->answer.close);
    }
    OK(enrol(scene, make_enrolment(scene->w, newcomer)));
}

/* Goal: the clock of decisions never goes back. Method: a grant that has ended stays ended
 * when the server's clock is set back before its end. */
static void test_clock_back(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    Alcove__PageAsk page = ALCOVE__PAGE_ASK__INIT;
    Alcove__StateAsk ask = ALCOVE__STATE_ASK__INIT;
    OK(scene_take(scene, p->ad1,
                  make_relation(scene->w, p->c1, p->t3, RELATION_TREATS, 0, p->ad1)));
    uint64_t until = scene->w->time_ms + 100000;
    (void)scene_share(scene, progress, p->t3, RIGHT_READ, until, p->t1);
    page.section = field_of(progress->id.bytes, ID_BYTES);
    page.from = progress->timeline.number + 1;
    page.purpose = PURPOSE_TREAT;
    scene->events = 0; /* nothing new, but not refused */
    OK(scene_ask(scene, p->t3, 0, OP_PAGE, &page.base));
    scene->now_ms = until + 1000;
    OK(scene_ask(scene, p->t1, 0, OP_STATE, &ask.base));
    assert_int_equal(scene_ask(scene, p->t3, 0, OP_PAGE, &page.base), STATUS_REFUSED);
    scene->now_ms = until - 50000;
    assert_int_equal(scene_ask(scene, p->t3, 0, OP_PAGE, &page.base), STATUS_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_let_in),
        SCENE_TEST(test_one_refusal),
        SCENE_TEST(test_suspended_and_rewound),
        SCENE_TEST(test_turned_away),
        SCENE_TEST(test_judged_again),
        SCENE_TEST(test_malformed_limit),
        SCENE_TEST(test_refused_are_counted),
        SCENE_TEST(test_sent_away_are_counted),
        SCENE_TEST(test_sent_away_one_by_one),
        SCENE_TEST(test_refused_with_the_clock_back),
        SCENE_TEST(test_aborted_counts),
        SCENE_TEST(test_before_login),
        SCENE_TEST(test_meetings_of_nobody),
        SCENE_TEST(test_enrol),
        SCENE_TEST(test_enrolment_that_saw_another_history),
        SCENE_TEST(test_clock_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
