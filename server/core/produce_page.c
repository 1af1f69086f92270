#include "server/core/produce.h"

#include "keys/public/hash.h"
#include "proto/message.h"
#include "proto/words.h"
#include "server/store/names.h"
#include "server/store/record.h"
#include "server/store/section_log.h"

#define ENTRIES_AT_ONCE      64u
/* Tags and lengths of an entry's fields, with room to spare. */
#define ENTRY_OVERHEAD_BYTES 64u

static enum status record_hashes_of(struct span header, struct record_hashes *out)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    enum status status = message_decode(&alcove__header__descriptor, header, &arena, &message);
    if (status == STATUS_OK) {
        const Alcove__Header *parsed = (const Alcove__Header *)(const void *)message;
        if (!field_hash(parsed->context_hash, &out->context) ||
            !field_hash(parsed->envelope_hash, &out->envelope)) {
            status = STATUS_CORRUPT;
        }
    }
    arena_free(&arena);
    return status == STATUS_OK || status == STATUS_NO_MEMORY ? status : STATUS_CORRUPT;
}

static ProtobufCBinaryData field_of_span(struct span bytes)
{
    return field_of(bytes.data, bytes.size);
}

/* LMDB has no checksums: a revision is served only if its bytes give its hashes. */
static enum status check_record(const struct record *record)
{
    struct record_hashes hashes;
    enum status status = record_hashes_of(record->header, &hashes);
    return status == STATUS_OK ? record_check(record, &hashes) : status;
}

/* What of a revision can be served. */
enum health {
    HEALTH_WHOLE,
    HEALTH_TEXT_LOST, /* context, header and signature give the link; wrap or envelope is damaged */
    HEALTH_LOST,
};

static bool is_damage(enum status status)
{
    return status == STATUS_CORRUPT || status == STATUS_NOT_FOUND;
}

/* Compares the link. The caller calls check_record for an entry that it sends. */
static enum status fill_revision(struct txn *txn, const struct event_change *change,
                                 struct record *record, Alcove__PageEntry *entry,
                                 enum health *out_health)
{
    *out_health = HEALTH_LOST;
    enum status status = record_get(txn, change->object_seq, &change->object, record);
    if (status != STATUS_OK) {
        return is_damage(status) ? STATUS_OK : status;
    }
    struct span wrap = {NULL, 0};
    if (!record->erased) {
        status = record_wrap(txn, change->object_seq, &wrap);
    }
    if (status != STATUS_OK && !is_damage(status)) {
        return status;
    }
    *out_health = status == STATUS_OK ? HEALTH_WHOLE : HEALTH_TEXT_LOST;
    entry->context = field_of_span(record->context);
    entry->header = field_of_span(record->header);
    entry->signature = field_of(record->signature.bytes, SIGNATURE_BYTES);
    if (status == STATUS_OK) {
        entry->wrap = field_of_span(wrap);
        entry->envelope = field_of_span(record->envelope);
    }
    return STATUS_OK;
}

/* As much as is left of it: its link stands in the section's log, and the event that brought it
 * tells the device. */
static enum status mark_damaged(struct txn *txn, const struct section_change *change,
                                enum health health, uint8_t object[HASH_BYTES],
                                uint8_t device[ID_BYTES], Alcove__PageEntry *entry)
{
    memcpy(object, change->change.object.bytes, HASH_BYTES);
    entry->object = field_of(object, HASH_BYTES);
    entry->damaged = 1;
    entry->wrap = field_of(NULL, 0);
    entry->envelope = field_of(NULL, 0);
    if (health == HEALTH_TEXT_LOST) {
        return STATUS_OK;
    }
    entry->context = field_of(NULL, 0);
    entry->header = field_of(NULL, 0);
    entry->signature = field_of(NULL, 0);
    struct event_stored event;
    enum status status = events_peek(txn, change->event_seq, &event);
    if (status == STATUS_OK) {
        status = names_id(txn, SCHEMA_ID_DEVICE, event.fields.device_local, device);
    }
    entry->device = field_of(device, ID_BYTES);
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

static size_t entry_bytes(const Alcove__PageEntry *entry)
{
    return ENTRY_OVERHEAD_BYTES + entry->object.len + entry->context.len + entry->header.len +
           entry->signature.len + entry->wrap.len + entry->envelope.len;
}

/* The parts from which one chunk is packed. */
struct chunk {
    Alcove__PageEntry entries[ENTRIES_AT_ONCE];
    Alcove__PageEntry *list[ENTRIES_AT_ONCE];
    struct record records[ENTRIES_AT_ONCE];
    uint8_t objects[ENTRIES_AT_ONCE][HASH_BYTES];
    uint8_t devices[ENTRIES_AT_ONCE][ID_BYTES];
    size_t count;
    size_t bytes;
    bool full;
};

static void note_damage(struct produce_page *page, const struct section_change *change)
{
    if (page->damage_count < PRODUCE_DAMAGES_MAX) {
        page->damages[page->damage_count++] =
            (struct produce_damage){change->number, change->change.object_seq};
    }
}

static enum health health_of(const struct record *record, enum health health)
{
    struct record_hashes hashes;
    if (health == HEALTH_LOST || record_hashes_of(record->header, &hashes) != STATUS_OK) {
        return HEALTH_LOST;
    }
    struct hash context;
    hash_bytes(record->context, &context);
    if (!ID_EQUAL(&context, &hashes.context)) {
        return HEALTH_LOST;
    }
    return health == HEALTH_WHOLE && record_check(record, &hashes) != STATUS_OK ? HEALTH_TEXT_LOST
                                                                                : health;
}

static enum status add_entry(struct txn *txn, struct produce_page *page,
                             const struct section_change *change, size_t capacity,
                             struct chunk *chunk)
{
    Alcove__PageEntry *entry = &chunk->entries[chunk->count];
    struct record *record = &chunk->records[chunk->count];
    bool revision = change->change.kind == ENTRY_REVISION;
    alcove__page_entry__init(entry);
    entry->number = change->number;
    entry->kind = change->change.kind;
    entry->time_ms = change->time_ms;
    enum status status = STATUS_OK;
    enum health health = HEALTH_WHOLE;
    if (revision) {
        status = fill_revision(txn, &change->change, record, entry, &health);
    } else {
        memcpy(chunk->objects[chunk->count], change->change.object.bytes, HASH_BYTES);
        entry->object = field_of(chunk->objects[chunk->count], HASH_BYTES);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (chunk->count > 0 && chunk->bytes + entry_bytes(entry) > capacity) {
        chunk->full = true;
        return STATUS_OK;
    }
    if (revision && (health != HEALTH_WHOLE || check_record(record) != STATUS_OK)) {
        health = health_of(record, health);
        status = mark_damaged(txn, change, health, chunk->objects[chunk->count],
                              chunk->devices[chunk->count], entry);
        note_damage(page, change);
    }
    if (status == STATUS_OK) {
        chunk->list[chunk->count++] = entry;
        chunk->bytes += entry_bytes(entry);
        chunk->full = chunk->count == ENTRIES_AT_ONCE || chunk->bytes >= capacity;
    }
    return status;
}

static enum status fill_chunk(struct txn *txn, struct produce_page *page, size_t capacity,
                              struct chunk *chunk)
{
    while (!chunk->full && page->walk.next <= page->to) {
        struct section_change change;
        enum status status = section_walk_next(txn, &page->walk, &change);
        size_t before = chunk->count;
        if (status == STATUS_OK) {
            status = add_entry(txn, page, &change, capacity, chunk);
        }
        if (status != STATUS_OK) {
            return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
        }
        if (chunk->count > before) {
            section_walk_pass(&page->walk, &change);
        }
    }
    return STATUS_OK;
}

void produce_page_init(struct produce_page *page, uint32_t section_local, uint64_t from,
                       uint64_t to)
{
    section_walk_init(&page->walk, section_local, from);
    page->to = to;
    page->damage_count = 0;
}

enum status produce_chunk(struct txn *txn, struct produce_page *page, size_t capacity,
                          uint8_t **out_body, size_t *out_size, bool *out_last)
{
    Alcove__PageChunk message = ALCOVE__PAGE_CHUNK__INIT;
    struct chunk *chunk = calloc(1, sizeof *chunk);
    page->damage_count = 0;
    enum status status = STATUS_NO_MEMORY;
    if (chunk != NULL) {
        status = fill_chunk(txn, page, capacity, chunk);
    }
    if (status == STATUS_OK) {
        *out_last = page->walk.next > page->to;
        message.n_entry = chunk->count;
        message.entry = chunk->list;
        message.last = *out_last;
        status = message_pack(&message.base, out_body, out_size);
    }
    free(chunk);
    return status;
}
