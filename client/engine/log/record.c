#include "client/engine/common/inside.h"

#include "keys/public/bytes/cursor.h"

/* time, opening, label, number, type */
#define RECORD_HEAD_BYTES (8u + HASH_BYTES + HASH_BYTES + 8u + 4u)

static size_t seq_key(uint64_t seq, uint8_t out_key[8])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out_key, 8);
    cursor_write_u64(&writer, seq);
    return 8;
}

/* Where a record with |seq| is or would be. */
static size_t place_of(const struct engine *engine, uint64_t seq)
{
    size_t low = 0;
    size_t high = engine->record_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (engine->records[middle].seq < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum status insert(struct engine *engine, struct record *record, struct span bytes)
{
    size_t place = place_of(engine, record->seq);
    if (place < engine->record_count && engine->records[place].seq == record->seq) {
        return STATUS_BAD_CHAIN;
    }
    if (engine->record_count == engine->record_capacity) {
        size_t capacity = engine->record_capacity == 0 ? 64 : engine->record_capacity * 2;
        struct record *records = realloc(engine->records, capacity * sizeof *records);
        if (records == NULL) {
            return STATUS_NO_MEMORY;
        }
        engine->records = records;
        engine->record_capacity = capacity;
    }
    record->bytes = malloc(bytes.size > 0 ? bytes.size : 1);
    if (record->bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(record->bytes, bytes.data, bytes.size);
    record->size = bytes.size;
    memmove(&engine->records[place + 1], &engine->records[place],
            (engine->record_count - place) * sizeof *engine->records);
    engine->records[place] = *record;
    engine->record_count++;
    return STATUS_OK;
}

enum status record_add(struct engine *engine, const struct chain_label *label, uint64_t number,
                       const Alcove__ChainEntry *entry)
{
    struct record record = {
        .seq = entry->seq, .time_ms = entry->time_ms, .label = *label, .number = number};
    if (!field_hash(entry->opening, &record.opening)) {
        return STATUS_MALFORMED;
    }
    struct statement statement;
    enum status status =
        statement_parse(field_span(entry->statement), &engine->practice, &statement);
    if (status != STATUS_OK) {
        goto out;
    }
    record.type = statement.rule->type;
    status = STATUS_BAD_CHAIN;
    if (!ID_EQUAL(&statement.link.label, label) || statement.link.number != number) {
        goto out;
    }
    uint8_t leaf[LEAF_BYTES];
    statement_leaf(&statement, &engine->practice, &record.opening, record.time_ms, leaf);
    struct span logged;
    status = leaves_get(&engine->leaves, record.seq, &logged);
    if (status != STATUS_OK || !span_equal(logged, span_of(leaf, sizeof leaf))) {
        status = STATUS_BAD_PROOF;
        goto out;
    }
    status = insert(engine, &record, field_span(entry->statement));
out:
    statement_free(&statement);
    return status;
}

static enum status store_record(struct engine *engine, const struct record *record)
{
    size_t size = RECORD_HEAD_BYTES + record->size;
    uint8_t *value = malloc(size);
    if (value == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, value, size);
    cursor_write_u64(&writer, record->time_ms);
    cursor_write_span(&writer, ID_SPAN(&record->opening));
    cursor_write_span(&writer, ID_SPAN(&record->label));
    cursor_write_u64(&writer, record->number);
    cursor_write_u32(&writer, record->type);
    cursor_write_span(&writer, span_of(record->bytes, record->size));
    uint8_t key[8];
    (void)seq_key(record->seq, key);
    enum status status = engine->storage.put(engine->storage.context, STORAGE_STATEMENT,
                                             span_of(key, sizeof key), span_of(value, size));
    free(value);
    return status;
}

enum status record_store(struct engine *engine, uint64_t leaves_from)
{
    for (uint64_t i = leaves_from; i < engine->leaves.count; i++) {
        struct span leaf;
        uint8_t key[8];
        (void)seq_key(i, key);
        enum status status = leaves_get(&engine->leaves, i, &leaf);
        if (status == STATUS_OK) {
            status = engine->storage.put(engine->storage.context, STORAGE_LEAF,
                                         span_of(key, sizeof key), leaf);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < engine->record_count; i++) {
        struct record *record = &engine->records[i];
        if (!record->folded || record->stored) {
            continue;
        }
        enum status status = store_record(engine, record);
        if (status != STATUS_OK) {
            return status;
        }
        record->stored = true;
    }
    return STATUS_OK;
}

void record_drop_unfolded(struct engine *engine)
{
    size_t kept = 0;
    for (size_t i = 0; i < engine->record_count; i++) {
        if (engine->records[i].folded) {
            engine->records[kept++] = engine->records[i];
            continue;
        }
        struct chain_known *chain = chain_find(engine, &engine->records[i].label);
        if (chain != NULL && chain->count > engine->records[i].number) {
            chain->count = engine->records[i].number;
        }
        free(engine->records[i].bytes);
    }
    engine->record_count = kept;
}

void record_deinit(struct engine *engine)
{
    for (size_t i = 0; i < engine->record_count; i++) {
        free(engine->records[i].bytes);
    }
    free(engine->records);
    engine->records = NULL;
    engine->record_count = 0;
}

struct loading {
    struct engine *engine;
    enum status status;
};

static bool load_leaf(void *visitor, struct span key, struct span value)
{
    struct loading *loading = visitor;
    struct cursor_reader reader;
    cursor_read_init(&reader, key);
    uint64_t index = cursor_read_u64(&reader);
    loading->status = cursor_read_done(&reader);
    if (loading->status != STATUS_OK || index != loading->engine->leaves.pending) {
        loading->status = STATUS_CORRUPT;
        return false;
    }
    loading->status = leaves_add(&loading->engine->leaves, value);
    return loading->status == STATUS_OK;
}

static bool load_record(void *visitor, struct span key, struct span value)
{
    struct loading *loading = visitor;
    struct record record = {.folded = true, .stored = true};
    struct cursor_reader reader;
    cursor_read_init(&reader, key);
    record.seq = cursor_read_u64(&reader);
    loading->status = cursor_read_done(&reader);
    if (loading->status == STATUS_OK) {
        cursor_read_init(&reader, value);
        record.time_ms = cursor_read_u64(&reader);
        cursor_read_bytes(&reader, record.opening.bytes, HASH_BYTES);
        cursor_read_bytes(&reader, record.label.bytes, HASH_BYTES);
        record.number = cursor_read_u64(&reader);
        record.type = cursor_read_u32(&reader);
        struct span bytes = cursor_read_rest(&reader);
        loading->status = cursor_read_done(&reader);
        if (loading->status == STATUS_OK) {
            loading->status = insert(loading->engine, &record, bytes);
        }
    }
    if (loading->status != STATUS_OK) {
        loading->status = loading->status == STATUS_NO_MEMORY ? STATUS_NO_MEMORY : STATUS_CORRUPT;
    }
    return loading->status == STATUS_OK;
}

/* Chains, from the statements that are here. */
static enum status count_chains(struct engine *engine)
{
    for (size_t i = 0; i < engine->record_count; i++) {
        const struct record *record = &engine->records[i];
        struct chain_known *chain = chain_find(engine, &record->label);
        if (chain == NULL) {
            Alcove__ChainState state;
            alcove__chain_state__init(&state);
            state.label = field_of(record->label.bytes, HASH_BYTES);
            state.subject = record->type;
            enum status status = chain_list(engine, &state);
            if (status != STATUS_OK) {
                return status;
            }
            chain = chain_find(engine, &record->label);
        }
        if (chain == NULL || record->number != chain->count) {
            return STATUS_CORRUPT;
        }
        chain->count++;
    }
    return STATUS_OK;
}

enum status record_load(struct engine *engine)
{
    struct loading loading = {engine, STATUS_OK};
    const struct storage *storage = &engine->storage;
    enum status status =
        storage->scan(storage->context, STORAGE_LEAF, span_of(NULL, 0), load_leaf, &loading);
    if (status == STATUS_OK && loading.status == STATUS_OK && engine->leaves.pending > 0) {
        /* No root to compare with: the values were sealed by us after that was done. */
        status = leaves_accept(&engine->leaves, engine->leaves.candidate.size, NULL);
        status = status == STATUS_BAD_CHAIN ? STATUS_CORRUPT : status;
    }
    if (status == STATUS_OK && loading.status == STATUS_OK) {
        status = storage->scan(storage->context, STORAGE_STATEMENT, span_of(NULL, 0), load_record,
                               &loading);
    }
    if (status == STATUS_OK) {
        status = loading.status;
    }
    return status == STATUS_OK ? count_chains(engine) : status;
}
