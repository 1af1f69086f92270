/* Several requests in one transaction, transactions that are aborted, and what time brings. */
#include "tests/unit/core/core_scene.h"

#include "proto/alcove.pb-c.h"
#include "proto/message.h"
#include "proto/words.h"
#include "server/core/internal.h"
#include "server/store/section_log.h"
#include "tests/support/authority_digest.h"

static uint64_t tick(struct scene *scene, uint64_t now_ms)
{
    uint64_t before = scene_size(scene, LEDGER_EVENTS);
    struct txn *txn = NULL;
    OK(db_begin_write(scene->db, &txn));
    OK(core_tick(scene->core, txn, now_ms));
    OK(db_commit(txn));
    core_effects_clear(scene->core);
    return scene_size(scene, LEDGER_EVENTS) - before;
}

/* Goal: a grant that the clock ends leaves one line and one entry, also if the server was
 * restarted in between, and closes the section. Method: tick before, at and after the end,
 * with restarts. */
static void test_end_by_clock(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    OK(scene_take(scene, p->ad1,
                  make_relation(scene->w, p->c1, p->t3, RELATION_TREATS, 0, p->ad1)));
    uint64_t until = scene->w->time_ms + 100000;
    (void)scene_share(scene, progress, p->t3, RIGHT_READ, until, p->t1);
    assert_false(core_tick_due(scene->core, until - 1));
    assert_true(core_tick_due(scene->core, until));
    scene_restart(scene);
    assert_true(core_tick_due(scene->core, until));
    assert_int_equal(tick(scene, until), 1);
    uint32_t action = 0;
    uint32_t outcome = 0;
    scene_event(scene, 0, &action, &outcome);
    assert_int_equal(action, ACTION_GRANT_ENDED);
    assert_int_equal(outcome, OUTCOME_OK);
    assert_false(core_tick_due(scene->core, until + 1000));
    scene_restart(scene);
    assert_false(core_tick_due(scene->core, until + 1000));
    assert_int_equal(tick(scene, until + 1000), 0);
    scene->w->time_ms = until + 1000;
    assert_int_equal(make_end_by_clock(scene->w), 1);
    assert_int_equal(scene_write(scene, progress, p->t1, 0, NULL, NULL, NULL), STATUS_NEEDS_EPOCH);
    OK(scene_take(scene, p->t1, make_epoch(scene->w, progress, p->t1, 0)));
    OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, NULL));
}

/* Goal: asking what is due moves no time, since the clock that is asked with may be a wrong one
 * that is never believed. Method: ask with a time a year ahead while nothing ends, then let a
 * grant that is made later end. */
static void test_asking_moves_no_time(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    OK(scene_take(scene, p->ad1,
                  make_relation(scene->w, p->c1, p->t3, RELATION_TREATS, 0, p->ad1)));
    assert_false(core_tick_due(scene->core, scene->w->time_ms + UINT64_C(365) * 24 * 3600 * 1000));
    uint64_t until = scene->w->time_ms + 100000;
    (void)scene_share(scene, progress, p->t3, RIGHT_READ, until, p->t1);
    assert_false(core_tick_due(scene->core, until - 1));
    assert_true(core_tick_due(scene->core, until));
    assert_int_equal(tick(scene, until), 1);
}

/* Goal: however many end at once, none is passed over. Method: more sections than are looked
 * at in one go, one grant each, all with one end. */
static void test_many_ends(void **state)
{
    enum { SECTIONS = 60 };
    struct scene *scene = *state;
    struct practice *p = scene->p;
    uint64_t until = scene->w->time_ms + 3600000;
    OK(scene_take(scene, p->ad1,
                  make_relation(scene->w, p->c1, p->t3, RELATION_TREATS, 0, p->ad1)));
    OK(scene_take(scene, p->ad1,
                  make_relation(scene->w, p->c1, p->t2, RELATION_TREATS, 0, p->ad1)));
    struct make_section *sections[SECTIONS];
    for (size_t i = 0; i < SECTIONS; i++) {
        sections[i] = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
        (void)scene_share(scene, sections[i], p->t3, RIGHT_READ, until, p->t1);
        (void)scene_share(scene, sections[i], p->t2, RIGHT_READ, until, p->t1);
    }
    assert_int_equal(tick(scene, until), 2 * SECTIONS);
    assert_int_equal(tick(scene, until), 0);
}

struct batch {
    struct scene *scene;
    struct txn *txn;
};

/* Judges a write of T1's inside an open transaction. */
static enum status write_in(struct batch *batch, const struct make_section *section,
                            struct make_revision *revision, struct request_id *id,
                            struct core_answer *answer)
{
    static const uint8_t wrap[WRAP_BYTES];
    static const uint8_t envelope[64];
    struct scene *scene = batch->scene;
    Alcove__SubmitAsk submit = ALCOVE__SUBMIT_ASK__INIT;
    Alcove__Revision wire = ALCOVE__REVISION__INIT;
    Alcove__Revision *list[] = {&wire};
    struct core_ask ask = {.op = OP_SUBMIT, .message = &submit.base, .revisions_verified = true};
    (void)section;
    struct core_peer peer;
    scene_peer(scene, scene->p->t1, 0, &peer);
    ask.peer = &peer;
    ask.id = *id;
    wire.context = field_of(revision->context, revision->context_size);
    wire.header = field_of(revision->header, revision->header_size);
    wire.signature = field_of(revision->signature.bytes, SIGNATURE_BYTES);
    wire.wrap = field_of(wrap, sizeof wrap);
    wire.envelope = field_of(envelope, sizeof envelope);
    submit.n_revision = 1;
    submit.revision = list;
    submit.purpose = PURPOSE_TREAT;
    OK(core_handle(scene->core, batch->txn, &ask, scene->w->time_ms, answer));
    return answer->status;
}

/* Goal: what an aborted batch did is nowhere: not stored, not remembered, not an effect, not
 * in the fold; and the same request goes through afterwards. Method: a section, an epoch and a
 * write in a transaction that is aborted; the digests before and after and of a reopened core
 * must agree. */
static void test_abort(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    struct batch batch = {.scene = scene};
    uint64_t events = scene_size(scene, LEDGER_EVENTS);
    struct make_revision revision;
    scene_revision(scene, progress, p->t1, 0, NULL, NULL, &revision);
    struct hash before;
    authority_digest(scene->core->authority, &before);
    OK(db_begin_write(scene->db, &batch.txn));
    struct request_id id = {{9}};
    struct core_answer answer = {0};
    OK(write_in(&batch, progress, &revision, &id, &answer));
    const struct core_effect *effects = NULL;
    assert_true(core_effects(scene->core, &effects) > 0);
    db_abort(batch.txn);
    core_take_back(scene->core);
    struct hash after;
    authority_digest(scene->core->authority, &after);
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(core_effects(scene->core, &effects), 0);
    assert_int_equal(scene_size(scene, LEDGER_EVENTS), events);
    struct hash taken_back;
    authority_facts_digest(scene->core->authority, &taken_back);
    OK(db_begin_write(scene->db, &batch.txn));
    OK(write_in(&batch, progress, &revision, &id, &answer));
    OK(db_commit(batch.txn));
    core_effects_clear(scene->core);
    core_answer_clear(&answer);
    assert_int_equal(scene_size(scene, LEDGER_EVENTS), events + 1);
    scene_restart(scene);
    struct hash reopened;
    authority_facts_digest(scene->core->authority, &reopened);
    assert_memory_equal(&taken_back, &reopened, sizeof reopened);
}

static enum status submit_in(struct batch *batch, const struct make_person *person,
                             const struct made *made, size_t count)
{
    struct scene *scene = batch->scene;
    Alcove__SubmitAsk submit = ALCOVE__SUBMIT_ASK__INIT;
    struct core_peer peer;
    struct core_ask ask = {.op = OP_SUBMIT, .peer = &peer, .message = &submit.base};
    scene_peer(scene, person, 0, &peer);
    ProtobufCBinaryData fields[2];
    for (size_t i = 0; i < count; i++) {
        fields[i] = field_of(made[i].bytes.data, made[i].bytes.size);
    }
    submit.n_statement = count;
    submit.statement = fields;
    memset(ask.id.bytes, 0x33, sizeof ask.id.bytes);
    memcpy(ask.id.bytes, &made[0].hash, sizeof ask.id.bytes / 2u);
    struct core_answer answer = {0};
    OK(core_handle(scene->core, batch->txn, &ask, scene->w->time_ms, &answer));
    enum status status = answer.status;
    core_answer_clear(&answer);
    return status;
}

/* Goal: an abort takes back statements of every chain, and what time brought. Method: one
 * transaction with the end of a grant, a new member, a relation ended, a suspension, a section
 * and a submit that is refused after its first statement; the digest is that from before, the end
 * is due again, and all goes through at last. */
static void test_abort_of_statements(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    struct make_person *stranger = make_stranger(scene->w, ROLE_THERAPIST);
    struct batch batch = {.scene = scene};
    const struct make_person *const by[] = {p->ad1, p->ad1, p->ad1, p->t2, p->ad1};
    OK(scene_take(scene, p->ad1,
                  make_relation(scene->w, p->c1, p->t3, RELATION_TREATS, 0, p->ad1)));
    (void)scene_share(scene, progress, p->t3, RIGHT_READ, scene->w->time_ms + 60000, p->t1);
    scene->w->time_ms += 60000;
    struct made two[2];
    two[0] = make_epoch(scene->w, progress, p->t1, 0);
    two[1] = two[0];
    struct made five[5];
    five[0] = make_invitation(scene->w, stranger, p->ad1, NULL);
    five[1] = make_relation_end(scene->w, p->c1, &p->t1_treats_c1, p->ad1);
    five[2] = make_suspension(scene->w, p->t3, p->ad1, true);
    struct make_section *made = NULL;
    five[3] = make_section_statement(scene->w, CLASS_PROGRESS, p->c2, p->t2, &made);
    five[4] = make_delegation(scene->w, p->t1, p->ad1, 0);
    struct hash before;
    authority_digest(scene->core->authority, &before);
    OK(db_begin_write(scene->db, &batch.txn));
    OK(core_tick(scene->core, batch.txn, scene->w->time_ms));
    assert_int_not_equal(submit_in(&batch, p->t1, two, 2), STATUS_OK);
    for (size_t i = 0; i < ARRAY_LEN(five); i++) {
        OK(submit_in(&batch, by[i], &five[i], 1));
    }
    assert_non_null(authority_section(scene->core->authority, &made->id));
    db_abort(batch.txn);
    core_take_back(scene->core);
    struct hash after;
    authority_digest(scene->core->authority, &after);
    assert_memory_equal(&before, &after, sizeof before);
    assert_true(core_tick_due(scene->core, scene->w->time_ms));
    assert_int_equal(tick(scene, scene->w->time_ms), 1);
    assert_int_equal(make_end_by_clock(scene->w), 1);
    scene->events = 2; /* and the echo where the relation counted */
    OK(scene_take(scene, p->ad1, five[1]));
    OK(scene_take(scene, p->t2, five[3]));
    OK(scene_take(scene, p->ad1, five[0]));
}

/* Goal: within one batch each request sees the one before. Method: two writes from one head in
 * one transaction: the second is a conflict; a retry of the first gets its answer. */
static void test_in_one_batch(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    struct batch batch = {.scene = scene};
    struct make_revision one;
    scene_revision(scene, progress, p->t1, 0, NULL, NULL, &one);
    struct make_revision two;
    scene_revision(scene, progress, p->t1, 0, NULL, NULL, &two);
    OK(db_begin_write(scene->db, &batch.txn));
    struct request_id first = {{1}};
    struct core_answer answer = {0};
    OK(write_in(&batch, progress, &one, &first, &answer));
    struct request_id second = {{2}};
    assert_int_equal(write_in(&batch, progress, &two, &second, &answer), STATUS_CONFLICT);
    OK(write_in(&batch, progress, &one, &first, &answer));
    OK(db_commit(batch.txn));
    core_effects_clear(scene->core);
    core_answer_clear(&answer);
}

/* Goal: who loses a section is named once, and who is sent away too. Method: the effects of a
 * revocation, of another statement after it, and of a suspension. */
static void test_effects(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    OK(scene_take(scene, p->ad1,
                  make_relation(scene->w, p->c1, p->t3, RELATION_TREATS, 0, p->ad1)));
    struct hash grant = scene_share(scene, progress, p->t3, RIGHT_READ, 0, p->t1);
    struct made statements[3];
    size_t lost[3] = {0};
    size_t out[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        const struct make_person *signer = i < 2 ? p->t1 : p->ad1;
        Alcove__SubmitAsk submit = ALCOVE__SUBMIT_ASK__INIT;
        struct core_ask ask = {
            .op = OP_SUBMIT, .message = &submit.base, .id = {{(uint8_t)(i + 1)}}};
        statements[i] = i == 0   ? make_revocation(scene->w, progress, &grant, p->t1)
                        : i == 1 ? make_epoch(scene->w, progress, p->t1, 0)
                                 : make_suspension(scene->w, p->t2, p->ad1, true);
        struct core_peer peer;
        scene_peer(scene, signer, 0, &peer);
        ask.peer = &peer;
        ProtobufCBinaryData field = field_of(statements[i].bytes.data, statements[i].bytes.size);
        submit.n_statement = 1;
        submit.statement = &field;
        struct txn *txn = NULL;
        OK(db_begin_write(scene->db, &txn));
        struct core_answer answer = {0};
        OK(core_handle(scene->core, txn, &ask, scene->w->time_ms, &answer));
        OK(answer.status);
        OK(db_commit(txn));
        const struct core_effect *effects = NULL;
        for (size_t e = core_effects(scene->core, &effects); e > 0; e--) {
            lost[i] += effects[e - 1].kind == CORE_EFFECT_LOST;
            out[i] += effects[e - 1].kind == CORE_EFFECT_OUT;
            if (effects[e - 1].kind == CORE_EFFECT_LOST) {
                assert_memory_equal(&effects[e - 1].member, &p->t3->id, ID_BYTES);
            }
        }
        core_effects_clear(scene->core);
        core_answer_clear(&answer);
        (void)make_take(scene->w, statements[i]);
    }
    assert_int_equal(lost[0], 1);
    assert_int_equal(lost[1], 0);
    assert_int_equal(lost[2], 0);
    assert_int_equal(out[0] + out[1], 0);
    assert_int_equal(out[2], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_end_by_clock),
        SCENE_TEST(test_asking_moves_no_time),
        SCENE_TEST(test_many_ends),
        SCENE_TEST(test_abort),
        SCENE_TEST(test_abort_of_statements),
        SCENE_TEST(test_in_one_batch),
        SCENE_TEST(test_effects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
