#include "client/engine/section/section.h"

#include "keys/public/bytes/array.h"
#include "keys/public/bytes/fields.h"

/* Sections and what we know of charts, in and out of the storage. */

#define SECTION_VERSION   2u
#define CHART_KEY_BYTES   (1u + ID_BYTES)
#define CHART_VALUE_BYTES (8u + HASH_BYTES)

/* Before as many verified devices as it says, and the timeline. */
static const struct field HEAD[] = {
    FIELD(struct section, id, FIELD_BYTES),
    FIELD(struct section, label, FIELD_BYTES),
    FIELD(struct section, known, FIELD_U64),
    FIELD(struct section, ended_at, FIELD_U64),
    FIELD(struct section, started, FIELD_BOOL),
    FIELD(struct section, start_epoch, FIELD_U64),
    FIELD(struct section, refused_number, FIELD_U64),
    FIELD(struct section, refused_link, FIELD_BYTES),
    FIELD(struct section, gaps, FIELD_U64),
    FIELD(struct section, told, FIELD_U64),
    FIELD(struct section, again.times, FIELD_U32),
    FIELD(struct section, again.failed_ms, FIELD_U64),
    FIELD(struct section, again.until_ms, FIELD_U64),
    FIELD(struct section, verified_count, FIELD_U16),
};

enum status section_store_chart(const struct sections *sections, const struct chart_seen *told)
{
    const struct chart_seen *seen = section_chart_seen(sections, &told->chart);
    if (told->number == 0 || (seen != NULL && seen->number >= told->number)) {
        return STATUS_OK;
    }
    uint8_t key[CHART_KEY_BYTES] = {'c'};
    memcpy(key + 1, told->chart.bytes, ID_BYTES);
    uint8_t value[CHART_VALUE_BYTES];
    struct cursor_writer writer;
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_u64(&writer, told->number);
    cursor_write_span(&writer, ID_SPAN(&told->leaf));
    return storage_put(&sections->common->storage, STORAGE_META, span_of(key, sizeof key),
                       span_of(value, sizeof value));
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
    size_t verified = section->verified_count * HASH_BYTES;
    size_t size = 1u + fields_size(HEAD, ARRAY_LEN(HEAD), section) + verified + timeline_size;
    value = malloc(size);
    status = STATUS_NO_MEMORY;
    if (value == NULL) {
        goto out;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, value, size);
    cursor_write_u8(&writer, SECTION_VERSION);
    fields_write(&writer, HEAD, ARRAY_LEN(HEAD), section);
    cursor_write_span(&writer, span_of(section->verified_device, verified));
    cursor_write_span(&writer, span_of(timeline, timeline_size));
    status = cursor_write_done(&writer, &size);
    uint8_t key[4];
    cursor_write_init(&writer, key, sizeof key);
    cursor_write_u32(&writer, section->local);
    if (status == STATUS_OK) {
        status = sections->common->storage.put(sections->common->storage.context, STORAGE_SECTION,
                                               span_of(key, sizeof key), span_of(value, size));
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
    enum status status = array_grow(&sections->items, &sections->capacity, sections->count + 1,
                                    sizeof *sections->items);
    if (status != STATUS_OK) {
        return status;
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
    fields_read(&reader, HEAD, ARRAY_LEN(HEAD), section);
    if (version != SECTION_VERSION || section->verified_count > EPOCH_STARTS_MAX) {
        return STATUS_CORRUPT;
    }
    cursor_read_bytes(&reader, section->verified_device, section->verified_count * HASH_BYTES);
    struct span timeline = cursor_read_rest(&reader);
    if (cursor_read_done(&reader) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    status = timeline_decode(timeline, &section->timeline);
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
    struct chart_seen seen;
    memcpy(seen.chart.bytes, key.data + 1, ID_BYTES);
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    seen.number = cursor_read_u64(&reader);
    cursor_read_bytes(&reader, seen.leaf.bytes, HASH_BYTES);
    loading->status = section_chart_saw(loading->sections, &seen);
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
