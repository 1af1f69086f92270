#include "server/store/chain_log.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/log/leaf.h"
#include "server/store/ledger.h"

#define HEAD_BYTES           (1u + 4u + 4u + 8u + HASH_BYTES + 8u)
#define STATEMENT_HEAD_BYTES (CHAIN_LOG_OPENING_BYTES + 8u)

_Static_assert(CHAIN_LOG_OPENING_BYTES == LEAF_OPENING_BYTES, "one opening");
_Static_assert(LEDGER_STATEMENT_LEAF_BYTES == LEAF_STATEMENT_BYTES, "one leaf");

enum status chain_log_head(struct txn *txn, const struct chain_label *label,
                           struct chain_head *out_head)
{
    struct schema_key key = schema_key_chain(label);
    struct span value;
    enum status status = db_get(txn, SCHEMA_CHAIN, schema_key_span(&key), &value);
    if (status != STATUS_OK) {
        return status;
    }
    memset(out_head, 0, sizeof *out_head);
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    out_head->subject_kind = cursor_read_u8(&reader);
    out_head->subject_local = cursor_read_u32(&reader);
    out_head->chain_local = cursor_read_u32(&reader);
    out_head->count = cursor_read_u64(&reader);
    cursor_read_bytes(&reader, out_head->last.bytes, HASH_BYTES);
    out_head->last_seq = cursor_read_u64(&reader);
    if (cursor_read_done(&reader) != STATUS_OK || out_head->count == 0) {
        return STATUS_CORRUPT;
    }
    return STATUS_OK;
}

static void put_head(struct txn *txn, const struct chain_label *label,
                     const struct chain_head *head)
{
    struct schema_key key = schema_key_chain(label);
    uint8_t value[HEAD_BYTES];
    struct cursor_writer writer;
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_u8(&writer, head->subject_kind);
    cursor_write_u32(&writer, head->subject_local);
    cursor_write_u32(&writer, head->chain_local);
    cursor_write_u64(&writer, head->count);
    cursor_write_span(&writer, ID_SPAN(&head->last));
    cursor_write_u64(&writer, head->last_seq);
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    db_put(txn, SCHEMA_CHAIN, schema_key_span(&key), span_of(value, size));
}

/* The head as it will be after the append, or why it cannot be appended. */
static enum status next_head(struct txn *txn, const struct chain_statement_new *statement,
                             struct chain_head *out_head)
{
    enum status status = chain_log_head(txn, &statement->label, out_head);
    /* A chain's first statement: core knows all chains, so that a damaged row is another's. */
    if (status == STATUS_NOT_FOUND || (status == STATUS_CORRUPT && statement->number == 0)) {
        memset(out_head, 0, sizeof *out_head);
        out_head->subject_kind = statement->subject_kind;
        out_head->subject_local = statement->subject_local;
        out_head->chain_local = (uint32_t)db_counter(txn, SCHEMA_LAST_CHAIN) + 1u;
        status = STATUS_OK;
    }
    if (status != STATUS_OK) {
        db_fail(txn, status);
        return status;
    }
    if (statement->number != out_head->count) {
        return STATUS_CONFLICT;
    }
    if (out_head->chain_local == 0) {
        return STATUS_FULL; /* 2^32 chains */
    }
    out_head->count++;
    out_head->last = statement->hash;
    out_head->last_seq = db_counter(txn, SCHEMA_NEXT_STATEMENT);
    return STATUS_OK;
}

static enum status put_leaf(struct txn *txn, uint64_t seq, const uint8_t leaf[LEAF_STATEMENT_BYTES],
                            struct hash *out_hash)
{
    struct schema_key key = schema_key_seq(seq);
    merkle_leaf_hash(span_of(leaf, LEAF_STATEMENT_BYTES), out_hash);
    struct hash nodes[MERKLE_LEVELS_MAX];
    size_t count = 0;
    enum status status = ledger_complete(txn, LEDGER_STATEMENTS, seq, out_hash, nodes, &count);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t value[LEAF_STATEMENT_BYTES + MERKLE_LEVELS_MAX * HASH_BYTES];
    memcpy(value, leaf, LEAF_STATEMENT_BYTES);
    memcpy(value + LEAF_STATEMENT_BYTES, nodes[1].bytes, (count - 1) * HASH_BYTES);
    db_append(txn, SCHEMA_STATEMENT_LEAF, schema_key_span(&key),
              span_of(value, LEAF_STATEMENT_BYTES + (count - 1) * HASH_BYTES));
    return db_status(txn);
}

static void encode_leaf(const struct practice_id *practice,
                        const struct chain_statement_new *statement,
                        uint8_t out_leaf[LEAF_STATEMENT_BYTES])
{
    struct leaf_statement leaf = {
        .type = statement->type, .label = statement->label, .number = statement->number};
    leaf_statement_commitment(practice, statement->opening, statement->time_ms, statement->bytes,
                              &leaf.commitment);
    leaf_statement_encode(&leaf, out_leaf);
}

static void put_bytes(struct txn *txn, uint64_t seq, const struct chain_statement_new *statement)
{
    struct schema_key key = schema_key_seq(seq);
    uint8_t value[STATEMENT_HEAD_BYTES + STATEMENT_BYTES_MAX];
    struct cursor_writer writer;
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_span(&writer, span_of(statement->opening, CHAIN_LOG_OPENING_BYTES));
    cursor_write_u64(&writer, statement->time_ms);
    cursor_write_span(&writer, statement->bytes);
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    db_append(txn, SCHEMA_STATEMENT, schema_key_span(&key), span_of(value, size));
}

enum status chain_log_append(struct txn *txn, const struct chain_statement_new *statement,
                             uint64_t *out_seq, struct hash *out_leaf_hash)
{
    uint64_t seq = db_counter(txn, SCHEMA_NEXT_STATEMENT);
    CHECK(statement->time_ms >= db_counter(txn, SCHEMA_LEAF_TIME_MS));
    if (statement->bytes.size == 0 || statement->bytes.size > STATEMENT_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    struct chain_head head;
    enum status status = next_head(txn, statement, &head);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t leaf[LEAF_STATEMENT_BYTES];
    encode_leaf(db_practice_of(txn), statement, leaf);
    status = put_leaf(txn, seq, leaf, out_leaf_hash);
    if (status != STATUS_OK) {
        return status;
    }
    put_bytes(txn, seq, statement);
    put_head(txn, &statement->label, &head);
    struct schema_key key = schema_key_chain_log(head.chain_local, statement->number);
    struct schema_key value = schema_key_seq(seq);
    db_put(txn, SCHEMA_CHAIN_LOG, schema_key_span(&key), schema_key_span(&value));
    if (statement->number == 0) {
        db_set_counter(txn, SCHEMA_LAST_CHAIN, head.chain_local);
    }
    db_set_counter(txn, SCHEMA_NEXT_STATEMENT, seq + 1);
    db_set_counter(txn, SCHEMA_LEAF_TIME_MS, statement->time_ms);
    *out_seq = seq;
    return db_status(txn);
}

static enum status split(struct span value, struct span leaf_value,
                         struct chain_statement *out_statement, struct leaf_statement *out_leaf)
{
    if (leaf_value.size < LEAF_STATEMENT_BYTES) {
        return STATUS_CORRUPT;
    }
    memcpy(out_statement->leaf, leaf_value.data, LEAF_STATEMENT_BYTES);
    if (leaf_statement_decode(span_of(leaf_value.data, LEAF_STATEMENT_BYTES), out_leaf) !=
        STATUS_OK) {
        return STATUS_CORRUPT;
    }
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    cursor_read_bytes(&reader, out_statement->opening, CHAIN_LOG_OPENING_BYTES);
    out_statement->time_ms = cursor_read_u64(&reader);
    out_statement->bytes = cursor_read_rest(&reader);
    out_statement->type = out_leaf->type;
    out_statement->label = out_leaf->label;
    out_statement->number = out_leaf->number;
    return cursor_read_done(&reader) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

enum status chain_log_get(struct txn *txn, uint64_t seq, struct chain_statement *out_statement)
{
    struct schema_key key = schema_key_seq(seq);
    struct span value;
    enum status status = db_get(txn, SCHEMA_STATEMENT, schema_key_span(&key), &value);
    if (status != STATUS_OK) {
        return status;
    }
    struct span leaf_value;
    status = db_get(txn, SCHEMA_STATEMENT_LEAF, schema_key_span(&key), &leaf_value);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    }
    memset(out_statement, 0, sizeof *out_statement);
    out_statement->seq = seq;
    struct leaf_statement leaf;
    status = split(value, leaf_value, out_statement, &leaf);
    if (status != STATUS_OK) {
        return status;
    }
    struct hash commitment;
    leaf_statement_commitment(db_practice_of(txn), out_statement->opening, out_statement->time_ms,
                              out_statement->bytes, &commitment);
    return ID_EQUAL(&commitment, &leaf.commitment) ? STATUS_OK : STATUS_CORRUPT;
}

enum status chain_log_find(struct txn *txn, uint32_t chain_local, uint64_t number,
                           uint64_t *out_seq)
{
    struct schema_key key = schema_key_chain_log(chain_local, number);
    struct span value;
    enum status status = db_get(txn, SCHEMA_CHAIN_LOG, schema_key_span(&key), &value);
    if (status != STATUS_OK) {
        return status;
    }
    return schema_seq_of(value, out_seq);
}

/* By the chain's own rows. STATUS_CORRUPT: they lead to no such statement. */
static enum status seek_row(struct txn *txn, const struct chain_label *label, uint64_t number,
                            uint64_t *out_seq)
{
    struct chain_head head;
    enum status status = chain_log_head(txn, label, &head);
    if (status == STATUS_OK) {
        status = chain_log_find(txn, head.chain_local, number, out_seq);
    }
    size_t count = 0;
    uint8_t bytes[LEAF_STATEMENT_BYTES];
    if (status == STATUS_OK) {
        status = ledger_statement_leaves(txn, *out_seq, 1, bytes, &count);
    }
    struct leaf_statement leaf;
    if (status == STATUS_OK &&
        (count == 0 || leaf_statement_decode(span_of(bytes, sizeof bytes), &leaf) != STATUS_OK ||
         !ID_EQUAL(&leaf.label, label) || leaf.number != number)) {
        status = STATUS_CORRUPT;
    }
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

enum status chain_log_seek(struct txn *txn, const struct chain_label *label, uint64_t number,
                           uint64_t from_seq, uint64_t *out_seq)
{
    enum status status = seek_row(txn, label, number, out_seq);
    if (status != STATUS_CORRUPT) {
        return status;
    }
    uint64_t size = ledger_size(txn, LEDGER_STATEMENTS);
    for (uint64_t seq = from_seq; seq < size; seq++) {
        size_t count = 0;
        uint8_t bytes[LEAF_STATEMENT_BYTES];
        status = ledger_statement_leaves(txn, seq, 1, bytes, &count);
        struct leaf_statement leaf;
        if (status != STATUS_OK ||
            leaf_statement_decode(span_of(bytes, sizeof bytes), &leaf) != STATUS_OK) {
            return status == STATUS_OK ? STATUS_CORRUPT : status;
        }
        if (ID_EQUAL(&leaf.label, label) && leaf.number == number) {
            *out_seq = seq;
            return STATUS_OK;
        }
    }
    return STATUS_CORRUPT;
}
