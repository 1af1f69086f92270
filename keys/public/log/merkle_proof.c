#include "keys/public/log/merkle_proof.h"

_Static_assert(sizeof(struct hash) == HASH_BYTES, "hashes lie end to end");

enum status merkle_proof_decode(struct span bytes, struct merkle_proof *out_proof)
{
    size_t count = bytes.size / HASH_BYTES;
    if (bytes.size % HASH_BYTES != 0 || count > MERKLE_PROOF_HASHES_MAX) {
        return STATUS_MALFORMED;
    }
    out_proof->count = count;
    if (bytes.size > 0) {
        memcpy(out_proof->hashes, bytes.data, bytes.size);
    }
    return STATUS_OK;
}

struct span merkle_proof_bytes(const struct merkle_proof *proof)
{
    return span_of(proof->hashes, proof->count * HASH_BYTES);
}

/* Leaves start..end-1. |start| is a multiple of a power of two that is at least the
 * width, as for every subtree met while splitting. */
struct merkle_range {
    uint64_t start;
    uint64_t end;
};

/* The largest power of two smaller than |width|, which is at least 2. */
static uint64_t merkle_split(uint64_t width)
{
    return (uint64_t)1 << (63u - (uint32_t)__builtin_clzll(width - 1u));
}

/* The root of a range of leaves, joined from its complete subtrees right to left. */
static enum status merkle_range_hash(const struct merkle_source *source, struct merkle_range range,
                                     struct hash *out_hash)
{
    uint64_t end = range.end;
    bool started = false;
    struct hash root = {{0}};
    while (end > range.start) {
        /* The widest complete subtree that ends here and starts within the range: widths
         * are the set bits of the range's width, from the lowest. */
        uint32_t level = (uint32_t)__builtin_ctzll(end - range.start);
        uint64_t index = (end >> level) - 1u;
        struct hash node;
        enum status status = source->get(source->context, level, index, &node);
        if (status != STATUS_OK) {
            return status;
        }
        if (started) {
            struct hash joined;
            merkle_node_hash(&node, &root, &joined);
            root = joined;
        } else {
            root = node;
            started = true;
        }
        end -= (uint64_t)1 << level;
    }
    *out_hash = root;
    return STATUS_OK;
}

/*
 * Walks from the whole tree down towards leaf |index|, keeping the other half of each
 * split (the sibling) in |halves|, outermost first. Stops at that leaf or, for
 * consistency, at the first subtree that ends where the old tree does (|stop_end|; 0 for
 * inclusion, where no range ends).
 */
static size_t merkle_descend(uint64_t size, uint64_t index, uint64_t stop_end,
                             struct merkle_range halves[MERKLE_PROOF_HASHES_MAX],
                             struct merkle_range *out_last)
{
    struct merkle_range range = {0, size};
    size_t count = 0;
    while (range.end - range.start > 1u && range.end != stop_end) {
        uint64_t middle = range.start + merkle_split(range.end - range.start);
        struct merkle_range left = {range.start, middle};
        struct merkle_range right = {middle, range.end};
        CHECK(count < MERKLE_PROOF_HASHES_MAX);
        halves[count++] = index < middle ? right : left;
        range = index < middle ? left : right;
    }
    *out_last = range;
    return count;
}

/* Appends the hashes of |halves|, innermost first, as verification takes them. */
static enum status merkle_collect(const struct merkle_source *source,
                                  const struct merkle_range *halves, size_t count,
                                  struct merkle_proof *proof)
{
    for (size_t i = count; i > 0; i--) {
        CHECK(proof->count < MERKLE_PROOF_HASHES_MAX);
        enum status status =
            merkle_range_hash(source, halves[i - 1u], &proof->hashes[proof->count]);
        if (status != STATUS_OK) {
            return status;
        }
        proof->count++;
    }
    return STATUS_OK;
}

enum status merkle_proof_inclusion(const struct merkle_source *source, uint64_t index,
                                   uint64_t size, struct merkle_proof *out_proof)
{
    out_proof->count = 0;
    if (index >= size || size > MERKLE_SIZE_MAX) {
        return STATUS_USAGE;
    }
    struct merkle_range halves[MERKLE_PROOF_HASHES_MAX];
    struct merkle_range leaf;
    size_t count = merkle_descend(size, index, 0, halves, &leaf);
    return merkle_collect(source, halves, count, out_proof);
}

enum status merkle_proof_consistency(const struct merkle_source *source, uint64_t old_size,
                                     uint64_t new_size, struct merkle_proof *out_proof)
{
    out_proof->count = 0;
    if (old_size > new_size || new_size > MERKLE_SIZE_MAX) {
        return STATUS_USAGE;
    }
    if (old_size == 0 || old_size == new_size) {
        return STATUS_OK;
    }
    /* SUBPROOF(m, D, true): follow the old tree's last leaf until a subtree ends exactly
     * where the old tree ends. That subtree is named only when it is not the old tree
     * itself, whose root the verifier has. */
    struct merkle_range halves[MERKLE_PROOF_HASHES_MAX];
    struct merkle_range last;
    size_t count = merkle_descend(new_size, old_size - 1u, old_size, halves, &last);
    if (last.start != 0) {
        enum status status = merkle_range_hash(source, last, &out_proof->hashes[0]);
        if (status != STATUS_OK) {
            return status;
        }
        out_proof->count = 1;
    }
    return merkle_collect(source, halves, count, out_proof);
}

/* RFC 9162 §2.1.3.2 and §2.1.4.2 share this shift to the next right-hand edge. */
static void merkle_shift_until_odd(uint64_t *first, uint64_t *second)
{
    while ((*first & 1u) == 0 && *first != 0) {
        *first >>= 1;
        *second >>= 1;
    }
}

enum status merkle_proof_check_inclusion(const struct merkle_proof *proof,
                                         const struct hash *leaf_hash, uint64_t index,
                                         uint64_t size, const struct hash *root)
{
    if (index >= size || proof->count > MERKLE_PROOF_HASHES_MAX) {
        return STATUS_BAD_PROOF;
    }
    uint64_t node = index;
    uint64_t last = size - 1u;
    struct hash hash = *leaf_hash;
    for (size_t i = 0; i < proof->count; i++) {
        if (last == 0) {
            return STATUS_BAD_PROOF;
        }
        struct hash joined;
        if ((node & 1u) != 0 || node == last) {
            merkle_node_hash(&proof->hashes[i], &hash, &joined);
            merkle_shift_until_odd(&node, &last);
        } else {
            merkle_node_hash(&hash, &proof->hashes[i], &joined);
        }
        hash = joined;
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && ID_EQUAL(&hash, root) ? STATUS_OK : STATUS_BAD_PROOF;
}

/* The general case, 0 < old < new: |first| starts both roots, |rest| goes on. */
static enum status merkle_check_extension(const struct hash *first, const struct hash *rest,
                                          size_t rest_count, const uint64_t sizes[2],
                                          const struct hash *const roots[2])
{
    uint64_t node = sizes[0] - 1u;
    uint64_t last = sizes[1] - 1u;
    while ((node & 1u) != 0) {
        node >>= 1;
        last >>= 1;
    }
    struct hash old_hash = *first;
    struct hash new_hash = *first;
    for (size_t i = 0; i < rest_count; i++) {
        if (last == 0) {
            return STATUS_BAD_PROOF;
        }
        struct hash joined;
        if ((node & 1u) != 0 || node == last) {
            merkle_node_hash(&rest[i], &old_hash, &joined);
            old_hash = joined;
            merkle_node_hash(&rest[i], &new_hash, &joined);
            merkle_shift_until_odd(&node, &last);
        } else {
            merkle_node_hash(&new_hash, &rest[i], &joined);
        }
        new_hash = joined;
        node >>= 1;
        last >>= 1;
    }
    bool good = last == 0 && ID_EQUAL(&old_hash, roots[0]) && ID_EQUAL(&new_hash, roots[1]);
    return good ? STATUS_OK : STATUS_BAD_PROOF;
}

enum status merkle_proof_check_consistency(const struct merkle_proof *proof, uint64_t old_size,
                                           const struct hash *old_root, uint64_t new_size,
                                           const struct hash *new_root)
{
    if (old_size > new_size || proof->count > MERKLE_PROOF_HASHES_MAX) {
        return STATUS_BAD_PROOF;
    }
    if (old_size == 0) {
        return proof->count == 0 ? STATUS_OK : STATUS_BAD_PROOF;
    }
    if (old_size == new_size) {
        bool same = proof->count == 0 && ID_EQUAL(old_root, new_root);
        return same ? STATUS_OK : STATUS_BAD_PROOF;
    }
    if (proof->count == 0) {
        return STATUS_BAD_PROOF;
    }
    const uint64_t sizes[2] = {old_size, new_size};
    const struct hash *const roots[2] = {old_root, new_root};
    if ((old_size & (old_size - 1u)) == 0) {
        /* The old tree is one complete subtree: its root is the first node. */
        return merkle_check_extension(old_root, proof->hashes, proof->count, sizes, roots);
    }
    return merkle_check_extension(&proof->hashes[0], &proof->hashes[1], proof->count - 1u, sizes,
                                  roots);
}
