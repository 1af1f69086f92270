/*
 * AT-05, 12, 13, 14, 20, 33, cross-practice replay, second identities, false epochs: each forged
 * statement stands in the server's log as if it were accepted, with leaves, heads and proofs that
 * fit. What the client learns from must be what the statement itself says.
 */
#include "tests/hostile/stage.h"

#include "keys/public/bytes/random.h"

static struct span first(const struct stage *stage)
{
    assert_true(stage->submit.ask->n_statement > 0);
    return field_span(stage->submit.ask->statement[0]);
}

static void capture_rotation(struct stage *stage)
{
    struct inproc_person *therapist = &stage->scene.therapist;
    uint64_t ticket = 0;
    OK(act_rotate(therapist->engine, &stage->shared, stage->scene.server.now_ms, &ticket));
    kit_capture(therapist, &stage->submit);
}

/* Plants |made|; the client, who has something to write, must stop and keep it. */
static void plant_and_refuse(struct stage *stage, struct made *made, enum status expected,
                             size_t statements)
{
    struct inproc_person *client = &stage->scene.client;
    kit_plant_statement(&stage->scene.server, &stage->submit.peer, span_of(made->data, made->size));
    make_free(made);
    inproc_offline(client);
    uint64_t ticket = 0;
    scene_write(client, &stage->shared, NULL, REVISION_DRAFT, "mine", &ticket);
    const uint64_t submits = stage->scene.server.ops[OP_SUBMIT];
    kit_refuses(client, expected, statements);
    assert_int_equal(stage->scene.server.ops[OP_SUBMIT], submits);
    assert_string_equal(scene_read(client, &stage->shared).seen, "[one][mine]");
}

static void other_position(void *context, ProtobufCMessage *body)
{
    (void)context;
    ((Alcove__Epoch *)(void *)body)->section_head.data[0] ^= 1;
}

static void forge_epoch(struct stage *stage, kit_change *change, void *context,
                        const struct identity_signer *signer, enum status expected)
{
    capture_rotation(stage);
    struct made made =
        kit_resign(&stage->scene.server, first(stage), 0, change, context, &signer, 1);
    /* A false place is found when the section's log comes to it, after the statement itself. */
    plant_and_refuse(stage, &made, expected, change == other_position ? 1 : 0);
}

/* Goal: the control: the very same way of planting, with nothing forged, is believed. */
static void test_control_planted_epoch_is_accepted(void **state)
{
    struct stage *stage = *state;
    const struct identity_signer *signer = stage->scene.therapist.content.content_key;
    capture_rotation(stage);
    struct made made = kit_resign(&stage->scene.server, first(stage), 0, NULL, NULL, &signer, 1);
    kit_plant_statement(&stage->scene.server, &stage->submit.peer, span_of(made.data, made.size));
    make_free(&made);
    scene_refresh(&stage->scene.client);
    struct view_section shown;
    OK(view_section(stage->scene.client.engine, &stage->shared, &shown));
    assert_true(shown.readable);
    assert_int_equal(shown.epoch, 2);
}

/* Goal: keys of the server's own making are not sealed under. Method: an epoch that fits in
 * everything, signed by a key that is no device's; and by another member's device. */
static void test_AT05_epoch_by_a_strangers_key(void **state)
{
    struct stage *stage = *state;
    struct identity_signer *stranger = NULL;
    OK(identity_signer_new(IDENTITY_CONTENT, &stranger));
    forge_epoch(stage, NULL, NULL, stranger, STATUS_BAD_SIGNATURE);
    identity_signer_free(stranger);
}

static void test_AT05_epoch_by_an_admins_key(void **state)
{
    struct stage *stage = *state;
    forge_epoch(stage, NULL, NULL, stage->scene.admin.content.content_key, STATUS_BAD_SIGNATURE);
}

static void sign_as_admin(void *context, ProtobufCMessage *body)
{
    const struct inproc_person *admin = context;
    Alcove__Epoch *epoch = (Alcove__Epoch *)(void *)body;
    epoch->link->member = field_of(admin->content.member.bytes, ID_BYTES);
    epoch->link->device = field_of(admin->content.device_statement.bytes, HASH_BYTES);
}

/* Goal: nobody without `write` rotates. Method: an admin's epoch, rightly signed as hers. */
static void test_AT05_epoch_by_who_may_not(void **state)
{
    struct stage *stage = *state;
    forge_epoch(stage, sign_as_admin, &stage->scene.admin, stage->scene.admin.content.content_key,
                STATUS_OK);
}

static void one_recipient_less(void *context, ProtobufCMessage *body)
{
    (void)context;
    ((Alcove__Epoch *)(void *)body)->n_seal--;
}
static void one_recipient_more(void *context, ProtobufCMessage *body)
{
    static Alcove__Seal extra;
    static uint8_t last[HASH_BYTES];
    static Alcove__Seal *seals[64];
    Alcove__Epoch *epoch = (Alcove__Epoch *)(void *)body;
    (void)context;
    memset(last, 0xff, sizeof last);
    extra = *epoch->seal[0];
    extra.recipient = field_of(last, sizeof last);
    memcpy(seals, epoch->seal, epoch->n_seal * sizeof seals[0]);
    seals[epoch->n_seal++] = &extra;
    epoch->seal = seals;
}
static void other_recipient(void *context, ProtobufCMessage *body)
{
    Alcove__Epoch *epoch = (Alcove__Epoch *)(void *)body;
    (void)context;
    epoch->seal[epoch->n_seal - 1]->recipient.data[31] ^= 1;
}
static void recipients_reordered(void *context, ProtobufCMessage *body)
{
    Alcove__Epoch *epoch = (Alcove__Epoch *)(void *)body;
    Alcove__Seal *kept = epoch->seal[0];
    (void)context;
    epoch->seal[0] = epoch->seal[1];
    epoch->seal[1] = kept;
}
static void other_membership(void *context, ProtobufCMessage *body)
{
    (void)context;
    ((Alcove__Epoch *)(void *)body)->membership.data[0] ^= 1;
}
static void other_previous(void *context, ProtobufCMessage *body)
{
    (void)context;
    ((Alcove__Epoch *)(void *)body)->previous_epoch.data[0] ^= 1;
}
static void skipped_epoch(void *context, ProtobufCMessage *body)
{
    (void)context;
    ((Alcove__Epoch *)(void *)body)->epoch++;
}
static void other_link(void *context, ProtobufCMessage *body)
{
    (void)context;
    ((Alcove__Epoch *)(void *)body)->link->previous.data[0] ^= 1;
}

/* Goal: an epoch goes to exactly those who are in, in one order, at one place, even if a writer
 * helps the server. Method: each part wrong, signed by the therapist's own device. */
#define EPOCH_TEST(name, change, status)                                                           \
    static void test_AT13_epoch_##name(void **state)                                               \
    {                                                                                              \
        struct stage *stage = *state;                                                              \
        forge_epoch(stage, change, NULL, stage->scene.therapist.content.content_key, status);      \
    }
EPOCH_TEST(missing_recipient, one_recipient_less, STATUS_OK)
EPOCH_TEST(extra_recipient, one_recipient_more, STATUS_OK)
EPOCH_TEST(other_recipient, other_recipient, STATUS_OK)
EPOCH_TEST(reordered, recipients_reordered, STATUS_OK)
EPOCH_TEST(other_membership, other_membership, STATUS_OK)
EPOCH_TEST(other_previous, other_previous, STATUS_OK)
EPOCH_TEST(skipped, skipped_epoch, STATUS_OK)
EPOCH_TEST(other_position, other_position, STATUS_OK)
EPOCH_TEST(other_link, other_link, STATUS_OK)

/* Goal: what was signed in another practice says nothing here. Method: the right statement by
 * the right key, framed for another practice. */
static void test_cross_practice_replay(void **state)
{
    struct stage *stage = *state;
    const struct identity_signer *signer = stage->scene.therapist.content.content_key;
    struct inproc other = {.now_ms = 1};
    random_bytes(other.practice.bytes, HASH_BYTES);
    capture_rotation(stage);
    struct made made = kit_resign(&other, first(stage), 0, NULL, NULL, &signer, 1);
    plant_and_refuse(stage, &made, STATUS_BAD_SIGNATURE, 0);
}

static void capture_grant(struct stage *stage, const struct member_id *member)
{
    const struct act_grant grant = {
        .section = stage->shared, .member = *member, .rights = RIGHT_READ, .code_compared = true};
    uint64_t ticket = 0;
    OK(act_grant(stage->scene.therapist.engine, &grant, stage->scene.server.now_ms, &ticket));
    kit_capture(&stage->scene.therapist, &stage->submit);
}

static void test_grant(struct stage *stage, kit_change *change, void *context, bool as_therapist)
{
    scene_refresh(&stage->scene.admin);
    struct inproc_person cover;
    scene_invite(&stage->scene.admin, ROLE_THERAPIST, "Tom", &cover);
    scene_relate(&stage->scene, &stage->scene.client, &cover, RELATION_COVERS);
    scene_refresh(&stage->scene.client);
    capture_grant(stage, &cover.content.member);
    const struct identity_signer *signer = as_therapist ? stage->scene.therapist.content.content_key
                                                        : stage->scene.client.content.content_key;
    struct made made =
        kit_resign(&stage->scene.server, first(stage), 0, change, context, &signer, 1);
    plant_and_refuse(stage, &made, STATUS_OK, 0);
    inproc_person_free(&cover);
}

static void grant_to_admin(void *context, ProtobufCMessage *body)
{
    const struct inproc_person *admin = context;
    ((Alcove__Grant *)(void *)body)->member = field_of(admin->content.member.bytes, ID_BYTES);
}
static void grant_to_other_identity(void *context, ProtobufCMessage *body)
{
    (void)context;
    ((Alcove__Grant *)(void *)body)->identity.data[0] ^= 1;
}
static void grant_ownership(void *context, ProtobufCMessage *body)
{
    (void)context;
    ((Alcove__Grant *)(void *)body)->rights = RIGHT_READ | RIGHT_WRITE | RIGHT_OWN;
}
static void grant_by_client(void *context, ProtobufCMessage *body)
{
    const struct inproc_person *client = context;
    Alcove__Grant *grant = (Alcove__Grant *)(void *)body;
    grant->link->member = field_of(client->content.member.bytes, ID_BYTES);
    grant->link->device = field_of(client->content.device_statement.bytes, HASH_BYTES);
}

/* Goal: the server adds nobody, promotes nobody, and puts nobody's key in another's place
 * (decision 2). Method: a grant that its owner was about to give, changed. */
static void test_AT13_grant_not_signed_by_an_owner(void **state)
{
    test_grant(*state, NULL, NULL, false);
}
static void test_AT13_grant_by_a_member_without_own(void **state)
{
    struct stage *stage = *state;
    test_grant(stage, grant_by_client, &stage->scene.client, false);
}
static void test_AT13_grant_to_an_admin(void **state)
{
    struct stage *stage = *state;
    test_grant(stage, grant_to_admin, &stage->scene.admin, true);
}
static void test_AT12_grant_to_another_identity(void **state)
{
    test_grant(*state, grant_to_other_identity, NULL, true);
}
static void test_AT20_grant_beyond_the_table(void **state)
{
    test_grant(*state, grant_ownership, NULL, true);
}

static struct inproc_person *auditor_of(struct stage *stage, struct inproc_person *out)
{
    scene_refresh(&stage->scene.admin);
    scene_invite(&stage->scene.admin, ROLE_AUDITOR, "Ada", out);
    return out;
}

/* The client and an auditor, who has no sections, must both stop. */
static void both_refuse(struct stage *stage, kit_change *change, uint64_t back_ms,
                        enum status expected)
{
    const struct identity_signer *signer = stage->scene.therapist.content.content_key;
    struct inproc_person auditor;
    (void)auditor_of(stage, &auditor);
    scene_refresh(&stage->scene.client);
    scene_refresh(&stage->scene.therapist);
    capture_rotation(stage);
    struct made made = kit_resign(&stage->scene.server, first(stage), 0, change, NULL, &signer, 1);
    kit_plant_statement_late(&stage->scene.server, &stage->submit.peer,
                             span_of(made.data, made.size), back_ms);
    make_free(&made);
    kit_refuses(&stage->scene.client, expected, 0);
    kit_refuses(&auditor, expected, 0);
    inproc_person_free(&auditor);
}

static Alcove__Seen *seen_of(ProtobufCMessage *body)
{
    Alcove__Seen *seen = ((Alcove__Epoch *)(void *)body)->link->seen;
    assert_non_null(seen);
    return seen;
}
static void seen_the_future(void *context, ProtobufCMessage *body)
{
    (void)context;
    seen_of(body)->statements_size += 1000;
}
static void seen_other_statements(void *context, ProtobufCMessage *body)
{
    (void)context;
    seen_of(body)->statements_root.data[3] ^= 1;
}
static void seen_other_events(void *context, ProtobufCMessage *body)
{
    (void)context;
    seen_of(body)->events_root.data[3] ^= 1;
}

/* Goal: what a statement's author had seen is compared, by those without sections too (decision
 * 24). Method: an epoch whose author saw more than was there, or another log of either kind. */
static void test_AT37_statement_that_saw_the_future(void **state)
{
    both_refuse(*state, seen_the_future, 0, STATUS_EQUIVOCATION);
}
static void test_AT37_statement_that_saw_other_statements(void **state)
{
    both_refuse(*state, seen_other_statements, 0, STATUS_EQUIVOCATION);
}

/* The statement stands; that the server shows somebody another log is found when it is proved. */
static void test_AT37_statement_that_saw_other_events(void **state)
{
    struct stage *stage = *state;
    const struct identity_signer *signer = stage->scene.therapist.content.content_key;
    struct inproc_person auditor;
    (void)auditor_of(stage, &auditor);
    capture_rotation(stage);
    struct made made =
        kit_resign(&stage->scene.server, first(stage), 0, seen_other_events, NULL, &signer, 1);
    kit_plant_statement(&stage->scene.server, &stage->submit.peer, span_of(made.data, made.size));
    make_free(&made);
    engine_sync(auditor.engine);
    assert_int_equal(inproc_run(&auditor), STATUS_EQUIVOCATION);
    assert_true(engine_alarm_count(auditor.engine) > 0);
    engine_sync(stage->scene.client.engine);
    assert_int_equal(inproc_run(&stage->scene.client), STATUS_EQUIVOCATION);
    inproc_person_free(&auditor);
}

static void seen_as_many_events(void *context, ProtobufCMessage *body)
{
    seen_of(body)->events_size = *(const uint64_t *)context;
    seen_of(body)->events_root.data[3] ^= 1;
}

/* Goal: nor of exactly as many events as the reader holds, of which nothing needs to be proved.
 * Method: an auditor who stays connected, so that nobody's login makes their log longer. */
static void test_AT37_statement_that_saw_as_many_events(void **state)
{
    struct stage *stage = *state;
    const struct identity_signer *signer = stage->scene.therapist.content.content_key;
    struct inproc_person auditor;
    (void)auditor_of(stage, &auditor);
    capture_rotation(stage);
    uint64_t size = stage->scene.server.heads.events_size + 1; /* with the event of this one */
    struct made made =
        kit_resign(&stage->scene.server, first(stage), 0, seen_as_many_events, &size, &signer, 1);
    kit_plant_statement(&stage->scene.server, &stage->submit.peer, span_of(made.data, made.size));
    make_free(&made);
    engine_sync(auditor.engine);
    assert_int_equal(inproc_run(&auditor), STATUS_EQUIVOCATION);
    struct engine_state held;
    engine_state(auditor.engine, &held);
    assert_int_equal(held.events_size, size);
    inproc_person_free(&auditor);
}

/* Goal: the time of the log never goes back, or what has ended could be used (decision 23). Method:
 * an honest epoch with a leaf of yesterday. */
static void test_statement_of_yesterday(void **state)
{
    both_refuse(*state, NULL, 86400000u, STATUS_BAD_CHAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(test_control_planted_epoch_is_accepted),
        STAGE_TEST(test_AT05_epoch_by_a_strangers_key),
        STAGE_TEST(test_AT05_epoch_by_an_admins_key),
        STAGE_TEST(test_AT05_epoch_by_who_may_not),
        STAGE_TEST(test_AT13_epoch_missing_recipient),
        STAGE_TEST(test_AT13_epoch_extra_recipient),
        STAGE_TEST(test_AT13_epoch_other_recipient),
        STAGE_TEST(test_AT13_epoch_reordered),
        STAGE_TEST(test_AT13_epoch_other_membership),
        STAGE_TEST(test_AT13_epoch_other_previous),
        STAGE_TEST(test_AT13_epoch_skipped),
        STAGE_TEST(test_AT13_epoch_other_position),
        STAGE_TEST(test_AT13_epoch_other_link),
        STAGE_TEST(test_cross_practice_replay),
        STAGE_TEST(test_AT13_grant_not_signed_by_an_owner),
        STAGE_TEST(test_AT13_grant_by_a_member_without_own),
        STAGE_TEST(test_AT13_grant_to_an_admin),
        STAGE_TEST(test_AT12_grant_to_another_identity),
        STAGE_TEST(test_AT20_grant_beyond_the_table),
        STAGE_TEST(test_AT37_statement_that_saw_the_future),
        STAGE_TEST(test_AT37_statement_that_saw_other_statements),
        STAGE_TEST(test_AT37_statement_that_saw_other_events),
        STAGE_TEST(test_AT37_statement_that_saw_as_many_events),
        STAGE_TEST(test_statement_of_yesterday),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
