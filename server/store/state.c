#include "server/store/state.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/hash.h"

enum status state_get(struct txn *txn, uint8_t kind, uint32_t a, uint32_t b, struct span *out_value)
{
    struct schema_key key = schema_key_state(kind, a, b);
    return db_get(txn, SCHEMA_STATE, schema_key_span(&key), out_value);
}

void state_put(struct txn *txn, uint8_t kind, uint32_t a, uint32_t b, struct span value)
{
    struct schema_key key = schema_key_state(kind, a, b);
    db_put(txn, SCHEMA_STATE, schema_key_span(&key), value);
}

void state_delete(struct txn *txn, uint8_t kind, uint32_t a, uint32_t b)
{
    struct schema_key key = schema_key_state(kind, a, b);
    db_delete(txn, SCHEMA_STATE, schema_key_span(&key));
}

enum status state_walk(struct txn *txn, uint8_t kind, uint32_t a, struct db_walk **out_walk)
{
    struct schema_key prefix = schema_key_state(kind, a, 0);
    prefix.size = a == 0 ? sizeof kind : sizeof kind + sizeof a;
    return db_walk_open(txn, SCHEMA_STATE, schema_key_span(&prefix), span_of(NULL, 0), false,
                        out_walk);
}

void state_key_of(struct span key, uint8_t *out_kind, uint32_t *out_a, uint32_t *out_b)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, key);
    *out_kind = cursor_read_u8(&reader);
    *out_a = cursor_read_u32(&reader);
    *out_b = cursor_read_u32(&reader);
}

enum status state_blob_get(struct txn *txn, const uint8_t prefix[static ID_BYTES],
                           struct span *out_bytes)
{
    struct schema_key key = schema_key_blob(prefix);
    enum status status = db_get(txn, SCHEMA_BLOB, schema_key_span(&key), out_bytes);
    if (status != STATUS_OK) {
        return status;
    }
    struct hash hash;
    hash_bytes(*out_bytes, &hash);
    return memcmp(hash.bytes, prefix, ID_BYTES) == 0 ? STATUS_OK : STATUS_CORRUPT;
}

enum status state_blob_put(struct txn *txn, struct span bytes, uint8_t out_prefix[static ID_BYTES])
{
    if (bytes.size > STATE_BLOB_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    struct hash hash;
    hash_bytes(bytes, &hash);
    memcpy(out_prefix, hash.bytes, ID_BYTES);
    struct schema_key key = schema_key_blob(out_prefix);
    db_put(txn, SCHEMA_BLOB, schema_key_span(&key), bytes);
    return db_status(txn);
}
