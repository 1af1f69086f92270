#include "client/engine/log/fact.h"

#include "client/engine/common/alarm.h"
#include "client/engine/log/chain.h"
#include "keys/public/bytes/array.h"
#include "keys/public/bytes/cursor.h"

/* time, opening, label, number, type */
#define FACT_HEAD_BYTES (8u + HASH_BYTES + HASH_BYTES + 8u + 4u)

static size_t seq_key(uint64_t seq, uint8_t out_key[8])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out_key, 8);
    cursor_write_u64(&writer, seq);
    return 8;
}

/* Where a fact with |seq| is or would be. */
static size_t place_of(const struct log *log, uint64_t seq)
{
    size_t high = log->fact_count;
    size_t low = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->facts[middle].seq < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint64_t fact_time_below(const struct log *log, uint64_t seq)
{
    size_t place = place_of(log, seq);
    return place == 0 ? 0 : log->facts[place - 1].time_ms;
}

static enum status insert(struct log *log, struct fact *fact, struct span bytes)
{
    size_t place = place_of(log, fact->seq);
    if (place < log->fact_count && log->facts[place].seq == fact->seq) {
        return STATUS_BAD_CHAIN;
    }
    if (array_grow(&log->facts, &log->fact_capacity, log->fact_count + 1, sizeof *log->facts) !=
        STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    fact->bytes = malloc(bytes.size > 0 ? bytes.size : 1);
    if (fact->bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(fact->bytes, bytes.data, bytes.size);
    fact->size = bytes.size;
    memmove(&log->facts[place + 1], &log->facts[place],
            (log->fact_count - place) * sizeof *log->facts);
    log->facts[place] = *fact;
    log->fact_count++;
    return STATUS_OK;
}

/* The fact that an entry is, if it opens the leaf at its index; nothing is kept. */
static enum status check(const struct log *log, const struct chain_label *label, uint64_t number,
                         const Alcove__ChainEntry *entry, struct fact *out_fact)
{
    *out_fact = (struct fact){
        .seq = entry->seq, .time_ms = entry->time_ms, .label = *label, .number = number};
    if (!field_hash(entry->opening, &out_fact->opening)) {
        return STATUS_MALFORMED;
    }
    struct statement statement;
    enum status status =
        statement_parse(field_span(entry->statement), &log->common->practice, &statement);
    if (status != STATUS_OK) {
        goto out;
    }
    out_fact->type = statement.rule->type;
    status = STATUS_BAD_CHAIN;
    if (!ID_EQUAL(&statement.link.label, label) || statement.link.number != number) {
        goto out;
    }
    uint8_t leaf[LEAF_BYTES];
    statement_leaf(&statement, &log->common->practice, &out_fact->opening, out_fact->time_ms, leaf);
    struct span logged;
    status = leaves_get(&log->leaves, out_fact->seq, &logged);
    if (status == STATUS_OK && !span_equal(logged, span_of(leaf, sizeof leaf))) {
        status = STATUS_BAD_PROOF;
    }
out:
    statement_free(&statement);
    return status;
}

static enum status withheld(struct log *log, const struct chain_known *chain)
{
    return alarm_stop_at(log->common, STATUS_BAD_CHAIN,
                         "The server withholds a statement that its own log holds: a removal or "
                         "a key could be missing.",
                         "statements shown of the chain:", chain->count);
}

/* How many of the entries lie within the leaves that we have; the next round takes the others. */
static size_t known_entries(const struct log *log, const Alcove__ChainReply *reply)
{
    size_t count = 0;
    while (count < reply->n_entry && reply->entry[count]->seq < log->leaves.count) {
        count++;
    }
    return count;
}

/* Checked one after the other, and taken once the last one holds. */
enum status fact_reply(struct log *log, const struct request *request,
                       const Alcove__ChainReply *reply)
{
    CHECK(request->chain < log->chain_count);
    struct chain_known *chain = &log->chains[request->chain];
    size_t count = known_entries(log, reply);
    if (count == 0) {
        return withheld(log, chain);
    }
    struct fact *facts = calloc(count, sizeof *facts);
    if (facts == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = check(log, &chain->label, chain->count + i, reply->entry[i], &facts[i]);
        if (status != STATUS_OK && !alarm_is_ours(status)) {
            status = alarm_stop_at(log->common, status,
                                   "The server gave a statement that is not the one in its log.",
                                   "statement at log index", reply->entry[i]->seq);
        }
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = insert(log, &facts[i], field_span(reply->entry[i]->statement));
        chain->count += status == STATUS_OK ? 1 : 0;
    }
    log->common->wants.fold |= status == STATUS_OK;
    free(facts);
    return status;
}

static enum status store_fact(struct log *log, const struct fact *fact)
{
    size_t size = FACT_HEAD_BYTES + fact->size;
    uint8_t *value = malloc(size);
    if (value == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, value, size);
    cursor_write_u64(&writer, fact->time_ms);
    cursor_write_span(&writer, ID_SPAN(&fact->opening));
    cursor_write_span(&writer, ID_SPAN(&fact->label));
    cursor_write_u64(&writer, fact->number);
    cursor_write_u32(&writer, fact->type);
    cursor_write_span(&writer, span_of(fact->bytes, fact->size));
    uint8_t key[8];
    (void)seq_key(fact->seq, key);
    enum status status = storage_put(&log->common->storage, STORAGE_STATEMENT,
                                     span_of(key, sizeof key), span_of(value, size));
    free(value);
    return status;
}

static enum status put_all(struct log *log)
{
    for (uint64_t i = log->leaves_stored; i < log->leaves.count; i++) {
        uint8_t key[8];
        (void)seq_key(i, key);
        struct span leaf;
        enum status status = leaves_get(&log->leaves, i, &leaf);
        if (status == STATUS_OK) {
            status =
                storage_put(&log->common->storage, STORAGE_LEAF, span_of(key, sizeof key), leaf);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < log->fact_count; i++) {
        const struct fact *fact = &log->facts[i];
        if (!fact->folded || fact->stored) {
            continue;
        }
        enum status status = store_fact(log, fact);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* Counts as stored only once the transaction lasts: after a full disk the next one must bring what
 * this one could not, or there would be a gap that no start accepts. */
enum status fact_store(struct log *log)
{
    const struct storage *storage = &log->common->storage;
    enum status status = storage->begin(storage->context);
    if (status != STATUS_OK) {
        return status;
    }
    status = storage_end(storage, put_all(log));
    for (size_t i = 0; i < log->fact_count && status == STATUS_OK; i++) {
        log->facts[i].stored |= log->facts[i].folded;
    }
    log->leaves_stored = status == STATUS_OK ? log->leaves.count : log->leaves_stored;
    return status;
}

void fact_drop_unfolded(struct log *log)
{
    size_t kept = 0;
    for (size_t i = 0; i < log->fact_count; i++) {
        if (log->facts[i].folded) {
            log->facts[kept++] = log->facts[i];
            continue;
        }
        struct chain_known *chain = chain_find(log, &log->facts[i].label);
        if (chain != NULL && chain->count > log->facts[i].number) {
            chain->count = log->facts[i].number;
        }
        free(log->facts[i].bytes);
    }
    log->fact_count = kept;
}

void fact_deinit(struct log *log)
{
    for (size_t i = 0; i < log->fact_count; i++) {
        free(log->facts[i].bytes);
    }
    free(log->facts);
    free(log->chains);
    log->facts = NULL;
    log->fact_count = 0;
}

struct loading {
    struct log *log;
    enum status status;
};

static bool load_leaf(void *visitor, struct span key, struct span value)
{
    struct loading *loading = visitor;
    struct cursor_reader reader;
    cursor_read_init(&reader, key);
    uint64_t index = cursor_read_u64(&reader);
    loading->status = cursor_read_done(&reader);
    if (loading->status != STATUS_OK || index != loading->log->leaves.pending) {
        loading->status = STATUS_CORRUPT;
        return false;
    }
    loading->status = leaves_add(&loading->log->leaves, value);
    return loading->status == STATUS_OK;
}

static bool load_fact(void *visitor, struct span key, struct span value)
{
    struct loading *loading = visitor;
    struct cursor_reader reader;
    cursor_read_init(&reader, key);
    struct fact fact = {.folded = true, .stored = true};
    fact.seq = cursor_read_u64(&reader);
    loading->status = cursor_read_done(&reader);
    if (loading->status == STATUS_OK) {
        cursor_read_init(&reader, value);
        fact.time_ms = cursor_read_u64(&reader);
        cursor_read_bytes(&reader, fact.opening.bytes, HASH_BYTES);
        cursor_read_bytes(&reader, fact.label.bytes, HASH_BYTES);
        fact.number = cursor_read_u64(&reader);
        fact.type = cursor_read_u32(&reader);
        struct span bytes = cursor_read_rest(&reader);
        loading->status = cursor_read_done(&reader);
        if (loading->status == STATUS_OK) {
            loading->status = insert(loading->log, &fact, bytes);
        }
    }
    if (loading->status != STATUS_OK) {
        loading->status = loading->status == STATUS_NO_MEMORY ? STATUS_NO_MEMORY : STATUS_CORRUPT;
    }
    return loading->status == STATUS_OK;
}

/* Chains, from the statements that are here. */
static enum status count_chains(struct log *log)
{
    for (size_t i = 0; i < log->fact_count; i++) {
        const struct fact *fact = &log->facts[i];
        struct chain_known *chain = chain_find(log, &fact->label);
        if (chain == NULL) {
            Alcove__ChainState state;
            alcove__chain_state__init(&state);
            state.label = field_of(fact->label.bytes, HASH_BYTES);
            state.subject = fact->type;
            enum status status = chain_list(log, &state);
            if (status != STATUS_OK) {
                return status;
            }
            chain = chain_find(log, &fact->label);
        }
        if (chain == NULL || fact->number != chain->count) {
            return STATUS_CORRUPT;
        }
        chain->count++;
    }
    return STATUS_OK;
}

enum status fact_load(struct log *log)
{
    struct loading loading = {log, STATUS_OK};
    const struct storage *storage = &log->common->storage;
    enum status status =
        storage_scan(storage, STORAGE_LEAF, span_of(NULL, 0), load_leaf, &loading, &loading.status);
    if (status == STATUS_OK && log->leaves.pending > 0) {
        /* No root to compare with: the values were sealed by us after that was done. */
        status = leaves_accept(&log->leaves, log->leaves.candidate.size, NULL);
        status = status == STATUS_BAD_CHAIN ? STATUS_CORRUPT : status;
    }
    log->leaves_stored = log->leaves.count;
    if (status == STATUS_OK) {
        status = storage_scan(storage, STORAGE_STATEMENT, span_of(NULL, 0), load_fact, &loading,
                              &loading.status);
    }
    return status == STATUS_OK ? count_chains(log) : status;
}
