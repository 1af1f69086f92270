/*
 * The database: its tables, its counters, and the one place where every key is packed.
 *
 * Keys are fixed-width big-endian, so that the order of bytes is the order of numbers.
 * Bulk is appended under rising sequence numbers. A random id is first turned into a small
 * local number, so that rows that change often share pages: one put dirties one 4 KiB page
 * whatever its size, and a disk can do few scattered page writes.
 * For the same reason there are no tables by actor, by chart or by section: an event links
 * back to the event before it of the same chart, section and actor (trail.h), the inner nodes
 * of both Merkle trees lie beside the leaf that completed them (ledger.h), and what is found
 * by ids that clients choose for each write is found by an index in memory (note_index.h,
 * replay.h).
 *
 * Each value but a record's and the format's number ends with a sum of key and value (8, db_rows.c).
 *
 *   table           key                               value
 *   meta            kind u8                           format, practice id, counters
 *   record          record seq u64                    record.h
 *   wrap            record seq u64                    the wrap, replaceable and erasable
 *   statement       statement seq u64                 opening(32) ‖ time u64 ‖ bytes
 *   statement_leaf  statement seq u64                 leaf(80) ‖ completed nodes(32 each)
 *   event           event seq u64                     events.h
 *   trail           kind u8 ‖ local u32               newest number, event, hash (trail.h)
 *   waypoint        kind u8 ‖ local u32 ‖ n/64 u64    event seq of every 64th number
 *   note            note local u32                    section, note id, heads (note_head.h)
 *   chain           label(32)                         chain_log.h
 *   chain_log       chain local u32 ‖ number u64      statement seq u64
 *   id              kind u8 ‖ id(16)                  local number u32
 *   local           kind u8 ‖ local u32               id(16)
 *   state           kind u8 ‖ a u32 ‖ b u32           core's own small records (state.h)
 *   invite          (none)                            made, and not used
 *   blob            first 16 bytes of SHA-256         bytes
 *
 * Local numbers start at 1; 0 is "none". Pure; any thread.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

/* 2: grants that rest on relations, notes that are their author's alone. 3: sums in lanes
 * (db_rows.c). Nothing turns an older format into this one. */
#define SCHEMA_FORMAT_VERSION 3u

enum schema_table {
    SCHEMA_META,
    SCHEMA_RECORD,
    SCHEMA_WRAP,
    SCHEMA_STATEMENT,
    SCHEMA_STATEMENT_LEAF,
    SCHEMA_EVENT,
    SCHEMA_TRAIL,
    SCHEMA_WAYPOINT,
    SCHEMA_NOTE,
    SCHEMA_CHAIN,
    SCHEMA_CHAIN_LOG,
    SCHEMA_ID,
    SCHEMA_LOCAL,
    SCHEMA_STATE,
    SCHEMA_INVITE,
    SCHEMA_BLOB,
    SCHEMA_TABLES,
};

/* The table's name in the file; never NULL. A name that has shipped never changes. */
const char *schema_table_name(enum schema_table table);

/*
 * Sequence numbers are records of their own, never "largest key + 1": deleting the newest
 * record must not give its number to another. All counters are one value, written once per
 * transaction. Numbers index that value: append only, never reuse.
 */
enum schema_counter {
    SCHEMA_NEXT_RECORD = 0,    /* also the number of records ever stored */
    SCHEMA_NEXT_STATEMENT = 1, /* size of the statements log */
    SCHEMA_NEXT_EVENT = 2,     /* size of the events log */
    SCHEMA_LEAF_TIME_MS = 3,   /* newest leaf time (decision 23); never goes back */
    SCHEMA_LAST_CHAIN = 4,     /* last local number given to a chain; likewise below */
    SCHEMA_LAST_MEMBER = 5,
    SCHEMA_LAST_DEVICE = 6,
    SCHEMA_LAST_CHART = 7,
    SCHEMA_LAST_SECTION = 8,
    SCHEMA_LAST_NOTE = 9,
    SCHEMA_COUNTERS = 16,
};

/* The records of the meta table; the key of each is one byte. */
enum schema_meta {
    SCHEMA_META_FORMAT = 1,   /* u32 */
    SCHEMA_META_PRACTICE = 2, /* practice id */
    SCHEMA_META_COUNTERS = 3, /* u64 each, in the order above */
};

/* The kinds of random ids that have local numbers. */
enum schema_id_kind {
    SCHEMA_ID_MEMBER = 1,
    SCHEMA_ID_DEVICE = 2,
    SCHEMA_ID_CHART = 3,
    SCHEMA_ID_SECTION = 4,
};

#define SCHEMA_KEY_BYTES_MAX 40u

/* A packed key, by value: nothing to free. */
struct schema_key {
    uint8_t bytes[SCHEMA_KEY_BYTES_MAX];
    size_t size;
};

struct span schema_key_span(const struct schema_key *key);

struct schema_key schema_key_meta(enum schema_meta kind);
/* record, wrap, statement, statement_leaf, event */
struct schema_key schema_key_seq(uint64_t seq);
struct schema_key schema_key_trail(uint8_t kind, uint32_t local);
struct schema_key schema_key_waypoint(uint8_t kind, uint32_t local, uint64_t step);
struct schema_key schema_key_note_row(uint32_t note_local);
/* Not a key of any table: names a note for note_index.c. */
struct schema_key schema_key_note(uint32_t section_local, const struct note_id *note);
struct schema_key schema_key_chain(const struct chain_label *label);
struct schema_key schema_key_chain_log(uint32_t chain_local, uint64_t number);
struct schema_key schema_key_id(enum schema_id_kind kind, const uint8_t id[static ID_BYTES]);
struct schema_key schema_key_local(enum schema_id_kind kind, uint32_t local);
struct schema_key schema_key_state(uint8_t kind, uint32_t a, uint32_t b);
struct schema_key schema_key_blob(const uint8_t prefix[static ID_BYTES]);

/* The seq of a key made by schema_key_seq. STATUS_CORRUPT for any other length. */
MUST_CHECK enum status schema_seq_of(struct span key, uint64_t *out_seq);
