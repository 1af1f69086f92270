#include "server/core/internal.h"

#include "server/core/position.h"
#include "server/store/ledger.h"
#include "server/store/state.h"

/* Slots of each table. An entry whose slot is taken replaces the one there. */
#define ROOTS_KEPT  256u
#define CHARTS_KEPT 1024u

struct kept_root {
    uint64_t size; /* 0: empty */
    struct hash root;
};
struct kept_chart {
    uint32_t chart_local; /* 0: empty */
    uint64_t number;
    struct hash leaf;
};
struct past {
    struct kept_root roots[2][ROOTS_KEPT]; /* by enum ledger_log */
    struct kept_chart charts[CHARTS_KEPT];
};

enum status past_new(struct past **out_past)
{
    *out_past = calloc(1, sizeof **out_past);
    return *out_past == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

void past_free(struct past *past)
{
    free(past);
}

void past_forget(struct past *past)
{
    memset(past, 0, sizeof *past);
}

/* A log's root at a past size, which never changes once it is durable. */
static enum status root_at(struct core *core, struct txn *txn, enum ledger_log log, uint64_t size,
                           struct hash *out_root)
{
    struct kept_root *kept = &core->past->roots[log][size % ROOTS_KEPT];
    enum status status = STATUS_OK;
    if (kept->size != size) {
        kept->size = 0;
        status = ledger_root(txn, log, size, &kept->root);
        kept->size = status == STATUS_OK ? size : 0;
    }
    *out_root = kept->root;
    return status;
}

static enum status judge_log(struct core *core, struct txn *txn, enum ledger_log log, uint64_t size,
                             const struct hash *root)
{
    if (size == 0) {
        return STATUS_OK;
    }
    if (size > ledger_size(txn, log)) {
        return STATUS_MALFORMED;
    }
    struct hash ours;
    enum status status = root_at(core, txn, log, size, &ours);
    if (status != STATUS_OK) {
        return status;
    }
    return ID_EQUAL(&ours, root) ? STATUS_OK : STATUS_MALFORMED;
}

enum status past_judge_seen(struct core *core, struct txn *txn, const struct seen *seen)
{
    enum status status =
        judge_log(core, txn, LEDGER_STATEMENTS, seen->statements_size, &seen->statements_root);
    if (status == STATUS_OK) {
        status = judge_log(core, txn, LEDGER_EVENTS, seen->events_size, &seen->events_root);
    }
    return status;
}

static struct kept_chart *chart_slot(struct past *past, uint32_t chart_local, uint64_t number)
{
    return &past->charts[(chart_local * 31u + number) % CHARTS_KEPT];
}

void past_note_chart(struct past *past, uint32_t chart_local, uint64_t number,
                     const struct hash *leaf)
{
    *chart_slot(past, chart_local, number) =
        (struct kept_chart){.chart_local = chart_local, .number = number, .leaf = *leaf};
}

static enum status chart_leaf(struct core *core, struct txn *txn, uint32_t chart_local,
                              uint64_t number, struct hash *out_leaf)
{
    const struct kept_chart *kept = chart_slot(core->past, chart_local, number);
    if (kept->chart_local == chart_local && kept->number == number) {
        *out_leaf = kept->leaf;
        return STATUS_OK;
    }
    uint64_t seq = 0;
    enum status status = trail_find(txn, TRAIL_CHART, chart_local, number, &seq);
    struct event_stored event;
    if (status == STATUS_OK) {
        status = events_peek(txn, seq, &event);
        status = status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    }
    if (status == STATUS_OK) {
        *out_leaf = event.leaf_hash;
        past_note_chart(core->past, chart_local, number, out_leaf);
    }
    return status;
}

enum status past_judge_chart(struct core *core, struct txn *txn, uint32_t chart_local,
                             uint64_t number, const struct hash *leaf)
{
    if (number == 0) {
        return STATUS_OK;
    }
    if (chart_local == 0) {
        return STATUS_MALFORMED;
    }
    struct hash ours;
    enum status status = chart_leaf(core, txn, chart_local, number, &ours);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_MALFORMED : status;
    }
    return ID_EQUAL(&ours, leaf) ? STATUS_OK : STATUS_MALFORMED;
}

/* How many devices have written in the section. */
static enum status count_authors(struct txn *txn, uint32_t section_local, size_t *out_count)
{
    struct db_walk *walk = NULL;
    enum status status = state_walk(txn, CORE_STATE_POSITION, section_local, &walk);
    *out_count = 0;
    if (status != STATUS_OK) {
        return status;
    }
    struct span key;
    struct span value;
    while (db_walk_next(walk, &key, &value)) {
        ++*out_count;
    }
    return db_walk_close(walk);
}

static enum status judge_start(struct core *core, struct txn *txn, uint32_t section_local,
                               const struct statement_start *start)
{
    const struct authority_device *device = authority_device(core->authority, &start->device);
    if (device == NULL) {
        return STATUS_MALFORMED;
    }
    uint32_t device_local = 0;
    enum status status = names_find(txn, SCHEMA_ID_DEVICE, device->keys.id.bytes, &device_local);
    uint64_t number = 0;
    struct hash link;
    if (status == STATUS_OK) {
        status = position_get(txn, section_local, device_local, &number, &link);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return number == start->number && ID_EQUAL(&link, &start->link) ? STATUS_OK : STATUS_MALFORMED;
}

enum status past_judge_starts(struct core *core, struct txn *txn, uint32_t section_local,
                              const struct statement_position *position)
{
    size_t authors = 0;
    enum status status =
        section_local == 0 ? STATUS_OK : count_authors(txn, section_local, &authors);
    if (status == STATUS_OK && authors != position->start_count) {
        status = STATUS_MALFORMED;
    }
    for (size_t i = 0; i < position->start_count && status == STATUS_OK; i++) {
        status = judge_start(core, txn, section_local, &position->start[i]);
    }
    return status;
}
