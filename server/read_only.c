#include "server/read_only.h"

#include "server/backup/restore.h"
#include "server/log/log.h"
#include "server/run/heads.h"
#include "server/run/signer_link.h"
#include "server/store/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

/* What the decision rests on. */
struct known {
    struct db *db;
    struct practice_id practice;
    struct public_key log_key;
    struct signer_link *link;
    bool restored;
    struct restore_heads mark;
};

static void greet_with_mark(const struct known *known, struct core_checkpoints *out)
{
    out->statements_size = known->mark.sizes[ORIGIN_STATEMENTS];
    out->events_size = known->mark.sizes[ORIGIN_EVENTS];
    out->statements_bytes = known->mark.note_sizes[ORIGIN_STATEMENTS];
    out->events_bytes = known->mark.note_sizes[ORIGIN_EVENTS];
    CHECK(out->statements_bytes <= sizeof out->statements &&
          out->events_bytes <= sizeof out->events);
    memcpy(out->statements, known->mark.notes[ORIGIN_STATEMENTS], out->statements_bytes);
    memcpy(out->events, known->mark.notes[ORIGIN_EVENTS], out->events_bytes);
}

/* The signer does not answer. */
static enum status decide_alone(const struct known *known, enum status why, struct read_only *out)
{
    if (!known->restored) {
        return why;
    }
    out->on = true;
    greet_with_mark(known, &out->greeting);
    (void)snprintf(out->reason, sizeof out->reason,
                   "a backup was put back, and no log signer answers that knows what was signed "
                   "after it");
    return STATUS_OK;
}

static enum status held_sizes(const struct known *known, uint64_t out_held[MANIFEST_LOGS])
{
    struct txn *txn = NULL;
    enum status status = db_begin_read(known->db, &txn);
    if (status == STATUS_OK) {
        out_held[ORIGIN_STATEMENTS] = ledger_size(txn, LEDGER_STATEMENTS);
        out_held[ORIGIN_EVENTS] = ledger_size(txn, LEDGER_EVENTS);
        db_abort(txn);
    }
    return status;
}

/* Greets with what was signed last, which is more than is here. */
static enum status decide_rewound(const struct known *known, const struct signer_link_notes *last,
                                  struct read_only *out)
{
    uint64_t held[MANIFEST_LOGS];
    enum status status = held_sizes(known, held);
    if (status != STATUS_OK) {
        return status;
    }
    out->on = true;
    heads_of(last, &out->greeting);
    (void)snprintf(
        out->reason, sizeof out->reason,
        "%s has %" PRIu64 " statements and %" PRIu64 " events, and the log signer signed %" PRIu64
        " and %" PRIu64,
        known->restored ? "the backup that was put back" : "the database is an old copy: it",
        held[ORIGIN_STATEMENTS], held[ORIGIN_EVENTS], last->checkpoints[ORIGIN_STATEMENTS].size,
        last->checkpoints[ORIGIN_EVENTS].size);
    return STATUS_OK;
}

/* A state that is older than what the backup shows to be signed was copied back: the signer would
 * sign a second history with it, and cannot know. */
static bool signer_is_old(const struct known *known, const struct signer_link_notes *last)
{
    bool old = false;
    for (size_t i = 0; known->restored && i < MANIFEST_LOGS; i++) {
        old = old || last->checkpoints[i].size < known->mark.sizes[i];
    }
    return old;
}

static enum status decide_with(const struct known *known, struct read_only *out)
{
    static struct signer_link_notes last;
    enum status status = signer_link_last(known->link, &known->log_key, &last);
    if (status != STATUS_OK) {
        return status == STATUS_UNAVAILABLE ? decide_alone(known, status, out) : status;
    }
    if (signer_is_old(known, &last)) {
        out->on = true;
        greet_with_mark(known, &out->greeting);
        (void)snprintf(out->reason, sizeof out->reason,
                       "the log signer's state is older than the backup that was put back: an old "
                       "copy of it would sign a second history");
        return STATUS_OK;
    }
    static struct signer_link_notes now;
    struct txn *txn = NULL;
    status = db_begin_read(known->db, &txn);
    if (status == STATUS_OK) {
        status = signer_link_checkpoint(known->link, txn, &now);
    }
    db_abort(txn);
    if (status == STATUS_REWOUND) {
        return decide_rewound(known, &last, out);
    }
    return status == STATUS_UNAVAILABLE || status == STATUS_FULL ? decide_alone(known, status, out)
                                                                 : status;
}

/* From here on the signer itself remembers at least as much. */
static void forget_mark(const struct paths *paths)
{
    if (unlink(paths->restored) != 0 && errno != ENOENT) {
        log_line(LOG_LEVEL_WARNING, "%s: %s", paths->restored, strerrordesc_np(errno));
    }
}

enum status read_only_decide(const struct paths *paths, struct db *db, const struct core *core,
                             struct signer_link *link, struct read_only *out)
{
    memset(out, 0, sizeof *out);
    struct known known = {.db = db, .link = link};
    const struct statement_server_keys *keys = core_server_keys(core);
    if (keys == NULL || db_practice(db, &known.practice) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    known.log_key = keys->log_key;
    enum status status =
        restore_heads_read(paths->restored, &known.practice, &known.log_key, &known.mark);
    known.restored = status == STATUS_OK;
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        log_line(LOG_LEVEL_ERROR, "%s cannot be read: %s", paths->restored, status_reason(status));
        return status;
    }
    status =
        link == NULL ? decide_alone(&known, STATUS_UNAVAILABLE, out) : decide_with(&known, out);
    restore_heads_free(&known.mark);
    if (status == STATUS_OK && !out->on && known.restored) {
        forget_mark(paths);
    }
    return status;
}
