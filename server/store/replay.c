#include "server/store/replay.h"

#include "keys/public/bytes/array.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/random.h"
#include "keys/public/hash.h"

#define SEED_BYTES      16u
#define ENTRIES_MIN     1024u
/* Slots per entry, so that runs of taken slots stay short. */
#define SLOTS_PER_ENTRY 2u

/* One remembered write. */
struct entry {
    uint64_t fingerprint;
    uint64_t event_seq;
    uint64_t time_ms;
    uint32_t device_local;
    uint32_t number; /* of this device's remembered writes, counting on */
};

/*
 * Entries in order of arrival, a ring of a power of two that doubles up to
 * REPLAY_ENTRIES_MAX; slots are an open-addressed table from fingerprint to entry, with
 * linear probing. An entry is named by its running number since the start.
 */
struct replay {
    struct entry *entries;
    size_t capacity;
    uint64_t first;    /* running number of the oldest */
    uint64_t next;     /* of the next to come */
    uint64_t *slots;   /* running number + 1; 0: empty */
    uint32_t *written; /* by device local: its newest number */
    size_t devices;
    uint8_t seed[SEED_BYTES]; /* clients choose ids: they must not choose collisions */
};

static struct entry *entry_at(const struct replay *replay, uint64_t running)
{
    return &replay->entries[running & (replay->capacity - 1)];
}

static size_t slot_mask(const struct replay *replay)
{
    return replay->capacity * SLOTS_PER_ENTRY - 1;
}

static uint64_t fingerprint_of(const struct replay *replay, uint32_t device_local,
                               const struct request_id *request)
{
    uint8_t device[sizeof device_local];
    const struct span parts[] = {span_of(replay->seed, SEED_BYTES), span_of(device, sizeof device),
                                 ID_SPAN(request)};
    struct cursor_writer writer;
    cursor_write_init(&writer, device, sizeof device);
    cursor_write_u32(&writer, device_local);
    struct hash hash;
    hash_parts(parts, ARRAY_LEN(parts), &hash);
    struct cursor_reader reader;
    cursor_read_init(&reader, ID_SPAN(&hash));
    return cursor_read_u64(&reader);
}

static void slot_put(struct replay *replay, uint64_t running)
{
    size_t mask = slot_mask(replay);
    size_t at = (size_t)entry_at(replay, running)->fingerprint & mask;
    while (replay->slots[at] != 0) {
        at = (at + 1) & mask;
    }
    replay->slots[at] = running + 1;
}

/* Empties one slot and moves later ones of its run up, so that no probe ends early. */
static void slot_clear(struct replay *replay, size_t hole)
{
    size_t mask = slot_mask(replay);
    size_t at = hole;
    for (;;) {
        at = (at + 1) & mask;
        if (replay->slots[at] == 0) {
            break;
        }
        size_t home = (size_t)entry_at(replay, replay->slots[at] - 1)->fingerprint & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            replay->slots[hole] = replay->slots[at];
            hole = at;
        }
    }
    replay->slots[hole] = 0;
}

static void drop_oldest(struct replay *replay)
{
    size_t mask = slot_mask(replay);
    size_t at = (size_t)entry_at(replay, replay->first)->fingerprint & mask;
    while (replay->slots[at] != replay->first + 1) {
        CHECK(replay->slots[at] != 0);
        at = (at + 1) & mask;
    }
    slot_clear(replay, at);
    replay->first++;
}

static bool resize(struct replay *replay, size_t capacity)
{
    struct entry *entries = calloc(capacity, sizeof *entries);
    uint64_t *slots = calloc(capacity * SLOTS_PER_ENTRY, sizeof *slots);
    if (entries == NULL || slots == NULL) {
        free(entries);
        free(slots);
        return false;
    }
    for (uint64_t i = replay->first; i < replay->next; i++) {
        entries[i & (capacity - 1)] = *entry_at(replay, i);
    }
    free(replay->entries);
    free(replay->slots);
    replay->entries = entries;
    replay->slots = slots;
    replay->capacity = capacity;
    for (uint64_t i = replay->first; i < replay->next; i++) {
        slot_put(replay, i);
    }
    return true;
}

/* The device's counter, or NULL without memory. */
static uint32_t *written_by(struct replay *replay, uint32_t device_local)
{
    size_t before = replay->devices;
    if (array_grow(&replay->written, &replay->devices, (size_t)device_local + 1,
                   sizeof *replay->written) != STATUS_OK) {
        return NULL;
    }
    memset(replay->written + before, 0, (replay->devices - before) * sizeof *replay->written);
    return &replay->written[device_local];
}

void replay_add(struct replay *replay, uint32_t device_local, const struct request_id *request,
                uint64_t event_seq, uint64_t time_ms)
{
    uint32_t *written = written_by(replay, device_local);
    if (written == NULL) {
        return; /* a retry is then recognised by its numbers, as past the window */
    }
    while (replay->first < replay->next &&
           entry_at(replay, replay->first)->time_ms + REPLAY_WINDOW_MS < time_ms) {
        drop_oldest(replay);
    }
    if (replay->next - replay->first == replay->capacity &&
        (replay->capacity == REPLAY_ENTRIES_MAX || !resize(replay, replay->capacity * 2))) {
        drop_oldest(replay);
    }
    struct entry *entry = entry_at(replay, replay->next);
    entry->fingerprint = fingerprint_of(replay, device_local, request);
    entry->event_seq = event_seq;
    entry->time_ms = time_ms;
    entry->device_local = device_local;
    entry->number = ++*written;
    slot_put(replay, replay->next);
    replay->next++;
}

static bool in_window(const struct replay *replay, const struct entry *entry, uint64_t now_ms)
{
    return entry->time_ms + REPLAY_WINDOW_MS >= now_ms &&
           replay->written[entry->device_local] - entry->number < REPLAY_PER_DEVICE_MAX;
}

/* Whether the entry's event is that request: it is not when its transaction was aborted. */
static enum status confirm(struct txn *txn, const struct entry *entry,
                           const struct request_id *request, struct event_stored *out_event)
{
    enum status status = events_get(txn, entry->event_seq, out_event);
    if (status != STATUS_OK) {
        return status;
    }
    return out_event->fields.device_local == entry->device_local &&
                   ID_EQUAL(&out_event->reply.request, request)
               ? STATUS_OK
               : STATUS_NOT_FOUND;
}

enum status replay_find(struct replay *replay, struct txn *txn, uint32_t device_local,
                        const struct request_id *request, const struct hash *request_hash,
                        uint64_t now_ms, struct event_stored *out_event)
{
    uint64_t fingerprint = fingerprint_of(replay, device_local, request);
    size_t mask = slot_mask(replay);
    for (size_t at = (size_t)fingerprint & mask; replay->slots[at] != 0; at = (at + 1) & mask) {
        const struct entry *entry = entry_at(replay, replay->slots[at] - 1);
        if (entry->fingerprint != fingerprint || entry->device_local != device_local ||
            !in_window(replay, entry, now_ms)) {
            continue;
        }
        enum status status = confirm(txn, entry, request, out_event);
        if (status == STATUS_OK) {
            return ID_EQUAL(&out_event->reply.request_hash, request_hash) ? STATUS_OK
                                                                          : STATUS_CONFLICT;
        }
        if (status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    return STATUS_NOT_FOUND;
}

static enum status replay_load(struct replay *replay, struct txn *txn, uint64_t now_ms)
{
    static const struct request_id none;
    uint64_t from_ms = now_ms > REPLAY_WINDOW_MS ? now_ms - REPLAY_WINDOW_MS : 0;
    uint64_t end = db_counter(txn, SCHEMA_NEXT_EVENT);
    uint64_t seq = 0;
    enum status status = events_at_time(txn, from_ms, &seq);
    for (; status == STATUS_OK && seq < end; seq++) {
        struct event_stored event;
        status = events_peek(txn, seq, &event);
        if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND) {
            status = STATUS_OK; /* its answer is forgotten, as if the day were over */
            continue;
        }
        if (status == STATUS_OK && !ID_EQUAL(&event.reply.request, &none)) {
            replay_add(replay, event.fields.device_local, &event.reply.request, seq,
                       event.fields.time_ms);
        }
    }
    return status;
}

enum status replay_new(struct db *db, uint64_t now_ms, struct replay **out_replay)
{
    struct replay *replay = calloc(1, sizeof *replay);
    if (replay == NULL) {
        return STATUS_NO_MEMORY;
    }
    random_bytes(replay->seed, sizeof replay->seed);
    enum status status = resize(replay, ENTRIES_MIN) ? STATUS_OK : STATUS_NO_MEMORY;
    struct txn *txn = NULL;
    if (status == STATUS_OK) {
        status = db_begin_read(db, &txn);
    }
    if (status == STATUS_OK) {
        status = replay_load(replay, txn, now_ms);
    }
    db_abort(txn);
    if (status != STATUS_OK) {
        replay_free(replay);
        return status;
    }
    *out_replay = replay;
    return STATUS_OK;
}

void replay_free(struct replay *replay)
{
    if (replay == NULL) {
        return;
    }
    free(replay->entries);
    free(replay->slots);
    free(replay->written);
    free(replay);
}
