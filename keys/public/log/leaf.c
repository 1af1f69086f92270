#include "keys/public/log/leaf.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/frame.h"
#include "keys/public/hash.h"

#define LEAF_TAIL_BYTES 4u
#define U64_BYTES       8u
#define U16_BYTES       2u

static const uint8_t ZERO_TAIL[LEAF_TAIL_BYTES];
/* The byte that merkle_leaf_hash puts before a leaf; it stands here too, so that the leaf's parts
 * need not be joined. */
static const uint8_t MERKLE_LEAF_PREFIX[1] = {0x00};

void leaf_target_hash(const struct practice_id *practice,
                      const uint8_t opening[static LEAF_OPENING_BYTES], struct span target,
                      struct hash *out_hash)
{
    const struct span parts[] = {span_of(opening, LEAF_OPENING_BYTES), target};
    frame_hash(LABEL_EVENT_TARGET, practice, parts, ARRAY_LEN(parts), out_hash);
}

void leaf_restricted_hash(const struct practice_id *practice,
                          const uint8_t opening[static LEAF_OPENING_BYTES], struct span restricted,
                          struct hash *out_hash)
{
    const struct span parts[] = {span_of(opening, LEAF_OPENING_BYTES), restricted};
    frame_hash(LABEL_EVENT_RESTRICTED, practice, parts, ARRAY_LEN(parts), out_hash);
}

void leaf_event_hash(struct span open, const struct hash *target_hash,
                     const struct hash *restricted_hash, struct hash *out_leaf_hash)
{
    const struct span parts[] = {span_of(MERKLE_LEAF_PREFIX, sizeof MERKLE_LEAF_PREFIX), open,
                                 ID_SPAN(target_hash), ID_SPAN(restricted_hash)};
    hash_parts(parts, ARRAY_LEN(parts), out_leaf_hash);
}

static void write_u64(uint64_t value, uint8_t out[U64_BYTES])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out, U64_BYTES);
    cursor_write_u64(&writer, value);
}

void leaf_statement_commitment(const struct practice_id *practice,
                               const uint8_t opening[static LEAF_OPENING_BYTES], uint64_t time_ms,
                               struct span statement, struct hash *out_commitment)
{
    uint8_t time[U64_BYTES];
    const struct span parts[] = {span_of(opening, LEAF_OPENING_BYTES), span_of(time, sizeof time),
                                 statement};
    write_u64(time_ms, time);
    frame_hash(LABEL_STATEMENT_LEAF, practice, parts, ARRAY_LEN(parts), out_commitment);
}

void leaf_statement_encode(const struct leaf_statement *leaf,
                           uint8_t out_leaf[static LEAF_STATEMENT_BYTES])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out_leaf, LEAF_STATEMENT_BYTES);
    cursor_write_u16(&writer, LEAF_STATEMENT_VERSION);
    cursor_write_u16(&writer, leaf->type);
    cursor_write_span(&writer, ID_SPAN(&leaf->label));
    cursor_write_u64(&writer, leaf->number);
    cursor_write_span(&writer, ID_SPAN(&leaf->commitment));
    cursor_write_span(&writer, span_of(ZERO_TAIL, sizeof ZERO_TAIL));
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK && size == LEAF_STATEMENT_BYTES);
}

enum status leaf_statement_decode(struct span bytes, struct leaf_statement *out_leaf)
{
    struct leaf_statement leaf;
    memset(&leaf, 0, sizeof leaf);
    struct cursor_reader reader;
    cursor_read_init(&reader, bytes);
    uint16_t version = cursor_read_u16(&reader);
    leaf.type = cursor_read_u16(&reader);
    cursor_read_bytes(&reader, leaf.label.bytes, sizeof leaf.label.bytes);
    leaf.number = cursor_read_u64(&reader);
    cursor_read_bytes(&reader, leaf.commitment.bytes, sizeof leaf.commitment.bytes);
    struct span tail = cursor_read_span(&reader, LEAF_TAIL_BYTES);
    if (cursor_read_done(&reader) != STATUS_OK) {
        return STATUS_MALFORMED;
    }
    if (version != LEAF_STATEMENT_VERSION) {
        return STATUS_UNSUPPORTED;
    }
    if (!span_equal(tail, span_of(ZERO_TAIL, sizeof ZERO_TAIL))) {
        return STATUS_MALFORMED;
    }
    *out_leaf = leaf;
    return STATUS_OK;
}

void leaf_section_head(const struct practice_id *practice, const struct hash *previous_head,
                       uint64_t number, uint16_t kind, const struct hash *object,
                       struct hash *out_head)
{
    uint8_t fields[U64_BYTES + U16_BYTES];
    const struct span parts[] = {ID_SPAN(previous_head), span_of(fields, sizeof fields),
                                 ID_SPAN(object)};
    struct cursor_writer writer;
    cursor_write_init(&writer, fields, sizeof fields);
    cursor_write_u64(&writer, number);
    cursor_write_u16(&writer, kind);
    frame_hash(LABEL_SECTION_HEAD, practice, parts, ARRAY_LEN(parts), out_head);
}

void leaf_section_times(const struct practice_id *practice, const struct hash *previous_times,
                        uint64_t number, uint64_t time_ms, struct hash *out_times)
{
    uint8_t fields[2u * U64_BYTES];
    const struct span parts[] = {ID_SPAN(previous_times), span_of(fields, sizeof fields)};
    write_u64(number, fields);
    write_u64(time_ms, fields + U64_BYTES);
    frame_hash(LABEL_SECTION_TIMES, practice, parts, ARRAY_LEN(parts), out_times);
}
