/*
 * The two Merkle logs as trees: sizes, roots of any past size, proofs, leaf hashes.
 *
 * Nodes of complete subtrees are stored in the value of the leaf that completed them (leaf
 * n-1 completes as many as n has trailing zero bits), so a tree costs no puts of its own and
 * a proof reads about log2(n) leaves. Appending is part of events_append and
 * chain_log_append. Reading: any transaction; a read transaction gives one consistent tree.
 */
#pragma once

#include "keys/public/log/merkle_proof.h"
#include "server/store/db.h"

enum ledger_log {
    LEDGER_STATEMENTS,
    LEDGER_EVENTS,
};

uint64_t ledger_size(const struct txn *txn, enum ledger_log log);

/* STATUS_USAGE for a size above the log's; STATUS_CORRUPT. */
MUST_CHECK enum status ledger_root(struct txn *txn, enum ledger_log log, uint64_t size,
                                   struct hash *out_root);

/* STATUS_USAGE unless index < size <= the log's size; STATUS_CORRUPT. */
MUST_CHECK enum status ledger_inclusion(struct txn *txn, enum ledger_log log, uint64_t index,
                                        uint64_t size, struct merkle_proof *out_proof);

/* STATUS_USAGE unless old <= new <= the log's size; STATUS_CORRUPT. */
MUST_CHECK enum status ledger_consistency(struct txn *txn, enum ledger_log log, uint64_t old_size,
                                          uint64_t new_size, struct merkle_proof *out_proof);

/* A stored node, as merkle_source gives it: level 0 holds the leaf hashes. */
MUST_CHECK enum status ledger_node(struct txn *txn, enum ledger_log log, uint32_t level,
                                   uint64_t index, struct hash *out_hash);

/*
 * The nodes that appending |leaf_hash| as number |index| completes, leaf first. For the two
 * appenders. |out_nodes| has room for MERKLE_LEVELS_MAX; the count is one more than the
 * number of trailing zero bits of index + 1. STATUS_CORRUPT or the sticky status.
 */
MUST_CHECK enum status ledger_complete(struct txn *txn, enum ledger_log log, uint64_t index,
                                       const struct hash *leaf_hash, struct hash *out_nodes,
                                       size_t *out_count);

/* STATUS_CORRUPT: no leaf can be added any more, since the place of the next one, or a node that
 * every later root needs, is lost. */
MUST_CHECK enum status ledger_goes_on(struct txn *txn, enum ledger_log log);

/*
 * Statement leaves from..from+count-1, 80 bytes each, end to end, as every client reads them
 * (decision 3). Stops at the end of the log. STATUS_CORRUPT when a stored leaf does not give
 * the node above it.
 */
#define LEDGER_STATEMENT_LEAF_BYTES 80u
MUST_CHECK enum status ledger_statement_leaves(struct txn *txn, uint64_t from, size_t count,
                                               uint8_t *out_leaves, size_t *out_count);
