#include "server/store/note_index.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/random.h"
#include "keys/public/hash.h"

#define SEED_BYTES 16u
#define SLOTS_MIN  1024u

/* A slot: 32 bits of the pair's hash, then the local number; 0 is empty. */
struct note_index {
    uint64_t *slots;
    size_t slot_count; /* a power of two */
    size_t used;
    uint8_t seed[SEED_BYTES]; /* clients choose ids: they must not choose collisions */
};

static uint32_t mark_of(const struct note_index *index, uint32_t section_local,
                        const struct note_id *note)
{
    struct schema_key key = schema_key_note(section_local, note);
    const struct span parts[] = {span_of(index->seed, SEED_BYTES), schema_key_span(&key)};
    struct hash hash;
    hash_parts(parts, ARRAY_LEN(parts), &hash);
    struct cursor_reader reader;
    cursor_read_init(&reader, ID_SPAN(&hash));
    return cursor_read_u32(&reader);
}

/* False when that slot value is there already. */
static bool insert(uint64_t *slots, size_t slot_count, uint64_t slot)
{
    size_t at = (size_t)(slot >> 32) & (slot_count - 1);
    while (slots[at] != 0) {
        if (slots[at] == slot) {
            return false;
        }
        at = (at + 1) & (slot_count - 1);
    }
    slots[at] = slot;
    return true;
}

static bool grow(struct note_index *index, size_t slot_count)
{
    uint64_t *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < index->slot_count; i++) {
        if (index->slots[i] != 0) {
            (void)insert(slots, slot_count, index->slots[i]);
        }
    }
    free(index->slots);
    index->slots = slots;
    index->slot_count = slot_count;
    return true;
}

enum status note_index_new(struct note_index **out_index)
{
    struct note_index *index = calloc(1, sizeof *index);
    if (index == NULL || !grow(index, SLOTS_MIN)) {
        note_index_free(index);
        return STATUS_NO_MEMORY;
    }
    random_bytes(index->seed, sizeof index->seed);
    *out_index = index;
    return STATUS_OK;
}

void note_index_free(struct note_index *index)
{
    if (index != NULL) {
        free(index->slots);
    }
    free(index);
}

enum status note_index_add(struct note_index *index, uint32_t section_local,
                           const struct note_id *note, uint32_t note_local)
{
    uint64_t mark = mark_of(index, section_local, note);
    if (index->used >= index->slot_count / 2 && !grow(index, index->slot_count * 2)) {
        return STATUS_NO_MEMORY;
    }
    index->used += insert(index->slots, index->slot_count, mark << 32 | note_local);
    return STATUS_OK;
}

uint32_t note_index_next(const struct note_index *index, uint32_t section_local,
                         const struct note_id *note, size_t *probe)
{
    uint32_t mark = mark_of(index, section_local, note);
    size_t mask = index->slot_count - 1;
    while (index->slots[(mark + *probe) & mask] != 0) {
        uint64_t slot = index->slots[(mark + *probe) & mask];
        (*probe)++;
        if (slot >> 32 == mark) {
            return (uint32_t)slot;
        }
    }
    return 0;
}
