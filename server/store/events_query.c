#include "server/store/events.h"

/* The nearest event at or below |*seq|, not below |low|, that can be read. STATUS_NOT_FOUND. */
static enum status readable_below(struct txn *txn, uint64_t low, uint64_t *seq,
                                  struct event_stored *out_event)
{
    for (uint64_t at = *seq + 1; at-- > low;) {
        enum status status = events_peek(txn, at, out_event);
        if (status == STATUS_OK && !out_event->damaged) {
            *seq = at;
            return STATUS_OK;
        }
        if (status != STATUS_OK && status != STATUS_CORRUPT && status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    return STATUS_NOT_FOUND;
}

enum status events_at_time(struct txn *txn, uint64_t time_ms, uint64_t *out_seq)
{
    uint64_t high = db_counter(txn, SCHEMA_NEXT_EVENT);
    uint64_t low = 0;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        uint64_t seq = middle;
        struct event_stored event;
        enum status status = readable_below(txn, low, &seq, &event);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return status;
        }
        if (status == STATUS_OK && event.fields.time_ms >= time_ms) {
            high = seq;
        } else {
            low = middle + 1;
        }
    }
    *out_seq = low;
    return STATUS_OK;
}

static bool field_matches(uint32_t wanted, uint32_t found)
{
    return wanted == 0 || wanted == found;
}

static bool matches(const struct event_filter *filter, const struct event_fields *found)
{
    const struct event_fields *wanted = &filter->fields;
    return field_matches(wanted->actor_local, found->actor_local) &&
           field_matches(wanted->device_local, found->device_local) &&
           field_matches(wanted->chart_local, found->chart_local) &&
           field_matches(wanted->section_local, found->section_local) &&
           field_matches(wanted->action, found->action) &&
           field_matches(wanted->outcome, found->outcome) &&
           found->time_ms >= filter->time_from_ms &&
           (filter->time_to_ms == 0 || found->time_ms <= filter->time_to_ms);
}

/* Which events to look at, one after another, newest first. */
struct scan {
    bool on_trail;
    enum trail_kind kind;
    uint32_t local;
    uint64_t left; /* events still to look at on the way down; 0: done */
    uint64_t seq;  /* the next one, if any is left */
};

static enum status start_trail(struct txn *txn, struct scan *scan, uint64_t below)
{
    enum status status = trail_before(txn, scan->kind, scan->local, below, &scan->left);
    if (status != STATUS_OK || scan->left == 0) {
        return status;
    }
    return trail_find(txn, scan->kind, scan->local, scan->left, &scan->seq);
}

/* |below| is already within the time range. */
static enum status start_scan(struct txn *txn, const struct event_filter *filter, uint64_t below,
                              struct scan *out_scan)
{
    memset(out_scan, 0, sizeof *out_scan);
    if (filter->fields.actor_local != 0 || filter->fields.chart_local != 0) {
        out_scan->on_trail = true;
        out_scan->kind = filter->fields.actor_local != 0 ? TRAIL_ACTOR : TRAIL_CHART;
        out_scan->local = filter->fields.actor_local != 0 ? filter->fields.actor_local
                                                          : filter->fields.chart_local;
        return start_trail(txn, out_scan, below);
    }
    out_scan->left = below;
    out_scan->seq = below > 0 ? below - 1 : 0;
    return STATUS_OK;
}

static enum status step(struct scan *scan, const struct event_stored *event)
{
    uint64_t number = scan->kind == TRAIL_ACTOR ? event->actor_number : event->chart_number;
    if (scan->on_trail) {
        if (number != scan->left) {
            return STATUS_CORRUPT;
        }
        scan->seq = scan->kind == TRAIL_ACTOR ? event->actor_previous : event->chart_previous;
    } else {
        scan->seq--;
    }
    scan->left--;
    return STATUS_OK;
}

/* One past the newest seq that can match. */
static enum status upper_end(struct txn *txn, const struct event_filter *filter,
                             uint64_t *out_below)
{
    uint64_t size = db_counter(txn, SCHEMA_NEXT_EVENT);
    uint64_t below = filter->before_seq < size ? filter->before_seq : size;
    uint64_t by_time = below;
    enum status status = STATUS_OK;
    if (filter->time_to_ms != 0 && filter->time_to_ms != UINT64_MAX) {
        status = events_at_time(txn, filter->time_to_ms + 1, &by_time);
    }
    *out_below = by_time < below ? by_time : below;
    return status;
}

enum status events_query(struct txn *txn, const struct event_filter *filter, uint64_t *out_seqs,
                         size_t capacity, size_t *out_count, uint64_t *out_before)
{
    uint64_t below = 0;
    enum status status = upper_end(txn, filter, &below);
    *out_count = 0;
    *out_before = 0;
    struct scan scan;
    if (status == STATUS_OK) {
        status = start_scan(txn, filter, below, &scan);
    }
    if (status != STATUS_OK) {
        return status;
    }
    size_t looked = 0;
    while (scan.left > 0) {
        if (*out_count == capacity || looked == EVENTS_SCAN_MAX) {
            *out_before = scan.seq + 1;
            return STATUS_OK;
        }
        struct event_stored event;
        status = events_peek(txn, scan.seq, &event);
        if (status != STATUS_OK) {
            return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
        }
        if (event.fields.time_ms < filter->time_from_ms) {
            return STATUS_OK; /* older ones are older still */
        }
        if (matches(filter, &event.fields)) {
            out_seqs[(*out_count)++] = event.seq;
        }
        looked++;
        status = step(&scan, &event);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
