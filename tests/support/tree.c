#include "tests/support/tree.h"
#include "tests/support/test.h"

static enum status tree_put(void *context, uint32_t level, uint64_t index, const struct hash *hash)
{
    struct tree_nodes *nodes = context;
    nodes->puts++;
    if (nodes->puts == nodes->fail_at) {
        return STATUS_IO;
    }
    assert_true(level < TREE_LEVELS && index < TREE_LEAVES);
    assert_false(nodes->have[level][index]);
    nodes->hash[level][index] = *hash;
    nodes->have[level][index] = true;
    return STATUS_OK;
}

static enum status tree_get(void *context, uint32_t level, uint64_t index, struct hash *out_hash)
{
    const struct tree_nodes *nodes = context;
    assert_true(level < TREE_LEVELS && index < TREE_LEAVES);
    if (!nodes->have[level][index]) {
        return STATUS_CORRUPT;
    }
    *out_hash = nodes->hash[level][index];
    return STATUS_OK;
}

struct tree *tree_new(void)
{
    struct tree *tree = calloc(1, sizeof *tree);
    assert_non_null(tree);
    tree->source = (struct merkle_source){tree_get, &tree->nodes};
    tree->sink = (struct merkle_sink){tree_put, &tree->nodes};
    merkle_frontier_init(&tree->frontier);
    merkle_frontier_root(&tree->frontier, &tree->roots[0]);
    return tree;
}

void tree_append(struct tree *tree, struct span leaf)
{
    struct hash hash;
    merkle_leaf_hash(leaf, &hash);
    assert_int_equal(merkle_frontier_append(&tree->frontier, &hash, &tree->sink), STATUS_OK);
    merkle_frontier_root(&tree->frontier, &tree->roots[tree->frontier.size]);
}

void tree_fill(struct tree *tree, uint8_t count)
{
    for (uint8_t i = 0; i < count; i++) {
        tree_append(tree, span_of(&i, 1));
    }
}
