#include "server/store/events.h"

#include "keys/public/log/leaf.h"
#include "keys/public/log/merkle.h"
#include "server/store/events_codec.h"
#include "server/store/ledger.h"

_Static_assert(EVENTS_OPENING_BYTES == LEAF_OPENING_BYTES, "one opening");

uint64_t events_time(const struct txn *txn, uint64_t clock_ms)
{
    uint64_t newest = db_counter(txn, SCHEMA_LEAF_TIME_MS);
    return clock_ms > newest ? clock_ms : newest;
}

static enum status read_next(struct txn *txn, const struct event_fields *fields,
                             const struct event_change *change, struct event_next *out_next)
{
    struct event_numbers *numbers = &out_next->numbers;
    memset(out_next, 0, sizeof *out_next);
    numbers->event_seq = db_counter(txn, SCHEMA_NEXT_EVENT);
    enum status status = STATUS_OK;
    if (fields->actor_local != 0) {
        status = trail_get(txn, TRAIL_ACTOR, fields->actor_local, &out_next->actor);
    }
    if (status == STATUS_OK && fields->chart_local != 0) {
        status = trail_get(txn, TRAIL_CHART, fields->chart_local, &out_next->chart);
        numbers->chart_number = out_next->chart.number + 1;
        numbers->chart_previous = out_next->chart.hash;
    }
    if (status == STATUS_OK && fields->section_local != 0) {
        status = trail_get(txn, TRAIL_SECTION, fields->section_local, &out_next->section);
        numbers->section_number = out_next->section.number;
        numbers->section_head = out_next->section.hash;
        numbers->section_times = out_next->section.times;
        if (change != NULL && change->kind != 0) {
            numbers->section_number++;
            leaf_section_head(db_practice_of(txn), &out_next->section.hash, numbers->section_number,
                              change->kind, &change->object, &numbers->section_head);
            leaf_section_times(db_practice_of(txn), &out_next->section.times,
                               numbers->section_number, fields->time_ms, &numbers->section_times);
        }
    }
    return status;
}

enum status events_next(struct txn *txn, const struct event_fields *fields,
                        const struct event_change *change, struct event_next *out_next)
{
    enum status status = read_next(txn, fields, change, out_next);
    if (status != STATUS_OK) {
        db_fail(txn, status);
    }
    return status;
}

static void describe(const struct event_new *event, const struct event_next *next,
                     struct event_stored *out_stored)
{
    memset(out_stored, 0, sizeof *out_stored);
    out_stored->seq = next->numbers.event_seq;
    out_stored->fields = event->fields;
    out_stored->change = event->change;
    out_stored->reply = event->reply;
    out_stored->open = event->open;
    out_stored->target = event->target;
    out_stored->restricted = event->restricted;
    out_stored->target_opening = span_of(event->target_opening, EVENTS_OPENING_BYTES);
    out_stored->restricted_opening = span_of(event->restricted_opening, EVENTS_OPENING_BYTES);
    out_stored->actor_number = next->actor.number + 1;
    out_stored->actor_previous = next->actor.event_seq;
    out_stored->chart_number = next->numbers.chart_number;
    out_stored->chart_previous = next->chart.event_seq;
    if (event->change.kind != 0) {
        out_stored->section_number = next->numbers.section_number;
        out_stored->section_previous = next->section.event_seq;
        out_stored->section_head = next->numbers.section_head;
        out_stored->section_times = next->numbers.section_times;
    }
}

static void append_trails(struct txn *txn, const struct event_stored *stored)
{
    const struct event_fields *fields = &stored->fields;
    struct trail_head head = {.event_seq = stored->seq};
    if (fields->actor_local != 0) {
        head.number = stored->actor_number;
        trail_append(txn, TRAIL_ACTOR, fields->actor_local, &head);
    }
    if (fields->chart_local != 0) {
        head.number = stored->chart_number;
        head.hash = stored->leaf_hash;
        trail_append(txn, TRAIL_CHART, fields->chart_local, &head);
    }
    if (stored->change.kind != 0) {
        head.number = stored->section_number;
        head.hash = stored->section_head;
        head.times = stored->section_times;
        trail_append(txn, TRAIL_SECTION, fields->section_local, &head);
    }
}

static bool sizes_allowed(const struct event_new *event)
{
    return event->open.size <= EVENTS_PART_BYTES_MAX &&
           event->target.size <= EVENTS_PART_BYTES_MAX &&
           event->restricted.size <= EVENTS_PART_BYTES_MAX &&
           event->reply.outcome.size <= EVENTS_OUTCOME_BYTES_MAX;
}

/* The two part hashes and the leaf's, from the parts. */
static void hash_leaf(const struct practice_id *practice, struct event_stored *event,
                      struct hash *out_leaf_hash)
{
    leaf_target_hash(practice, event->target_opening.data, event->target, &event->target_hash);
    if (!event->restricted_dropped) {
        leaf_restricted_hash(practice, event->restricted_opening.data, event->restricted,
                             &event->restricted_hash);
    }
    leaf_event_hash(event->open, &event->target_hash, &event->restricted_hash, out_leaf_hash);
}

enum status events_append_next(struct txn *txn, const struct event_new *event,
                               const struct event_next *next, uint64_t *out_seq,
                               struct hash *out_leaf_hash)
{
    CHECK(event->change.kind == 0 || event->fields.section_local != 0);
    CHECK(event->fields.time_ms >= db_counter(txn, SCHEMA_LEAF_TIME_MS));
    CHECK(next->numbers.event_seq == db_counter(txn, SCHEMA_NEXT_EVENT));
    if (!sizes_allowed(event)) {
        return STATUS_TOO_LARGE;
    }
    /* The nodes that this leaf completes are found before the value is written, because they lie in
     * it; the trails come after the value, because they name its seq and its hash. The counter is
     * last: until it is raised nothing of this event is part of the log. */
    struct event_stored stored;
    describe(event, next, &stored);
    hash_leaf(db_practice_of(txn), &stored, &stored.leaf_hash);
    struct hash nodes[MERKLE_LEVELS_MAX];
    size_t count = 0;
    enum status status =
        ledger_complete(txn, LEDGER_EVENTS, stored.seq, &stored.leaf_hash, nodes, &count);
    if (status != STATUS_OK) {
        return status;
    }
    stored.nodes = span_of(nodes[1].bytes, (count - 1) * HASH_BYTES);
    uint8_t value[EVENTS_VALUE_BYTES_MAX];
    size_t size = 0;
    events_codec_encode(&stored, value, &size);
    struct schema_key key = schema_key_seq(stored.seq);
    db_append(txn, SCHEMA_EVENT, schema_key_span(&key), span_of(value, size));
    append_trails(txn, &stored);
    db_set_counter(txn, SCHEMA_NEXT_EVENT, stored.seq + 1);
    db_set_counter(txn, SCHEMA_LEAF_TIME_MS, event->fields.time_ms);
    status = db_status(txn);
    if (status == STATUS_OK) {
        *out_seq = stored.seq;
        *out_leaf_hash = stored.leaf_hash;
    }
    return status;
}

/* Of a row that is not as it was written as much as can be decoded is given: what of it counts is
 * known by other rows or by hashes. */
static enum status read_row(struct txn *txn, uint64_t seq,
                            enum status (*decode)(struct span, struct event_stored *),
                            struct event_stored *out_event)
{
    struct schema_key key = schema_key_seq(seq);
    struct span value = span_of(NULL, 0);
    enum status status = db_get(txn, SCHEMA_EVENT, schema_key_span(&key), &value);
    bool damaged = status == STATUS_CORRUPT && value.data != NULL;
    if (status != STATUS_OK && !damaged) {
        return status;
    }
    status = decode(value, out_event);
    out_event->seq = seq;
    out_event->damaged = damaged;
    return status;
}

enum status events_peek(struct txn *txn, uint64_t seq, struct event_stored *out_event)
{
    return read_row(txn, seq, events_codec_decode, out_event);
}

enum status events_head(struct txn *txn, uint64_t seq, struct event_stored *out_event)
{
    return read_row(txn, seq, events_codec_decode_head, out_event);
}

enum status events_get(struct txn *txn, uint64_t seq, struct event_stored *out_event)
{
    enum status status = events_peek(txn, seq, out_event);
    if (status == STATUS_OK && out_event->damaged) {
        return STATUS_CORRUPT;
    }
    if (status != STATUS_OK || out_event->leaf_dropped) {
        return status;
    }
    struct hash leaf_hash;
    hash_leaf(db_practice_of(txn), out_event, &leaf_hash);
    return ID_EQUAL(&leaf_hash, &out_event->leaf_hash) ? STATUS_OK : STATUS_CORRUPT;
}

/* Whether |leaf| stands at |seq|, by the node above it and its neighbour. */
static bool fits_above(struct txn *txn, const struct event_stored *event, const struct hash *leaf)
{
    bool right = event->seq % 2 != 0;
    struct event_stored other;
    if (events_head(txn, right ? event->seq - 1 : event->seq + 1, &other) != STATUS_OK) {
        return false;
    }
    struct span nodes = right ? event->nodes : other.nodes;
    struct hash above;
    merkle_node_hash(right ? &other.leaf_hash : leaf, right ? leaf : &other.leaf_hash, &above);
    return nodes.size >= HASH_BYTES && memcmp(nodes.data, above.bytes, HASH_BYTES) == 0;
}

enum status events_leaf_hash(struct txn *txn, uint64_t seq, struct hash *out_hash)
{
    struct event_stored event;
    enum status status = events_head(txn, seq, &event);
    if (status != STATUS_OK) {
        return status;
    }
    *out_hash = event.leaf_hash;
    struct event_stored whole;
    if (!event.damaged || events_peek(txn, seq, &whole) != STATUS_OK || whole.leaf_dropped) {
        return STATUS_OK;
    }
    struct hash made;
    hash_leaf(db_practice_of(txn), &whole, &made);
    if (!ID_EQUAL(&made, out_hash) && fits_above(txn, &whole, &made)) {
        *out_hash = made;
    }
    return STATUS_OK;
}
