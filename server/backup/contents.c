#include "server/backup/contents.h"

#include "keys/public/log/checkpoint.h"
#include "server/core/core.h"
#include "server/core/header.h"
#include "server/store/ledger.h"

#include <inttypes.h>

_Static_assert(ORIGIN_STATEMENTS == 0 && ORIGIN_EVENTS == 1, "heads are counted by origin");

static const char *const LOGS[MANIFEST_LOGS] = {"statements", "events"};

/* The note must say what the manifest says, in the words of the log key. */
static enum status check_notes(const struct contents *contents, const struct manifest *manifest,
                               struct trouble *trouble)
{
    for (size_t i = 0; i < MANIFEST_LOGS; i++) {
        struct checkpoint head;
        enum status status = checkpoint_open_log(&manifest->practice, (enum origin_log)i,
                                                 &manifest->log_key, contents->notes[i], &head);
        if (status != STATUS_OK) {
            return trouble_say(trouble, STATUS_WRONG_KEY,
                               "the head of the %s is not signed by the log key", LOGS[i]);
        }
        if (head.size != manifest->heads[i].size ||
            !ID_EQUAL(&head.root, &manifest->heads[i].root)) {
            return trouble_say(trouble, STATUS_CORRUPT,
                               "the head of the %s is another than the manifest names", LOGS[i]);
        }
    }
    return STATUS_OK;
}

/* A head beyond the copy was signed after it: what lies between is in no backup. */
static enum status check_heads(struct db *db, const struct manifest *manifest,
                               struct contents_report *report, struct trouble *trouble)
{
    struct txn *txn = NULL;
    enum status status = db_begin_read(db, &txn);
    for (size_t i = 0; i < MANIFEST_LOGS && status == STATUS_OK; i++) {
        enum ledger_log log = i == ORIGIN_EVENTS ? LEDGER_EVENTS : LEDGER_STATEMENTS;
        const struct manifest_head *head = &manifest->heads[i];
        report->sizes[i] = ledger_size(txn, log);
        if (head->size > report->sizes[i]) {
            status = trouble_say(trouble, STATUS_REWOUND,
                                 "the database has %" PRIu64 " %s and the signed head %" PRIu64
                                 ": the database was copied before the heads, so that it lacks "
                                 "what was acknowledged between",
                                 report->sizes[i], LOGS[i], head->size);
            break;
        }
        struct hash root;
        status = ledger_root(txn, log, head->size, &root);
        if (status == STATUS_OK && !ID_EQUAL(&root, &head->root)) {
            status = STATUS_CORRUPT;
        }
        if (status != STATUS_OK) {
            status =
                trouble_say(trouble, STATUS_CORRUPT,
                            "the %s in the database are not those of the signed head", LOGS[i]);
        }
    }
    report->revisions = txn == NULL ? 0 : db_counter(txn, SCHEMA_NEXT_RECORD);
    db_abort(txn);
    return status;
}

/* The statements are judged anew, from the genesis on, whose hash is the practice's id. */
static enum status check_keys(struct db *db, uint64_t now_ms, const struct manifest *manifest,
                              struct trouble *trouble)
{
    static const struct public_key no_key;
    struct practice_id practice;
    enum status status = db_practice(db, &practice);
    struct core *core = NULL;
    if (status == STATUS_OK) {
        status = core_open(db, &no_key, now_ms, &core);
    }
    if (status != STATUS_OK) {
        return trouble_say(trouble, status == STATUS_NO_MEMORY ? status : STATUS_CORRUPT,
                           "the statements in the database do not hold together");
    }
    const struct statement_server_keys *keys = core_server_keys(core);
    if (!ID_EQUAL(&practice, &manifest->practice)) {
        status = trouble_say(trouble, STATUS_WRONG_KEY,
                             "the database is of another practice than the manifest names");
    } else if (keys == NULL || (!ID_EQUAL(&keys->log_key, &manifest->log_key) &&
                                !ID_EQUAL(&keys->log_next, &manifest->log_key))) {
        status = trouble_say(trouble, STATUS_WRONG_KEY,
                             "the manifest is signed by a key that this practice's root never "
                             "named for its logs");
    }
    core_close(core);
    return status;
}

static enum status check_database(struct db *db, const struct contents *contents,
                                  const struct manifest *manifest, struct contents_report *report,
                                  struct trouble *trouble)
{
    const struct fsck_header header = {header_hashes, NULL};
    struct fsck_report found;
    memset(&found, 0, sizeof found);
    enum status status = fsck_run(db, &header, &found);
    if (status != STATUS_OK) {
        return trouble_say(trouble, status, "the database is damaged: %s",
                           found.first[0] == '\0' ? status_reason(status) : found.first);
    }
    status = check_keys(db, contents->now_ms, manifest, trouble);
    return status == STATUS_OK ? check_heads(db, manifest, report, trouble) : status;
}

enum status contents_check(const struct contents *contents, const struct manifest *manifest,
                           struct contents_report *out_report, struct trouble *trouble)
{
    memset(out_report, 0, sizeof *out_report);
    if (manifest->format != SCHEMA_FORMAT_VERSION) {
        return trouble_say(trouble, STATUS_UNSUPPORTED,
                           "its database is of format %" PRIu32 ", and this program reads format "
                           "%u alone",
                           manifest->format, SCHEMA_FORMAT_VERSION);
    }
    enum status status = check_notes(contents, manifest, trouble);
    if (status != STATUS_OK) {
        return status;
    }
    struct db_damage *damage = calloc(1, sizeof *damage);
    if (damage == NULL) {
        return STATUS_NO_MEMORY;
    }
    const struct db_options options = {.image = true, .check = true, .out_damage = damage};
    struct db *db = NULL;
    status = db_open(contents->database_folder, &options, &db);
    if (status != STATUS_OK || damage->faults > 0) {
        status = trouble_say(trouble, status == STATUS_OK ? STATUS_CORRUPT : status,
                             "the database is damaged: %s",
                             damage->faults > 0 ? damage->first : status_reason(status));
    } else {
        status = check_database(db, contents, manifest, out_report, trouble);
    }
    db_close(db);
    free(damage);
    return status;
}
