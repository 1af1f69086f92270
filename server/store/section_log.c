#include "server/store/section_log.h"

#include "keys/public/leaf.h"

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
    enum status status = events_peek(txn, event_seq, &event);

    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    }
    if (event.fields.section_local != section_local || event.section_number != number) {
        return STATUS_CORRUPT;
    }
    out_change->number = number;
    out_change->change = event.change;
    out_change->head = event.section_head;
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

/* The head before |number|: zero before the first. */
static enum status head_before(struct txn *txn, uint32_t section_local, uint64_t number,
                               struct hash *out_head)
{
    struct section_change change;
    enum status status;

    memset(out_head, 0, sizeof(*out_head));
    if (number <= 1) {
        return STATUS_OK;
    }
    status = section_log_get(txn, section_local, number - 1, &change);
    if (status == STATUS_OK) {
        *out_head = change.head;
    }
    return status;
}

enum status section_log_page(struct txn *txn, uint32_t section_local, uint64_t after,
                             struct section_change *out_changes, size_t capacity, size_t *out_count)
{
    uint64_t seqs[SECTION_LOG_PAGE_MAX];
    size_t count = 0;
    struct hash head;
    enum status status;

    *out_count = 0;
    if (after == UINT64_MAX) {
        return STATUS_OK;
    }
    if (capacity > SECTION_LOG_PAGE_MAX) {
        capacity = SECTION_LOG_PAGE_MAX;
    }
    status = trail_page(txn, TRAIL_SECTION, section_local, after + 1, seqs, capacity, &count);
    if (status == STATUS_OK && count > 0) {
        status = head_before(txn, section_local, after + 1, &head);
    }
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        struct section_change *change = &out_changes[i];

        status = read_change(txn, section_local, after + 1 + i, seqs[i], change);
        if (status == STATUS_OK) {
            leaf_section_head(db_practice_of(txn), &head, change->number, change->change.kind,
                              &change->change.object, &head);
            status = ID_EQUAL(&head, &change->head) ? STATUS_OK : STATUS_CORRUPT;
        }
    }
    if (status == STATUS_OK) {
        *out_count = count;
    }
    return status;
}
