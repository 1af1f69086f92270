#include "server/run/run.h"

#include "keys/public/origin.h"
#include "server/core/clock.h"
#include "server/run/connection.h"
#include "server/run/effects.h"
#include "server/run/queue.h"
#include "server/run/signer_link.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

/* How long the committer sleeps when nothing comes; what time brings is that late at most. */
#define TICK_MS 250u
#define READERS_CHECK_MS (3600u * 1000u)
#define EXIT_STORE_FAILED 70

struct run_checkpoints {
    atomic_uint references;
    struct core_checkpoints heads;
};

struct run {
    struct db *db;
    struct core *core;
    struct signer_link *signer;
    struct run_output output;
    struct queue *queue;
    struct roll *roll;
    pthread_t thread;
    pthread_mutex_t newest_mutex;
    struct run_checkpoints *newest;
    uint64_t readers_checked_ms;
};

void run_checkpoints_hold(struct run_checkpoints *checkpoints)
{
    (void)atomic_fetch_add(&checkpoints->references, 1);
}

void run_checkpoints_drop(struct run_checkpoints *checkpoints)
{
    if (checkpoints != NULL && atomic_fetch_sub(&checkpoints->references, 1) == 1) {
        free(checkpoints);
    }
}

const struct core_checkpoints *run_checkpoints_view(const struct run_checkpoints *checkpoints)
{
    return &checkpoints->heads;
}

void run_request_free(struct run_request *request)
{
    if (request == NULL) {
        return;
    }
    if (request->release != NULL) {
        request->release(request->owned);
    }
    core_answer_clear(&request->answer);
    run_connection_drop(request->connection);
    free(request);
}

/* The disk or the database failed: what it holds can no longer be known from here, so
 * nothing is answered and the supervisor starts anew from what is durable. */
static _Noreturn void give_up(enum status status, const char *what)
{
    (void)fprintf(stderr,
                  "alcoved: %s failed (%s); stopping without answering what was not durable\n",
                  what, status_name(status));
    _exit(EXIT_STORE_FAILED);
}

/* A note that does not fit would be our own fault: sizes follow from the origin. */
static void copy_note(const struct signer_link_notes *notes, enum origin_log log, uint8_t *out,
                      size_t *out_size)
{
    CHECK(notes->note_sizes[log] <= CORE_CHECKPOINT_BYTES_MAX);
    memcpy(out, notes->notes[log], notes->note_sizes[log]);
    *out_size = notes->note_sizes[log];
}

/* Has what is durable signed; the result is the newest until the next call. */
static enum status sign_heads(struct run *run)
{
    struct signer_link_notes notes;
    struct run_checkpoints *made;
    struct run_checkpoints *old;
    struct txn *txn = NULL;
    enum status status = db_begin_read(run->db, &txn);

    if (status != STATUS_OK) {
        return status;
    }
    status = signer_link_checkpoint(run->signer, txn, &notes);
    db_abort(txn);
    if (status != STATUS_OK) {
        return status;
    }
    made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return STATUS_NO_MEMORY;
    }
    atomic_init(&made->references, 1);
    made->heads.statements_size = notes.checkpoints[ORIGIN_STATEMENTS].size;
    made->heads.events_size = notes.checkpoints[ORIGIN_EVENTS].size;
    copy_note(&notes, ORIGIN_STATEMENTS, made->heads.statements, &made->heads.statements_bytes);
    copy_note(&notes, ORIGIN_EVENTS, made->heads.events, &made->heads.events_bytes);
    (void)pthread_mutex_lock(&run->newest_mutex);
    old = run->newest;
    run->newest = made;
    (void)pthread_mutex_unlock(&run->newest_mutex);
    run_checkpoints_drop(old);
    return STATUS_OK;
}

struct run_checkpoints *run_checkpoints_now(struct run *run)
{
    struct run_checkpoints *newest;

    (void)pthread_mutex_lock(&run->newest_mutex);
    newest = run->newest;
    run_checkpoints_hold(newest);
    (void)pthread_mutex_unlock(&run->newest_mutex);
    return newest;
}

/* A connection has one login: a second sent along with it would otherwise be judged before
 * the first one counts. It becomes a request without an op. */
static void once_per_connection(struct run_request *request)
{
    struct run_connection *connection = request->connection;

    if (request->ask.op != CORE_OP_LOGIN) {
        return;
    }
    if (connection->login_request == NULL) {
        connection->login_request = request;
    }
    if (connection->login_request != request) {
        request->ask.message = NULL;
    }
}

/* Judges each request of the list inside one transaction and commits. */
static enum status commit_list(struct run *run, struct run_request *list)
{
    struct txn *txn = NULL;
    uint64_t now_ms = clock_now_ms();
    enum status status = db_begin_write(run->db, &txn);

    if (status != STATUS_OK) {
        return status;
    }
    if (core_tick_due(run->core, now_ms)) {
        status = core_tick(run->core, txn, now_ms);
    }
    for (struct run_request *r = list; r != NULL && status == STATUS_OK; r = r->next) {
        r->ask.peer = run_connection_peer(r->connection);
        r->losses = run_connection_losses(r->connection);
        core_answer_clear(&r->answer);
        if (!r->closed) {
            once_per_connection(r);
            status = core_handle(run->core, txn, &r->ask, now_ms, &r->answer);
        }
    }
    if (status != STATUS_OK) {
        db_abort(txn);
        return status;
    }
    return db_commit(txn);
}

static void fail_request(struct run_request *request, enum status status)
{
    core_answer_clear(&request->answer);
    request->answer.event = UINT64_MAX;
    request->answer.status = status == STATUS_FULL ? STATUS_FULL : STATUS_UNAVAILABLE;
}

static void recover(struct run *run, enum status why)
{
    enum status status;

    core_effects_clear(run->core);
    if (why == STATUS_IO || why == STATUS_CORRUPT) {
        give_up(why, "the store");
    }
    status = core_reload(run->core);
    if (status != STATUS_OK) {
        give_up(status, "reading the statements again");
    }
}

/* Who is logged in and who listens, before effects of the same batch can end either. */
static void note_connection(struct run *run, struct run_request *request)
{
    struct core_answer *answer = &request->answer;

    if (request->closed) {
        roll_leave(run->roll, request->connection);
        return;
    }
    if (answer->login) {
        roll_enter(run->roll, request->connection, &answer->peer);
    }
    if (answer->subscribe) {
        uint32_t *sections = answer->sections;

        answer->sections = NULL;
        if (roll_subscribe(run->roll, request->connection, sections, answer->section_count) !=
            STATUS_OK) {
            answer->status = STATUS_UNAVAILABLE;
        }
    }
}

/* Signs, then lets answers go. Without a signature nothing is acknowledged: the requests
 * stay and are answered as soon as the signer is back. */
static void release_list(struct run *run, struct run_request *list)
{
    struct run_checkpoints *heads;
    enum status status = sign_heads(run);

    for (unsigned tries = 0; status == STATUS_UNAVAILABLE && tries < 5; tries++) {
        (void)fprintf(stderr, "alcoved: the log signer does not answer; nothing is acknowledged\n");
        (void)usleep(200 * 1000);
        status = sign_heads(run);
    }
    if (status != STATUS_OK) {
        give_up(status, "signing the logs");
    }
    heads = run_checkpoints_now(run);
    for (struct run_request *r = list; r != NULL; r = r->next) {
        note_connection(run, r);
    }
    effects_end_access(run->core, run->roll, &run->output);
    for (struct run_request *r = list; r != NULL; r = r->next) {
        if (!r->closed) {
            run->output.answer(run->output.state, r, heads);
        }
    }
    effects_push(run->core, run->roll, &run->output, heads);
    core_effects_clear(run->core);
    run_checkpoints_drop(heads);
}

static void run_one_by_one(struct run *run, struct run_request *list)
{
    while (list != NULL) {
        struct run_request *request = list;
        enum status status;

        list = list->next;
        request->next = NULL;
        status = commit_list(run, request);
        if (status != STATUS_OK) {
            recover(run, status);
            fail_request(request, status);
        }
        release_list(run, request);
        run_request_free(request);
    }
}

static void run_batch(struct run *run, struct run_request *list)
{
    enum status status = commit_list(run, list);

    if (status != STATUS_OK) {
        recover(run, status);
        run_one_by_one(run, list);
        return;
    }
    release_list(run, list);
    while (list != NULL) {
        struct run_request *request = list;

        list = list->next;
        run_request_free(request);
    }
}

static void *committer(void *argument)
{
    struct run *run = argument;

    for (;;) {
        struct run_request *list =
            queue_take(run->queue, TICK_MS, RUN_BATCH_REQUESTS_MAX, RUN_BATCH_BYTES_MAX);
        uint64_t now_ms = clock_now_ms();

        if (list == NULL && queue_is_shut(run->queue)) {
            return NULL;
        }
        if (list != NULL || core_tick_due(run->core, now_ms)) {
            run_batch(run, list);
        }
        if (now_ms - run->readers_checked_ms > READERS_CHECK_MS) {
            uint32_t freed;

            run->readers_checked_ms = now_ms;
            if (db_check_readers(run->db, &freed) != STATUS_OK) {
                (void)fprintf(stderr, "alcoved: the table of readers could not be checked\n");
            }
        }
    }
}

enum status run_start(struct db *db, struct core *core, struct signer_link *signer,
                      const struct run_output *output, struct run **out_run)
{
    struct run *run = calloc(1, sizeof(*run));
    enum status status;

    if (run == NULL) {
        return STATUS_NO_MEMORY;
    }
    run->db = db;
    run->core = core;
    run->signer = signer;
    run->output = *output;
    run->readers_checked_ms = clock_now_ms();
    CHECK(pthread_mutex_init(&run->newest_mutex, NULL) == 0);
    status = queue_new(RUN_QUEUE_REQUESTS_MAX, RUN_QUEUE_BYTES_MAX, &run->queue);
    if (status == STATUS_OK) {
        status = roll_new(&run->roll);
    }
    if (status == STATUS_OK) {
        status = sign_heads(run);
    }
    if (status == STATUS_OK && pthread_create(&run->thread, NULL, committer, run) != 0) {
        status = STATUS_NO_MEMORY;
    }
    if (status != STATUS_OK) {
        run_checkpoints_drop(run->newest);
        roll_free(run->roll);
        queue_free(run->queue);
        free(run);
        return status;
    }
    *out_run = run;
    return STATUS_OK;
}

bool run_offer(struct run *run, struct run_request *request)
{
    return queue_put(run->queue, request);
}

void run_finish(struct run *run)
{
    if (run != NULL) {
        queue_shut(run->queue);
        (void)pthread_join(run->thread, NULL);
    }
}

void run_free(struct run *run)
{
    if (run == NULL) {
        return;
    }
    run_checkpoints_drop(run->newest);
    roll_free(run->roll);
    queue_free(run->queue);
    (void)pthread_mutex_destroy(&run->newest_mutex);
    free(run);
}
