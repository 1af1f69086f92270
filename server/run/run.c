#include "server/run/run_internal.h"

#include "server/core/clock.h"
#include "server/log/log.h"
#include "server/run/effects.h"

#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

/* Judging in one transaction stops after this, so that one peer's costly requests hold up the
 * others' answers no longer than that. */
#define BATCH_MS        30u
/* For log_hourly: apart from what the door names. */
#define DAMAGED_ROW_KEY UINT64_C(0x0A2C5EED00000000)

/* The disk or the database failed: what it holds can no longer be known from here, so
 * nothing is answered and the supervisor starts anew from what is durable. */
static enum status give_up(enum status status, const char *what)
{
    log_line(LOG_LEVEL_ERROR, "%s failed (%s); stopping without answering what was not durable",
             what, status_name(status));
    return status;
}

/* A connection has one login: a second sent along with it would otherwise be judged before
 * the first one counts. It becomes a request without an op. */
static void once_per_guest(struct run_request *request)
{
    struct guest *guest = request->guest;
    if (request->ask.op != CORE_OP_LOGIN) {
        return;
    }
    if (guest->login_request == NULL) {
        guest->login_request = request;
    }
    if (guest->login_request != request) {
        request->ask.message = NULL;
    }
}

uint64_t run_steady_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static enum status judge_one(struct run *run, struct txn *txn, struct run_request *r,
                             uint64_t now_ms)
{
    core_answer_clear(&r->answer);
    if (r->closed) {
        return STATUS_OK;
    }
    r->ask.peer = guest_peer(r->guest);
    r->ask.ended = r->guest->ended;
    r->losses = guest_losses(r->guest);
    once_per_guest(r);
    enum status status = core_handle(run->core, txn, &r->ask, now_ms, &r->answer);
    if (status == STATUS_OK && r->answer.close && !r->guest->ended) {
        r->guest->ended = true;
        r->ends = true;
    }
    return status;
}

/* Takes back the answers and effects of a transaction that failed. */
static void unsay(struct run_request *list)
{
    for (struct run_request *r = list; r != NULL; r = r->next) {
        if (r->ends) {
            r->ends = false;
            r->guest->ended = false;
        }
    }
}

/* Judges each request of the list inside one transaction and commits. Those for which there
 * was no time are left in |*out_rest|; a request that is alone always has it. */
static enum status commit_list(struct run *run, struct run_request *list,
                               struct run_request **out_rest)
{
    uint64_t now_ms = clock_now_ms();
    uint64_t began_ms = run_steady_ms();
    struct txn *txn = NULL;
    enum status status = db_begin_write(run->db, &txn);
    *out_rest = NULL;
    if (status != STATUS_OK) {
        return status;
    }
    status = watch_clock(&run->watch, txn, now_ms);
    if (status == STATUS_OK && core_tick_due(run->core, now_ms)) {
        status = core_tick(run->core, txn, now_ms);
    }
    for (struct run_request *r = list; r != NULL && status == STATUS_OK; r = r->next) {
        status = judge_one(run, txn, r, now_ms);
        if (status == STATUS_OK && r->next != NULL && run_steady_ms() - began_ms > BATCH_MS) {
            *out_rest = r->next;
            r->next = NULL;
        }
    }
    if (status == STATUS_OK) {
        status = db_commit(txn);
    } else {
        db_abort(txn);
    }
    if (status != STATUS_OK) {
        unsay(list);
    }
    return status;
}

static void fail_request(struct run_request *request, enum status status)
{
    core_answer_clear(&request->answer);
    request->answer.event = UINT64_MAX;
    request->answer.status = status == STATUS_FULL ? STATUS_FULL : STATUS_UNAVAILABLE;
}

static enum status recover(struct run *run, enum status why)
{
    if (why == STATUS_IO) {
        return give_up(why, "the store");
    }
    core_take_back(run->core);
    return STATUS_OK;
}

/* Enters new logins and subscriptions, before effects of the same batch can end either. */
static void note_guest(struct run *run, struct run_request *request)
{
    struct core_answer *answer = &request->answer;
    if (request->closed) {
        roll_leave(run->roll, request->guest);
        return;
    }
    if (answer->login) {
        roll_enter(run->roll, request->guest, &answer->peer);
    }
    if (answer->subscribe) {
        uint32_t *sections = answer->sections;
        answer->sections = NULL;
        if (roll_subscribe(run->roll, request->guest, sections, answer->section_count) !=
            STATUS_OK) {
            answer->status = STATUS_UNAVAILABLE;
        }
    }
}

/* Signs, then lets answers go. Without a signature nothing is acknowledged: the requests
 * stay and are answered as soon as the signer is back. */
static enum status release_list(struct run *run, struct run_request *list)
{
    enum status status = heads_sign(run->heads);
    for (unsigned tries = 0; (status == STATUS_UNAVAILABLE || status == STATUS_FULL) && tries < 5;
         tries++) {
        if (log_changes(&run->signer_away, true)) {
            log_line(LOG_LEVEL_ERROR, "the log signer %s; nothing is acknowledged",
                     status == STATUS_FULL ? "cannot save: its disk is full"
                                           : "does not answer, or cannot save");
        }
        (void)usleep(200 * 1000);
        status = heads_sign(run->heads);
    }
    if (status != STATUS_OK) {
        return give_up(status, "signing the logs");
    }
    if (log_changes(&run->signer_away, false)) {
        log_line(LOG_LEVEL_NOTICE, "the log signer is back: what waited for it is acknowledged");
    }
    struct run_checkpoints *heads = heads_now(run->heads);
    for (struct run_request *r = list; r != NULL; r = r->next) {
        note_guest(run, r);
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
    return STATUS_OK;
}

static void free_list(struct run_request *list)
{
    while (list != NULL) {
        struct run_request *request = list;
        list = list->next;
        run_request_free(request);
    }
}

/* After a batch that failed because of |why|. */
static enum status run_one_by_one(struct run *run, struct run_request *list, enum status why)
{
    enum status ends = recover(run, why);
    while (list != NULL && ends == STATUS_OK) {
        struct run_request *request = list;
        list = list->next;
        request->next = NULL;
        struct run_request *rest;
        enum status status = commit_list(run, request, &rest);
        if (status != STATUS_OK) {
            /* A damaged row is the trouble of whoever needs it. Nothing was written: the request
             * stands alone in its transaction here. */
            if (status == STATUS_CORRUPT && log_hourly(DAMAGED_ROW_KEY ^ request->ask.op)) {
                log_line(LOG_LEVEL_ERROR,
                         "a request of kind %u met damaged bytes and was not done; `alcoved fsck` "
                         "tells more",
                         (unsigned)request->ask.op);
            }
            ends = recover(run, status);
            fail_request(request, status);
        }
        if (ends == STATUS_OK) {
            ends = release_list(run, request);
        }
        run_request_free(request);
    }
    free_list(list);
    return ends;
}

static enum status run_batch(struct run *run, struct run_request *list)
{
    enum status ends = STATUS_OK;
    do {
        struct run_request *rest;
        enum status status = commit_list(run, list, &rest);
        if (status == STATUS_OK) {
            ends = release_list(run, list);
            free_list(list);
        } else {
            ends = run_one_by_one(run, list, status);
        }
        list = rest;
    } while (list != NULL && ends == STATUS_OK);
    free_list(list);
    return ends;
}

/* At the end of service: writes the refused logins of the minute that is not over. If this fails
 * the log lacks only a count, so the failure is printed and nothing else is done. */
void run_flush(struct run *run)
{
    if (run->away.on || !core_flush_due(run->core)) {
        return;
    }
    struct txn *txn = NULL;
    enum status status = db_begin_write(run->db, &txn);
    uint64_t now_ms = clock_now_ms();
    if (status == STATUS_OK) {
        status = watch_clock(&run->watch, txn, now_ms);
    }
    if (status == STATUS_OK) {
        status = core_flush(run->core, txn, now_ms);
    }
    if (status == STATUS_OK) {
        status = db_commit(txn);
    } else {
        db_abort(txn);
    }
    if (status == STATUS_OK) {
        status = heads_sign(run->heads);
    }
    if (status != STATUS_OK) {
        log_line(LOG_LEVEL_WARNING, "the last refused logins could not be written down (%s)",
                 status_name(status));
    }
}

enum status run_turn(struct run *run, uint32_t wait_ms, bool *out_idle)
{
    struct run_request *list =
        queue_take(run->queue, wait_ms, RUN_BATCH_REQUESTS_MAX, RUN_BATCH_BYTES_MAX);
    uint64_t now_ms = clock_now_ms();
    *out_idle = list == NULL;
    enum status status = STATUS_OK;
    if (run->away.on) {
        struct run_checkpoints *heads = heads_now(run->heads);
        away_answer(&run->away, run->core, &run->output, heads, list, now_ms);
        run_checkpoints_drop(heads);
        free_list(list);
    } else if (list != NULL || core_tick_due(run->core, now_ms)) {
        status = run_batch(run, list);
    }
    watch_look(&run->watch, run->db, run_steady_ms(), now_ms);
    return status;
}
