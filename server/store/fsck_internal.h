/*
 * Shared by fsck.c and fsck_events.c; no other file includes it.
 */
#pragma once

#include "server/store/fsck.h"
#include "server/store/ledger.h"

struct fsck {
    struct txn *txn;
    const struct fsck_header *header;
    struct fsck_report *report;
};

/* Counts a fault and keeps the first in words. */
__attribute__((format(printf, 2, 3))) void fsck_fault(struct fsck *fsck, const char *format, ...);

/* Checks events, their tree, trails, waypoints and section heads. Faults go into the report;
 * the status is other than STATUS_OK only when reading itself failed. */
MUST_CHECK enum status fsck_events(struct fsck *fsck);

/* Grows |frontier| by one leaf and compares it and every node that it completes with what
 * is stored. */
void fsck_grow(struct fsck *fsck, enum ledger_log log, struct merkle_frontier *frontier,
               const struct hash *leaf_hash);
