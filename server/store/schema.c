#include "server/store/schema.h"

#include "keys/public/bytes/cursor.h"

static const char *const TABLE_NAMES[SCHEMA_TABLES] = {
    [SCHEMA_META] = "meta",
    [SCHEMA_RECORD] = "record",
    [SCHEMA_WRAP] = "wrap",
    [SCHEMA_STATEMENT] = "statement",
    [SCHEMA_STATEMENT_LEAF] = "statement_leaf",
    [SCHEMA_EVENT] = "event",
    [SCHEMA_TRAIL] = "trail",
    [SCHEMA_WAYPOINT] = "waypoint",
    [SCHEMA_NOTE] = "note",
    [SCHEMA_CHAIN] = "chain",
    [SCHEMA_CHAIN_LOG] = "chain_log",
    [SCHEMA_ID] = "id",
    [SCHEMA_LOCAL] = "local",
    [SCHEMA_STATE] = "state",
    [SCHEMA_INVITE] = "invite",
    [SCHEMA_BLOB] = "blob",
};

const char *schema_table_name(enum schema_table table)
{
    CHECK(table < SCHEMA_TABLES);
    return TABLE_NAMES[table];
}

struct span schema_key_span(const struct schema_key *key)
{
    return span_of(key->bytes, key->size);
}

static void begin(struct schema_key *key, struct cursor_writer *writer)
{
    memset(key, 0, sizeof *key);
    cursor_write_init(writer, key->bytes, sizeof key->bytes);
}

static struct schema_key finish(struct schema_key *key, const struct cursor_writer *writer)
{
    CHECK(cursor_write_done(writer, &key->size) == STATUS_OK);
    return *key;
}

struct schema_key schema_key_meta(enum schema_meta kind)
{
    struct schema_key key;
    struct cursor_writer writer;
    begin(&key, &writer);
    cursor_write_u8(&writer, (uint8_t)kind);
    return finish(&key, &writer);
}

struct schema_key schema_key_seq(uint64_t seq)
{
    struct schema_key key;
    struct cursor_writer writer;
    begin(&key, &writer);
    cursor_write_u64(&writer, seq);
    return finish(&key, &writer);
}

static struct schema_key kind_and_local(uint8_t kind, uint32_t local)
{
    struct schema_key key;
    struct cursor_writer writer;
    begin(&key, &writer);
    cursor_write_u8(&writer, kind);
    cursor_write_u32(&writer, local);
    return finish(&key, &writer);
}

struct schema_key schema_key_trail(uint8_t kind, uint32_t local)
{
    return kind_and_local(kind, local);
}

struct schema_key schema_key_local(enum schema_id_kind kind, uint32_t local)
{
    return kind_and_local((uint8_t)kind, local);
}

struct schema_key schema_key_waypoint(uint8_t kind, uint32_t local, uint64_t step)
{
    struct schema_key key;
    struct cursor_writer writer;
    begin(&key, &writer);
    cursor_write_u8(&writer, kind);
    cursor_write_u32(&writer, local);
    cursor_write_u64(&writer, step);
    return finish(&key, &writer);
}

struct schema_key schema_key_note_row(uint32_t note_local)
{
    struct schema_key key;
    struct cursor_writer writer;
    begin(&key, &writer);
    cursor_write_u32(&writer, note_local);
    return finish(&key, &writer);
}

struct schema_key schema_key_note(uint32_t section_local, const struct note_id *note)
{
    struct schema_key key;
    struct cursor_writer writer;
    begin(&key, &writer);
    cursor_write_u32(&writer, section_local);
    cursor_write_span(&writer, ID_SPAN(note));
    return finish(&key, &writer);
}

struct schema_key schema_key_chain(const struct chain_label *label)
{
    struct schema_key key;
    struct cursor_writer writer;
    begin(&key, &writer);
    cursor_write_span(&writer, ID_SPAN(label));
    return finish(&key, &writer);
}

struct schema_key schema_key_chain_log(uint32_t chain_local, uint64_t number)
{
    struct schema_key key;
    struct cursor_writer writer;
    begin(&key, &writer);
    cursor_write_u32(&writer, chain_local);
    cursor_write_u64(&writer, number);
    return finish(&key, &writer);
}

struct schema_key schema_key_id(enum schema_id_kind kind, const uint8_t id[static ID_BYTES])
{
    struct schema_key key;
    struct cursor_writer writer;
    begin(&key, &writer);
    cursor_write_u8(&writer, (uint8_t)kind);
    cursor_write_span(&writer, span_of(id, ID_BYTES));
    return finish(&key, &writer);
}

struct schema_key schema_key_state(uint8_t kind, uint32_t a, uint32_t b)
{
    struct schema_key key;
    struct cursor_writer writer;
    begin(&key, &writer);
    cursor_write_u8(&writer, kind);
    cursor_write_u32(&writer, a);
    cursor_write_u32(&writer, b);
    return finish(&key, &writer);
}

struct schema_key schema_key_blob(const uint8_t prefix[static ID_BYTES])
{
    struct schema_key key;
    struct cursor_writer writer;
    begin(&key, &writer);
    cursor_write_span(&writer, span_of(prefix, ID_BYTES));
    return finish(&key, &writer);
}

enum status schema_seq_of(struct span key, uint64_t *out_seq)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, key);
    uint64_t seq = cursor_read_u64(&reader);
    if (cursor_read_done(&reader) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    *out_seq = seq;
    return STATUS_OK;
}
