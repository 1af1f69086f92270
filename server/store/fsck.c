#include "server/store/fsck.h"

#include "server/store/chain_log.h"
#include "server/store/fsck_internal.h"
#include "server/store/names.h"
#include "server/store/note_head.h"
#include "server/store/note_index.h"
#include "server/store/record.h"

#include <stdarg.h>

void fsck_fault(struct fsck *fsck, const char *format, ...)
{
    if (fsck->report->faults++ > 0) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started in the line above */
    (void)vsnprintf(fsck->report->first, sizeof fsck->report->first, format, arguments);
    va_end(arguments);
}

/* Where merkle_frontier_append's nodes are compared. */
struct comparison {
    struct fsck *fsck;
    enum ledger_log log;
};

static enum status compare_node(void *context, uint32_t level, uint64_t index,
                                const struct hash *hash)
{
    struct comparison *comparison = context;
    struct hash stored;
    if (ledger_node(comparison->fsck->txn, comparison->log, level, index, &stored) != STATUS_OK ||
        !ID_EQUAL(&stored, hash)) {
        fsck_fault(comparison->fsck, "%s: node %u, %llu differs",
                   comparison->log == LEDGER_EVENTS ? "events" : "statements", level,
                   (unsigned long long)index);
    }
    return STATUS_OK;
}

void fsck_grow(struct fsck *fsck, enum ledger_log log, struct merkle_frontier *frontier,
               const struct hash *leaf_hash)
{
    struct comparison comparison = {fsck, log};
    struct merkle_sink sink = {compare_node, &comparison};
    if (merkle_frontier_append(frontier, leaf_hash, &sink) != STATUS_OK) {
        fsck_fault(fsck, "a log is larger than a log can be");
    }
}

static void check_chain(struct fsck *fsck, const struct chain_statement *statement)
{
    struct chain_head head;
    uint64_t seq = 0;
    if (chain_log_head(fsck->txn, &statement->label, &head) != STATUS_OK ||
        statement->number >= head.count ||
        chain_log_find(fsck->txn, head.chain_local, statement->number, &seq) != STATUS_OK ||
        seq != statement->seq ||
        (statement->number + 1 == head.count && head.last_seq != statement->seq)) {
        fsck_fault(fsck, "statement %llu: is not where its chain says",
                   (unsigned long long)statement->seq);
    }
}

static enum status check_statements(struct fsck *fsck)
{
    uint64_t size = ledger_size(fsck->txn, LEDGER_STATEMENTS);
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    struct chain_statement statement;
    enum status status = STATUS_OK;
    for (uint64_t seq = 0; status == STATUS_OK && seq < size; seq++) {
        status = chain_log_get(fsck->txn, seq, &statement);
        if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND) {
            fsck_fault(fsck, "statement %llu: does not give its leaf", (unsigned long long)seq);
            status = STATUS_OK;
            continue;
        }
        struct hash leaf_hash;
        if (status == STATUS_OK) {
            merkle_leaf_hash(span_of(statement.leaf, sizeof statement.leaf), &leaf_hash);
            fsck_grow(fsck, LEDGER_STATEMENTS, &frontier, &leaf_hash);
            check_chain(fsck, &statement);
        }
    }
    merkle_frontier_root(&frontier, &fsck->report->statements_root);
    fsck->report->statements = size;
    uint64_t entries = 0;
    if (status == STATUS_OK) {
        status = db_entries(fsck->txn, SCHEMA_CHAIN_LOG, &entries);
    }
    if (entries != size && status == STATUS_OK) {
        fsck_fault(fsck, "chains hold %llu statements, the log %llu", (unsigned long long)entries,
                   (unsigned long long)size);
    }
    return status;
}

static void check_record(struct fsck *fsck, uint64_t seq)
{
    struct record record;
    enum status status = record_peek(fsck->txn, seq, &record);
    struct record_hashes hashes;
    if (status == STATUS_OK && fsck->header != NULL) {
        status = fsck->header->hashes(fsck->header->context, record.header, &hashes.context,
                                      &hashes.envelope);
        if (status == STATUS_OK) {
            status = record_check(&record, &hashes);
        }
    }
    if (status != STATUS_OK) {
        fsck_fault(fsck, "record %llu: does not give its hashes", (unsigned long long)seq);
        return;
    }
    struct span wrap;
    status = record_wrap(fsck->txn, seq, &wrap);
    if (status == STATUS_OK || status == STATUS_CORRUPT) { /* its sum was looked at before */
        fsck->report->wraps++;
        if (record.erased) {
            fsck_fault(fsck, "record %llu: erased, but its wrap is there", (unsigned long long)seq);
        }
    }
}

static enum status check_records(struct fsck *fsck)
{
    uint64_t count = db_counter(fsck->txn, SCHEMA_NEXT_RECORD);
    for (uint64_t seq = 0; seq < count; seq++) {
        check_record(fsck, seq);
    }
    fsck->report->records = count;
    uint64_t wraps = 0;
    enum status status = db_entries(fsck->txn, SCHEMA_WRAP, &wraps);
    if (status == STATUS_OK && wraps != fsck->report->wraps) {
        fsck_fault(fsck, "%llu wraps belong to no record",
                   (unsigned long long)(wraps - fsck->report->wraps));
    }
    return status;
}

/* Whether an earlier row names the same note: then one of the two would never be found. */
static bool named_before(struct fsck *fsck, const struct note_index *index, uint32_t section_local,
                         const struct note_id *note)
{
    size_t probe = 0;
    uint32_t local;
    while ((local = note_index_next(index, section_local, note, &probe)) != 0) {
        struct note_head head;
        struct note_id found;
        uint32_t found_section = 0;
        if (note_head_row(fsck->txn, local, &found_section, &found, &head) == STATUS_OK &&
            found_section == section_local && ID_EQUAL(&found, note)) {
            return true;
        }
    }
    return false;
}

static enum status check_note(struct fsck *fsck, struct note_index *index, uint32_t local)
{
    uint32_t section_local = 0;
    struct note_head head;
    struct note_id note;
    if (note_head_row(fsck->txn, local, &section_local, &note, &head) != STATUS_OK) {
        fsck_fault(fsck, "note %lu cannot be read", (unsigned long)local);
        return STATUS_OK;
    }
    if (named_before(fsck, index, section_local, &note)) {
        fsck_fault(fsck, "note %lu is there twice", (unsigned long)local);
    }
    struct record record;
    for (size_t i = 0; i < head.count; i++) {
        if (record_get(fsck->txn, head.heads[i].record_seq, &head.heads[i].link, &record) !=
            STATUS_OK) {
            fsck_fault(fsck, "note %lu has a head that is not record %llu", (unsigned long)local,
                       (unsigned long long)head.heads[i].record_seq);
        }
    }
    return note_index_add(index, section_local, &note, local);
}

static enum status check_notes(struct fsck *fsck)
{
    uint64_t last = db_counter(fsck->txn, SCHEMA_LAST_NOTE);
    struct note_index *index = NULL;
    enum status status = note_index_new(&index);
    for (uint64_t local = 1; status == STATUS_OK && local <= last; local++) {
        status = check_note(fsck, index, (uint32_t)local);
    }
    note_index_free(index);
    fsck->report->notes = last;
    uint64_t entries = 0;
    if (status == STATUS_OK) {
        status = db_entries(fsck->txn, SCHEMA_NOTE, &entries);
    }
    if (status == STATUS_OK && entries != last) {
        fsck_fault(fsck, "%llu notes are there and %llu counted", (unsigned long long)entries,
                   (unsigned long long)last);
    }
    return status;
}

static void check_names(struct fsck *fsck, enum schema_id_kind kind)
{
    uint32_t count = names_count(fsck->txn, kind);
    for (uint32_t local = 1; local <= count && local != 0; local++) {
        uint8_t id[ID_BYTES];
        uint32_t found = 0;
        if (names_id(fsck->txn, kind, local, id) != STATUS_OK ||
            names_find_row(fsck->txn, kind, id, &found) != STATUS_OK || found != local) {
            fsck_fault(fsck, "local number %lu of kind %d has no id", (unsigned long)local,
                       (int)kind);
        }
    }
}

static enum status check_all(struct fsck *fsck)
{
    enum status status = fsck_events(fsck);
    if (status == STATUS_OK) {
        status = check_statements(fsck);
    }
    if (status == STATUS_OK) {
        status = check_records(fsck);
    }
    if (status == STATUS_OK) {
        status = check_notes(fsck);
    }
    for (int kind = SCHEMA_ID_MEMBER; kind <= SCHEMA_ID_SECTION; kind++) {
        check_names(fsck, (enum schema_id_kind)kind);
    }
    return status;
}

enum status fsck_run(struct db *db, const struct fsck_header *header,
                     struct fsck_report *out_report)
{
    struct fsck fsck = {.header = header, .report = out_report};
    enum status status = db_begin_read(db, &fsck.txn);
    memset(out_report, 0, sizeof *out_report);
    const struct db_damage *damage = db_damage(db);
    if (damage != NULL) {
        out_report->faults = damage->faults;
        memcpy(out_report->first, damage->first, sizeof out_report->first);
    }
    if (status != STATUS_OK) {
        fsck_fault(&fsck, "the counters cannot be read");
        return status;
    }
    status = check_all(&fsck);
    db_abort(fsck.txn);
    if (status != STATUS_OK) {
        return status;
    }
    return out_report->faults == 0 ? STATUS_OK : STATUS_CORRUPT;
}
