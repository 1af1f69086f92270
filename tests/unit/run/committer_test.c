/*
 * The committer with a signer and a store that fail when told to.
 *
 * The signer is this file's own, and the linker puts our wrappers around core_handle and
 * db_commit. While the signer is held, what is offered gathers and is the next batch.
 */
#include "server/run/connection.h"
#include "server/run/signer_link.h"
#include "tests/unit/core/core_scene.h"

#include "keys/public/origin.h"
#include "proto/alcove.pb-c.h"
#include "proto/message.h"
#include "proto/words.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define OK(call) assert_int_equal((call), STATUS_OK)
#define ANSWERS_MAX 64

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;

/* All under the mutex. */
static struct {
    bool hold;           /* the signer waits */
    unsigned waiting;    /* it does */
    unsigned refusals;   /* so often it does not answer */
    uint64_t signed_events;
    uint32_t poison;     /* op whose judging fails unexpectedly */
    enum status commit;  /* what the next commit says instead */
    struct core_peer peer; /* whom the next login admits */
    size_t count;
    struct {
        uint64_t connection;
        uint32_t op;
        enum status status;
        bool close;
        uint64_t event;
        uint64_t signed_events; /* as the answer was given */
    } answers[ANSWERS_MAX];
    size_t pushes;
    size_t cuts;
    size_t cut_after; /* answers given before the last cut */
} shared;

static void lock(void)
{
    assert_int_equal(pthread_mutex_lock(&mutex), 0);
}

static void unlock(void)
{
    assert_int_equal(pthread_mutex_unlock(&mutex), 0);
}

static void wait_for_answers(size_t count)
{
    lock();
    while (shared.count < count) {
        assert_int_equal(pthread_cond_wait(&moved, &mutex), 0);
    }
    unlock();
}

static void hold_signer(bool hold)
{
    lock();
    shared.hold = hold;
    (void)pthread_cond_broadcast(&moved);
    unlock();
}

static void wait_for_signer(void)
{
    lock();
    while (shared.waiting == 0) {
        assert_int_equal(pthread_cond_wait(&moved, &mutex), 0);
    }
    unlock();
}

/* ---- the parts that fail */

enum status signer_link_checkpoint(struct signer_link *link, struct txn *txn,
                                   struct signer_link_notes *out)
{
    enum status status = STATUS_OK;

    (void)link;
    memset(out, 0, sizeof(*out));
    out->checkpoints[ORIGIN_STATEMENTS].size = ledger_size(txn, LEDGER_STATEMENTS);
    out->checkpoints[ORIGIN_EVENTS].size = ledger_size(txn, LEDGER_EVENTS);
    lock();
    shared.waiting++;
    (void)pthread_cond_broadcast(&moved);
    while (shared.hold) {
        (void)pthread_cond_wait(&moved, &mutex);
    }
    shared.waiting--;
    if (shared.refusals > 0) {
        shared.refusals--;
        status = STATUS_UNAVAILABLE;
    } else {
        shared.signed_events = out->checkpoints[ORIGIN_EVENTS].size;
    }
    unlock();
    return status;
}

/* The linker's names for the wrapped functions. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
enum status __real_core_handle(struct core *core, struct txn *txn, const struct core_ask *ask,
                               uint64_t now_ms, struct core_answer *answer);
enum status __wrap_core_handle(struct core *core, struct txn *txn, const struct core_ask *ask,
                               uint64_t now_ms, struct core_answer *answer);
enum status __real_db_commit(struct txn *txn);
enum status __wrap_db_commit(struct txn *txn);

enum status __wrap_core_handle(struct core *core, struct txn *txn, const struct core_ask *ask,
                               uint64_t now_ms, struct core_answer *answer)
{
    enum status status = __real_core_handle(core, txn, ask, now_ms, answer);

    if (status == STATUS_OK && ask->op == shared.poison && shared.poison != 0) {
        return STATUS_NO_MEMORY;
    }
    if (status == STATUS_OK && ask->op == CORE_OP_LOGIN && ask->message != NULL &&
        ask->peer == NULL) {
        core_answer_clear(answer);
        answer->login = true;
        answer->peer = shared.peer;
    }
    return status;
}

enum status __wrap_db_commit(struct txn *txn)
{
    enum status told = shared.commit;

    if (told != STATUS_OK) {
        db_abort(txn);
        return told;
    }
    return __real_db_commit(txn);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* ---- where answers go */

static void on_answer(void *state, struct run_request *request, struct run_checkpoints *heads)
{
    lock();
    if (shared.count < ANSWERS_MAX) {
        shared.answers[shared.count].connection = run_connection_number(request->connection);
        shared.answers[shared.count].op = request->ask.op;
        shared.answers[shared.count].status = request->answer.status;
        shared.answers[shared.count].close = request->answer.close;
        shared.answers[shared.count].event = request->answer.event;
        shared.answers[shared.count].signed_events = run_checkpoints_view(heads)->events_size;
        shared.count++;
    }
    if (state != NULL) {
        assert_int_equal(write(*(const int *)state, "a", 1), 1);
    }
    (void)pthread_cond_broadcast(&moved);
    unlock();
}

static void on_push(void *state, struct run_connection *connection,
                    const struct core_effect *effect, struct run_checkpoints *heads)
{
    (void)state;
    (void)connection;
    (void)effect;
    (void)heads;
    lock();
    shared.pushes++;
    unlock();
}

static void on_cut(void *state, struct run_connection *connection)
{
    (void)state;
    (void)connection;
    lock();
    shared.cuts++;
    shared.cut_after = shared.count;
    unlock();
}

/* ---- a running committer */

struct running {
    struct scene *scene;
    struct run *run;
    struct run_connection *connections[4];
    size_t count;
};

static Alcove__StateAsk state_ask = ALCOVE__STATE_ASK__INIT;

static void start(struct running *r, struct scene *scene, int *pipe_end)
{
    struct run_output output = {pipe_end, on_answer, on_push, on_cut};

    memset(&shared, 0, sizeof(shared));
    memset(r, 0, sizeof(*r));
    r->scene = scene;
    OK(run_start(scene->db, scene->core, NULL, &output, &r->run));
}

static void stop(struct running *r)
{
    run_finish(r->run);
    run_free(r->run);
    for (size_t i = 0; i < r->count; i++) {
        run_connection_drop(r->connections[i]);
    }
}

static struct run_request *request(struct run_connection *connection, uint32_t op,
                                   const ProtobufCMessage *message)
{
    struct run_request *made = calloc(1, sizeof(*made));

    assert_non_null(made);
    made->connection = connection;
    run_connection_hold(connection);
    made->bytes = 100;
    made->ask.op = op;
    made->ask.message = message;
    made->ask.id = (struct request_id){{1}};
    return made;
}

static void offer(struct running *r, struct run_connection *connection, uint32_t op,
                  const ProtobufCMessage *message)
{
    assert_true(run_offer(r->run, request(connection, op, message)));
}

static struct run_connection *log_in(struct running *r, const struct make_person *person)
{
    static const uint8_t zeros[32];
    static Alcove__Login login = ALCOVE__LOGIN__INIT;
    struct run_connection *connection = run_connection_new(r->count + 1, zeros, zeros);
    size_t answers;

    assert_non_null(connection);
    r->connections[r->count++] = connection;
    lock();
    scene_peer(r->scene, person, 0, &shared.peer);
    answers = shared.count;
    unlock();
    offer(r, connection, CORE_OP_LOGIN, &login.base);
    wait_for_answers(answers + 1);
    return connection;
}

/* From here on what is offered gathers, until the signer is let go. */
static void gather(struct running *r, struct run_connection *connection)
{
    hold_signer(true);
    offer(r, connection, OP_STATE, &state_ask.base);
    wait_for_signer();
}

/* Goal: an answer leaves only under heads that cover its event, in the order of the requests.
 * Method: one batch of five by two connections. */
static void test_order(void **state)
{
    struct running r;
    struct run_connection *a;
    struct run_connection *b;
    uint64_t last = 0;

    start(&r, *state, NULL);
    a = log_in(&r, r.scene->p->t1);
    b = log_in(&r, r.scene->p->t2);
    gather(&r, a);
    lock();
    assert_int_equal(shared.count, 2); /* durable, but not signed: not answered */
    unlock();
    for (int i = 0; i < 5; i++) {
        offer(&r, i % 2 == 0 ? a : b, OP_STATE, &state_ask.base);
    }
    hold_signer(false);
    wait_for_answers(8);
    for (size_t i = 2; i < 8; i++) {
        OK(shared.answers[i].status);
        assert_true(shared.answers[i].event > last);
        last = shared.answers[i].event;
        assert_true(shared.answers[i].signed_events > last);
    }
    assert_int_equal(shared.answers[3].connection, 1);
    assert_int_equal(shared.answers[4].connection, 2);
    stop(&r);
}

/* Goal: while the signer is silent nothing is acknowledged, and afterwards everything is.
 * Method: it refuses three times. */
static void test_signer_away(void **state)
{
    struct running r;
    struct run_connection *a;

    start(&r, *state, NULL);
    a = log_in(&r, r.scene->p->t1);
    lock();
    shared.refusals = 3;
    unlock();
    offer(&r, a, OP_STATE, &state_ask.base);
    wait_for_answers(2);
    OK(shared.answers[1].status);
    assert_int_equal(shared.refusals, 0);
    assert_true(shared.answers[1].signed_events > shared.answers[1].event);
    stop(&r);
}

/* Goal: a request that fails unexpectedly fails alone. Method: the middle one of a batch; each
 * of the others has one event, it has none. */
static void test_culprit_alone(void **state)
{
    struct running r;
    struct run_connection *a;
    Alcove__CheckpointAsk poison = ALCOVE__CHECKPOINT_ASK__INIT;
    uint64_t events;

    start(&r, *state, NULL);
    a = log_in(&r, r.scene->p->t1);
    shared.poison = OP_CHECKPOINT;
    events = scene_size(r.scene, LEDGER_EVENTS);
    gather(&r, a);
    offer(&r, a, OP_STATE, &state_ask.base);
    offer(&r, a, OP_CHECKPOINT, &poison.base);
    offer(&r, a, OP_STATE, &state_ask.base);
    hold_signer(false);
    wait_for_answers(5);
    OK(shared.answers[2].status);
    assert_int_equal(shared.answers[3].status, STATUS_UNAVAILABLE);
    assert_int_equal(shared.answers[3].event, UINT64_MAX);
    OK(shared.answers[4].status);
    assert_int_equal(scene_size(r.scene, LEDGER_EVENTS), events + 3);
    stop(&r);
}

/* Goal: when the disk fails the process ends and says nothing. Method: in a child, whose
 * answers would come through a pipe. */
static void test_disk_fails(void **state)
{
    struct scene *scene = *state;
    int ends[2];
    int code = 0;
    char byte;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    db_close(scene->db); /* LMDB's environment must not cross a fork */
    core_close(scene->core);
    scene->db = NULL;
    scene->core = NULL;
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct running r;
        struct run_connection *a;

        scene_restart(scene);
        start(&r, scene, &ends[1]);
        a = log_in(&r, scene->p->t1);
        assert_int_equal(read(ends[0], &byte, 1), 1);
        shared.commit = STATUS_IO;
        offer(&r, a, OP_STATE, &state_ask.base);
        wait_for_answers(3);
        _exit(0);
    }
    assert_int_equal(close(ends[1]), 0);
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

/* Goal: whoever is suspended is sent away before any answer of that batch leaves; what still
 * comes from there is refused and listens to nothing, even after a resumption. Method: in one
 * batch suspend, resume and subscribe; then once more, and a write that would be pushed. */
static void test_sent_away(void **state)
{
    struct running r;
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *section = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    ProtobufCBinaryData id = field_of(section->id.bytes, ID_BYTES);
    Alcove__SubscribeAsk subscribe = ALCOVE__SUBSCRIBE_ASK__INIT;
    Alcove__SubmitAsk asks[3];
    ProtobufCBinaryData fields[3];
    struct made made[3];
    struct run_connection *t1;
    struct run_connection *ad1;

    subscribe.n_section = 1;
    subscribe.section = &id;
    start(&r, scene, NULL);
    t1 = log_in(&r, p->t1);
    ad1 = log_in(&r, p->ad1);
    made[2] = make_epoch(scene->w, section, p->t1, 0);
    made[0] = make_suspension(scene->w, p->t1, p->ad1, true);
    asks[0] = submit_of(&fields[0], &made[0]);
    asks[2] = submit_of(&fields[2], &made[2]);
    offer(&r, t1, OP_SUBSCRIBE, &subscribe.base);
    wait_for_answers(3);
    OK(shared.answers[2].status);
    gather(&r, ad1);
    offer(&r, ad1, OP_SUBMIT, &asks[0].base);
    offer(&r, t1, OP_SUBMIT, &asks[2].base);
    hold_signer(false);
    wait_for_answers(6);
    OK(shared.answers[4].status);
    assert_int_equal(shared.answers[5].status, STATUS_REFUSED);
    assert_true(shared.answers[5].close);
    assert_int_equal(shared.cuts, 1);
    assert_int_equal(shared.cut_after, 4);
    assert_int_equal(shared.pushes, 0);
    (void)make_take(scene->w, made[0]);
    made[1] = make_suspension(scene->w, p->t1, p->ad1, false);
    asks[1] = submit_of(&fields[1], &made[1]);
    /* Another id, or it would be another request under the same one. */
    {
        struct run_request *resume = request(ad1, OP_SUBMIT, &asks[1].base);

        resume->ask.id = (struct request_id){{2}};
        assert_true(run_offer(r.run, resume));
    }
    offer(&r, t1, OP_SUBSCRIBE, &subscribe.base);
    offer(&r, t1, OP_SUBMIT, &asks[2].base);
    wait_for_answers(9);
    OK(shared.answers[6].status);
    assert_int_equal(shared.answers[7].status, STATUS_REFUSED);
    assert_int_equal(shared.answers[8].status, STATUS_REFUSED);
    assert_int_equal(shared.pushes, 0);
    stop(&r);
}

/* Goal: subscribers hear of a change once. Method: one subscribed to a section named twice. */
static void test_push(void **state)
{
    struct running r;
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *section = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    ProtobufCBinaryData ids[] = {field_of(section->id.bytes, ID_BYTES),
                                 field_of(section->id.bytes, ID_BYTES)};
    Alcove__SubscribeAsk subscribe = ALCOVE__SUBSCRIBE_ASK__INIT;
    ProtobufCBinaryData field;
    struct made epoch = make_epoch(scene->w, section, p->t1, 0);
    Alcove__SubmitAsk ask = submit_of(&field, &epoch);
    struct run_connection *t1;

    subscribe.n_section = 2;
    subscribe.section = ids;
    start(&r, scene, NULL);
    t1 = log_in(&r, p->t1);
    offer(&r, t1, OP_SUBSCRIBE, &subscribe.base);
    offer(&r, t1, OP_SUBMIT, &ask.base);
    wait_for_answers(3);
    stop(&r);
    OK(shared.answers[2].status);
    assert_int_equal(shared.pushes, 1);
}

/* Goal: at the end the queue is worked off, refused logins are written down, and nothing more
 * is taken. Method: a bundle that does not exist, then the end. */
static void test_end(void **state)
{
    static const uint8_t zeros[32];
    struct running r;
    struct run_connection *stranger = run_connection_new(9, zeros, zeros);
    Alcove__BundleAsk bundle = ALCOVE__BUNDLE_ASK__INIT;
    struct run_request *late;
    uint32_t action = 0;
    uint32_t outcome = 0;

    assert_non_null(stranger);
    start(&r, *state, NULL);
    r.connections[r.count++] = stranger;
    offer(&r, stranger, OP_BUNDLE, &bundle.base);
    run_finish(r.run);
    assert_int_equal(shared.count, 1);
    assert_int_equal(shared.answers[0].status, STATUS_REFUSED);
    scene_event(r.scene, 0, &action, &outcome);
    assert_int_equal(action, ACTION_LOGIN_REFUSED);
    late = request(stranger, OP_BUNDLE, &bundle.base);
    assert_false(run_offer(r.run, late));
    run_request_free(late);
    run_free(r.run);
    run_connection_drop(stranger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_order),      SCENE_TEST(test_signer_away), SCENE_TEST(test_culprit_alone),
        SCENE_TEST(test_disk_fails), SCENE_TEST(test_sent_away),   SCENE_TEST(test_push),
        SCENE_TEST(test_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
