#include "server/run/run_internal.h"

#include "server/run/turn.h"
#include "server/store/ledger.h"

#include <unistd.h>

/* How long the committer sleeps when no request comes; core_tick is late by this at most. */
#define TICK_MS 250u

struct run_checkpoints *run_checkpoints_now(struct run *run)
{
    return heads_now(run->heads);
}

static void *committer(void *argument)
{
    struct run *run = argument;
    turn_short();
    bool idle = false;
    while (!idle || !queue_is_shut(run->queue)) {
        if (run_turn(run, TICK_MS, &idle) != STATUS_OK) {
            _exit(DB_EXIT_FAILED);
        }
    }
    run_flush(run);
    return NULL;
}

/* All but the heads. */
static enum status make(struct db *db, struct core *core, struct signer_link *signer,
                        struct clock_guard *clock, const struct run_output *output,
                        struct run **out_run)
{
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        return STATUS_NO_MEMORY;
    }
    run->db = db;
    run->core = core;
    run->output = *output;
    atomic_init(&run->wanted_lines, UINT64_MAX);
    watch_init(&run->watch, clock, release_steady_ms());
    enum status status = heads_new(db, signer, &run->heads);
    if (status == STATUS_OK) {
        status = queue_new(RUN_QUEUE_REQUESTS_MAX, RUN_QUEUE_BYTES_MAX, &run->queue);
    }
    if (status == STATUS_OK) {
        status = roll_new(&run->roll);
    }
    if (status != STATUS_OK) {
        run_free(run);
        return status;
    }
    run->release = (struct release){.core = core,
                                    .heads = run->heads,
                                    .signer = signer,
                                    .queue = run->queue,
                                    .roll = run->roll,
                                    .output = *output};
    *out_run = run;
    return STATUS_OK;
}

enum status run_new(struct db *db, struct core *core, struct signer_link *signer,
                    struct clock_guard *clock, const struct run_output *output,
                    struct run **out_run)
{
    struct run *run = NULL;
    enum status status = make(db, core, signer, clock, output, &run);
    if (status == STATUS_OK) {
        status = heads_sign(run->heads);
    }
    if (status != STATUS_OK) {
        run_free(run);
        return status;
    }
    *out_run = run;
    return STATUS_OK;
}

static enum status begin(struct run *run, struct run **out_run)
{
    if (pthread_create(&run->thread, NULL, committer, run) != 0) {
        run_free(run);
        return STATUS_NO_MEMORY;
    }
    *out_run = run;
    return STATUS_OK;
}

enum status run_start(struct db *db, struct core *core, struct signer_link *signer,
                      struct clock_guard *clock, const struct run_output *output,
                      struct run **out_run)
{
    struct run *run = NULL;
    enum status status = run_new(db, core, signer, clock, output, &run);
    return status == STATUS_OK ? begin(run, out_run) : status;
}

enum status run_start_read_only(struct db *db, struct core *core,
                                const struct core_checkpoints *greeting,
                                const struct run_output *output, struct run **out_run)
{
    struct run *run = NULL;
    enum status status = make(db, core, NULL, NULL, output, &run);
    struct txn *txn = NULL;
    if (status == STATUS_OK) {
        status = db_begin_read(db, &txn);
    }
    if (status == STATUS_OK) {
        run->away = (struct away){.on = true,
                                  .statements = ledger_size(txn, LEDGER_STATEMENTS),
                                  .events = ledger_size(txn, LEDGER_EVENTS)};
        db_abort(txn);
        status = heads_put(run->heads, greeting);
    }
    if (status != STATUS_OK) {
        run_free(run);
        return status;
    }
    return begin(run, out_run);
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
    release_drop(run->release.held);
    roll_free(run->roll);
    queue_free(run->queue);
    heads_free(run->heads);
    free(run);
}
