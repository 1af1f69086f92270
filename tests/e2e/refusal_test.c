/*
 * Absent and forbidden are one answer, byte for byte; nobody is put in another's place; a
 * connection is one login.
 */
#include "tests/e2e/refusal.h"

#include "proto/message.h"
#include "server/store/ledger.h"
#include "tests/support/test.h"

#define ROUNDS 40u

static struct refusal refusal;

static int start(void **state)
{
    (void)state;
    refusal_start(&refusal);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    refusal_stop(&refusal);
    return 0;
}

static uint64_t events(void)
{
    struct txn *txn = NULL;
    assert_int_equal(db_begin_read(refusal.mirror.db, &txn), STATUS_OK);
    uint64_t size = ledger_size(txn, LEDGER_EVENTS);
    db_abort(txn);
    return size;
}

/* Goal: whatever names a thing, the answer for one that is not there and for one that one may
 * not know of is the same frame but for the request's id, after one event each. Method: each
 * request that names something, both ways, interleaved; by a therapist and by another client. */
static void test_absent_and_forbidden_are_one_answer(void **state)
{
    (void)state;
    struct live_person *asking[] = {&refusal.stranger, &refusal.other};
    for (size_t a = 0; a < ARRAY_LEN(asking); a++) {
        struct live_person *who = asking[a];
        live_sync(who);
        who->raw = true;
        for (int kind = 0; kind < REFUSAL_KINDS; kind++) {
            for (unsigned i = 0; i < ROUNDS; i++) {
                uint64_t before = events();
                uint64_t bytes = who->bytes;
                struct live_reply *reply =
                    refusal_ask(&refusal, who, (enum refusal_kind)kind, i % 2u == 0);
                bool subscribes = kind == REFUSAL_SUBSCRIBE;
                assert_true(reply->came);
                if (reply->status != STATUS_REFUSED && !subscribes) {
                    print_error("%s %s: %s\n", refusal_name((enum refusal_kind)kind),
                                i % 2u == 0 ? "absent" : "forbidden", status_name(reply->status));
                }
                assert_int_equal(reply->status, subscribes ? reply->status : STATUS_REFUSED);
                assert_int_equal(events(), before + 1u);
                if (!subscribes) {
                    assert_int_equal(reply->size, 0);
                    assert_int_equal(who->bytes - bytes, 2 + 2 + ID_BYTES + 2);
                }
            }
        }
        who->raw = false;
    }
}

/* Goal: a subscription tells neither. Method: both ways, each answer must have the same status
 * and size, and nothing is ever pushed, though the section moves on. */
static void test_subscribing_tells_nothing(void **state)
{
    (void)state;
    struct live_person *who = &refusal.stranger;
    live_sync(who);
    who->raw = true;
    uint64_t pushes = who->pushes;
    struct live_reply *reply = refusal_ask(&refusal, who, REFUSAL_SUBSCRIBE, true);
    enum status status = reply->status;
    size_t size = reply->size;
    reply = refusal_ask(&refusal, who, REFUSAL_SUBSCRIBE, false);
    assert_int_equal(reply->status, status);
    assert_int_equal(reply->size, size);
    (void)cast_write(&refusal.owner, &refusal.section, NULL, span_of("more", 4));
    live_rest(&refusal.live, 300);
    assert_int_equal(who->pushes, pushes);
    who->raw = false;
}

/* Goal: an admin cannot enrol somebody a second time under the same member id. Method: a
 * properly signed invitation for each of them, by the admin's device and by the root. */
static void test_nobody_is_put_in_a_members_place(void **state)
{
    (void)state;
    struct live_person *people[] = {&refusal.owner, &refusal.stranger, &refusal.client,
                                    &refusal.admin};
    live_sync(&refusal.admin);
    refusal.admin.raw = true;
    struct forge forge;
    forge_init(&refusal.mirror, &refusal.admin, &forge);
    struct live_reply *reply = forge_invite(&forge, ROLE_THERAPIST, NULL, NULL);
    assert_int_equal(reply->status, STATUS_OK); /* it would hold for a newcomer */
    reply = forge_root_invite(&forge, ROLE_ADMIN, NULL);
    assert_int_equal(reply->status, STATUS_OK);
    for (size_t i = 0; i < ARRAY_LEN(people); i++) {
        const struct member_id *member = &people[i]->content.member;
        uint64_t before = events();
        reply = forge_invite(&forge, ROLE_THERAPIST, NULL, member);
        assert_int_equal(reply->status, STATUS_REFUSED);
        assert_int_equal(reply->size, 0);
        reply = forge_root_invite(&forge, ROLE_ADMIN, member);
        assert_int_equal(reply->status, STATUS_REFUSED);
        assert_int_equal(reply->size, 0);
        assert_int_equal(events(), before + 2u);
    }
    refusal.admin.raw = false;
    live_sync(&refusal.owner); /* and nobody's client minds */
}

/* Its hello, and an answer to each of two logins unless the connection ended before. */
static bool both_answered(void *state)
{
    const struct live_person *person = state;
    return person->closed || person->frames >= person->awaited;
}

static bool login_waits(void *state)
{
    const struct live_person *person = state;
    struct engine_state now;
    engine_state(person->engine, &now);
    return now.phase == ENGINE_LOGIN || person->closed;
}

/* Goal: one connection is one login: a second one sent along with it does not count, whether
 * the server takes both at once or one after the other, and harms nobody. Method: the engine's
 * own login frame, twice in one message; several times; everybody goes on afterwards. */
static void test_second_login_does_not_count(void **state)
{
    (void)state;
    struct live_person *who = &refusal.stranger;
    struct span frame;
    for (unsigned i = 0; i < 8; i++) {
        live_disconnect(who);
        live_open(who);
        who->held = true; /* nothing goes out by itself */
        assert_true(live_until(&refusal.live, login_waits, who));
        assert_false(who->closed);
        assert_true(engine_next_frame(who->engine, &frame));
        assert_int_equal(wire_send(who->wire, frame), STATUS_OK);
        assert_int_equal(wire_send(who->wire, frame), STATUS_OK);
        who->deaf = true;
        who->awaited = who->frames + 2u;
        assert_true(live_until(&refusal.live, both_answered, who));
        who->held = false;
    }
    live_disconnect(who);
    live_connect(who);
    live_sync(&refusal.owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absent_and_forbidden_are_one_answer),
        cmocka_unit_test(test_subscribing_tells_nothing),
        cmocka_unit_test(test_nobody_is_put_in_a_members_place),
        cmocka_unit_test(test_second_login_does_not_count),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
