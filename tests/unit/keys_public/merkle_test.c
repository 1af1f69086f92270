/* Merkle trees: roots, appending and proofs. */
#include "keys/public/log/merkle_proof.h"
#include "tests/support/test.h"
#include "tests/support/tree.h"
#include "tests/support/vectors.h"

/* The reference's leaves, appended. */
static void tree_from_vectors(struct tree *tree, struct vectors *vectors)
{
    vectors_find(vectors, "leaves");
    char key[] = "leaf0";
    for (size_t i = 0; i < 8; i++) {
        key[4] = "01234567"[i];
        tree_append(tree, vectors_hex(vectors, key));
    }
}

/* Goal: roots and proofs agree with another implementation. Method: the known answers. */
static void test_merkle_known_answers(void **state)
{
    (void)state;
    struct tree *tree = tree_new();
    struct vectors *vectors = vectors_open("merkle.txt");
    tree_from_vectors(tree, vectors);
    size_t roots = 0;
    size_t proofs = 0;
    while (vectors_next(vectors)) {
        uint64_t size = vectors_number(vectors, "size");
        if (vectors_has(vectors, "root")) {
            assert_true(span_equal(ID_SPAN(&tree->roots[size]), vectors_hex(vectors, "root")));
            struct hash root;
            assert_int_equal(merkle_root(&tree->source, size, &root), STATUS_OK);
            assert_true(ID_EQUAL(&root, &tree->roots[size]));
            roots++;
            continue;
        }
        struct merkle_proof proof;
        if (vectors_has(vectors, "index")) {
            assert_int_equal(merkle_proof_inclusion(&tree->source, vectors_number(vectors, "index"),
                                                    size, &proof),
                             STATUS_OK);
        } else {
            assert_int_equal(merkle_proof_consistency(&tree->source, vectors_number(vectors, "old"),
                                                      size, &proof),
                             STATUS_OK);
        }
        assert_true(span_equal(merkle_proof_bytes(&proof), vectors_hex(vectors, "proof")));
        proofs++;
    }
    assert_int_equal(roots, 9);
    assert_int_equal(proofs, 5);
    vectors_close(vectors);
    free(tree);
}

/* RFC 6962 §2.1 word for word (split at the largest power of two below n), as an oracle.
 * Levels are walked with a stack of our own. */
static void oracle_root(uint8_t count, struct hash *out_root)
{
    size_t width = count;
    if (count == 0) {
        merkle_empty_root(out_root);
        return;
    }
    struct hash row[TREE_LEAVES];
    for (uint8_t i = 0; i < count; i++) {
        merkle_leaf_hash(span_of(&i, 1), &row[i]);
    }
    /* Joining neighbours and carrying an odd last one up gives the same tree. */
    while (width > 1u) {
        for (size_t i = 0; i < width / 2u; i++) {
            struct hash joined;
            merkle_node_hash(&row[2u * i], &row[2u * i + 1u], &joined);
            row[i] = joined;
        }
        if (width % 2u != 0) {
            row[width / 2u] = row[width - 1u];
        }
        width = (width + 1u) / 2u;
    }
    *out_root = row[0];
}

/* Goal: appending one by one and reading from storage both give the right root. Method:
 * sizes 0..70 against another way to compute it; a loaded frontier goes on correctly. */
static void test_merkle_roots_all_sizes(void **state)
{
    (void)state;
    struct tree *tree = tree_new();
    tree_fill(tree, TREE_LEAVES);
    for (uint8_t size = 0; size <= TREE_LEAVES; size++) {
        struct hash expected;
        oracle_root(size, &expected);
        assert_true(ID_EQUAL(&tree->roots[size], &expected));
        struct hash root;
        assert_int_equal(merkle_root(&tree->source, size, &root), STATUS_OK);
        assert_true(ID_EQUAL(&root, &expected));
        struct merkle_frontier loaded;
        assert_int_equal(merkle_frontier_load(&loaded, size, &tree->source), STATUS_OK);
        for (uint8_t i = size; i < TREE_LEAVES; i++) {
            struct hash leaf;
            merkle_leaf_hash(span_of(&i, 1), &leaf);
            assert_int_equal(merkle_frontier_append(&loaded, &leaf, NULL), STATUS_OK);
        }
        merkle_frontier_root(&loaded, &root);
        assert_true(ID_EQUAL(&root, &tree->roots[TREE_LEAVES]));
    }
    /* 70 leaves and one node for every complete pair below. */
    assert_int_equal(tree->nodes.puts, 70 + 35 + 17 + 8 + 4 + 2 + 1);
    free(tree);
}

/* Every proof that differs in one bit, one hash less or one hash more must fail. */
struct mutation {
    const struct merkle_proof *proof;
    bool consistency;
    const struct hash *first; /* leaf hash or old root */
    const struct hash *root;
    uint64_t index; /* or old size */
    uint64_t size;
};

static enum status mutation_check(const struct mutation *m, const struct merkle_proof *proof)
{
    if (m->consistency) {
        return merkle_proof_check_consistency(proof, m->index, m->first, m->size, m->root);
    }
    return merkle_proof_check_inclusion(proof, m->first, m->index, m->size, m->root);
}

static void mutation_refused(const struct mutation *m)
{
    struct merkle_proof bad = *m->proof;
    for (size_t i = 0; i < bad.count; i++) {
        /* One bit in each hash; which one moves with the proof so that all are met. */
        size_t bit = (size_t)(m->index * 37u + m->size * 11u + i * 5u) % 256u;
        bad.hashes[i].bytes[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        assert_int_equal(mutation_check(m, &bad), STATUS_BAD_PROOF);
        bad.hashes[i].bytes[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
    }
    if (bad.count > 0) {
        bad.count--;
        assert_int_equal(mutation_check(m, &bad), STATUS_BAD_PROOF);
        /* Without its first hash. */
        memmove(&bad.hashes[0], &m->proof->hashes[1], bad.count * sizeof bad.hashes[0]);
        assert_int_equal(mutation_check(m, &bad), STATUS_BAD_PROOF);
    }
    bad = *m->proof;
    bad.hashes[bad.count] = *m->root;
    bad.count++;
    assert_int_equal(mutation_check(m, &bad), STATUS_BAD_PROOF);
    /* One more in front. */
    memmove(&bad.hashes[1], &m->proof->hashes[0], m->proof->count * sizeof bad.hashes[0]);
    bad.hashes[0] = *m->first;
    assert_int_equal(mutation_check(m, &bad), STATUS_BAD_PROOF);
}

/* Goal: every true inclusion is provable, nothing else is. Method: all pairs for sizes
 * 1..70, then mutants and the wrong index, size, leaf and root. */
static void test_merkle_inclusion_all_pairs(void **state)
{
    (void)state;
    struct tree *tree = tree_new();
    tree_fill(tree, TREE_LEAVES);
    for (uint64_t size = 1; size <= TREE_LEAVES; size++) {
        for (uint64_t index = 0; index < size; index++) {
            const struct hash *leaf = &tree->nodes.hash[0][index];
            const struct hash *root = &tree->roots[size];
            struct merkle_proof proof;
            assert_int_equal(merkle_proof_inclusion(&tree->source, index, size, &proof), 0);
            struct mutation m = {&proof, false, leaf, root, index, size};
            assert_int_equal(mutation_check(&m, &proof), STATUS_OK);
            mutation_refused(&m);
            assert_int_equal(merkle_proof_check_inclusion(&proof, root, index, size, leaf),
                             size == 1 ? STATUS_OK : STATUS_BAD_PROOF);
            assert_int_equal(
                merkle_proof_check_inclusion(&proof, leaf, index, size, &tree->roots[size - 1u]),
                STATUS_BAD_PROOF);
            for (uint64_t other = 0; other < size + 2u; other++) {
                enum status status = merkle_proof_check_inclusion(&proof, leaf, other, size, root);
                assert_int_equal(status, other == index ? STATUS_OK : STATUS_BAD_PROOF);
            }
        }
    }
    free(tree);
}

/* Goal: every true extension is provable, nothing else is. Method: all pairs, mutants, and
 * roots of other sizes. */
static void test_merkle_consistency_all_pairs(void **state)
{
    (void)state;
    struct tree *tree = tree_new();
    tree_fill(tree, TREE_LEAVES);
    for (uint64_t size = 1; size <= TREE_LEAVES; size++) {
        for (uint64_t old = 0; old <= size; old++) {
            const struct hash *old_root = &tree->roots[old];
            const struct hash *root = &tree->roots[size];
            struct merkle_proof proof;
            assert_int_equal(merkle_proof_consistency(&tree->source, old, size, &proof), 0);
            struct mutation m = {&proof, true, old_root, root, old, size};
            assert_int_equal(mutation_check(&m, &proof), STATUS_OK);
            mutation_refused(&m);
            if (old == 0) {
                continue;
            }
            assert_int_equal(
                merkle_proof_check_consistency(&proof, old, &tree->roots[old - 1u], size, root),
                STATUS_BAD_PROOF);
            assert_int_equal(merkle_proof_check_consistency(&proof, old, old_root, size,
                                                            &tree->roots[size - 1u]),
                             STATUS_BAD_PROOF);
            assert_int_equal(
                merkle_proof_check_consistency(&proof, size + 1u, old_root, size, root),
                STATUS_BAD_PROOF);
        }
    }
    free(tree);
}

/* Goal: a rewritten history has no proof. Method: two trees that differ in leaf 3; a proof
 * from either never joins them. */
static void test_merkle_fork_is_refused(void **state)
{
    (void)state;
    struct tree *one = tree_new();
    struct tree *two = tree_new();
    tree_fill(one, 20);
    for (uint8_t i = 0; i < 20; i++) {
        uint8_t leaf = i == 3 ? 0xee : i;
        tree_append(two, span_of(&leaf, 1));
    }
    for (uint64_t old = 4; old < 20; old++) {
        struct merkle_proof proof;
        for (int which = 0; which < 2; which++) {
            struct tree *by = which == 0 ? one : two;
            assert_int_equal(merkle_proof_consistency(&by->source, old, 20, &proof), STATUS_OK);
            assert_int_equal(
                merkle_proof_check_consistency(&proof, old, &one->roots[old], 20, &two->roots[20]),
                STATUS_BAD_PROOF);
        }
    }
    free(one);
    free(two);
}

/* Goal: failures leave no trace and limits hold. Method: each put fails in turn; sizes at
 * the border. */
static void test_merkle_failures(void **state)
{
    (void)state;
    struct tree *tree = tree_new();
    tree_fill(tree, 7);
    struct merkle_frontier before = tree->frontier;
    struct hash leaf;
    merkle_leaf_hash(span_of("x", 1), &leaf);
    size_t puts = tree->nodes.puts;
    for (size_t n = 1; n <= 4; n++) {
        struct tree_nodes saved = tree->nodes;
        tree->nodes.fail_at = puts + n;
        assert_int_equal(merkle_frontier_append(&tree->frontier, &leaf, &tree->sink), STATUS_IO);
        assert_memory_equal(&before, &tree->frontier, sizeof before);
        tree->nodes = saved;
    }
    struct hash root;
    assert_int_equal(merkle_root(&tree->source, 8, &root), STATUS_CORRUPT);
    assert_int_equal(merkle_root(&tree->source, MERKLE_SIZE_MAX + 1u, &root), STATUS_TOO_LARGE);
    struct merkle_proof proof;
    assert_int_equal(merkle_proof_inclusion(&tree->source, 7, 7, &proof), STATUS_USAGE);
    assert_int_equal(merkle_proof_consistency(&tree->source, 8, 7, &proof), STATUS_USAGE);
    tree->frontier.size = MERKLE_SIZE_MAX;
    assert_int_equal(merkle_frontier_append(&tree->frontier, &leaf, NULL), STATUS_TOO_LARGE);
    free(tree);
}

static enum status wide_get(void *context, uint32_t level, uint64_t index, struct hash *out_hash)
{
    uint64_t size = *(const uint64_t *)context;
    memset(out_hash, (int)(level + 1u), sizeof *out_hash);
    assert_true(level < 63u && index < (size >> level));
    return STATUS_OK;
}

/* Goal: no overflow at the largest sizes. Method: proofs over made-up nodes read only
 * complete subtrees and stay within the limit. */
static void test_merkle_largest_sizes(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {MERKLE_SIZE_MAX, (uint64_t)1 << 62, ((uint64_t)1 << 62) + 1u};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        uint64_t size = sizes[i];
        struct merkle_source source = {wide_get, &size};
        struct hash root;
        assert_int_equal(merkle_root(&source, size, &root), STATUS_OK);
        struct merkle_proof proof;
        assert_int_equal(merkle_proof_inclusion(&source, 0, size, &proof), STATUS_OK);
        assert_true(proof.count >= 62u && proof.count <= 63u);
        assert_int_equal(merkle_proof_inclusion(&source, size - 1u, size, &proof), STATUS_OK);
        assert_int_equal(merkle_proof_consistency(&source, size - 1u, size, &proof), STATUS_OK);
        assert_int_equal(merkle_proof_consistency(&source, 3, size, &proof), STATUS_OK);
        assert_true(proof.count <= MERKLE_PROOF_HASHES_MAX);
    }
}

/* Goal: proofs travel whole. Method: every length up to one hash too many. */
static void test_merkle_proof_decode(void **state)
{
    (void)state;
    uint8_t bytes[(MERKLE_PROOF_HASHES_MAX + 1u) * HASH_BYTES];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7u);
    }
    struct merkle_proof proof;
    for (size_t size = 0; size <= sizeof bytes; size++) {
        bool good = size % HASH_BYTES == 0 && size < sizeof bytes;
        assert_int_equal(merkle_proof_decode(span_of(bytes, size), &proof),
                         good ? STATUS_OK : STATUS_MALFORMED);
        if (good) {
            assert_true(span_equal(merkle_proof_bytes(&proof), span_of(bytes, size)));
        }
    }
    proof.count = MERKLE_PROOF_HASHES_MAX + 1u;
    struct hash hash = {{0}};
    assert_int_equal(merkle_proof_check_inclusion(&proof, &hash, 0, 1, &hash), STATUS_BAD_PROOF);
    assert_int_equal(merkle_proof_check_consistency(&proof, 1, &hash, 2, &hash), STATUS_BAD_PROOF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merkle_known_answers),
        cmocka_unit_test(test_merkle_roots_all_sizes),
        cmocka_unit_test(test_merkle_inclusion_all_pairs),
        cmocka_unit_test(test_merkle_consistency_all_pairs),
        cmocka_unit_test(test_merkle_fork_is_refused),
        cmocka_unit_test(test_merkle_failures),
        cmocka_unit_test(test_merkle_largest_sizes),
        cmocka_unit_test(test_merkle_proof_decode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
