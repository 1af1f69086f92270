#include "server/store/fsck_internal.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/log/leaf.h"
#include "server/store/events.h"
#include "server/store/record.h"

/* Events that belong to some trail of each kind, to be compared with the trails' heads. */
struct tally {
    uint64_t events[TRAIL_ACTOR + 1];
    uint64_t waypoints;
};

struct trail_link {
    enum trail_kind kind;
    uint32_t local;
    uint64_t number;
    uint64_t previous;
};

static struct trail_link link_of(const struct event_stored *event, enum trail_kind kind)
{
    struct trail_link link = {.kind = kind};
    switch (kind) {
    case TRAIL_CHART:
        link.local = event->fields.chart_local;
        link.number = event->chart_number;
        link.previous = event->chart_previous;
        break;
    case TRAIL_SECTION:
        link.local = event->change.kind != 0 ? event->fields.section_local : 0;
        link.number = event->section_number;
        link.previous = event->section_previous;
        break;
    case TRAIL_ACTOR:
        link.local = event->fields.actor_local;
        link.number = event->actor_number;
        link.previous = event->actor_previous;
        break;
    }
    return link;
}

/* The event before this one on the same trail, which must be there under the number before.
 * |out_previous| is only set at numbers above 1. */
static bool check_link(struct fsck *fsck, const struct event_stored *event,
                       const struct trail_link *link, struct event_stored *out_previous)
{
    if (link->number == 1) {
        return true;
    }
    if (link->number == 0 || link->previous >= event->seq ||
        events_peek(fsck->txn, link->previous, out_previous) != STATUS_OK) {
        return false;
    }
    struct trail_link before = link_of(out_previous, link->kind);
    return before.local == link->local && before.number + 1 == link->number;
}

static bool check_waypoint(struct fsck *fsck, const struct event_stored *event,
                           const struct trail_link *link)
{
    struct schema_key key =
        schema_key_waypoint((uint8_t)link->kind, link->local, link->number / TRAIL_WAYPOINT_STEP);
    struct span value;
    uint64_t seq = 0;
    return db_get(fsck->txn, SCHEMA_WAYPOINT, schema_key_span(&key), &value) == STATUS_OK &&
           schema_seq_of(value, &seq) == STATUS_OK && seq == event->seq;
}

static void check_trail(struct fsck *fsck, const struct event_stored *event, enum trail_kind kind,
                        struct tally *tally)
{
    struct trail_link link = link_of(event, kind);
    if (link.local == 0) {
        return;
    }
    struct event_stored previous;
    memset(&previous, 0, sizeof previous);
    tally->events[kind]++;
    if (!check_link(fsck, event, &link, &previous)) {
        fsck_fault(fsck, "event %llu: trail %d does not follow on", (unsigned long long)event->seq,
                   (int)kind);
        return;
    }
    if (link.number % TRAIL_WAYPOINT_STEP == 0) {
        tally->waypoints++;
        if (!check_waypoint(fsck, event, &link)) {
            fsck_fault(fsck, "event %llu: waypoint of trail %d is wrong",
                       (unsigned long long)event->seq, (int)kind);
        }
    }
    struct hash head;
    if (kind == TRAIL_SECTION) {
        leaf_section_head(db_practice_of(fsck->txn), &previous.section_head, link.number,
                          event->change.kind, &event->change.object, &head);
        if (!ID_EQUAL(&head, &event->section_head)) {
            fsck_fault(fsck, "event %llu: section head differs", (unsigned long long)event->seq);
        }
        struct hash times;
        leaf_section_times(db_practice_of(fsck->txn), &previous.section_times, link.number,
                           event->fields.time_ms, &times);
        if (!ID_EQUAL(&times, &event->section_times)) {
            fsck_fault(fsck, "event %llu: section times differ", (unsigned long long)event->seq);
        }
    }
}

static void check_object(struct fsck *fsck, const struct event_stored *event)
{
    struct record record;
    if (event->change.kind == EVENTS_KIND_REVISION &&
        record_get(fsck->txn, event->change.object_seq, &event->change.object, &record) !=
            STATUS_OK) {
        fsck_fault(fsck, "event %llu: record %llu is not the one stored",
                   (unsigned long long)event->seq, (unsigned long long)event->change.object_seq);
    }
}

static enum status check_event(struct fsck *fsck, uint64_t seq, uint64_t *last_time_ms,
                               struct merkle_frontier *frontier, struct tally *tally)
{
    struct event_stored event;
    enum status status = events_get(fsck->txn, seq, &event);
    if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND) {
        fsck_fault(fsck, "event %llu: %s", (unsigned long long)seq,
                   status == STATUS_CORRUPT ? "does not give its leaf hash" : "is missing");
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (event.fields.time_ms < *last_time_ms) {
        fsck_fault(fsck, "event %llu: earlier than the one before", (unsigned long long)seq);
    }
    *last_time_ms = event.fields.time_ms;
    fsck_grow(fsck, LEDGER_EVENTS, frontier, &event.leaf_hash);
    check_trail(fsck, &event, TRAIL_CHART, tally);
    check_trail(fsck, &event, TRAIL_SECTION, tally);
    check_trail(fsck, &event, TRAIL_ACTOR, tally);
    check_object(fsck, &event);
    return STATUS_OK;
}

/* The newest of one trail must be an event of it under that number and with that hash. */
static void check_head(struct fsck *fsck, enum trail_kind kind, uint32_t local, struct tally *tally)
{
    struct trail_head head;
    struct event_stored event;
    if (trail_get(fsck->txn, kind, local, &head) != STATUS_OK ||
        events_peek(fsck->txn, head.event_seq, &event) != STATUS_OK) {
        fsck_fault(fsck, "trail %d of %lu: no such event", (int)kind, (unsigned long)local);
        return;
    }
    struct trail_link link = link_of(&event, kind);
    if (link.local != local || link.number != head.number ||
        (kind == TRAIL_CHART && !ID_EQUAL(&head.hash, &event.leaf_hash)) ||
        (kind == TRAIL_SECTION && (!ID_EQUAL(&head.hash, &event.section_head) ||
                                   !ID_EQUAL(&head.times, &event.section_times)))) {
        fsck_fault(fsck, "trail %d of %lu: not at its newest event", (int)kind,
                   (unsigned long)local);
    }
    tally->events[kind] -= head.number;
}

/*
 * Each head leads back over as many events as its number says, each on its trail only; so if
 * the numbers add up to the events counted, no event was left out of a trail.
 */
static enum status check_heads(struct fsck *fsck, struct tally *tally)
{
    for (int kind = TRAIL_CHART; kind <= TRAIL_ACTOR; kind++) {
        struct schema_key prefix = schema_key_trail((uint8_t)kind, 0);
        prefix.size = 1;
        struct db_walk *walk = NULL;
        enum status status = db_walk_open(fsck->txn, SCHEMA_TRAIL, schema_key_span(&prefix),
                                          span_of(NULL, 0), false, &walk);
        struct span key;
        struct span value;
        while (status == STATUS_OK && db_walk_next(walk, &key, &value)) {
            struct cursor_reader reader;
            cursor_read_init(&reader, key);
            (void)cursor_read_u8(&reader);
            check_head(fsck, (enum trail_kind)kind, cursor_read_u32(&reader), tally);
        }
        if (status == STATUS_OK) {
            status = db_walk_close(walk);
        }
        if (status != STATUS_OK) {
            return status;
        }
        if (tally->events[kind] != 0) {
            fsck_fault(fsck, "trails of kind %d do not reach every event", kind);
        }
    }
    return STATUS_OK;
}

enum status fsck_events(struct fsck *fsck)
{
    uint64_t size = ledger_size(fsck->txn, LEDGER_EVENTS);
    struct tally tally;
    memset(&tally, 0, sizeof tally);
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    uint64_t last_time_ms = 0;
    enum status status = STATUS_OK;
    for (uint64_t seq = 0; status == STATUS_OK && seq < size; seq++) {
        status = check_event(fsck, seq, &last_time_ms, &frontier, &tally);
    }
    if (status == STATUS_OK) {
        status = check_heads(fsck, &tally);
    }
    if (last_time_ms > db_counter(fsck->txn, SCHEMA_LEAF_TIME_MS)) {
        fsck_fault(fsck, "the newest leaf time is older than the newest event");
    }
    merkle_frontier_root(&frontier, &fsck->report->events_root);
    fsck->report->events = size;
    return status;
}
