#include "keys/public/authority/timeline.h"

#include "keys/public/authority/timeline_internal.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/log/leaf.h"

#define TIMELINE_FORMAT 2u
#define TIMELINE_FIXED_BYTES                                                                       \
    (2u + ID_BYTES + 8u + 2u * HASH_BYTES + 1u + 8u + 8u + 8u + 16u + 8u + 4u)
#define TIMELINE_DEVICE_BYTES (HASH_BYTES + 8u + HASH_BYTES)
/* More devices than any section can have. A damaged cache cannot ask for more memory. */
#define TIMELINE_DEVICES_MAX  65536u

/* ---------------------------------------------------------------- heads */

void timeline_head_start(const struct practice_id *practice, const struct section_id *section,
                         struct hash *out_head)
{
    (void)practice;
    (void)section;
    *out_head = (struct hash){{0}};
}

void timeline_head_next(const struct practice_id *practice, const struct hash *head,
                        uint64_t number, uint32_t kind, const struct hash *object,
                        struct hash *out_head)
{
    leaf_section_head(practice, head, number, (uint16_t)kind, object, out_head);
}

const struct hash *timeline_head_at(const struct timeline *timeline, uint64_t number)
{
    if (number < timeline->heads_from || number > timeline->number) {
        return NULL;
    }
    return &timeline->heads[number % TIMELINE_HEADS];
}

/* The head of timeline->number becomes |head|. */
static void keep_head(struct timeline *timeline, const struct hash *head)
{
    timeline->head = *head;
    timeline->heads[timeline->number % TIMELINE_HEADS] = *head;
    if (timeline->number - timeline->heads_from >= TIMELINE_HEADS) {
        timeline->heads_from = timeline->number - TIMELINE_HEADS + 1u;
    }
}

/* ---------------------------------------------------------------- making */

void timeline_init(struct timeline *timeline, const struct practice_id *practice,
                   const struct section_id *section)
{
    *timeline = (struct timeline){.section = *section, .times_known = true};
    struct hash head;
    timeline_head_start(practice, section, &head);
    keep_head(timeline, &head);
}

static enum status take_starts(struct timeline *timeline, const struct statement_position *position)
{
    enum status status = array_grow(&timeline->devices, &timeline->device_capacity,
                                    position->start_count, sizeof(struct timeline_device));
    for (size_t i = 0; status == STATUS_OK && i < position->start_count; i++) {
        const struct statement_start *start = &position->start[i];
        timeline->devices[i] = (struct timeline_device){start->device, start->number, start->link};
        timeline->device_count++;
    }
    return status;
}

enum status timeline_init_at(struct timeline *timeline, const struct authority *authority,
                             const struct statement *statement)
{
    *timeline = (struct timeline){0};
    bool epoch = statement->rule->type == STATEMENT_EPOCH;
    const struct authority_section *section =
        authority_section_of(authority, &statement->link.label);
    if ((!epoch && statement->rule->type != STATEMENT_RESEAL) || section == NULL ||
        statement->link.number >= section->entry_count) {
        return STATUS_NOT_FOUND;
    }
    const struct authority_entry *entry = &section->entries[statement->link.number];
    if (!ID_EQUAL(&entry->statement, &statement->hash)) {
        return STATUS_NOT_FOUND;
    }
    const struct statement_position *position =
        epoch ? &statement->u.epoch.position : &statement->u.reseal.position;
    timeline->section = section->id;
    timeline->number = position->number + 1u;
    timeline->start_number = timeline->number;
    timeline->heads_from = timeline->number;
    timeline->chain_next = statement->link.number + 1u;
    timeline->when = (struct authority_when){entry->seq + 1u, entry->time_ms};
    timeline->time_ms = entry->time_ms;
    struct hash head;
    timeline_head_next(authority_practice(authority), &position->head, timeline->number,
                       ENTRY_STATEMENT, &statement->hash, &head);
    keep_head(timeline, &head);
    return take_starts(timeline, position);
}

void timeline_free(struct timeline *timeline)
{
    free(timeline->devices);
    *timeline = (struct timeline){0};
}

bool timeline_take_times(struct timeline *timeline, const struct hash *times)
{
    if (!timeline->times_known) {
        timeline->times = *times;
        timeline->times_known = true;
    }
    return ID_EQUAL(&timeline->times, times);
}

/* ---------------------------------------------------------------- devices */

static struct timeline_device *find_device(const struct timeline *timeline,
                                           const struct hash *device)
{
    for (size_t i = 0; i < timeline->device_count; i++) {
        if (ID_EQUAL(&timeline->devices[i].device, device)) {
            return &timeline->devices[i];
        }
    }
    return NULL;
}

void timeline_device_position(const struct timeline *timeline, const struct hash *device,
                              uint64_t *out_number, struct hash *out_link)
{
    const struct timeline_device *found = find_device(timeline, device);
    *out_number = found != NULL ? found->number : 0;
    *out_link = found != NULL ? found->link : (struct hash){{0}};
}

/* ---------------------------------------------------------------- stepping */

bool timeline_closed(const struct timeline *timeline, const struct authority *authority,
                     const struct authority_section *section)
{
    if (timeline->closed_generation == authority_generation(authority)) {
        return timeline->closed;
    }
    return authority_closed(authority, section, timeline->when);
}

const struct hash *timeline_entry_device(const struct timeline_entry *entry)
{
    return entry->context != NULL ? &entry->context->device : entry->lost_device;
}

static enum status reserve_device(struct timeline *timeline, const struct timeline_entry *entry)
{
    if (entry->kind != ENTRY_REVISION ||
        find_device(timeline, timeline_entry_device(entry)) != NULL) {
        return STATUS_OK;
    }
    return array_grow(&timeline->devices, &timeline->device_capacity, timeline->device_count + 1u,
                      sizeof(struct timeline_device));
}

static void move_device(struct timeline *timeline, const struct timeline_entry *entry)
{
    const struct hash *id = timeline_entry_device(entry);
    struct timeline_device *device = find_device(timeline, id);
    if (device == NULL) {
        device = &timeline->devices[timeline->device_count++];
        *device = (struct timeline_device){.device = *id};
    }
    device->number++; /* which judge_numbers compared with the context's, if there is one */
    device->link = entry->object;
}

static void remember_closed(struct timeline *timeline, const struct timeline_plan *plan)
{
    if (timeline->closed_generation != authority_generation(plan->authority) ||
        plan->entry->kind != ENTRY_REVISION) {
        timeline->closed = authority_closed(plan->authority, plan->section, timeline->when);
        timeline->closed_generation = authority_generation(plan->authority);
    }
}

enum status timeline_step(struct timeline *timeline, const struct authority *authority,
                          const struct timeline_entry *entry, enum timeline_reason *out_reason)
{
    struct timeline_plan plan;
    enum status status = timeline_plan_entry(timeline, authority, entry, &plan);
    *out_reason = plan.reason;
    if (status == STATUS_OK) {
        status = reserve_device(timeline, entry);
    }
    if (status != STATUS_OK) {
        return plan.reason == TIMELINE_OTHER_HEAD ? STATUS_EQUIVOCATION : status;
    }
    timeline->number++;
    struct hash head;
    timeline_head_next(authority_practice(authority), &timeline->head, timeline->number,
                       entry->kind, &entry->object, &head);
    keep_head(timeline, &head);
    struct hash times;
    leaf_section_times(authority_practice(authority), &timeline->times, timeline->number,
                       entry->time_ms, &times);
    timeline->times = times;
    timeline->time_ms = entry->time_ms;
    timeline->when = plan.when;
    timeline->chain_next = plan.chain_next;
    if (entry->kind == ENTRY_REVISION) {
        move_device(timeline, entry);
    }
    remember_closed(timeline, &plan);
    return STATUS_OK;
}

/* The status for the one who wants to write. */
static enum status write_status(enum timeline_reason reason, enum status otherwise)
{
    switch (reason) {
    case TIMELINE_NO_RIGHT:
    case TIMELINE_DEVICE_REVOKED:
    case TIMELINE_WRONG_DEVICE:
        return STATUS_REFUSED;
    case TIMELINE_CLOSED:
        return STATUS_NEEDS_EPOCH;
    case TIMELINE_WRONG_EPOCH:
    case TIMELINE_BAD_POSITION:
    case TIMELINE_DEVICE_NUMBER:
    case TIMELINE_DEVICE_LINK:
    case TIMELINE_AHEAD:
    case TIMELINE_OTHER_HEAD:
        return STATUS_CONFLICT;
    case TIMELINE_WRONG_SECTION:
    case TIMELINE_BAD_KIND:
        return STATUS_MALFORMED;
    case TIMELINE_FINE:
    case TIMELINE_NOT_NEXT:
    case TIMELINE_UNKNOWN_OBJECT:
    case TIMELINE_OUT_OF_ORDER:
    case TIMELINE_MISSING_ECHO:
    case TIMELINE_NOT_TOUCHED:
    case TIMELINE_NOT_ENDING:
    case TIMELINE_TIME_BACK:
    case TIMELINE_TIME_OTHER:
        break;
    }
    return otherwise;
}

enum status timeline_judge(const struct timeline *timeline, const struct authority *authority,
                           const struct timeline_entry *entry, enum timeline_reason *out_reason)
{
    struct timeline_plan plan;
    enum status status = timeline_plan_entry(timeline, authority, entry, &plan);
    *out_reason = plan.reason;
    return write_status(plan.reason, status);
}

/* ---------------------------------------------------------------- for a cache */

enum status timeline_encode(const struct timeline *timeline, uint8_t **out_bytes, size_t *out_size)
{
    size_t heads = (size_t)(timeline->number - timeline->heads_from) + 1u;
    size_t capacity =
        TIMELINE_FIXED_BYTES + timeline->device_count * TIMELINE_DEVICE_BYTES + heads * HASH_BYTES;
    uint8_t *bytes = malloc(capacity);
    *out_bytes = bytes;
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, bytes, capacity);
    cursor_write_u16(&writer, TIMELINE_FORMAT);
    cursor_write_span(&writer, ID_SPAN(&timeline->section));
    cursor_write_u64(&writer, timeline->number);
    cursor_write_span(&writer, ID_SPAN(&timeline->head));
    cursor_write_span(&writer, ID_SPAN(&timeline->times));
    cursor_write_u8(&writer, timeline->times_known ? 1u : 0u);
    cursor_write_u64(&writer, timeline->time_ms);
    cursor_write_u64(&writer, timeline->start_number);
    cursor_write_u64(&writer, timeline->chain_next);
    cursor_write_u64(&writer, timeline->when.seq);
    cursor_write_u64(&writer, timeline->when.time_ms);
    cursor_write_u64(&writer, timeline->heads_from);
    cursor_write_u32(&writer, (uint32_t)timeline->device_count);
    for (size_t i = 0; i < timeline->device_count; i++) {
        cursor_write_span(&writer, ID_SPAN(&timeline->devices[i].device));
        cursor_write_u64(&writer, timeline->devices[i].number);
        cursor_write_span(&writer, ID_SPAN(&timeline->devices[i].link));
    }
    for (uint64_t n = timeline->heads_from; n <= timeline->number; n++) {
        cursor_write_span(&writer, ID_SPAN(&timeline->heads[n % TIMELINE_HEADS]));
    }
    CHECK(cursor_write_done(&writer, out_size) == STATUS_OK && *out_size == capacity);
    return STATUS_OK;
}

static enum status read_devices(struct cursor_reader *reader, struct timeline *out)
{
    uint32_t count = cursor_read_u32(reader);
    if (reader->failed || count > TIMELINE_DEVICES_MAX ||
        count > reader->left / TIMELINE_DEVICE_BYTES) {
        return STATUS_MALFORMED;
    }
    enum status status =
        array_grow(&out->devices, &out->device_capacity, count, sizeof(struct timeline_device));
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++) {
        cursor_read_bytes(reader, out->devices[i].device.bytes, HASH_BYTES);
        out->devices[i].number = cursor_read_u64(reader);
        cursor_read_bytes(reader, out->devices[i].link.bytes, HASH_BYTES);
        out->device_count++;
    }
    return status;
}

static enum status read_heads(struct cursor_reader *reader, struct timeline *out)
{
    if (out->heads_from > out->number || out->number - out->heads_from >= TIMELINE_HEADS ||
        out->number == UINT64_MAX) {
        return STATUS_MALFORMED;
    }
    for (uint64_t n = out->heads_from; n <= out->number; n++) {
        cursor_read_bytes(reader, out->heads[n % TIMELINE_HEADS].bytes, HASH_BYTES);
    }
    bool last = ID_EQUAL(&out->heads[out->number % TIMELINE_HEADS], &out->head);
    return last ? cursor_read_done(reader) : STATUS_MALFORMED;
}

enum status timeline_decode(struct span bytes, struct timeline *out_timeline)
{
    struct timeline *out = out_timeline;
    *out = (struct timeline){0};
    struct cursor_reader reader;
    cursor_read_init(&reader, bytes);
    bool known = cursor_read_u16(&reader) == TIMELINE_FORMAT;
    cursor_read_bytes(&reader, out->section.bytes, ID_BYTES);
    out->number = cursor_read_u64(&reader);
    cursor_read_bytes(&reader, out->head.bytes, HASH_BYTES);
    cursor_read_bytes(&reader, out->times.bytes, HASH_BYTES);
    uint8_t times_known = cursor_read_u8(&reader);
    out->times_known = times_known == 1u;
    known = known && times_known <= 1u;
    out->time_ms = cursor_read_u64(&reader);
    out->start_number = cursor_read_u64(&reader);
    out->chain_next = cursor_read_u64(&reader);
    out->when.seq = cursor_read_u64(&reader);
    out->when.time_ms = cursor_read_u64(&reader);
    out->heads_from = cursor_read_u64(&reader);
    enum status status = known ? read_devices(&reader, out) : STATUS_MALFORMED;
    if (status == STATUS_OK) {
        status = read_heads(&reader, out);
    }
    if (status != STATUS_OK) {
        timeline_free(out);
    }
    return status;
}
