#include "server/store/ledger.h"

#include "server/store/db_internal.h"
#include "server/store/events.h"

struct source_context {
    struct txn *txn;
    enum ledger_log log;
};

uint64_t ledger_size(const struct txn *txn, enum ledger_log log)
{
    return db_counter(txn, log == LEDGER_EVENTS ? SCHEMA_NEXT_EVENT : SCHEMA_NEXT_STATEMENT);
}

/* Of the value |bytes| of a statement leaf: leaf(80) ‖ nodes. */
static enum status statement_node(struct span bytes, uint32_t level, struct hash *out_hash)
{
    size_t at = LEDGER_STATEMENT_LEAF_BYTES + (size_t)(level - 1) * HASH_BYTES;
    if (bytes.size < LEDGER_STATEMENT_LEAF_BYTES) {
        return STATUS_CORRUPT;
    }
    if (level == 0) {
        merkle_leaf_hash(span_of(bytes.data, LEDGER_STATEMENT_LEAF_BYTES), out_hash);
        return STATUS_OK;
    }
    if (bytes.size < at + HASH_BYTES) {
        return STATUS_CORRUPT;
    }
    memcpy(out_hash->bytes, bytes.data + at, HASH_BYTES);
    return STATUS_OK;
}

/* Of a damaged row: its nodes are those that its leaf completes. So one flipped bit makes no proof
 * false, of which others would think that the log was rewritten. */
// NOLINTNEXTLINE(misc-no-recursion): to nodes further left, one level deeper each
static enum status made_node(struct txn *txn, uint64_t seq, uint32_t level, struct hash *out_hash)
{
    struct hash leaf;
    enum status status = events_leaf_hash(txn, seq, &leaf);
    struct hash nodes[MERKLE_LEVELS_MAX];
    size_t count = 0;
    if (status == STATUS_OK) {
        status = ledger_complete(txn, LEDGER_EVENTS, seq, &leaf, nodes, &count);
    }
    if (status == STATUS_OK && level >= count) {
        status = STATUS_CORRUPT;
    }
    if (status == STATUS_OK) {
        *out_hash = nodes[level];
    }
    return status;
}

// NOLINTNEXTLINE(misc-no-recursion): see made_node
static enum status event_node(struct txn *txn, uint64_t seq, uint32_t level, struct hash *out_hash)
{
    struct event_stored event;
    enum status status = events_head(txn, seq, &event);
    if (status != STATUS_OK) {
        return status;
    }
    if (event.damaged) {
        return made_node(txn, seq, level, out_hash);
    }
    if (level == 0) {
        *out_hash = event.leaf_hash;
        return STATUS_OK;
    }
    if (event.nodes.size < (size_t)level * HASH_BYTES) {
        return STATUS_CORRUPT;
    }
    memcpy(out_hash->bytes, event.nodes.data + (size_t)(level - 1) * HASH_BYTES, HASH_BYTES);
    return STATUS_OK;
}

/* Nodes of lower levels are asked for again too seldom to be worth a place. */
#define KEPT_LEVEL_MIN 3u

static uint64_t tag_of(uint32_t level, uint64_t index)
{
    return (uint64_t)level << 56 | index;
}

/* The place where a node of the events log is remembered; NULL: it is read each time. A
 * transaction that serves once needs no memory. A write transaction must not have one: the nodes
 * that it reads are gone again if it is aborted. */
static struct db_node *ledger_place_of(struct txn *txn, uint32_t level, uint64_t index)
{
    if (!txn->renewed || level < KEPT_LEVEL_MIN) {
        return NULL;
    }
    if (txn->nodes == NULL) {
        txn->nodes = calloc(DB_NODES_MAX, sizeof *txn->nodes);
    }
    return txn->nodes == NULL ? NULL : &txn->nodes[(index + (uint64_t)level * 67u) % DB_NODES_MAX];
}

// NOLINTNEXTLINE(misc-no-recursion): see made_node
static enum status kept_event_node(struct txn *txn, uint64_t seq, uint32_t level, uint64_t index,
                                   struct hash *out_hash)
{
    struct db_node *place = ledger_place_of(txn, level, index);
    if (place != NULL && place->tag == tag_of(level, index)) {
        *out_hash = place->hash;
        return STATUS_OK;
    }
    enum status status = event_node(txn, seq, level, out_hash);
    if (status == STATUS_OK && place != NULL) {
        place->tag = tag_of(level, index);
        place->hash = *out_hash;
    }
    return status;
}

// NOLINTNEXTLINE(misc-no-recursion): see made_node
enum status ledger_node(struct txn *txn, enum ledger_log log, uint32_t level, uint64_t index,
                        struct hash *out_hash)
{
    /* The leaf that completed this node. */
    uint64_t seq = ((index + 1) << level) - 1;
    struct schema_key key = schema_key_seq(seq);
    CHECK(level < MERKLE_LEVELS_MAX);
    struct span value;
    enum status status;
    if (log == LEDGER_EVENTS) {
        status = kept_event_node(txn, seq, level, index, out_hash);
    } else {
        status = db_get(txn, SCHEMA_STATEMENT_LEAF, schema_key_span(&key), &value);
        if (status == STATUS_OK) {
            status = statement_node(value, level, out_hash);
        }
    }
    /* Callers ask below the log's size only, where every leaf must be. */
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static enum status source_get(void *context, uint32_t level, uint64_t index, struct hash *out_hash)
{
    const struct source_context *source = context;
    return ledger_node(source->txn, source->log, level, index, out_hash);
}

enum status ledger_root(struct txn *txn, enum ledger_log log, uint64_t size, struct hash *out_root)
{
    struct source_context context = {txn, log};
    struct merkle_source source = {source_get, &context};
    if (size > ledger_size(txn, log)) {
        return STATUS_USAGE;
    }
    return merkle_root(&source, size, out_root);
}

enum status ledger_goes_on(struct txn *txn, enum ledger_log log)
{
    uint64_t size = ledger_size(txn, log);
    struct schema_key next = schema_key_seq(size);
    enum schema_table table = log == LEDGER_EVENTS ? SCHEMA_EVENT : SCHEMA_STATEMENT_LEAF;
    struct hash root;
    return db_is_lost(txn, table, schema_key_span(&next)) ? STATUS_CORRUPT
                                                          : ledger_root(txn, log, size, &root);
}

enum status ledger_inclusion(struct txn *txn, enum ledger_log log, uint64_t index, uint64_t size,
                             struct merkle_proof *out_proof)
{
    struct source_context context = {txn, log};
    struct merkle_source source = {source_get, &context};
    if (size > ledger_size(txn, log)) {
        return STATUS_USAGE;
    }
    return merkle_proof_inclusion(&source, index, size, out_proof);
}

enum status ledger_consistency(struct txn *txn, enum ledger_log log, uint64_t old_size,
                               uint64_t new_size, struct merkle_proof *out_proof)
{
    struct source_context context = {txn, log};
    struct merkle_source source = {source_get, &context};
    if (new_size > ledger_size(txn, log)) {
        return STATUS_USAGE;
    }
    return merkle_proof_consistency(&source, old_size, new_size, out_proof);
}

// NOLINTNEXTLINE(misc-no-recursion): see made_node
enum status ledger_complete(struct txn *txn, enum ledger_log log, uint64_t index,
                            const struct hash *leaf_hash, struct hash *out_nodes, size_t *out_count)
{
    struct hash node = *leaf_hash;
    out_nodes[0] = node;
    uint32_t level = 0;
    while ((index >> level & 1u) == 1u) {
        struct hash left;
        enum status status = ledger_node(txn, log, level, (index >> level) - 1, &left);
        if (status != STATUS_OK) {
            db_fail(txn, status);
            return status;
        }
        merkle_node_hash(&left, &node, &node);
        level++;
        out_nodes[level] = node;
    }
    *out_count = (size_t)level + 1;
    return STATUS_OK;
}

/* A leaf has no hash of its own beside it. But every second leaf completes the node above itself
 * and its left neighbour, and both are checked against that node. */
static enum status check_pair(struct txn *txn, uint64_t seq, struct span value)
{
    if (seq % 2 == 0) {
        return STATUS_OK;
    }
    struct hash left;
    enum status status = ledger_node(txn, LEDGER_STATEMENTS, 0, seq - 1, &left);
    struct hash right;
    if (status == STATUS_OK) {
        status = statement_node(value, 0, &right);
    }
    struct hash stored;
    if (status == STATUS_OK) {
        status = statement_node(value, 1, &stored);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct hash above;
    merkle_node_hash(&left, &right, &above);
    return ID_EQUAL(&above, &stored) ? STATUS_OK : STATUS_CORRUPT;
}

enum status ledger_statement_leaves(struct txn *txn, uint64_t from, size_t count,
                                    uint8_t *out_leaves, size_t *out_count)
{
    uint64_t size = ledger_size(txn, LEDGER_STATEMENTS);
    uint64_t left = from < size ? size - from : 0;
    *out_count = 0;
    for (size_t i = 0; i < count && i < left; i++) {
        struct schema_key key = schema_key_seq(from + i);
        struct span value;
        enum status status = db_get(txn, SCHEMA_STATEMENT_LEAF, schema_key_span(&key), &value);
        if (status == STATUS_OK) {
            status = value.size < LEDGER_STATEMENT_LEAF_BYTES ? STATUS_CORRUPT
                                                              : check_pair(txn, from + i, value);
        }
        if (status != STATUS_OK) {
            return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
        }
        memcpy(out_leaves + i * LEDGER_STATEMENT_LEAF_BYTES, value.data,
               LEDGER_STATEMENT_LEAF_BYTES);
        *out_count = i + 1;
    }
    return STATUS_OK;
}
