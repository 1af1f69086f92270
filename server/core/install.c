#include "server/core/internal.h"

#include "server/store/ledger.h"
#include "server/store/state.h"

/* Puts one statement where a new practice begins. */
static enum status install_one(struct core *core, struct txn *txn, struct span bytes,
                               uint64_t time_ms)
{
    uint64_t seq = ledger_size(txn, LEDGER_STATEMENTS);
    struct statement statement;
    enum status status = statement_parse(bytes, &core->practice, &statement);
    struct authority_result result;
    struct authority_judgement judgement;
    if (status == STATUS_OK) {
        status = authority_judge(core->authority, &statement, seq, time_ms, AUTHORITY_VERIFY,
                                 &result, &judgement);
    }
    if (status == STATUS_OK) {
        status = authority_apply(&judgement);
    }
    if (status == STATUS_OK) {
        status = statement_store(core, txn, &statement, seq, time_ms);
    }
    struct event_draft draft = {.outcome = OUTCOME_OK, .basis_kind = BASIS_ROLE};
    struct event_written written;
    if (status == STATUS_OK) {
        draft.action = statement.rule->action;
        draft.object = statement.hash;
        draft.subject = result.subject;
        status = event_write(core, txn, NULL, &draft, &written);
    }
    statement_free(&statement);
    return status;
}

enum status core_install(struct db *db, const struct span *statements, size_t count,
                         const struct span *bundles, size_t bundle_count, uint64_t now_ms)
{
    struct core core = {.db = db, .now_ms = now_ms};
    enum status status = count == 0 ? STATUS_MALFORMED : STATUS_OK;
    struct practice_id practice;
    if (status == STATUS_OK && db_practice(db, &practice) == STATUS_OK) {
        status = STATUS_ALREADY;
    }
    if (status == STATUS_OK) {
        statement_practice_id(statements[0], &core.practice);
        status = db_set_practice(db, &core.practice);
    }
    if (status == STATUS_OK) {
        status = authority_new(&core.practice, 0, &core.authority);
    }
    struct txn *txn = NULL;
    if (status == STATUS_OK) {
        status = db_begin_write(db, &txn);
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = install_one(&core, txn, statements[i], events_time(txn, now_ms));
    }
    for (size_t i = 0; i < bundle_count && status == STATUS_OK; i++) {
        uint8_t prefix[ID_BYTES];
        status = state_blob_put(txn, bundles[i], prefix);
    }
    if (status == STATUS_OK) {
        status = db_commit(txn);
    } else {
        db_abort(txn);
    }
    authority_free(core.authority);
    return status;
}
