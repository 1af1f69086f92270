#include "server/core/produce_internal.h"

static void path_fields(struct path *path)
{
    for (size_t i = 0; i < path->proof.count; i++) {
        path->fields[i] = field_of(path->proof.hashes[i].bytes, HASH_BYTES);
    }
}

enum status path_consistency(struct txn *txn, enum ledger_log log, uint64_t from, uint64_t to,
                             struct path *out)
{
    out->proof.count = 0;
    enum status status = STATUS_OK;
    if (from <= to) {
        status = ledger_consistency(txn, log, from, to, &out->proof);
    }
    path_fields(out);
    return status;
}

enum status path_inclusion(struct txn *txn, enum ledger_log log, uint64_t index, uint64_t size,
                           struct path *out)
{
    enum status status = ledger_inclusion(txn, log, index, size, &out->proof);
    path_fields(out);
    return status;
}

enum status path_advance(struct txn *txn, enum ledger_log log, const struct core_answer *answer,
                         const struct core_checkpoints *heads, struct path *out_path,
                         Alcove__Advance *out_advance)
{
    bool events = log == LEDGER_EVENTS;
    alcove__advance__init(out_advance);
    out_advance->checkpoint = events ? field_of(heads->events, heads->events_bytes)
                                     : field_of(heads->statements, heads->statements_bytes);
    enum status status =
        path_consistency(txn, log, events ? answer->seen_events : answer->seen_statements,
                         events ? heads->events_size : heads->statements_size, out_path);
    out_advance->n_consistency = out_path->proof.count;
    out_advance->consistency = out_path->fields;
    return status;
}
