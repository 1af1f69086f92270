#include "server/store/section_log.h"

#include "keys/public/log/leaf.h"

enum status section_log_head(struct txn *txn, uint32_t section_local, uint64_t *out_number,
                             struct hash *out_head)
{
    struct trail_head head;
    enum status status = trail_get(txn, TRAIL_SECTION, section_local, &head);
    if (status == STATUS_OK) {
        *out_number = head.number;
        *out_head = head.hash;
    }
    return status;
}

static enum status read_change(struct txn *txn, uint32_t section_local, uint64_t number,
                               uint64_t event_seq, struct section_change *out_change)
{
    struct event_stored event;
    enum status status = events_head(txn, event_seq, &event);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    }
    if (event.fields.section_local != section_local || event.section_number != number) {
        return STATUS_CORRUPT;
    }
    out_change->number = number;
    out_change->change = event.change;
    out_change->head = event.section_head;
    out_change->times = event.section_times;
    out_change->time_ms = event.fields.time_ms;
    out_change->event_seq = event_seq;
    return STATUS_OK;
}

enum status section_log_get(struct txn *txn, uint32_t section_local, uint64_t number,
                            struct section_change *out_change)
{
    uint64_t event_seq;
    enum status status = trail_find(txn, TRAIL_SECTION, section_local, number, &event_seq);
    if (status != STATUS_OK) {
        return status;
    }
    return read_change(txn, section_local, number, event_seq, out_change);
}

/* Head and times before the next number: zero before the first. */
static enum status walk_begin(struct txn *txn, struct section_walk *walk)
{
    struct section_change before = {.number = 0};
    enum status status = STATUS_OK;
    if (walk->next > 1) {
        status = section_log_get(txn, walk->section_local, walk->next - 1, &before);
    }
    if (status == STATUS_OK) {
        walk->head = before.head;
        walk->times = before.times;
        walk->started = true;
    }
    return status;
}

void section_walk_init(struct section_walk *walk, uint32_t section_local, uint64_t from)
{
    memset(walk, 0, sizeof *walk);
    walk->section_local = section_local;
    walk->next = from;
}

/* Reads up to the next waypoint, so that no event is visited only on the way to the first
 * wanted one. */
static enum status find_ahead(struct txn *txn, struct section_walk *walk)
{
    size_t ahead = TRAIL_WAYPOINT_STEP - (size_t)((walk->next - 1) % TRAIL_WAYPOINT_STEP);
    enum status status = STATUS_OK;
    if (!walk->started) {
        status = walk_begin(txn, walk);
    }
    if (status == STATUS_OK) {
        walk->first = walk->next;
        status = trail_page(txn, TRAIL_SECTION, walk->section_local, walk->next, walk->seqs, ahead,
                            &walk->count);
    }
    return status;
}

enum status section_walk_next(struct txn *txn, struct section_walk *walk,
                              struct section_change *out_change)
{
    if (walk->next == 0) {
        return STATUS_NOT_FOUND;
    }
    enum status status = STATUS_OK;
    if (walk->next - walk->first >= walk->count) {
        status = find_ahead(txn, walk);
    }
    if (status == STATUS_OK && walk->next - walk->first >= walk->count) {
        return STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK) {
        status = read_change(txn, walk->section_local, walk->next,
                             walk->seqs[walk->next - walk->first], out_change);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct hash head;
    leaf_section_head(db_practice_of(txn), &walk->head, out_change->number, out_change->change.kind,
                      &out_change->change.object, &head);
    struct hash times;
    leaf_section_times(db_practice_of(txn), &walk->times, out_change->number, out_change->time_ms,
                       &times);
    return ID_EQUAL(&head, &out_change->head) && ID_EQUAL(&times, &out_change->times)
               ? STATUS_OK
               : STATUS_CORRUPT;
}

void section_walk_pass(struct section_walk *walk, const struct section_change *change)
{
    CHECK(change->number == walk->next);
    walk->head = change->head;
    walk->times = change->times;
    walk->next++;
}

enum status section_log_page(struct txn *txn, uint32_t section_local, uint64_t after,
                             struct section_change *out_changes, size_t capacity, size_t *out_count)
{
    *out_count = 0;
    struct section_walk walk;
    section_walk_init(&walk, section_local, after + 1);
    enum status status = STATUS_OK;
    size_t count = 0;
    while (count < capacity) {
        status = section_walk_next(txn, &walk, &out_changes[count]);
        if (status != STATUS_OK) {
            break;
        }
        section_walk_pass(&walk, &out_changes[count++]);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    *out_count = count;
    return STATUS_OK;
}
