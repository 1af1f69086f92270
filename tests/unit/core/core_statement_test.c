/* Statements: what is stored, what is refused and taken back, and with which event. */
#include "tests/unit/core/core_scene.h"

#include "proto/alcove.pb-c.h"
#include "proto/message.h"
#include "proto/words.h"
#include "server/core/brought.h"
#include "server/core/internal.h"
#include "tests/support/authority_digest.h"

static void drop_start(void *context, ProtobufCMessage *body)
{
    (void)context;
    ((Alcove__Epoch *)(void *)body)->n_start = 0;
}

static void wrong_start(void *context, ProtobufCMessage *body)
{
    Alcove__Epoch *epoch = (Alcove__Epoch *)(void *)body;
    (void)context;
    assert_int_equal(epoch->n_start, 1);
    epoch->start[0]->number++;
}

static void wrong_seen(void *context, ProtobufCMessage *body)
{
    static Alcove__Seen seen;
    static struct hash root;
    Alcove__Epoch *epoch = (Alcove__Epoch *)(void *)body;
    (void)context;
    memset(&root, 9, sizeof root);
    alcove__seen__init(&seen);
    seen.events_size = 3;
    seen.events_root = field_of(root.bytes, HASH_BYTES);
    epoch->link->seen = &seen;
}

/* Goal: an epoch cannot plant where a newcomer starts to count. Method: the starts left out,
 * a wrong number, a wrong root; the fold is taken back each time and the right one is taken. */
static void test_epoch_claims(void **state)
{
    static void (*const tampers[])(void *, ProtobufCMessage *) = {drop_start, wrong_start,
                                                                  wrong_seen};
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, NULL));
    struct hash before;
    authority_digest(scene->core->authority, &before);
    struct hash after;
    for (size_t i = 0; i < ARRAY_LEN(tampers); i++) {
        scene->w->tamper = tampers[i];
        struct made epoch = make_epoch(scene->w, progress, p->t1, 0);
        scene->w->tamper = NULL;
        assert_int_equal(scene_submit(scene, p->t1, &epoch, 1), STATUS_MALFORMED);
        scene_expect_event(scene, ACTION_ROTATE, OUTCOME_REFUSED);
        authority_digest(scene->core->authority, &after);
        assert_memory_equal(&before, &after, sizeof before);
    }
    OK(scene_take(scene, p->t1, make_epoch(scene->w, progress, p->t1, 0)));
}

/* Goal: several statements are all or nothing. Method: a section with a second statement that
 * does not hold, and an existing section likewise: nothing is stored, the fold has no more and
 * no less than before, and goes on. */
static void test_taken_back(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    uint64_t statements = scene_size(scene, LEDGER_STATEMENTS);
    const struct authority *authority = scene->core->authority;
    size_t chains = authority_chain_count(authority);
    struct make_section *made = NULL;
    struct made two[2];
    two[0] = make_section_statement(scene->w, CLASS_SESSION, p->c1, p->t1, &made);
    two[1] = two[0];
    assert_int_not_equal(scene_submit(scene, p->t1, two, 2), STATUS_OK);
    assert_null(authority_section(authority, &made->id));
    two[0] = make_grant(scene->w, progress, p->ad2, RIGHT_READ, 0, 0, p->t1);
    assert_int_equal(scene_submit(scene, p->t1, two, 1), STATUS_REFUSED);
    two[0] = make_epoch(scene->w, progress, p->t1, 0);
    two[1] = two[0];
    assert_int_not_equal(scene_submit(scene, p->t1, two, 2), STATUS_OK);
    assert_int_equal(authority_chain_count(authority), chains);
    assert_int_equal(authority_section(authority, &progress->id)->epoch_count, 1);
    assert_int_equal(authority_section(authority, &progress->id)->entry_count, 2);
    assert_int_equal(scene_size(scene, LEDGER_STATEMENTS), statements);
    OK(scene_take(scene, p->t1, make_epoch(scene->w, progress, p->t1, 0)));
}

/* Goal: what was read at the door is what is judged. Method: an own statement, one of another's
 * device, a spoilt one and one that is none, read for t1; the first is taken as read, the others
 * are refused as they are when core reads them. */
static void test_read_at_the_door(void **state)
{
    static const enum status answers[] = {STATUS_OK, STATUS_REFUSED, STATUS_REFUSED,
                                          STATUS_MALFORMED};
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    struct made mine = make_epoch(scene->w, progress, p->t1, 0);
    struct made theirs = make_suspension(scene->w, p->t3, p->ad1, true);
    uint8_t spoilt[STATEMENT_BYTES_MAX];
    struct span bytes[] = {mine.bytes, theirs.bytes, span_of(spoilt, mine.bytes.size),
                           span_of(spoilt, 7)};
    Alcove__SubmitAsk submit = ALCOVE__SUBMIT_ASK__INIT;
    assert_in_range(mine.bytes.size, 8, sizeof spoilt);
    memcpy(spoilt, mine.bytes.data, mine.bytes.size);
    spoilt[mine.bytes.size - 1] ^= 1; /* the signature comes last */
    ProtobufCBinaryData fields[ARRAY_LEN(bytes)];
    for (size_t i = 0; i < ARRAY_LEN(bytes); i++) {
        fields[i] = field_of(bytes[i].data, bytes[i].size);
    }
    submit.n_statement = ARRAY_LEN(bytes);
    submit.statement = fields;
    struct core_peer peer;
    scene_peer(scene, p->t1, 0, &peer);
    struct brought *read = brought_read(&scene->w->practice, &peer, &submit);
    assert_non_null(read);
    assert_true(read->bytes > ARRAY_LEN(bytes) * sizeof *read->statements);
    for (size_t i = 0; i < ARRAY_LEN(bytes); i++) {
        assert_int_equal(read->statements[i].status, i == 3 ? STATUS_MALFORMED : STATUS_OK);
        assert_int_equal(read->statements[i].verified, i == 0);
    }
    submit.n_statement = 1;
    for (size_t i = ARRAY_LEN(bytes); i-- > 0;) {
        struct brought one = {.statements = &read->statements[i], .statement_count = 1};
        submit.statement = &fields[i];
        scene->brought = &one;
        assert_int_equal(scene_ask(scene, p->t1, 0, OP_SUBMIT, &submit.base), answers[i]);
    }
    brought_free(read);
    (void)make_take(scene->w, mine);
}

/* Goal: a section's chain answers those who are out as if it were not there, before it says
 * anything about its length. Method: a grant at a wrong place by a removed and by a foreign
 * member, then by the owner. */
static void test_permission_before_place(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    OK(scene_take(scene, p->ad1,
                  make_relation(scene->w, p->c1, p->t3, RELATION_TREATS, 0, p->ad1)));
    struct made stale[3];
    stale[0] = make_epoch(scene->w, progress, p->t3, 0);
    stale[1] = make_epoch(scene->w, progress, p->t2, 0);
    stale[2] = make_epoch(scene->w, progress, p->t1, 0);
    struct hash grant = scene_share(scene, progress, p->t3, RIGHT_READ | RIGHT_WRITE, 0, p->t1);
    OK(scene_take(scene, p->t1, make_revocation(scene->w, progress, &grant, p->t1)));
    assert_int_equal(scene_submit(scene, p->t3, &stale[0], 1), STATUS_REFUSED);
    assert_null(scene->answer.body);
    assert_int_equal(scene_submit(scene, p->t2, &stale[1], 1), STATUS_REFUSED);
    assert_int_equal(scene_submit(scene, p->t1, &stale[2], 1), STATUS_CONFLICT);
    assert_non_null(scene->answer.body);
}

/* Goal: nobody brings another's statement. Method: T1's, by T2's connection; the root's by a
 * therapist. */
static void test_signer(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *made = NULL;
    struct made statement = make_section_statement(scene->w, CLASS_PROGRESS, p->c1, p->t1, &made);
    assert_int_equal(scene_submit(scene, p->t2, &statement, 1), STATUS_REFUSED);
    statement = make_witness_policy(scene->w, "quorum none\n");
    assert_int_equal(scene_submit(scene, p->t1, &statement, 1), STATUS_REFUSED);
    OK(scene_take(scene, p->ad1, statement));
    scene_expect_event(scene, ACTION_CONFIGURE, OUTCOME_OK);
}

/* Goal: a statement sent again is answered as the first time, to one who may still bring it.
 * Method: the making of a section, twice. */
static void test_replay_statement(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *made = NULL;
    struct made statement = make_section_statement(scene->w, CLASS_PROGRESS, p->c1, p->t1, &made);
    OK(scene_take(scene, p->t1, statement));
    scene->repeat_id = true;
    OK(scene_submit(scene, p->t1, &statement, 1));
    assert_int_equal(scene_submit(scene, p->t1, &statement, 1), STATUS_ALREADY);
}

static void take_device_id(void *context, ProtobufCMessage *body)
{
    ((Alcove__Device *)(void *)body)->device->device = field_of(context, ID_BYTES);
}

/* Goal: no device passes for another's. Method: T2 enrols one with the id of T1's; then one of
 * T2's own. */
static void test_device_id(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    scene->w->tamper = take_device_id;
    scene->w->tamper_context = p->t1->device[0].id.bytes;
    struct made device = make_device_statement(scene->w, p->t2);
    scene->w->tamper = NULL;
    assert_int_equal(scene_submit(scene, p->t2, &device, 1), STATUS_REFUSED);
    scene_expect_event(scene, ACTION_DEVICE, OUTCOME_REFUSED);
    OK(scene_take(scene, p->t2, make_device_statement(scene->w, p->t2)));
}

/* Goal: a member's statement that changes who is in leaves a line and an entry in each section
 * it touches. Method: end a relation that two grants rest on. */
static void test_echo(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *one = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    struct make_section *two = scene_section(scene, CLASS_SESSION, p->c1, p->t1);
    uint64_t number = two->timeline.number;
    scene->events = 3;
    OK(scene_take(scene, p->ad1, make_relation_end(scene->w, p->c1, &p->t1_treats_c1, p->ad1)));
    assert_int_equal(two->timeline.number, number + 1);
    scene_expect_event(scene, ACTION_RELATE, OUTCOME_OK);
    assert_int_equal(scene_write(scene, one, p->t1, 0, NULL, NULL, NULL), STATUS_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_epoch_claims),     SCENE_TEST(test_taken_back),
        SCENE_TEST(test_read_at_the_door), SCENE_TEST(test_permission_before_place),
        SCENE_TEST(test_signer),           SCENE_TEST(test_replay_statement),
        SCENE_TEST(test_device_id),        SCENE_TEST(test_echo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
