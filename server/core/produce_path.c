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

void path_advance(Alcove__Advance *advance, struct span checkpoint, struct path *path)
{
    alcove__advance__init(advance);
    advance->checkpoint = field_of(checkpoint.data, checkpoint.size);
    advance->n_consistency = path->proof.count;
    advance->consistency = path->fields;
}

struct span path_events_note(const struct core_checkpoints *heads)
{
    return span_of(heads->events, heads->events_bytes);
}
