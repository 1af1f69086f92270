/*
 * One event as it is shown to somebody: the whole leaf's hashes, and only those hidden
 * parts with their openings that this reader may see (decision 16).
 */
#pragma once

#include "server/core/core.h"
#include "server/store/events.h"

/* Holds the hashes that the leaf points to. Its spans live as long as the transaction. */
struct leaf_view {
    struct event_stored event;
    struct hash lost; /* leaf hash of a damaged one */
};

/* |out_leaf| borrows from |out_view| and the map. STATUS_NOT_FOUND, STATUS_CORRUPT. */
MUST_CHECK enum status leaf_view_load(struct txn *txn, uint64_t seq, enum core_view view,
                                      struct leaf_view *out_view, Alcove__EventLeaf *out_leaf);

/* The same for a log of which one damaged event must not hide the rest: that is named by its number
 * and leaf hash, without its content. */
MUST_CHECK enum status leaf_view_load_any(struct txn *txn, uint64_t seq, enum core_view view,
                                          struct leaf_view *out_view, Alcove__EventLeaf *out_leaf);
