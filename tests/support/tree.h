/*
 * A small log in memory: every complete subtree and every root, for tests.
 *
 * A read of a node that was never put gives STATUS_CORRUPT. A failure fails the
 * running cmocka test. One thread.
 */
#pragma once

#include "keys/public/log/merkle.h"

#define TREE_LEVELS 8u
#define TREE_LEAVES 70u

/* Complete subtrees, as the server's store has them. */
struct tree_nodes {
    struct hash hash[TREE_LEVELS][TREE_LEAVES];
    bool have[TREE_LEVELS][TREE_LEAVES];
    size_t puts;
    size_t fail_at; /* the put with this number fails; 0 for never */
};

struct tree {
    struct tree_nodes nodes;
    struct merkle_source source;
    struct merkle_sink sink;
    struct merkle_frontier frontier;
    struct hash roots[TREE_LEAVES + 1u];
};

/* The caller frees it with free(). */
struct tree *tree_new(void);
void tree_append(struct tree *tree, struct span leaf);
/* Appends |count| leaves, each of one byte: 0, 1, 2 and so on. */
void tree_fill(struct tree *tree, uint8_t count);
