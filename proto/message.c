#include "proto/message.h"

/* ---------------------------------------------------------------- the arena */

struct arena_chunk {
    struct arena_chunk *next;
    size_t used;
    size_t size;
    _Alignas(16) uint8_t data[];
};

#define ARENA_ALIGN           16u
#define ARENA_CHUNK_BYTES_MIN 4096u

void arena_grant(struct arena *arena, size_t bytes)
{
    arena->budget_bytes =
        bytes > SIZE_MAX - arena->budget_bytes ? SIZE_MAX : arena->budget_bytes + bytes;
}

static struct arena_chunk *arena_chunk_new(struct arena *arena, size_t size)
{
    size_t room = size < ARENA_CHUNK_BYTES_MIN ? ARENA_CHUNK_BYTES_MIN : size;
    struct arena_chunk *chunk = malloc(sizeof *chunk + room);
    if (chunk == NULL) {
        return NULL;
    }
    chunk->used = 0;
    chunk->size = room;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return chunk;
}

/* As arena_alloc, but the memory is not zeroed. */
static void *arena_take(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - ARENA_ALIGN) {
        return NULL;
    }
    size_t rounded = (size + ARENA_ALIGN - 1u) & ~(size_t)(ARENA_ALIGN - 1u);
    rounded = rounded == 0 ? ARENA_ALIGN : rounded;
    if (rounded > arena->budget_bytes) {
        return NULL;
    }
    struct arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->size - chunk->used < rounded) {
        chunk = arena_chunk_new(arena, rounded);
    }
    if (chunk == NULL) {
        arena->no_memory = true;
        return NULL;
    }
    void *out = &chunk->data[chunk->used];
    chunk->used += rounded;
    arena->budget_bytes -= rounded;
    return out;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *out = arena_take(arena, size);
    if (out != NULL) {
        memset(out, 0, size);
    }
    return out;
}

size_t arena_bytes(const struct arena *arena)
{
    size_t bytes = 0;
    for (const struct arena_chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        bytes += sizeof *chunk + chunk->size;
    }
    return bytes;
}

void arena_free(struct arena *arena)
{
    while (arena->chunks != NULL) {
        struct arena_chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
    *arena = (struct arena){NULL, 0, false};
}

/* The arena as protobuf-c's allocator. protobuf-c fills all memory that it takes; it frees nothing,
 * since the arena is freed as a whole. */
static void *message_alloc(void *data, size_t size)
{
    return arena_take(data, size);
}

static void message_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

/* ---------------------------------------------------------------- limits of the schema */

struct message_limit {
    const ProtobufCMessageDescriptor *descriptor;
    size_t size_max;
};
static const struct message_limit message_limits[] = {
    {&alcove__frame__descriptor, FRAME_BYTES_MAX},
    {&alcove__statement__descriptor, STATEMENT_BYTES_MAX},
    {&alcove__context__descriptor, CONTEXT_BYTES_MAX},
    {&alcove__header__descriptor, HEADER_BYTES_MAX},
    {&alcove__note_body__descriptor, NOTE_BODY_BYTES_MAX},
    {&alcove__event_open__descriptor, EVENT_PART_BYTES_MAX},
    {&alcove__event_target__descriptor, EVENT_PART_BYTES_MAX},
    {&alcove__event_restricted__descriptor, EVENT_PART_BYTES_MAX},
    {&alcove__event_leaf__descriptor, EVENT_LEAF_BYTES_MAX + 1024u},
    {&alcove__bundle__descriptor, BUNDLE_BYTES_MAX},
    {&alcove__bundle_reply__descriptor, BUNDLE_BYTES_MAX + 64u},
    {&alcove__state_reply__descriptor, STATE_BYTES_MAX},
    {&alcove__leaves_reply__descriptor, MESSAGE_BULK_BYTES_MAX},
    {&alcove__chain_reply__descriptor, MESSAGE_BULK_BYTES_MAX},
    {&alcove__submit_ask__descriptor, MESSAGE_BULK_BYTES_MAX},
    {&alcove__page_chunk__descriptor, MESSAGE_BULK_BYTES_MAX},
    {&alcove__events_reply__descriptor, MESSAGE_BULK_BYTES_MAX},
    {&alcove__event_leaves_reply__descriptor, MESSAGE_BULK_BYTES_MAX},
    {&alcove__founding__descriptor, MESSAGE_BULK_BYTES_MAX},
};

size_t message_size_max(const ProtobufCMessageDescriptor *descriptor)
{
    for (size_t i = 0; i < ARRAY_LEN(message_limits); i++) {
        if (message_limits[i].descriptor == descriptor) {
            return message_limits[i].size_max;
        }
    }
    return MESSAGE_BYTES_MAX;
}

struct message_count {
    const ProtobufCMessageDescriptor *descriptor;
    const char *field;
    size_t count_max;
};
static const struct message_count message_counts[] = {
    {&alcove__consistency__descriptor, "path", PROOF_HASHES_MAX},
    {&alcove__advance__descriptor, "consistency", PROOF_HASHES_MAX},
    {&alcove__statement__descriptor, "signature", STATEMENT_SIGNATURES_MAX},
    {&alcove__invitation__descriptor, "own", MEMBER_DEVICES_MAX},
    {&alcove__epoch__descriptor, "start", EPOCH_STARTS_MAX},
    {&alcove__epoch__descriptor, "seal", EPOCH_SEALS_MAX},
    {&alcove__reseal__descriptor, "start", EPOCH_STARTS_MAX},
    {&alcove__reseal__descriptor, "key", RESEAL_KEYS_MAX},
    {&alcove__context__descriptor, "parent", CONTEXT_PARENTS_MAX},
    {&alcove__context__descriptor, "attachment", CONTEXT_ATTACHMENTS_MAX},
    {&alcove__note_body__descriptor, "tag", NOTE_TAGS_MAX},
    {&alcove__note_body__descriptor, "field", NOTE_FIELDS_MAX},
    {&alcove__event_proof__descriptor, "inclusion", PROOF_HASHES_MAX},
    {&alcove__bundle__descriptor, "statement", BUNDLE_STATEMENTS_MAX},
    {&alcove__state_reply__descriptor, "chain", STATE_CHAINS_MAX},
    {&alcove__state_reply__descriptor, "section", STATE_SECTIONS_MAX},
    {&alcove__chain_reply__descriptor, "entry", CHAIN_PAGE_STATEMENTS_MAX},
    {&alcove__proof_reply__descriptor, "inclusion", PROOF_HASHES_MAX},
    {&alcove__submit_ask__descriptor, "statement", SUBMIT_STATEMENTS_MAX},
    {&alcove__submit_ask__descriptor, "revision", SUBMIT_REVISIONS_MAX},
    {&alcove__submit_reply__descriptor, "head", CONFLICT_HEADS_MAX},
    {&alcove__page_chunk__descriptor, "entry", PAGE_CHUNK_ENTRIES_MAX},
    {&alcove__subscribe_ask__descriptor, "section", SUBSCRIBE_SECTIONS_MAX},
    {&alcove__events_reply__descriptor, "leaf", EVENTS_PER_PAGE_MAX},
    {&alcove__events_reply__descriptor, "inclusion", PROOF_HASHES_MAX},
    {&alcove__event_leaves_reply__descriptor, "leaf", EVENTS_PER_PAGE_MAX},
    {&alcove__founding__descriptor, "statement", BUNDLE_STATEMENTS_MAX},
    {&alcove__founding__descriptor, "bundle", SUBMIT_STATEMENTS_MAX},
};

size_t message_count_max(const ProtobufCMessageDescriptor *descriptor, uint32_t field)
{
    const ProtobufCFieldDescriptor *found =
        protobuf_c_message_descriptor_get_field(descriptor, field);
    for (size_t i = 0; found != NULL && i < ARRAY_LEN(message_counts); i++) {
        if (message_counts[i].descriptor == descriptor &&
            strcmp(message_counts[i].field, found->name) == 0) {
            return message_counts[i].count_max;
        }
    }
    return 0;
}

/* ---------------------------------------------------------------- walking what was decoded */

/* One message being walked: its next field, and within a repeated one the next element. */
struct message_place {
    const ProtobufCMessage *message;
    unsigned int field;
    size_t element;
};

/* Sub-messages of a field, and how many. A missing optional one counts as none. */
static const ProtobufCMessage *const *message_children(const ProtobufCMessage *message,
                                                       const ProtobufCFieldDescriptor *field,
                                                       size_t *out_count)
{
    const uint8_t *base = (const uint8_t *)message;
    const void *at = base + field->offset;
    *out_count = 0;
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
        return NULL;
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        memcpy(out_count, base + field->quantifier_offset, sizeof *out_count);
        const ProtobufCMessage *const *list = NULL;
        memcpy(&list, at, sizeof list);
        return list;
    }
    const ProtobufCMessage *const *one = at;
    *out_count = *one != NULL ? 1 : 0;
    return one;
}

/* Checks a message's own fields: no unknown one, and no repeated one over its limit. */
static bool message_fields_fine(const ProtobufCMessage *message)
{
    if (message->n_unknown_fields != 0) {
        return false;
    }
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    for (unsigned int i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            continue;
        }
        size_t count = 0;
        memcpy(&count, (const uint8_t *)message + field->quantifier_offset, sizeof count);
        if (count > message_count_max(descriptor, field->id)) {
            return false;
        }
    }
    return true;
}

/* The next sub-message below |place|; NULL when all were given. */
static const ProtobufCMessage *message_next_child(struct message_place *place)
{
    const ProtobufCMessageDescriptor *descriptor = place->message->descriptor;
    while (place->field < descriptor->n_fields) {
        size_t count = 0;
        const ProtobufCMessage *const *list =
            message_children(place->message, &descriptor->fields[place->field], &count);
        if (place->element < count) {
            return list[place->element++];
        }
        place->field++;
        place->element = 0;
    }
    return NULL;
}

static bool message_tree_fine(const ProtobufCMessage *message)
{
    struct message_place stack[MESSAGE_DEPTH_MAX] = {{message, 0, 0}};
    if (!message_fields_fine(message)) {
        return false;
    }
    size_t depth = 1;
    while (depth > 0) {
        const ProtobufCMessage *child = message_next_child(&stack[depth - 1u]);
        if (child == NULL) {
            depth--;
            continue;
        }
        if (depth == MESSAGE_DEPTH_MAX || !message_fields_fine(child)) {
            return false;
        }
        stack[depth++] = (struct message_place){child, 0, 0};
    }
    return true;
}

/* ---------------------------------------------------------------- packing again */

/* Compares as protobuf-c emits, so that no second buffer is needed. */
struct message_compare {
    ProtobufCBuffer base;
    struct span expected;
    size_t at;
    bool equal;
};

static void message_compare_append(ProtobufCBuffer *buffer, size_t size, const uint8_t *data)
{
    struct message_compare *compare = (struct message_compare *)buffer;
    if (!compare->equal || size > compare->expected.size - compare->at) {
        compare->equal = false;
        return;
    }
    if (size > 0 && memcmp(compare->expected.data + compare->at, data, size) != 0) {
        compare->equal = false;
        return;
    }
    compare->at += size;
}

static bool message_packs_to(const ProtobufCMessage *message, struct span bytes)
{
    struct message_compare compare = {
        .base = {.append = message_compare_append}, .expected = bytes, .at = 0, .equal = true};
    (void)protobuf_c_message_pack_to_buffer(message, &compare.base);
    return compare.equal && compare.at == bytes.size;
}

enum status message_decode(const ProtobufCMessageDescriptor *descriptor, struct span bytes,
                           struct arena *arena, ProtobufCMessage **out_message)
{
    static const uint8_t nothing;
    *out_message = NULL;
    if (bytes.size > message_size_max(descriptor)) {
        return STATUS_TOO_LARGE;
    }
    ProtobufCAllocator allocator = {message_alloc, message_free, arena};
    arena_grant(arena, MESSAGE_ARENA_FACTOR * bytes.size + MESSAGE_ARENA_EXTRA_BYTES);
    ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &allocator, bytes.size,
                                                          bytes.size > 0 ? bytes.data : &nothing);
    if (message == NULL && arena->no_memory) {
        return STATUS_NO_MEMORY;
    }
    if (message == NULL || !message_tree_fine(message) || !message_packs_to(message, bytes)) {
        return STATUS_MALFORMED;
    }
    *out_message = message;
    return STATUS_OK;
}

enum status message_pack(const ProtobufCMessage *message, uint8_t **out_bytes, size_t *out_size)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(size > 0 ? size : 1u);
    *out_bytes = NULL;
    *out_size = 0;
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    CHECK(protobuf_c_message_pack(message, bytes) == size);
    *out_bytes = bytes;
    *out_size = size;
    return STATUS_OK;
}

enum status message_pack_into(const ProtobufCMessage *message, uint8_t *out_bytes, size_t capacity,
                              size_t *out_size)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    if (size > capacity) {
        return STATUS_TOO_LARGE;
    }
    CHECK(protobuf_c_message_pack(message, out_bytes) == size);
    *out_size = size;
    return STATUS_OK;
}

/* ---------------------------------------------------------------- fields */

static bool field_zero(ProtobufCBinaryData field)
{
    uint8_t any = 0;
    for (size_t i = 0; i < field.len; i++) {
        any |= field.data[i];
    }
    return any == 0;
}

bool field_required(ProtobufCBinaryData field, void *out, size_t size)
{
    memset(out, 0, size);
    if (field.len != size || field_zero(field)) {
        return false;
    }
    memcpy(out, field.data, size);
    return true;
}

bool field_optional(ProtobufCBinaryData field, void *out, size_t size)
{
    memset(out, 0, size);
    if (field.len == 0) {
        return true;
    }
    if (field.len != size) {
        return false;
    }
    memcpy(out, field.data, size);
    return true;
}
