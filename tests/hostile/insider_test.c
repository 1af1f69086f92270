/*
 * AT-25, 44, 46: false seals and starts, clocks, and histories of access with something missing:
 * what an insider signs, and what the server says of the log.
 */
#include "tests/hostile/stage.h"

enum {
    DAY_MS = 86400000,
};

/* ---------------------------------------------------------------- false seals */

static void other_commitment(void *context, ProtobufCMessage *body)
{
    (void)context;
    ((Alcove__Epoch *)(void *)body)->commitment.data[0] ^= 1;
}

static void spoiled_seal(void *context, ProtobufCMessage *body)
{
    const struct inproc_person *victim = context;
    Alcove__Epoch *epoch = (Alcove__Epoch *)(void *)body;
    for (size_t i = 0; i < epoch->n_seal; i++) {
        if (memcmp(epoch->seal[i]->recipient.data, victim->content.device_statement.bytes,
                   HASH_BYTES) == 0) {
            epoch->seal[i]->sealed.data[3] ^= 1;
        }
    }
}

/* A writer's epoch whose key is not what it says, and a note under it. */
static void false_seal(struct stage *stage, kit_change *change)
{
    struct inproc_person *client = &stage->scene.client;
    struct inproc_person *therapist = &stage->scene.therapist;
    const struct identity_signer *signer = therapist->content.content_key;
    uint64_t ticket = 0;
    OK(act_rotate(therapist->engine, &stage->shared, stage->scene.server.now_ms, &ticket));
    kit_capture(therapist, &stage->submit);
    struct made made = kit_resign(&stage->scene.server, field_span(stage->submit.ask->statement[0]),
                                  0, change, client, &signer, 1);
    kit_plant_statement(&stage->scene.server, &stage->submit.peer, span_of(made.data, made.size));
    make_free(&made);
    inproc_offline(client);
    scene_write(client, &stage->shared, NULL, REVISION_DRAFT, "mine", &ticket);
    const uint64_t submits = stage->scene.server.ops[OP_SUBMIT];
    engine_sync(client->engine);
    OK(inproc_run(client));
    assert_true(engine_alarm_count(client->engine) > 0);
    assert_int_equal(engine_alarm(client->engine, 0)->status, STATUS_WRONG_KEY);
    struct view_section shown;
    OK(view_section(client->engine, &stage->shared, &shown));
    assert_false(shown.readable);
    /* Nothing is written under a key that nobody can open, or under the old one. */
    assert_int_equal(stage->scene.server.ops[OP_SUBMIT], submits);
    assert_string_equal(scene_read(client, &stage->shared).seen, "[one][mine]");
}

/* Goal: an epoch's key is the one committed to, the same for all. Method: another commitment;
 * one recipient's sealed key changed and signed so. Each is told, none is used. */
static void test_AT25_epoch_with_another_commitment(void **state)
{
    false_seal(*state, other_commitment);
}
static void test_AT25_epoch_sealed_wrongly_to_one(void **state)
{
    false_seal(*state, spoiled_seal);
}

/* ---------------------------------------------------------------- false starts */

static void later_start(void *context, ProtobufCMessage *body)
{
    bool *done = context;
    Alcove__Epoch *epoch = (Alcove__Epoch *)(void *)body;
    assert_true(epoch->n_start > 0);
    epoch->start[0]->link.data[0] ^= 1;
    *done = true;
}

/* Goal: a newcomer who is given a false place to begin at finds out at the first revision that
 * follows it. Method: the epoch that admits them states another link for the author's device. */
static void test_planted_author_start(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *therapist = &stage->scene.therapist;
    const struct identity_signer *signer = therapist->content.content_key;
    scene_note(therapist, &stage->progress, "before");
    scene_refresh(&stage->scene.admin);
    struct inproc_person cover;
    scene_invite(&stage->scene.admin, ROLE_THERAPIST, "Tom", &cover);
    scene_relate(&stage->scene, &stage->scene.client, &cover, RELATION_COVERS);
    scene_refresh(&cover);
    const struct act_grant grant = {.section = stage->progress,
                                    .member = cover.content.member,
                                    .rights = RIGHT_READ,
                                    .code_compared = true};
    uint64_t ticket = 0;
    OK(act_grant(therapist->engine, &grant, stage->scene.server.now_ms, &ticket));
    kit_capture(therapist, &stage->submit);
    assert_int_equal(stage->submit.ask->n_statement, 2);
    bool done = false;
    struct made made = kit_resign(&stage->scene.server, field_span(stage->submit.ask->statement[1]),
                                  0, later_start, &done, &signer, 1);
    kit_plant_statement(&stage->scene.server, &stage->submit.peer,
                        field_span(stage->submit.ask->statement[0]));
    kit_plant_statement(&stage->scene.server, &stage->submit.peer, span_of(made.data, made.size));
    make_free(&made);
    assert_true(done);
    scene_refresh(&cover);
    kit_submit_free(&stage->submit);
    /* Now the server knows whom the planted statements let in. */
    kit_reload(&stage->scene.server);
    /* What the author writes next follows what they wrote, not what the epoch says. */
    OK(inproc_run(therapist));
    inproc_offline(therapist);
    inproc_offline(&cover);
    scene_write(therapist, &stage->progress, NULL, REVISION_DRAFT, "after", &ticket);
    kit_capture(therapist, &stage->submit);
    kit_plant_revision(&stage->scene.server, &stage->submit.peer, &stage->progress,
                       stage->submit.ask->revision[0]);
    /* The section's chain, whose statements hold in themselves, is new to them. */
    kit_refuses(&cover, STATUS_BAD_CHAIN, 6);
    assert_string_equal(scene_read(&cover, &stage->progress).seen, "");
    inproc_person_free(&cover);
}

/* ---------------------------------------------------------------- clocks */

/* Goal: decision 23. A server a day ahead stops writing until the person says that it is right;
 * reading goes on. Method: the reader's own clock is two days behind the newest leaf. */
static void test_clock_a_day_off_stops_writing(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *client = &stage->scene.client;
    stage->scene.server.now_ms += 2u * DAY_MS;
    scene_note(&stage->scene.therapist, &stage->shared, "two");
    inproc_offline(client);
    client->clock_off_ms = -2 * (int64_t)DAY_MS;
    uint64_t ticket = 0;
    scene_write(client, &stage->shared, NULL, REVISION_DRAFT, "mine", &ticket);
    const uint64_t submits = stage->scene.server.ops[OP_SUBMIT];
    engine_sync(client->engine);
    OK(inproc_run(client));
    struct engine_state seen;
    engine_state(client->engine, &seen);
    assert_true(seen.clock_shown);
    assert_true(seen.clock_stopped);
    assert_int_equal(seen.outbox_count, 1);
    assert_int_equal(stage->scene.server.ops[OP_SUBMIT], submits);
    assert_string_equal(scene_read(client, &stage->shared).seen, "[one][two][mine]");
    OK(engine_confirm_clock(client->engine));
    OK(inproc_run(client));
    engine_state(client->engine, &seen);
    assert_int_equal(seen.outbox_count, 0);
}

/* ---------------------------------------------------------------- without an event */

static bool only_chunks(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                        ProtobufCMessage *body)
{
    size_t *dropped = context;
    (void)link;
    (void)code;
    (void)body;
    *dropped += op == OP_PAGE ? 1 : 0;
    return op != OP_PAGE;
}

/* Goal: what comes without the proof that it was written down is not even decrypted. Method: the
 * answer with the event is left out, the ciphertext comes. */
static void test_AT46_ciphertext_without_event(void **state)
{
    struct stage *stage = *state;
    scene_note(&stage->scene.therapist, &stage->shared, "two");
    inproc_offline(&stage->scene.client);
    stage->scene.server.hook = only_chunks;
    size_t dropped = 0;
    stage->scene.server.hook_context = &dropped;
    kit_refuses(&stage->scene.client, STATUS_MALFORMED, 0);
    assert_int_equal(dropped, 1);
    assert_string_equal(scene_read(&stage->scene.client, &stage->shared).seen, "[one]");
}

/* ---------------------------------------------------------------- histories of access */

enum missing {
    MISSING_FIRST,
    MISSING_MIDDLE,
    MISSING_TAIL,
    MISSING_ALL,
    SWAPPED,
    MISSING_WAYS,
};

static bool leave_out(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                      ProtobufCMessage *body)
{
    const enum missing *way = context;
    Alcove__EventsReply *reply = (Alcove__EventsReply *)(void *)body;
    (void)link;
    (void)code;
    if (op != OP_EVENTS || reply->n_leaf < 3) {
        return true;
    }
    const size_t at = *way == MISSING_FIRST ? 0 : reply->n_leaf / 2;
    if (*way == SWAPPED) {
        Alcove__EventLeaf *kept = reply->leaf[at];
        reply->leaf[at] = reply->leaf[at + 1];
        reply->leaf[at + 1] = kept;
    } else if (*way == MISSING_ALL) {
        reply->n_leaf = 0;
    } else if (*way == MISSING_TAIL) {
        reply->n_leaf -= 2;
    } else {
        memmove(&reply->leaf[at], &reply->leaf[at + 1],
                (reply->n_leaf - at - 1) * sizeof(Alcove__EventLeaf *));
        reply->n_leaf--;
    }
    return true;
}

/* Goal: decision 15. A client's history of access with one line left out, its end cut, or nothing
 * of it is not shown as whole. Method: each way; an honest answer afterwards. */
static void test_chart_history_with_lines_left_out(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *client = &stage->scene.client;
    struct query_verdict verdict;
    uint64_t ticket = 0;
    for (int i = 0; i < MISSING_WAYS; i++) {
        enum missing way = (enum missing)i;
        OK(query_verify_chart(client->engine, &stage->scene.chart, &ticket));
        stage->scene.server.hook = leave_out;
        stage->scene.server.hook_context = &way;
        const enum status status = inproc_run(client);
        const bool stopped = status != STATUS_OK && engine_alarm_count(client->engine) > 0;
        const bool failed = query_verdict(client->engine, ticket, &verdict) == STATUS_OK &&
                            verdict.status != STATUS_OK;
        print_message("    way %d: %s, verdict %s\n", i, status_name(status),
                      failed ? status_name(verdict.status) : "none");
        assert_true(stopped || failed);
        stage->scene.server.hook = NULL;
        inproc_restart(client);
        inproc_sync(client);
    }
    OK(query_verify_chart(client->engine, &stage->scene.chart, &ticket));
    scene_wait(client, ticket);
    OK(query_verdict(client->engine, ticket, &verdict));
    assert_int_equal(verdict.status, STATUS_OK);
}

static bool edit_leaf(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                      ProtobufCMessage *body)
{
    size_t *which = context;
    Alcove__EventLeavesReply *reply = (Alcove__EventLeavesReply *)(void *)body;
    (void)link;
    (void)code;
    if (op == OP_EVENT_LEAVES && *which < reply->n_leaf) {
        reply->leaf[*which]->open.data[reply->leaf[*which]->open.len - 1] ^= 1;
        *which = SIZE_MAX;
    }
    return true;
}

/* Goal: AT-44. An auditor who recomputes the log finds one changed line, and a log that was
 * rewritten and recomputed does not continue theirs. Method: both. */
static void test_AT44_edited_log(void **state)
{
    struct stage *stage = *state;
    static const size_t places[] = {0, 7, 20};
    scene_refresh(&stage->scene.admin);
    struct inproc_person auditor;
    scene_invite(&stage->scene.admin, ROLE_AUDITOR, "Aud", &auditor);
    struct inproc rewritten;
    kit_fork(&stage->scene.server, &rewritten);
    struct query_verdict verdict;
    uint64_t ticket = 0;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        size_t which = places[i];
        OK(query_verify_all(auditor.engine, &ticket));
        stage->scene.server.hook = edit_leaf;
        stage->scene.server.hook_context = &which;
        const enum status status = inproc_run(&auditor);
        const bool failed = query_verdict(auditor.engine, ticket, &verdict) == STATUS_OK &&
                            verdict.status != STATUS_OK;
        assert_true(which == SIZE_MAX);
        assert_true(failed || (status != STATUS_OK && engine_alarm_count(auditor.engine) > 0));
        stage->scene.server.hook = NULL;
        inproc_restart(&auditor);
        inproc_sync(&auditor);
    }
    OK(query_verify_all(auditor.engine, &ticket));
    scene_wait(&auditor, ticket);
    /* Another history since the auditor came, longer than what they saw. */
    kit_grow(&rewritten, 200);
    kit_move(&auditor, &rewritten);
    kit_refuses(&auditor, STATUS_OK, 0);
    kit_move(&auditor, &stage->scene.server);
    inproc_person_free(&auditor);
    kit_fork_close(&rewritten);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(test_AT25_epoch_with_another_commitment),
        STAGE_TEST(test_AT25_epoch_sealed_wrongly_to_one),
        STAGE_TEST(test_planted_author_start),
        STAGE_TEST(test_clock_a_day_off_stops_writing),
        STAGE_TEST(test_AT46_ciphertext_without_event),
        STAGE_TEST(test_chart_history_with_lines_left_out),
        STAGE_TEST(test_AT44_edited_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
