#include "client/engine/section/section.h"

#include "keys/public/bytes/cursor.h"

/* Sections and what we know of charts, in and out of the storage. */

#define SECTION_VERSION    1u
#define SECTION_HEAD_BYTES (1u + ID_BYTES + HASH_BYTES + 8u + 8u + 1u + 8u + 8u + HASH_BYTES + 2u)
#define CHART_KEY_BYTES    (1u + ID_BYTES)
#define CHART_VALUE_BYTES  (8u + HASH_BYTES)

static enum status put_chart(struct sections *sections, const struct section *section)
{
    const struct authority_section *facts =
        sections->log->authority == NULL
            ? NULL
            : authority_section(sections->log->authority, &section->id);
    const struct chart_seen *seen =
        facts == NULL || !facts->has_chart ? NULL : section_chart_seen(sections, &facts->chart);
    if (seen == NULL) {
        return STATUS_OK;
    }
    uint8_t key[CHART_KEY_BYTES] = {'c'};
    memcpy(key + 1, seen->chart.bytes, ID_BYTES);
    uint8_t value[CHART_VALUE_BYTES];
    struct cursor_writer writer;
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_u64(&writer, seen->number);
    cursor_write_span(&writer, ID_SPAN(&seen->leaf));
    return sections->common->storage.put(sections->common->storage.context, STORAGE_META,
                                         span_of(key, sizeof key), span_of(value, sizeof value));
}

/* That everything was here once: a device that is offline from its start may go on with it. */
static const struct span synced_key = {(const uint8_t *)"synced", 6};

enum status section_store_synced(struct sections *sections)
{
    if (sections->synced_once) {
        return STATUS_OK;
    }
    enum status status =
        storage_put_now(&sections->common->storage, STORAGE_META, synced_key, span_of("\1", 1));
    sections->synced_once = status == STATUS_OK;
    return status;
}

enum status section_store(struct sections *sections, const struct section *section)
{
    uint8_t *timeline = NULL;
    size_t timeline_size = 0;
    uint8_t *value = NULL;
    enum status status = timeline_encode(&section->timeline, &timeline, &timeline_size);
    if (status != STATUS_OK) {
        return status;
    }
    size_t size = SECTION_HEAD_BYTES + section->verified_count * HASH_BYTES + timeline_size;
    value = malloc(size);
    status = STATUS_NO_MEMORY;
    if (value == NULL) {
        goto out;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, value, size);
    cursor_write_u8(&writer, SECTION_VERSION);
    cursor_write_span(&writer, ID_SPAN(&section->id));
    cursor_write_span(&writer, ID_SPAN(&section->label));
    cursor_write_u64(&writer, section->known);
    cursor_write_u64(&writer, section->ended_at);
    cursor_write_u8(&writer, section->started ? 1 : 0);
    cursor_write_u64(&writer, section->start_epoch);
    cursor_write_u64(&writer, section->refused_number);
    cursor_write_span(&writer, ID_SPAN(&section->refused_link));
    cursor_write_u16(&writer, (uint16_t)section->verified_count);
    for (size_t i = 0; i < section->verified_count; i++) {
        cursor_write_span(&writer, ID_SPAN(&section->verified_device[i]));
    }
    cursor_write_span(&writer, span_of(timeline, timeline_size));
    status = cursor_write_done(&writer, &size);
    uint8_t key[4];
    cursor_write_init(&writer, key, sizeof key);
    cursor_write_u32(&writer, section->local);
    if (status == STATUS_OK) {
        status = sections->common->storage.put(sections->common->storage.context, STORAGE_SECTION,
                                               span_of(key, sizeof key), span_of(value, size));
    }
    if (status == STATUS_OK) {
        status = put_chart(sections, section);
    }
out:
    free(timeline);
    free(value);
    return status;
}

struct loading {
    struct sections *sections;
    enum status status;
};

static enum status read_section(struct sections *sections, struct span key, struct span value)
{
    if (sections->count == sections->capacity) {
        size_t capacity = sections->capacity == 0 ? 8 : sections->capacity * 2;
        struct section *grown = realloc(sections->items, capacity * sizeof *grown);
        if (grown == NULL) {
            return STATUS_NO_MEMORY;
        }
        sections->items = grown;
        sections->capacity = capacity;
    }
    struct section *section = &sections->items[sections->count];
    *section = (struct section){0};
    struct cursor_reader reader;
    cursor_read_init(&reader, key);
    section->local = cursor_read_u32(&reader);
    if (cursor_read_done(&reader) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    cursor_read_init(&reader, value);
    uint8_t version = cursor_read_u8(&reader);
    cursor_read_bytes(&reader, section->id.bytes, ID_BYTES);
    cursor_read_bytes(&reader, section->label.bytes, HASH_BYTES);
    section->known = cursor_read_u64(&reader);
    section->ended_at = cursor_read_u64(&reader);
    section->started = cursor_read_u8(&reader) == 1;
    section->start_epoch = cursor_read_u64(&reader);
    section->refused_number = cursor_read_u64(&reader);
    cursor_read_bytes(&reader, section->refused_link.bytes, HASH_BYTES);
    section->verified_count = cursor_read_u16(&reader);
    if (version != SECTION_VERSION || section->verified_count > EPOCH_STARTS_MAX) {
        return STATUS_CORRUPT;
    }
    for (size_t i = 0; i < section->verified_count; i++) {
        cursor_read_bytes(&reader, section->verified_device[i].bytes, HASH_BYTES);
    }
    struct span timeline = cursor_read_rest(&reader);
    if (cursor_read_done(&reader) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    enum status status = timeline_decode(timeline, &section->timeline);
    if (status == STATUS_OK) {
        sections->count++;
    }
    return status == STATUS_OK || status == STATUS_NO_MEMORY ? status : STATUS_CORRUPT;
}

static bool load_section(void *visitor, struct span key, struct span value)
{
    struct loading *loading = visitor;
    loading->status = read_section(loading->sections, key, value);
    return loading->status == STATUS_OK;
}

static bool load_chart(void *visitor, struct span key, struct span value)
{
    struct loading *loading = visitor;
    if (key.size != CHART_KEY_BYTES || value.size != CHART_VALUE_BYTES) {
        loading->status = STATUS_CORRUPT;
        return false;
    }
    struct chart_id chart;
    struct hash leaf;
    memcpy(chart.bytes, key.data + 1, ID_BYTES);
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    uint64_t number = cursor_read_u64(&reader);
    cursor_read_bytes(&reader, leaf.bytes, HASH_BYTES);
    loading->status = section_chart_saw(loading->sections, &chart, number, &leaf);
    return loading->status == STATUS_OK;
}

enum status section_load(struct sections *sections)
{
    struct loading loading = {sections, STATUS_OK};
    const struct storage *storage = &sections->common->storage;
    enum status status =
        storage->scan(storage->context, STORAGE_SECTION, span_of(NULL, 0), load_section, &loading);
    if (status == STATUS_OK && loading.status == STATUS_OK) {
        status =
            storage->scan(storage->context, STORAGE_META, span_of("c", 1), load_chart, &loading);
    }
    if (status == STATUS_OK && loading.status == STATUS_OK) {
        struct span mark;
        status = storage->get(storage->context, STORAGE_META, synced_key, &mark);
        sections->synced_once = status == STATUS_OK;
        status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    return status == STATUS_OK ? loading.status : status;
}
