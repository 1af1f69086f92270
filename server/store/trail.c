#include "server/store/trail.h"

#include "keys/public/bytes/cursor.h"
#include "server/store/events.h"

#define VALUE_BYTES_MAX (8u + 8u + 2u * HASH_BYTES)

static enum status read_head(struct txn *txn, enum trail_kind kind, uint32_t local,
                             struct trail_head *out_head)
{
    struct schema_key key = schema_key_trail((uint8_t)kind, local);
    struct span value;
    enum status status = db_get(txn, SCHEMA_TRAIL, schema_key_span(&key), &value);
    memset(out_head, 0, sizeof *out_head);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    out_head->number = cursor_read_u64(&reader);
    out_head->event_seq = cursor_read_u64(&reader);
    if (kind != TRAIL_ACTOR) {
        cursor_read_bytes(&reader, out_head->hash.bytes, HASH_BYTES);
    }
    if (kind == TRAIL_SECTION) {
        cursor_read_bytes(&reader, out_head->times.bytes, HASH_BYTES);
    }
    if (cursor_read_done(&reader) != STATUS_OK || out_head->number == 0) {
        return STATUS_CORRUPT;
    }
    return STATUS_OK;
}

/* The place of an event on the trail; number 0 if it is on another. */
static struct trail_head place_of(const struct event_stored *event, enum trail_kind kind,
                                  uint32_t local)
{
    struct trail_head place = {.event_seq = event->seq};
    switch (kind) {
    case TRAIL_CHART:
        place.number = event->fields.chart_local == local ? event->chart_number : 0;
        place.hash = event->leaf_hash;
        break;
    case TRAIL_SECTION:
        if (event->change.kind != 0 && event->fields.section_local == local) {
            place.number = event->section_number;
        }
        place.hash = event->section_head;
        place.times = event->section_times;
        break;
    case TRAIL_ACTOR:
        place.number = event->fields.actor_local == local ? event->actor_number : 0;
        break;
    }
    return place;
}

/* A damaged head stands in the newest event of its trail as well, and is whole again with the next
 * event. An event on the way that is damaged itself may be one of them, so that then nothing is known. */
static enum status find_newest(struct txn *txn, enum trail_kind kind, uint32_t local,
                               struct trail_head *out_head)
{
    uint64_t size = db_counter(txn, SCHEMA_NEXT_EVENT);
    for (uint64_t back = 1; back <= size; back++) {
        struct event_stored event;
        if (back > TRAIL_LOOK_BACK_MAX || events_peek(txn, size - back, &event) != STATUS_OK ||
            event.damaged) {
            return STATUS_CORRUPT;
        }
        *out_head = place_of(&event, kind, local);
        if (out_head->number > 0) {
            return STATUS_OK;
        }
    }
    memset(out_head, 0, sizeof *out_head);
    return STATUS_OK;
}

enum status trail_get(struct txn *txn, enum trail_kind kind, uint32_t local,
                      struct trail_head *out_head)
{
    enum status status = read_head(txn, kind, local, out_head);
    return status == STATUS_CORRUPT ? find_newest(txn, kind, local, out_head) : status;
}

/* Number and predecessor of one event on this trail. */
static enum status link_of(struct txn *txn, enum trail_kind kind, uint32_t local,
                           uint64_t event_seq, uint64_t *out_number, uint64_t *out_previous)
{
    struct event_stored event;
    enum status status = events_head(txn, event_seq, &event);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    }
    uint32_t of = 0;
    switch (kind) {
    case TRAIL_CHART:
        of = event.fields.chart_local;
        *out_number = event.chart_number;
        *out_previous = event.chart_previous;
        break;
    case TRAIL_SECTION:
        of = event.fields.section_local;
        *out_number = event.section_number;
        *out_previous = event.section_previous;
        break;
    case TRAIL_ACTOR:
        of = event.fields.actor_local;
        *out_number = event.actor_number;
        *out_previous = event.actor_previous;
        break;
    }
    if (of != local || *out_number == 0 || (*out_number > 1 && *out_previous >= event_seq)) {
        return STATUS_CORRUPT;
    }
    return STATUS_OK;
}

static enum status waypoint_get(struct txn *txn, enum trail_kind kind, uint32_t local,
                                uint64_t step, uint64_t *out_event_seq)
{
    struct schema_key key = schema_key_waypoint((uint8_t)kind, local, step);
    struct span value;
    enum status status = db_get(txn, SCHEMA_WAYPOINT, schema_key_span(&key), &value);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    }
    return schema_seq_of(value, out_event_seq);
}

/* From event to event until |number|, filling |out_seqs| for numbers >= |from| if given. */
static enum status walk_back(struct txn *txn, enum trail_kind kind, uint32_t local,
                             uint64_t start_seq, uint64_t start_number, uint64_t number,
                             uint64_t *out_event_seq)
{
    uint64_t seq = start_seq;
    for (uint64_t at = start_number; at > number; at--) {
        uint64_t found;
        uint64_t previous;
        enum status status = link_of(txn, kind, local, seq, &found, &previous);
        if (status != STATUS_OK) {
            return status;
        }
        if (found != at) {
            return STATUS_CORRUPT;
        }
        seq = previous;
    }
    *out_event_seq = seq;
    return STATUS_OK;
}

/* Where to start walking back to |number|: the next waypoint at or above it, or the head. A damaged
 * waypoint only makes the way longer. */
static enum status start_for(struct txn *txn, enum trail_kind kind, uint32_t local,
                             const struct trail_head *head, uint64_t number, uint64_t *out_seq,
                             uint64_t *out_number)
{
    uint64_t step = (number + TRAIL_WAYPOINT_STEP - 1) / TRAIL_WAYPOINT_STEP;
    *out_number = step * TRAIL_WAYPOINT_STEP;
    enum status status = STATUS_CORRUPT;
    if (*out_number <= head->number) {
        status = waypoint_get(txn, kind, local, step, out_seq);
    }
    if (status == STATUS_CORRUPT) {
        *out_number = head->number;
        *out_seq = head->event_seq;
        status = STATUS_OK;
    }
    return status;
}

static enum status find_below(struct txn *txn, enum trail_kind kind, uint32_t local,
                              const struct trail_head *head, uint64_t number,
                              uint64_t *out_event_seq)
{
    uint64_t start_seq;
    uint64_t start_number;
    enum status status = start_for(txn, kind, local, head, number, &start_seq, &start_number);
    if (status != STATUS_OK) {
        return status;
    }
    return walk_back(txn, kind, local, start_seq, start_number, number, out_event_seq);
}

enum status trail_find(struct txn *txn, enum trail_kind kind, uint32_t local, uint64_t number,
                       uint64_t *out_event_seq)
{
    struct trail_head head;
    enum status status = trail_get(txn, kind, local, &head);
    if (status != STATUS_OK) {
        return status;
    }
    if (number == 0 || number > head.number) {
        return STATUS_NOT_FOUND;
    }
    return find_below(txn, kind, local, &head, number, out_event_seq);
}

enum status trail_page(struct txn *txn, enum trail_kind kind, uint32_t local, uint64_t from,
                       uint64_t *out_seqs, size_t capacity, size_t *out_count)
{
    struct trail_head head;
    enum status status = trail_get(txn, kind, local, &head);
    *out_count = 0;
    if (status != STATUS_OK || from == 0 || from > head.number || capacity == 0) {
        return status;
    }
    uint64_t last = head.number - from >= capacity ? from + capacity - 1 : head.number;
    uint64_t seq;
    status = find_below(txn, kind, local, &head, last, &seq);
    for (uint64_t at = last; status == STATUS_OK && at >= from; at--) {
        out_seqs[at - from] = seq;
        uint64_t found;
        uint64_t previous;
        status = link_of(txn, kind, local, seq, &found, &previous);
        if (status == STATUS_OK && found != at) {
            status = STATUS_CORRUPT;
        }
        seq = previous;
    }
    if (status == STATUS_OK) {
        *out_count = (size_t)(last - from + 1);
    }
    return status;
}

/* The first waypoint whose event is at or above |event_seq|; one past the last if none. */
static enum status waypoint_above(struct txn *txn, enum trail_kind kind, uint32_t local,
                                  uint64_t steps, uint64_t event_seq, uint64_t *out_step)
{
    uint64_t high = steps + 1;
    uint64_t low = 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        uint64_t seq;
        enum status status = waypoint_get(txn, kind, local, middle, &seq);
        if (status != STATUS_OK) {
            return status;
        }
        if (seq >= event_seq) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    *out_step = low;
    return STATUS_OK;
}

enum status trail_before(struct txn *txn, enum trail_kind kind, uint32_t local, uint64_t event_seq,
                         uint64_t *out_number)
{
    struct trail_head head;
    enum status status = trail_get(txn, kind, local, &head);
    *out_number = 0;
    if (status != STATUS_OK || head.number == 0) {
        return status;
    }
    uint64_t seq = head.event_seq;
    uint64_t number = head.number;
    uint64_t step;
    status = waypoint_above(txn, kind, local, head.number / TRAIL_WAYPOINT_STEP, event_seq, &step);
    if (status == STATUS_OK && step <= head.number / TRAIL_WAYPOINT_STEP) {
        number = step * TRAIL_WAYPOINT_STEP;
        status = waypoint_get(txn, kind, local, step, &seq);
    }
    if (status == STATUS_CORRUPT) { /* of a waypoint: all the way from the head, then */
        number = head.number;
        seq = head.event_seq;
        status = STATUS_OK;
    }
    while (status == STATUS_OK && number > 0 && seq >= event_seq) {
        uint64_t found;
        status = link_of(txn, kind, local, seq, &found, &seq);
        if (status == STATUS_OK && found != number) {
            status = STATUS_CORRUPT;
        }
        number--;
    }
    if (status == STATUS_OK) {
        *out_number = number;
    }
    return status;
}

/* What is written here stands in the event too, by which it is found: a place below a damaged page is
 * left as it is, so that the event can be written. */
static void put_unless_lost(struct txn *txn, enum schema_table table, const struct schema_key *key,
                            struct span value)
{
    if (!db_is_lost(txn, table, schema_key_span(key))) {
        db_put(txn, table, schema_key_span(key), value);
    }
}

void trail_append(struct txn *txn, enum trail_kind kind, uint32_t local,
                  const struct trail_head *new_head)
{
    struct schema_key key = schema_key_trail((uint8_t)kind, local);
    CHECK(local != 0 && new_head->number != 0);
    uint8_t value[VALUE_BYTES_MAX];
    struct cursor_writer writer;
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_u64(&writer, new_head->number);
    cursor_write_u64(&writer, new_head->event_seq);
    if (kind != TRAIL_ACTOR) {
        cursor_write_span(&writer, ID_SPAN(&new_head->hash));
    }
    if (kind == TRAIL_SECTION) {
        cursor_write_span(&writer, ID_SPAN(&new_head->times));
    }
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    put_unless_lost(txn, SCHEMA_TRAIL, &key, span_of(value, size));
    if (new_head->number % TRAIL_WAYPOINT_STEP == 0) {
        struct schema_key step =
            schema_key_waypoint((uint8_t)kind, local, new_head->number / TRAIL_WAYPOINT_STEP);
        struct schema_key seq = schema_key_seq(new_head->event_seq);
        put_unless_lost(txn, SCHEMA_WAYPOINT, &step, schema_key_span(&seq));
    }
}
