/* The committer: order, signer, store and connections that end. */
#include "tests/unit/run/kit.h"

#include "proto/message.h"
#include "proto/words.h"

#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

/* Goal: an answer leaves only under heads that cover its event, in the order of the requests.
 * Method: one batch of five by two connections. */
static void test_order(void **state)
{
    struct kit r;
    kit_start(&r, *state, NULL);
    struct guest *a = kit_log_in(&r, r.scene->p->t1);
    struct guest *b = kit_log_in(&r, r.scene->p->t2);
    kit_gather(&r, a);
    kit_lock();
    assert_int_equal(kit_shared.count, 2); /* durable, but not signed: not answered */
    kit_unlock();
    for (int i = 0; i < 5; i++) {
        kit_offer(&r, i % 2 == 0 ? a : b, OP_EVENTS, &kit_look_ask.base);
    }
    kit_hold_signer(false);
    kit_wait(8);
    uint64_t last = 0;
    for (size_t i = 2; i < 8; i++) {
        OK(kit_shared.answers[i].status);
        assert_true(kit_shared.answers[i].event > last);
        last = kit_shared.answers[i].event;
        assert_true(kit_shared.answers[i].signed_events > last);
    }
    assert_int_equal(kit_shared.answers[3].connection, 1);
    assert_int_equal(kit_shared.answers[4].connection, 2);
    kit_stop(&r);
}

static void refuse_to_sign(unsigned times)
{
    kit_lock();
    kit_shared.refusals = times;
    kit_unlock();
}

/* After refuse_to_sign(UINT_MAX). */
static void wait_for_refusals(unsigned times)
{
    unsigned left = UINT_MAX;
    while (UINT_MAX - left < times) {
        (void)usleep(1000);
        kit_lock();
        left = kit_shared.refusals;
        kit_unlock();
    }
}

/* Goal: while the signer is silent nothing is acknowledged, and afterwards everything is; a signer
 * that is back at the next question is no trouble of anybody's. Method: it refuses once; then until
 * others were told UNAVAILABLE, of whose requests nothing was done. */
static void test_signer_away(void **state)
{
    struct kit r;
    kit_start(&r, *state, NULL);
    struct guest *a = kit_log_in(&r, r.scene->p->t1);
    struct guest *b = kit_log_in(&r, r.scene->p->t2);
    refuse_to_sign(1);
    kit_offer(&r, a, OP_EVENTS, &kit_look_ask.base);
    kit_wait(3);
    OK(kit_shared.answers[2].status);
    uint64_t events = scene_size(r.scene, LEDGER_EVENTS);
    refuse_to_sign(UINT_MAX);
    kit_offer(&r, a, OP_EVENTS, &kit_look_ask.base);
    wait_for_refusals(3);
    kit_offer(&r, b, OP_EVENTS, &kit_look_ask.base);
    kit_offer(&r, b, OP_EVENTS, &kit_look_ask.base);
    kit_wait(5);
    assert_int_equal(scene_size(r.scene, LEDGER_EVENTS), events + 1);
    for (size_t i = 3; i < 5; i++) {
        assert_int_equal(kit_shared.answers[i].status, STATUS_UNAVAILABLE);
        assert_int_equal(kit_shared.answers[i].connection, 2);
        assert_int_equal(kit_shared.answers[i].event, UINT64_MAX);
    }
    refuse_to_sign(0);
    kit_wait(6);
    OK(kit_shared.answers[5].status);
    assert_int_equal(kit_shared.answers[5].connection, 1);
    assert_true(kit_shared.answers[5].signed_events > kit_shared.answers[5].event);
    kit_offer(&r, b, OP_EVENTS, &kit_look_ask.base);
    kit_wait(7);
    OK(kit_shared.answers[6].status);
    kit_stop(&r);
}

/* Goal: a request that fails unexpectedly fails alone. Method: the middle one of a batch; each
 * of the others has one event, it has none. */
static void test_culprit_alone(void **state)
{
    Alcove__CheckpointAsk poison = ALCOVE__CHECKPOINT_ASK__INIT;
    struct kit r;
    kit_start(&r, *state, NULL);
    struct guest *a = kit_log_in(&r, r.scene->p->t1);
    kit_shared.poison = OP_CHECKPOINT;
    uint64_t events = scene_size(r.scene, LEDGER_EVENTS);
    kit_gather(&r, a);
    kit_offer(&r, a, OP_EVENTS, &kit_look_ask.base);
    kit_offer(&r, a, OP_CHECKPOINT, &poison.base);
    kit_offer(&r, a, OP_EVENTS, &kit_look_ask.base);
    kit_hold_signer(false);
    kit_wait(5);
    OK(kit_shared.answers[2].status);
    assert_int_equal(kit_shared.answers[3].status, STATUS_UNAVAILABLE);
    assert_int_equal(kit_shared.answers[3].event, UINT64_MAX);
    OK(kit_shared.answers[4].status);
    assert_int_equal(scene_size(r.scene, LEDGER_EVENTS), events + 3);
    kit_stop(&r);
}

/* Goal: when the disk fails the process ends and says nothing. Method: in a child, whose
 * answers would come through a pipe. */
static void test_disk_fails(void **state)
{
    struct scene *scene = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    db_close(scene->db); /* LMDB's environment must not cross a fork */
    core_close(scene->core);
    scene->db = NULL;
    scene->core = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    char byte;
    if (child == 0) {
        scene_restart(scene);
        struct kit r;
        kit_start(&r, scene, &ends[1]);
        struct guest *a = kit_log_in(&r, scene->p->t1);
        assert_int_equal(read(ends[0], &byte, 1), 1);
        kit_shared.commit = STATUS_IO;
        kit_offer(&r, a, OP_EVENTS, &kit_look_ask.base);
        kit_wait(3);
        _exit(0);
    }
    assert_int_equal(close(ends[1]), 0);
    int code = 0;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code));
    assert_int_equal(WEXITSTATUS(code), 70);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    assert_int_equal(close(ends[0]), 0);
    scene_restart(scene);
}

static Alcove__SubmitAsk submit_of(ProtobufCBinaryData *field, const struct made *made)
{
    Alcove__SubmitAsk ask = ALCOVE__SUBMIT_ASK__INIT;
    *field = field_of(made->bytes.data, made->bytes.size);
    ask.n_statement = 1;
    ask.statement = field;
    return ask;
}

/* Goal: somebody who went while their login waited for the signer is in no list when it is back.
 * Method: the signer is away, T1 logs in and goes; it is back, and T1 is suspended: nobody is there to
 * be sent away. */
static void test_gone_while_away(void **state)
{
    struct scene *scene = *state;
    struct kit r;
    kit_start(&r, scene, NULL);
    struct guest *ad1 = kit_log_in(&r, scene->p->ad1);
    refuse_to_sign(UINT_MAX);
    struct guest *t1 = kit_send_login(&r, scene->p->t1);
    wait_for_refusals(3); /* two at once, and one when it was asked again: the login is held */
    kit_offer_closed(&r, t1);
    kit_offer(&r, ad1, OP_EVENTS, &kit_look_ask.base);
    kit_wait(2);
    assert_int_equal(kit_shared.answers[1].status, STATUS_UNAVAILABLE);
    refuse_to_sign(0);
    kit_wait(3);
    OK(kit_shared.answers[2].status);
    struct made suspension = make_suspension(scene->w, scene->p->t1, scene->p->ad1, true);
    ProtobufCBinaryData field;
    Alcove__SubmitAsk ask = submit_of(&field, &suspension);
    kit_offer(&r, ad1, OP_SUBMIT, &ask.base);
    kit_wait(4);
    OK(kit_shared.answers[3].status);
    kit_stop(&r);
    assert_int_equal(kit_shared.cuts, 0);
    (void)make_take(scene->w, suspension);
}

/* Goal: whoever is suspended is sent away before any answer of that batch leaves; what still
 * comes from there is refused and listens to nothing, even after a resumption. Method: in one
 * batch suspend, resume and subscribe; then once more, and a write that would be pushed. */
static void test_sent_away(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *section = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    ProtobufCBinaryData id = field_of(section->id.bytes, ID_BYTES);
    Alcove__SubscribeAsk subscribe = ALCOVE__SUBSCRIBE_ASK__INIT;
    subscribe.n_section = 1;
    subscribe.section = &id;
    struct kit r;
    kit_start(&r, scene, NULL);
    struct guest *t1 = kit_log_in(&r, p->t1);
    struct guest *ad1 = kit_log_in(&r, p->ad1);
    struct made made[3];
    made[2] = make_epoch(scene->w, section, p->t1, 0);
    made[0] = make_suspension(scene->w, p->t1, p->ad1, true);
    Alcove__SubmitAsk asks[3];
    ProtobufCBinaryData fields[3];
    asks[0] = submit_of(&fields[0], &made[0]);
    asks[2] = submit_of(&fields[2], &made[2]);
    kit_offer(&r, t1, OP_SUBSCRIBE, &subscribe.base);
    kit_wait(3);
    OK(kit_shared.answers[2].status);
    kit_gather(&r, ad1);
    kit_offer(&r, ad1, OP_SUBMIT, &asks[0].base);
    kit_offer(&r, t1, OP_SUBMIT, &asks[2].base);
    kit_hold_signer(false);
    kit_wait(6);
    OK(kit_shared.answers[4].status);
    assert_int_equal(kit_shared.answers[5].status, STATUS_REFUSED);
    assert_true(kit_shared.answers[5].close);
    assert_int_equal(kit_shared.cuts, 1);
    assert_int_equal(kit_shared.cut_after, 4);
    assert_int_equal(kit_shared.pushes, 0);
    (void)make_take(scene->w, made[0]);
    made[1] = make_suspension(scene->w, p->t1, p->ad1, false);
    asks[1] = submit_of(&fields[1], &made[1]);
    /* Another id, or it would be another request under the same one. */
    {
        struct run_request *resume = kit_request(ad1, OP_SUBMIT, &asks[1].base);
        resume->ask.id = (struct request_id){{2}};
        assert_true(run_offer(r.run, resume));
    }
    kit_offer(&r, t1, OP_SUBSCRIBE, &subscribe.base);
    kit_offer(&r, t1, OP_SUBMIT, &asks[2].base);
    kit_wait(9);
    OK(kit_shared.answers[6].status);
    assert_int_equal(kit_shared.answers[7].status, STATUS_REFUSED);
    assert_int_equal(kit_shared.answers[8].status, STATUS_REFUSED);
    assert_int_equal(kit_shared.pushes, 0);
    kit_stop(&r);
}

/* Goal: subscribers hear of a change once. Method: one subscribed to a section named twice. */
static void test_push(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *section = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    ProtobufCBinaryData ids[] = {field_of(section->id.bytes, ID_BYTES),
                                 field_of(section->id.bytes, ID_BYTES)};
    Alcove__SubscribeAsk subscribe = ALCOVE__SUBSCRIBE_ASK__INIT;
    struct made epoch = make_epoch(scene->w, section, p->t1, 0);
    ProtobufCBinaryData field;
    Alcove__SubmitAsk ask = submit_of(&field, &epoch);
    subscribe.n_section = 2;
    subscribe.section = ids;
    struct kit r;
    kit_start(&r, scene, NULL);
    struct guest *t1 = kit_log_in(&r, p->t1);
    kit_offer(&r, t1, OP_SUBSCRIBE, &subscribe.base);
    kit_offer(&r, t1, OP_SUBMIT, &ask.base);
    kit_wait(3);
    kit_stop(&r);
    OK(kit_shared.answers[2].status);
    assert_int_equal(kit_shared.pushes, 1);
}

/* Goal: at the end the queue is worked off, refused logins are written down, and nothing more
 * is taken. Method: a bundle that does not exist, then the end. */
static void test_end(void **state)
{
    static const uint8_t zeros[32];
    struct guest *stranger = guest_new(9, zeros, zeros);
    Alcove__BundleAsk bundle = ALCOVE__BUNDLE_ASK__INIT;
    assert_non_null(stranger);
    struct kit r;
    kit_start(&r, *state, NULL);
    r.guests[r.count++] = stranger;
    kit_offer(&r, stranger, OP_BUNDLE, &bundle.base);
    run_finish(r.run);
    assert_int_equal(kit_shared.count, 1);
    assert_int_equal(kit_shared.answers[0].status, STATUS_REFUSED);
    uint32_t action = 0;
    uint32_t outcome = 0;
    scene_event(r.scene, 0, &action, &outcome);
    assert_int_equal(action, ACTION_LOGIN_REFUSED);
    struct run_request *late = kit_request(stranger, OP_BUNDLE, &bundle.base);
    assert_false(run_offer(r.run, late));
    run_request_free(late);
    run_free(r.run);
    guest_drop(stranger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_order),         SCENE_TEST(test_signer_away),
        SCENE_TEST(test_culprit_alone), SCENE_TEST(test_gone_while_away),
        SCENE_TEST(test_disk_fails),    SCENE_TEST(test_sent_away),
        SCENE_TEST(test_push),          SCENE_TEST(test_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
