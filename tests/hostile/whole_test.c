/*
 * All of an answer or nothing. Sessions are recorded live; before each of the server's frames
 * reaches the engine, every field of it is changed in turn, and the changed frame is given to a
 * copy of the whole process (fork), engine, keystore and storage included. An engine that refuses
 * it must hold, in memory and in its storage, byte for byte what it held before.
 *
 * ALCOVE_HOSTILE_RUNS  0: every operator on every field (some minutes); else each field is changed
 *                      in one bit, or as a number, and by one operator more, in turn
 */
#include "keys/public/revision.h"
#include "tests/hostile/relay.h"
#include "tests/hostile/stage.h"
#include "tests/support/engine_digest.h"

#include <sys/wait.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define FIELD_STEP                                                                                 \
    4u /* here it is memory that is looked at, and each copy of the process costs more */
#else
#define FIELD_STEP 1u
#endif

enum {
    SAID_SAME = 40,    /* refused, and nothing changed */
    SAID_CHANGED = 41, /* refused, and something of it stayed */
    SAID_TAKEN = 42,   /* not refused: nothing in this frame shows that it was changed */
    FINDINGS_SHOWN = 20,
    OPS_MAX = 64,
};

struct tally {
    size_t charts, fields, tried, same, changed, taken;
    bool ops[OPS_MAX]; /* whose replies were seen */
    bool chunk, push;
};
static struct tally tally;
static bool all_ops;

/* ---------------------------------------------------------------- one changed frame */

/* In the copy of the process. */
static int judge(struct inproc_person *person, struct span frame, const char *what)
{
    struct engine_digest before;
    engine_digest(person->engine, &before);
    enum status status = engine_receive(person->engine, frame, person->server->now_ms);
    if (status == STATUS_OK) {
        return SAID_TAKEN;
    }
    struct engine_digest after;
    engine_digest(person->engine, &after);
    const char *part = engine_digest_differs(&before, &after);
    if (part == NULL) {
        return SAID_SAME;
    }
    if (tally.changed < FINDINGS_SHOWN) {
        print_message("STAYED in %s: %s (%s)\n", part, what, status_name(status));
        (void)fflush(stdout);
    }
    return SAID_CHANGED;
}

static void try_frame(struct inproc_person *person, struct span frame, const char *what)
{
    (void)fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(judge(person, frame, what));
    }
    int ended = 0;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    const int said = WEXITSTATUS(ended);
    assert_in_range(said, SAID_SAME, SAID_TAKEN);
    tally.tried++;
    tally.same += said == SAID_SAME ? 1 : 0;
    tally.changed += said == SAID_CHANGED ? 1 : 0;
    tally.taken += said == SAID_TAKEN ? 1 : 0;
}

static void try_field(struct inproc_person *person, const struct relay_seen *seen,
                      const struct mutate_tree *tree, struct relay_plan plan)
{
    tally.fields++;
    char path[256];
    mutate_path(tree, plan.field, path, sizeof path);
    for (int op = 0; op < MUTATE_OPS; op++) {
        const bool always = op == MUTATE_FLIP || op == MUTATE_STEP;
        if (!all_ops && !always && (size_t)op != tally.fields % MUTATE_OPS) {
            continue;
        }
        plan.op = (enum mutate_op)op;
        plan.choice = tally.tried * 13;
        plan.other = mutate_value(tree, (plan.field * 7 + 3) % tree->count);
        uint8_t *bytes = NULL;
        size_t size = 0;
        if (!relay_change(&plan, seen, &bytes, &size)) {
            continue;
        }
        char what[512];
        (void)snprintf(what, sizeof what, "%s %s (op %u)", mutate_op_name(plan.op), path, seen->op);
        try_frame(person, span_of(bytes, size), what);
        free(bytes);
    }
}

/* Another number in the chart's history, with the header's hash to match: what no single field can
 * be changed to, and what only the signature shows. */
static bool forge_chart(Alcove__PageEntry *entry, struct arena *arena)
{
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__context__descriptor, field_span(entry->context), arena, &message));
    Alcove__Context *context = (Alcove__Context *)(void *)message;
    OK(message_decode(&alcove__header__descriptor, field_span(entry->header), arena, &message));
    Alcove__Header *header = (Alcove__Header *)(void *)message;
    if (context->chart_number == 0) {
        return false;
    }
    context->chart_number += UINT64_C(1) << 40;
    OK(message_pack(&context->base, &entry->context.data, &entry->context.len));
    struct revision_context parsed;
    OK(revision_context_parse(field_span(entry->context), &parsed));
    header->context_hash = field_of(parsed.hash.bytes, HASH_BYTES);
    OK(message_pack(&header->base, &entry->header.data, &entry->header.len));
    return true;
}

static void try_charts(struct inproc_person *person, const struct relay_seen *seen)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__page_chunk__descriptor, relay_body(seen, &arena), &arena, &message));
    Alcove__PageChunk *chunk = (Alcove__PageChunk *)(void *)message;
    for (size_t i = 0; i < chunk->n_entry; i++) {
        Alcove__PageEntry honest = *chunk->entry[i];
        if (honest.kind != ENTRY_REVISION || !forge_chart(chunk->entry[i], &arena)) {
            continue;
        }
        uint8_t *body = NULL;
        size_t size = 0;
        OK(message_pack(&chunk->base, &body, &size));
        uint8_t *frame = relay_rebody(span_of(seen->bytes, seen->size), span_of(body, size), &size);
        tally.charts++;
        try_frame(person, span_of(frame, size), "another number of the chart");
        free(frame);
        free(body);
        free(chunk->entry[i]->context.data);
        free(chunk->entry[i]->header.data);
        *chunk->entry[i] = honest;
    }
    arena_free(&arena);
}

static void look(void *context, const struct relay_seen *seen)
{
    struct inproc_person *person = context;
    if (seen->kind == FRAME_REPLY && seen->op < OPS_MAX && seen->body != NULL) {
        tally.ops[seen->op] = true;
    }
    tally.chunk |= seen->kind == FRAME_CHUNK;
    tally.push |= seen->kind == FRAME_PUSH;
    if (seen->body == NULL) {
        return;
    }
    if (seen->kind == FRAME_CHUNK) {
        try_charts(person, seen);
    }
    struct arena arena = {0};
    struct mutate_tree tree = {0};
    mutate_parse(relay_body(seen, &arena), seen->body, &tree);
    struct relay_plan plan = {.act = RELAY_MUTATE};
    for (plan.field = tally.fields % FIELD_STEP; plan.field < tree.count;
         plan.field += FIELD_STEP) {
        try_field(person, seen, &tree, plan);
    }
    mutate_free(&tree);
    arena_free(&arena);
}

/* ---------------------------------------------------------------- sessions */

static void session(struct inproc_person *person)
{
    const struct relay_plan plan = {.act = RELAY_PASS, .look = look, .context = person};
    struct relay relay;
    assert_int_equal(relay_run(person, &plan, &relay), STATUS_OK);
    assert_int_equal(engine_alarm_count(person->engine), 0);
    relay_free(&relay);
}

/* What was pushed to a device that stays connected. */
static void session_goes_on(struct inproc_person *person)
{
    const struct relay_plan plan = {.act = RELAY_PASS, .look = look, .context = person};
    struct relay relay;
    assert_int_equal(relay_go_on(person, &plan, &relay), STATUS_OK);
    relay_free(&relay);
}

/* A name that this therapist gives: an emptied device takes it from a page. */
static void give_name(struct stage *stage)
{
    struct scene *scene = &stage->scene;
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = NOTE_NAME;
    body.title = field_of("Cleo", 4);
    body.member = field_of(scene->client.content.member.bytes, ID_BYTES);
    struct write_note ask = {.section = stage->shared, .kind = REVISION_DRAFT, .body = &body};
    uint64_t ticket = 0;
    OK(write_note(scene->therapist.engine, &ask, scene->server.now_ms, NULL, &ticket));
    scene_wait(&scene->therapist, ticket);
}

/* What others did since: an epoch, notes. */
static void make_news(struct stage *stage)
{
    struct scene *scene = &stage->scene;
    uint64_t ticket = 0;
    (void)scene_write(&scene->client, &stage->shared, NULL, REVISION_DRAFT, "news", &ticket);
    scene_wait(&scene->client, ticket);
    OK(act_rotate(scene->client.engine, &stage->shared, scene->server.now_ms, &ticket));
    (void)scene_write(&scene->client, &stage->shared, NULL, REVISION_SIGNED, "more", &ticket);
    scene_wait(&scene->client, ticket);
}

/* Everything that a therapist's device asks for: login, logs, chains, pages, proofs, a note and a
 * reader's word sent, a question, the subscription, a push. */
static void ask_all(struct stage *stage)
{
    struct inproc_person *therapist = &stage->scene.therapist;
    const uint64_t now_ms = stage->scene.server.now_ms;
    struct scene_texts texts = scene_read(therapist, &stage->shared);
    uint64_t ticket = 0;
    (void)scene_write(therapist, &stage->progress, NULL, REVISION_DRAFT, "own", &ticket);
    OK(write_opened(therapist->engine, &stage->shared, &texts.note, &texts.last, now_ms, &ticket));
    const struct query_terms terms = {.scope = ACTION_LOG_OWN, .limit = 5};
    OK(query_ask(therapist->engine, &terms, &ticket));
}

static void honest_afterwards(struct stage *stage)
{
    struct scene *scene = &stage->scene;
    scene_note(&scene->therapist, &stage->shared, "last");
    scene_refresh(&scene->client);
    uint64_t ticket = 0;
    OK(query_verify_chart(scene->client.engine, &scene->chart, &ticket));
    scene_wait(&scene->client, ticket);
    assert_non_null(strstr(scene_read(&scene->client, &stage->shared).seen, "[last]"));
}

/* Goal: nothing of an answer counts before all of it holds. Method: three sessions in which every
 * kind of answer comes, to a warm device, an emptied one and an auditor; each field changed. */
static void test_nothing_of_a_refused_answer_stays(void **state)
{
    const char *runs = getenv("ALCOVE_HOSTILE_RUNS");
    all_ops = runs != NULL && strcmp(runs, "0") == 0;
    struct stage *stage = *state;
    struct scene *scene = &stage->scene;
    struct inproc_person auditor;
    scene_invite(&scene->admin, ROLE_AUDITOR, "Ada", &auditor);
    give_name(stage);
    inproc_offline(&scene->therapist);
    make_news(stage);
    ask_all(stage);
    session(&scene->therapist);
    /* Idle and connected: a note by somebody else is pushed. */
    uint64_t ticket = 0;
    (void)scene_write(&scene->client, &stage->shared, NULL, REVISION_DRAFT, "pushed", &ticket);
    scene_wait(&scene->client, ticket);
    engine_sync(scene->therapist.engine);
    session_goes_on(&scene->therapist);
    inproc_offline(&scene->therapist);
    memory_storage_reset(scene->therapist.storage);
    inproc_restart(&scene->therapist);
    inproc_offline(&scene->therapist);
    session(&scene->therapist);
    inproc_offline(&auditor);
    OK(query_verify_all(auditor.engine, &ticket));
    session(&auditor);
    print_message("%zu fields of all answers, %zu changes: %zu refused without a trace, %zu not "
                  "noticed in the frame itself\n",
                  tally.fields, tally.tried, tally.same, tally.taken);
    assert_int_equal(tally.changed, 0);
    assert_true(tally.same > tally.tried / 2);
    static const uint32_t ops[] = {OP_STATE,  OP_LEAVES, OP_CHAIN,  OP_CHECKPOINT, OP_PROOF,
                                   OP_SUBMIT, OP_PAGE,   OP_OPENED, OP_EVENTS,     OP_EVENT_LEAVES};
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        assert_true(tally.ops[ops[i]]);
    }
    assert_true(tally.chunk && tally.push && tally.charts > 2);
    honest_afterwards(stage);
    inproc_person_free(&auditor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {STAGE_TEST(test_nothing_of_a_refused_answer_stays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
