/*
 * The statements log's leaves in memory: earlier roots.
 */
#include "client/engine/log/leaves.h"
#include "tests/support/test.h"

#define LEAVES 70u

static void add_leaves(struct leaves *leaves, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        struct leaf_statement leaf = {.type = 1, .number = i};
        leaf.commitment.bytes[0] = (uint8_t)i;
        uint8_t bytes[LEAF_STATEMENT_BYTES];
        leaf_statement_encode(&leaf, bytes);
        OK(leaves_add(leaves, span_of(bytes, sizeof bytes)));
    }
    OK(leaves_accept(leaves, to, NULL));
}

/* By another way: a frontier of its own for each size. */
static void check_root(struct leaves *leaves, uint64_t size)
{
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    for (uint64_t i = 0; i < size; i++) {
        struct span leaf;
        OK(leaves_get(leaves, i, &leaf));
        struct hash hash;
        merkle_leaf_hash(leaf, &hash);
        OK(merkle_frontier_append(&frontier, &hash, NULL));
    }
    struct hash expected;
    merkle_frontier_root(&frontier, &expected);
    struct hash root;
    OK(leaves_root_at(leaves, size, &root));
    assert_memory_equal(root.bytes, expected.bytes, HASH_BYTES);
}

/* Goal: the root at any earlier size, whatever was asked before and though leaves came meanwhile.
 * Method: every size up, down, twice and in jumps, against a frontier built anew. */
static void test_root_at_any_earlier_size(void **state)
{
    (void)state;
    struct leaves leaves;
    leaves_init(&leaves);
    add_leaves(&leaves, 0, LEAVES / 2u);
    struct hash root;
    assert_int_equal(leaves_root_at(&leaves, LEAVES / 2u + 1u, &root), STATUS_NOT_FOUND);
    for (uint64_t size = 0; size <= LEAVES / 2u; size++) {
        check_root(&leaves, size);
        check_root(&leaves, size);
    }
    add_leaves(&leaves, LEAVES / 2u, LEAVES);
    for (uint64_t size = LEAVES + 1u; size > 0; size--) {
        check_root(&leaves, size - 1u);
    }
    for (uint64_t i = 0; i < 100; i++) {
        check_root(&leaves, i * 37u % (LEAVES + 1u));
    }
    assert_int_equal(leaves_root_at(&leaves, LEAVES + 1u, &root), STATUS_NOT_FOUND);
    leaves_deinit(&leaves);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root_at_any_earlier_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
