#include "server/run/heads.h"

#include "keys/public/log/origin.h"
#include "server/run/signer_link.h"

#include <pthread.h>
#include <stdatomic.h>

struct run_checkpoints {
    atomic_uint references;
    struct core_checkpoints heads;
};

struct heads {
    struct db *db;
    struct signer_link *signer;
    pthread_mutex_t mutex;
    struct run_checkpoints *newest;
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

enum status heads_new(struct db *db, struct signer_link *signer, struct heads **out_heads)
{
    struct heads *heads = calloc(1, sizeof *heads);
    if (heads == NULL) {
        return STATUS_NO_MEMORY;
    }
    heads->db = db;
    heads->signer = signer;
    CHECK(pthread_mutex_init(&heads->mutex, NULL) == 0);
    *out_heads = heads;
    return STATUS_OK;
}

void heads_free(struct heads *heads)
{
    if (heads != NULL) {
        run_checkpoints_drop(heads->newest);
        (void)pthread_mutex_destroy(&heads->mutex);
        free(heads);
    }
}

/* A note that does not fit would be our own fault: sizes follow from the origin. */
static void copy_note(const struct signer_link_notes *notes, enum origin_log log, uint8_t *out,
                      size_t *out_size)
{
    CHECK(notes->note_sizes[log] <= CORE_CHECKPOINT_BYTES_MAX);
    memcpy(out, notes->notes[log], notes->note_sizes[log]);
    *out_size = notes->note_sizes[log];
}

void heads_of(const struct signer_link_notes *notes, struct core_checkpoints *out_heads)
{
    out_heads->statements_size = notes->checkpoints[ORIGIN_STATEMENTS].size;
    out_heads->events_size = notes->checkpoints[ORIGIN_EVENTS].size;
    copy_note(notes, ORIGIN_STATEMENTS, out_heads->statements, &out_heads->statements_bytes);
    copy_note(notes, ORIGIN_EVENTS, out_heads->events, &out_heads->events_bytes);
}

enum status heads_sign(struct heads *heads)
{
    struct txn *txn = NULL;
    enum status status = db_begin_read(heads->db, &txn);
    if (status != STATUS_OK) {
        return status;
    }
    struct signer_link_notes notes;
    status = signer_link_checkpoint(heads->signer, txn, &notes);
    db_abort(txn);
    if (status != STATUS_OK) {
        return status;
    }
    struct core_checkpoints signed_heads = {0};
    heads_of(&notes, &signed_heads);
    return heads_put(heads, &signed_heads);
}

enum status heads_put(struct heads *heads, const struct core_checkpoints *signed_heads)
{
    struct run_checkpoints *made;
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return STATUS_NO_MEMORY;
    }
    atomic_init(&made->references, 1);
    made->heads = *signed_heads;
    (void)pthread_mutex_lock(&heads->mutex);
    struct run_checkpoints *old = heads->newest;
    heads->newest = made;
    (void)pthread_mutex_unlock(&heads->mutex);
    run_checkpoints_drop(old);
    return STATUS_OK;
}

struct run_checkpoints *heads_now(struct heads *heads)
{
    (void)pthread_mutex_lock(&heads->mutex);
    struct run_checkpoints *newest = heads->newest;
    run_checkpoints_hold(newest);
    (void)pthread_mutex_unlock(&heads->mutex);
    return newest;
}
