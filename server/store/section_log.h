/*
 * What changed in a section, in order: the source of every sync (PROTOCOL.md §5).
 *
 * A reading of the section's trail; each change is an event, appended by events_append.
 * Numbers are contiguous from 1. Any transaction.
 */
#pragma once

#include "server/store/events.h"

struct section_change {
    uint64_t number;
    struct event_change change;
    struct hash head;
    uint64_t event_seq;
};

/* Number and head of the newest change; number 0 and a zero head when there is none. */
MUST_CHECK enum status section_log_head(struct txn *txn, uint32_t section_local,
                                        uint64_t *out_number, struct hash *out_head);

/* STATUS_NOT_FOUND; STATUS_CORRUPT. */
MUST_CHECK enum status section_log_get(struct txn *txn, uint32_t section_local, uint64_t number,
                                       struct section_change *out_change);

/*
 * Changes after |after|, rising, up to |capacity|; *out_count is 0 at the end. Heads are
 * recomputed one from the other, so a wrong kind, object or order is STATUS_CORRUPT.
 */
#define SECTION_LOG_PAGE_MAX 1024u
MUST_CHECK enum status section_log_page(struct txn *txn, uint32_t section_local, uint64_t after,
                                        struct section_change *out_changes, size_t capacity,
                                        size_t *out_count);
