/*
 * Two logs, one time: what is in one of them and names the other, or is known to come after it, is
 * not older. A server that signs both as it likes, with everything else of it right.
 */
#include "tests/hostile/stage.h"

#include "server/core/produce_internal.h"

enum { MINUTE_MS = 60000 };

/* The therapist's rotation of |section|, as it was on its way. */
static struct made rotation(struct stage *stage, const struct section_id *section)
{
    struct inproc_person *therapist = &stage->scene.therapist;
    uint64_t ticket = 0;
    OK(act_rotate(therapist->engine, section, stage->scene.server.now_ms, &ticket));
    kit_capture(therapist, &stage->submit);
    assert_true(stage->submit.ask->n_statement > 0);
    const struct identity_signer *signer = therapist->content.content_key;
    return kit_resign(&stage->scene.server, field_span(stage->submit.ask->statement[0]), 0, NULL,
                      NULL, &signer, 1);
}

static void plant(struct stage *stage, struct made *made, uint64_t back_ms)
{
    kit_plant_statement_late(&stage->scene.server, &stage->submit.peer,
                             span_of(made->data, made->size), back_ms);
    make_free(made);
}

/* Goal: a statement that came after an event is not older than it. Method: a client who has a page
 * of a minute ago and a head from after it; then a statement of two minutes ago. */
static void test_statement_older_than_an_event_before_it(void **state)
{
    struct stage *stage = *state;
    struct scene *scene = &stage->scene;
    scene->server.now_ms += 3u * MINUTE_MS;
    scene_note(&scene->therapist, &stage->shared, "two");
    scene_refresh(&scene->client);
    scene_refresh(&scene->client);
    struct made made = rotation(stage, &stage->shared);
    scene->server.now_ms += MINUTE_MS;
    plant(stage, &made, 2u * MINUTE_MS);
    kit_refuses(&scene->client, STATUS_BAD_CHAIN, 0);
}

/* Goal: the event that wrote a statement down has the time of its leaf. Method: a rotation with an
 * earlier one, which follows all others in time; an auditor, who sees both, proves the log. */
static void test_statement_older_than_its_own_event(void **state)
{
    struct stage *stage = *state;
    struct scene *scene = &stage->scene;
    scene_refresh(&scene->admin);
    struct inproc_person auditor;
    scene_invite(&scene->admin, ROLE_AUDITOR, "Ada", &auditor);
    scene->server.now_ms += 3u * MINUTE_MS;
    struct made made = rotation(stage, &stage->progress);
    plant(stage, &made, MINUTE_MS);
    scene_refresh(&auditor);
    uint64_t ticket = 0;
    OK(query_verify_all(auditor.engine, &ticket));
    assert_int_equal(inproc_run(&auditor), STATUS_BAD_CHAIN);
    assert_int_equal(engine_alarm_count(auditor.engine), 1);
    inproc_person_free(&auditor);
}

/* Goal: a revision is not older than a statement that its author had seen. Method: a note after an
 * invitation, written down between this and the note before. */
static void test_revision_older_than_a_statement_before_it(void **state)
{
    struct stage *stage = *state;
    struct scene *scene = &stage->scene;
    scene->server.now_ms += 3u * MINUTE_MS;
    scene_refresh(&scene->admin);
    struct inproc_person other;
    scene_invite(&scene->admin, ROLE_THERAPIST, "Tom", &other);
    inproc_person_free(&other);
    scene_refresh(&scene->therapist);
    uint64_t ticket = 0;
    scene_write(&scene->therapist, &stage->progress, NULL, REVISION_DRAFT, "late", &ticket);
    kit_capture(&scene->therapist, &stage->submit);
    assert_true(stage->submit.ask->n_revision > 0);
    kit_plant_revision_late(&scene->server, &stage->submit.peer, &stage->progress,
                            stage->submit.ask->revision[0], MINUTE_MS);
    memory_storage_reset(scene->therapist.storage);
    inproc_restart(&scene->therapist);
    assert_int_equal(inproc_run(&scene->therapist), STATUS_BAD_CHAIN);
    assert_non_null(strstr(engine_alarm(scene->therapist.engine, 0)->reason, "had seen"));
}

/* ---- the event of a reading */

struct replayed {
    uint8_t *leaf; /* of the first reading, packed */
    size_t size;
    bool replay;
    size_t count;
};

/* From the second reading on: the event of the first, with a proof that holds now. */
static bool replay(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                   ProtobufCMessage *body)
{
    struct replayed *replayed = context;
    if (op != OP_PAGE || *code != STATUS_OK) {
        return true;
    }
    Alcove__EventProof *proof = ((Alcove__PageReply *)(void *)body)->proof;
    if (!replayed->replay) {
        free(replayed->leaf);
        OK(message_pack(&proof->leaf->base, &replayed->leaf, &replayed->size));
        return true;
    }
    static struct arena arena;
    static struct path path;
    static ProtobufCMessage *leaf;
    arena_free(&arena);
    OK(message_decode(&alcove__event_leaf__descriptor, span_of(replayed->leaf, replayed->size),
                      &arena, &leaf));
    proof->leaf = (Alcove__EventLeaf *)(void *)leaf;
    struct txn *txn = NULL;
    OK(db_begin_read(link->server->db, &txn));
    OK(path_inclusion(txn, LEDGER_EVENTS, proof->leaf->seq, link->server->heads.events_size,
                      &path));
    db_abort(txn);
    proof->n_inclusion = path.proof.count;
    proof->inclusion = path.fields;
    replayed->count++;
    return true;
}

/* Goal: no reading hides behind the event of an earlier one. Method: an emptied device reads the
 * same again, and is shown the event of the first time. */
static void test_event_of_an_earlier_reading(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *client = &stage->scene.client;
    struct replayed replayed = {0};
    for (size_t i = 0; i < 2; i++) {
        replayed.replay = i == 1;
        inproc_offline(client);
        memory_storage_reset(client->storage);
        inproc_restart(client);
        stage->scene.server.hook = replay;
        stage->scene.server.hook_context = &replayed;
        assert_int_equal(inproc_run(client), i == 0 ? STATUS_OK : STATUS_BAD_PROOF);
        stage->scene.server.hook = NULL;
    }
    assert_int_equal(replayed.count, 1);
    free(replayed.leaf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(test_statement_older_than_an_event_before_it),
        STAGE_TEST(test_statement_older_than_its_own_event),
        STAGE_TEST(test_revision_older_than_a_statement_before_it),
        STAGE_TEST(test_event_of_an_earlier_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
