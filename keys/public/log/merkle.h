/*
 * The Merkle tree of RFC 6962 §2.1 / RFC 9162 §2.1: hashing, appending, roots.
 *
 *   leaf(d) = SHA-256(0x00 ‖ d), node(l, r) = SHA-256(0x01 ‖ l ‖ r), root of no leaves
 *   = SHA-256("").
 *
 * Only complete subtrees are ever stored, under (level, index): level 0 is the leaves,
 * and node (l, i) covers leaves i·2^l .. (i+1)·2^l - 1. They never change, so storage
 * is append-only and the root of any past size can be computed again. No recursion, at
 * most 64 levels. Storage is the caller's, behind two small tables. Any thread; a
 * frontier belongs to one thread.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

#define MERKLE_LEVELS_MAX 64u
#define MERKLE_SIZE_MAX   ((uint64_t)INT64_MAX)

void merkle_leaf_hash(struct span leaf, struct hash *out_hash);
/* |out_hash| may be |left| or |right|. */
void merkle_node_hash(const struct hash *left, const struct hash *right, struct hash *out_hash);
void merkle_empty_root(struct hash *out_root);

/* Where stored nodes are read. |get| returns STATUS_OK, or what the caller should see. */
struct merkle_source {
    enum status (*get)(void *context, uint32_t level, uint64_t index, struct hash *out_hash);
    void *context;
};

/* Where newly completed nodes go: the leaf itself first, then its completed parents. */
struct merkle_sink {
    enum status (*put)(void *context, uint32_t level, uint64_t index, const struct hash *hash);
    void *context;
};

/*
 * The roots of the complete subtrees that make up a tree: nodes[l] counts where bit l
 * of |size| is set. This is enough to append and to compute the root.
 */
struct merkle_frontier {
    uint64_t size;
    struct hash nodes[MERKLE_LEVELS_MAX];
};

void merkle_frontier_init(struct merkle_frontier *frontier);

/* For a tree already stored. STATUS_TOO_LARGE above MERKLE_SIZE_MAX, or |source|'s. */
MUST_CHECK enum status merkle_frontier_load(struct merkle_frontier *frontier, uint64_t size,
                                            const struct merkle_source *source);

/*
 * Appends one leaf hash. |sink| may be NULL. On failure (the sink's status, or
 * STATUS_TOO_LARGE) the frontier is as before; the caller drops the transaction that
 * the sink wrote into.
 */
MUST_CHECK enum status merkle_frontier_append(struct merkle_frontier *frontier,
                                              const struct hash *leaf_hash,
                                              const struct merkle_sink *sink);

void merkle_frontier_root(const struct merkle_frontier *frontier, struct hash *out_root);

/* The root of the first |size| leaves. STATUS_TOO_LARGE, or |source|'s status. */
MUST_CHECK enum status merkle_root(const struct merkle_source *source, uint64_t size,
                                   struct hash *out_root);
