#include "server/run/run_internal.h"

#include "server/core/clock.h"
#include "server/log/log.h"

#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

/* How often a signer that is away is asked again. */
#define SIGNER_AGAIN_MS 200u
/* Judging in one transaction stops after this, so that one peer's costly requests hold up the
 * others' answers no longer than that. */
#define BATCH_MS        30u
/* For log_hourly: apart from what the door names. */
#define DAMAGED_ROW_KEY UINT64_C(0x0A2C5EED00000000)

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
    uint64_t began_ms = release_steady_ms();
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
        if (status == STATUS_OK && r->next != NULL && release_steady_ms() - began_ms > BATCH_MS) {
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

static enum status recover(struct run *run, enum status why)
{
    if (why == STATUS_IO) {
        return release_give_up(why, "the store");
    }
    core_take_back(run->core);
    return STATUS_OK;
}

/* After a batch that failed because of |why|. */
static enum status run_one_by_one(struct run *run, struct run_request *list, enum status why)
{
    enum status ends = recover(run, why);
    while (list != NULL && ends == STATUS_OK && !release_waits(&run->release)) {
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
            release_fail_request(request, status);
        }
        if (ends == STATUS_OK) {
            ends = release_list(&run->release, request);
        } else {
            run_request_free(request);
        }
    }
    if (ends == STATUS_OK) {
        release_refuse(&run->release, list);
    } else {
        release_drop(list);
    }
    return ends;
}

/* Of what it cannot do any more nothing is answered: the process ends. */
static enum status run_batch(struct run *run, struct run_request *list)
{
    enum status ends = STATUS_OK;
    do {
        struct run_request *rest;
        enum status status = commit_list(run, list, &rest);
        ends = status == STATUS_OK ? release_list(&run->release, list)
                                   : run_one_by_one(run, list, status);
        list = rest;
    } while (list != NULL && ends == STATUS_OK && !release_waits(&run->release));
    if (ends == STATUS_OK) {
        release_refuse(&run->release, list);
    } else {
        release_drop(list);
    }
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

void run_change(struct run *run, uint64_t map_bytes, uint32_t lines_per_hour)
{
    atomic_store(&run->wanted_map_bytes, map_bytes);
    atomic_store(&run->wanted_lines, lines_per_hour);
}

/* What run_change wanted, between transactions. A map that somebody reads is asked for again. */
static enum status follow_wishes(struct run *run)
{
    const uint64_t lines = atomic_exchange(&run->wanted_lines, UINT64_MAX);
    if (lines != UINT64_MAX) {
        core_allow(run->core, (uint32_t)lines);
    }
    uint64_t map_bytes = atomic_load(&run->wanted_map_bytes);
    const enum status status = map_bytes == 0 ? STATUS_OK : db_grow(run->db, map_bytes);
    if (map_bytes == 0 || status == STATUS_BUSY) {
        return STATUS_OK;
    }
    if (status == STATUS_NO_MEMORY) {
        log_line(LOG_LEVEL_ERROR,
                 "there is no address space for a map of %llu MiB (ulimit -v): it stays as it is",
                 (unsigned long long)(map_bytes >> 20));
    }
    /* One that came meanwhile stays. */
    (void)atomic_compare_exchange_strong(&run->wanted_map_bytes, &map_bytes, 0);
    return status == STATUS_NO_MEMORY ? STATUS_OK : status;
}

enum status run_turn(struct run *run, uint32_t wait_ms, bool *out_idle)
{
    const bool waits = release_waits(&run->release);
    struct run_request *list =
        queue_take(run->queue, waits && wait_ms > SIGNER_AGAIN_MS ? SIGNER_AGAIN_MS : wait_ms,
                   RUN_BATCH_REQUESTS_MAX, RUN_BATCH_BYTES_MAX);
    uint64_t now_ms = clock_now_ms();
    *out_idle = list == NULL && !waits;
    enum status status = follow_wishes(run);
    if (status != STATUS_OK) {
        return release_give_up(status, "the store");
    }
    if (run->away.on) {
        struct run_checkpoints *heads = heads_now(run->heads);
        away_answer(&run->away, run->core, &run->output, heads, list, now_ms);
        run_checkpoints_drop(heads);
        release_drop(list);
    } else if (waits) {
        release_refuse(&run->release, list);
        status = release_again(&run->release);
    } else if (list != NULL || core_tick_due(run->core, now_ms)) {
        status = run_batch(run, list);
    }
    watch_look(&run->watch, run->db, release_steady_ms(), now_ms);
    return status;
}
