/*
 * Strict decoding of every message of alcove.proto into one arena, and packing.
 *
 * A decoded message has exactly one reading (decision 18): no unknown field at any depth, no
 * field twice, nothing out of order, since packing it again must give the bytes received. Memory is bounded before the work: a size limit per message
 * type, at most 8 × size + 4 KiB for the decoded form (40 kB of empty sub-messages
 * would otherwise become a megabyte), and a limit on every repeated field. Lengths of
 * ids and values of enums must be checked by the reader of the field, with the field_*
 * functions below. Pure; an arena belongs to one thread.
 */
#pragma once

#include "proto/alcove.pb-c.h"
#include "proto/ids.h"
#include "proto/limits.h"
#include "proto/status.h"

struct arena_chunk;

/* Zero-initialised is empty and ready. Freed whole; nothing in it is freed alone. */
struct arena {
    struct arena_chunk *chunks;
    size_t budget_bytes; /* still allowed */
    bool no_memory;      /* the system, not the budget, said no */
};

/* Allows |bytes| more to be taken; allocates nothing yet. message_decode does this itself. */
void arena_grant(struct arena *arena, size_t bytes);
/* 16-byte aligned and zeroed; NULL past the budget or out of memory. |size| may be 0. */
void *arena_alloc(struct arena *arena, size_t size);
/* What it holds of the system's memory, for whoever counts what waits. */
size_t arena_bytes(const struct arena *arena);
/* Everything decoded into it becomes invalid; the arena is empty and ready again. */
void arena_free(struct arena *arena);

/*
 * Decodes |bytes| as one message. The result lives in |arena| (bytes fields are
 * copies), until arena_free; a failed decoding does not give its part of the arena back.
 *
 * STATUS_TOO_LARGE over message_size_max; STATUS_MALFORMED for everything else that
 * is not well-formed, including a decoded form over the budget; STATUS_NO_MEMORY.
 */
MUST_CHECK enum status message_decode(const ProtobufCMessageDescriptor *descriptor,
                                      struct span bytes, struct arena *arena,
                                      ProtobufCMessage **out_message);

/* Largest encoding that is accepted of this type. */
size_t message_size_max(const ProtobufCMessageDescriptor *descriptor);
/* Most elements of one repeated field; 0 for a field that is not in the table, which
 * would refuse any: every repeated field of the schema must have a line there. */
size_t message_count_max(const ProtobufCMessageDescriptor *descriptor, uint32_t field);

/* Packs into a new buffer that the caller frees with free(). STATUS_NO_MEMORY. */
MUST_CHECK enum status message_pack(const ProtobufCMessage *message, uint8_t **out_bytes,
                                    size_t *out_size);
/* Packs into the caller's buffer. STATUS_TOO_LARGE. */
MUST_CHECK enum status message_pack_into(const ProtobufCMessage *message, uint8_t *out_bytes,
                                         size_t capacity, size_t *out_size);

/*
 * Reading a bytes field of a fixed length. A required one must have exactly |size|
 * bytes and not be all zero, since all-zero means absent; an optional one may also be
 * empty or all zero, and |out| is then zeroed. False: MALFORMED.
 */
MUST_CHECK bool field_required(ProtobufCBinaryData field, void *out, size_t size);
MUST_CHECK bool field_optional(ProtobufCBinaryData field, void *out, size_t size);

/* A bytes field to be packed: borrows |data|. */
static inline ProtobufCBinaryData field_of(const void *data, size_t size)
{
    /* protobuf-c's struct has no const; packing only reads it. */
    union {
        const void *in;
        uint8_t *out;
    } cast = {.in = data};
    ProtobufCBinaryData field = {size, cast.out};
    return field;
}
static inline struct span field_span(ProtobufCBinaryData field)
{
    return span_of(field.data, field.len);
}

static inline bool field_hash(ProtobufCBinaryData field, struct hash *out)
{
    return field_required(field, out->bytes, sizeof(out->bytes));
}
static inline bool field_key(ProtobufCBinaryData field, struct public_key *out)
{
    return field_required(field, out->bytes, sizeof(out->bytes));
}
static inline bool field_label(ProtobufCBinaryData field, struct chain_label *out)
{
    return field_required(field, out->bytes, sizeof(out->bytes));
}
static inline bool field_signature(ProtobufCBinaryData field, struct signature *out)
{
    return field_required(field, out->bytes, sizeof(out->bytes));
}
static inline bool field_member(ProtobufCBinaryData field, struct member_id *out)
{
    return field_required(field, out->bytes, sizeof(out->bytes));
}
static inline bool field_device(ProtobufCBinaryData field, struct device_id *out)
{
    return field_required(field, out->bytes, sizeof(out->bytes));
}
static inline bool field_chart(ProtobufCBinaryData field, struct chart_id *out)
{
    return field_required(field, out->bytes, sizeof(out->bytes));
}
static inline bool field_section(ProtobufCBinaryData field, struct section_id *out)
{
    return field_required(field, out->bytes, sizeof(out->bytes));
}
static inline bool field_note(ProtobufCBinaryData field, struct note_id *out)
{
    return field_required(field, out->bytes, sizeof(out->bytes));
}
