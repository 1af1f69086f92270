/*
 * A server that lies, against the real engine. An honest session of a fresh device is recorded;
 * then it is played again and again with one thing changed: any field of any message, at any
 * depth, or the order, number or age of the messages.
 *
 * What must hold: the engine never holds anything that the honest server did not say. Where it
 * ends without an alarm, what it shows of people and of who may open what is the truth as well.
 *
 * ALCOVE_HOSTILE_RUNS  how many of all possible changes are tried, evenly spread (default 800;
 *                      0: all of them)
 */
#include "tests/hostile/facts.h"
#include "tests/hostile/relay.h"
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

enum {
    RUNS_DEFAULT = 800,
    FINDINGS_SHOWN = 20,
};

static struct scene scene;
static struct inproc_person second; /* a therapist who was let in and shut out again */
static struct relay honest;
static struct relay before; /* the same session before the second therapist was shut out */
static struct facts truth;

/* The first line that is not the truth; NULL if there is none. */
static const char *lie(const struct facts *facts)
{
    for (size_t i = 0; i < facts->count; i++) {
        if (bsearch(facts->line[i], truth.line, truth.count, sizeof *truth.line,
                    facts_compare_lines) == NULL) {
            return facts->line[i];
        }
    }
    return NULL;
}

/* ---------------------------------------------------------------- sessions of a fresh device */

/* The therapist's device with nothing on it but its keys. */
static void make_fresh(struct inproc_person *person)
{
    inproc_offline(person);
    engine_free(person->engine);
    memory_storage_free(person->storage);
    memset(&person->content.statements, 0, sizeof person->content.statements);
    memset(&person->content.events, 0, sizeof person->content.events);
    assert_int_equal(keystore_content_set_extra(&person->content, span_of(NULL, 0)), STATUS_OK);
    person->storage = memory_storage_new();
    inproc_start(person);
}

static int start(void **state)
{
    (void)state;
    scene_open(&scene);
    struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    struct section_id process = scene_section(&scene.therapist, CLASS_PROCESS);
    uint64_t ticket = 0;
    (void)scene_write(&scene.therapist, &progress, NULL, REVISION_SIGNED, "first", &ticket);
    scene_wait(&scene.therapist, ticket);
    (void)scene_note(&scene.therapist, &process, "private");
    scene_invite(&scene.admin, ROLE_THERAPIST, "Tomas", &second);
    scene_relate(&scene, &scene.client, &second, RELATION_COVERS);
    scene_refresh(&scene.therapist);
    const struct act_grant grant = {.section = progress,
                                    .member = second.content.member,
                                    .rights = RIGHT_READ,
                                    .code_compared = true};
    assert_int_equal(act_grant(scene.therapist.engine, &grant, scene.server.now_ms, &ticket),
                     STATUS_OK);
    scene_wait(&scene.therapist, ticket);
    make_fresh(&scene.therapist);
    assert_int_equal(relay_run(&scene.therapist, NULL, &before), STATUS_OK);
    inproc_offline(&scene.therapist);
    scene_refresh(&scene.therapist);
    assert_int_equal(act_revoke(scene.therapist.engine, &progress, &second.content.member,
                                scene.server.now_ms, &ticket),
                     STATUS_OK);
    scene_wait(&scene.therapist, ticket);
    (void)scene_note(&scene.therapist, &progress, "after");
    facts_init(&truth);
    make_fresh(&scene.therapist);
    assert_int_equal(relay_run(&scene.therapist, NULL, &honest), STATUS_OK);
    assert_int_equal(engine_alarm_count(scene.therapist.engine), 0);
    facts_collect(scene.therapist.engine, &truth);
    assert_true(truth.count > 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    relay_free(&honest);
    relay_free(&before);
    free(truth.line);
    inproc_person_free(&second);
    scene_close(&scene);
    return 0;
}

/* ---------------------------------------------------------------- all changes there are */

struct tally {
    size_t tried, unchanged, stopped, harmless, short_of, lies;
};

static void describe(const struct relay_plan *plan, char *out, size_t room)
{
    const struct relay_seen *seen = &honest.seen[plan->frame];
    char path[256] = "";
    if (plan->act == RELAY_MUTATE) {
        struct arena arena = {0};
        ProtobufCMessage *message = NULL;
        assert_int_equal(message_decode(&alcove__frame__descriptor,
                                        span_of(seen->bytes, seen->size), &arena, &message),
                         STATUS_OK);
        const Alcove__Frame *frame = (const Alcove__Frame *)(const void *)message;
        struct mutate_tree tree = {0};
        mutate_parse(plan->around ? span_of(seen->bytes, seen->size) : field_span(frame->body),
                     plan->around ? &alcove__frame__descriptor : seen->body, &tree);
        mutate_path(&tree, plan->field, path, sizeof path);
        mutate_free(&tree);
        arena_free(&arena);
    }
    (void)snprintf(out, room, "frame %zu (kind %u, op %u): %s %s %s", plan->frame, seen->kind,
                   seen->op, relay_act_name(plan->act),
                   plan->act == RELAY_MUTATE ? mutate_op_name(plan->op) : "", path);
}

static void try_plan(const struct relay_plan *plan, struct tally *tally)
{
    static struct facts facts;
    if (facts.line == NULL) {
        facts_init(&facts);
    }
    make_fresh(&scene.therapist);
    struct relay relay;
    const enum status status = relay_run(&scene.therapist, plan, &relay);
    facts_collect(scene.therapist.engine, &facts);
    struct engine_state state;
    engine_state(scene.therapist.engine, &state);
    tally->tried++;
    const char *found = lie(&facts);
    char text[512];
    if (found != NULL) {
        describe(plan, text, sizeof text);
        if (tally->lies++ < FINDINGS_SHOWN) {
            print_message("BELIEVED: %s\n  %s\n", text, found);
        }
    } else if (!relay.changed) {
        tally->unchanged++;
    } else if (status != STATUS_OK || state.phase == ENGINE_STOPPED) {
        tally->stopped++;
    } else if (facts.count == truth.count) {
        tally->harmless++;
    } else {
        tally->short_of++;
    }
    relay_free(&relay);
}

static struct span body_of(const struct relay_seen *seen, struct arena *arena)
{
    ProtobufCMessage *message = NULL;
    assert_int_equal(message_decode(&alcove__frame__descriptor, span_of(seen->bytes, seen->size),
                                    arena, &message),
                     STATUS_OK);
    return field_span(((const Alcove__Frame *)(const void *)message)->body);
}

/* Whom to tell of every possible change, and how many there were. */
struct listing {
    void (*visit)(const struct relay_plan *plan, void *context);
    void *context;
    size_t count;
};

static void list_field(struct listing *listing, const struct mutate_tree *tree,
                       struct relay_plan plan)
{
    for (int op = 0; op < MUTATE_OPS; op++) {
        if (!mutate_applies(tree, plan.field, (enum mutate_op)op)) {
            continue;
        }
        plan.op = (enum mutate_op)op;
        plan.choice = listing->count * 13;
        plan.other = mutate_value(tree, (plan.field * 7 + 3) % tree->count);
        listing->visit(&plan, listing->context);
        listing->count++;
    }
}

static void list_message(struct listing *listing, struct span bytes,
                         const ProtobufCMessageDescriptor *type, struct relay_plan plan)
{
    struct mutate_tree tree = {0};
    mutate_parse(bytes, type, &tree);
    for (plan.field = 0; plan.field < tree.count; plan.field++) {
        list_field(listing, &tree, plan);
    }
    mutate_free(&tree);
}

/* Calls |visit| for every change of a field that there is. */
static size_t each_mutation(void (*visit)(const struct relay_plan *, void *), void *context)
{
    struct listing listing = {.visit = visit, .context = context};
    for (size_t frame = 0; frame < honest.count; frame++) {
        const struct relay_seen *seen = &honest.seen[frame];
        struct relay_plan plan = {.act = RELAY_MUTATE, .frame = frame};
        struct arena arena = {0};
        if (seen->body != NULL) {
            list_message(&listing, body_of(seen, &arena), seen->body, plan);
        }
        plan.around = true;
        list_message(&listing, span_of(seen->bytes, seen->size), &alcove__frame__descriptor, plan);
        arena_free(&arena);
    }
    return listing.count;
}

struct sampling {
    size_t every, at;
    struct tally tally;
};

static void sample(const struct relay_plan *plan, void *context)
{
    struct sampling *sampling = context;
    if (sampling->every > 0 && sampling->at++ % sampling->every == 0) {
        try_plan(plan, &sampling->tally);
    }
}

static void report(const char *what, const struct tally *tally)
{
    print_message("%s: %zu tried, %zu stopped the engine, %zu changed nothing that it holds, "
                  "%zu left it short, %zu did not apply\n",
                  what, tally->tried, tally->stopped, tally->harmless, tally->short_of,
                  tally->unchanged);
    assert_int_equal(tally->lies, 0);
}

/* Goal: no field of any message can be changed so that the engine believes something else.
 * Method: every field of an honest session, every operator, evenly spread samples. */
static void test_any_field_changed(void **state)
{
    (void)state;
    const char *text = getenv("ALCOVE_HOSTILE_RUNS");
    const size_t wanted = text != NULL ? (size_t)strtoull(text, NULL, 10) : RUNS_DEFAULT;
    struct sampling sampling = {.every = 0};
    const size_t total = each_mutation(sample, &sampling);
    sampling.every = wanted == 0 || wanted >= total ? 1 : total / wanted;
    sampling.every += sampling.every > 1 && sampling.every % MUTATE_OPS == 0 ? 1 : 0;
    (void)each_mutation(sample, &sampling);
    print_message("%zu changes are possible in %zu messages\n", total, honest.count);
    report("fields", &sampling.tally);
    assert_true(sampling.tally.stopped > sampling.tally.tried / 3);
}

/* Goal: messages may be lost, doubled, late or cut off, and nothing false follows. Method: each
 * message of the session in turn. */
static void test_any_message_moved(void **state)
{
    (void)state;
    static const enum relay_act acts[] = {RELAY_DROP, RELAY_DUPLICATE, RELAY_DELAY, RELAY_STOP};
    struct tally tally = {0};
    for (size_t frame = 0; frame < honest.count; frame++) {
        for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
            const struct relay_plan plan = {.act = acts[i], .frame = frame};
            try_plan(&plan, &tally);
        }
    }
    report("messages", &tally);
}

/* Goal: yesterday's truth is not believed today: a revocation cannot be hidden by answering
 * with what was right before it. Method: each answer replaced by each older one of its kind. */
static void test_answers_of_yesterday(void **state)
{
    (void)state;
    struct tally tally = {0};
    for (size_t frame = 0; frame < honest.count; frame++) {
        for (size_t old = 0; old < before.count; old++) {
            if (before.seen[old].kind != honest.seen[frame].kind ||
                before.seen[old].op != honest.seen[frame].op) {
                continue;
            }
            struct arena arena = {0};
            const struct relay_plan plan = {
                .act = RELAY_REPLACE, .frame = frame, .other = body_of(&before.seen[old], &arena)};
            try_plan(&plan, &tally);
            arena_free(&arena);
        }
    }
    report("older answers", &tally);
    assert_true(tally.stopped > 0);
}

/* Goal: the test can fail. Method: a truth that lacks one line makes the honest session a lie. */
static void test_control(void **state)
{
    (void)state;
    struct tally tally = {0};
    const struct relay_plan nothing = {.act = RELAY_PASS};
    try_plan(&nothing, &tally);
    assert_int_equal(tally.lies, 0);
    char kept[FACT_CHARS_MAX];
    memcpy(kept, truth.line[truth.count / 2], sizeof kept);
    (void)snprintf(truth.line[truth.count / 2], FACT_CHARS_MAX, "%.*s!", FACT_CHARS_MAX - 2, kept);
    tally.lies = FINDINGS_SHOWN; /* silent */
    try_plan(&nothing, &tally);
    assert_int_equal(tally.lies, FINDINGS_SHOWN + 1);
    memcpy(truth.line[truth.count / 2], kept, sizeof kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_any_message_moved),
        cmocka_unit_test(test_answers_of_yesterday),
        cmocka_unit_test(test_any_field_changed),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
