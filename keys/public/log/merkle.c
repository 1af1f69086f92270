#include "keys/public/log/merkle.h"

#include "keys/public/hash.h"

/* A leaf and a node begin with another byte (RFC 9162), so that nobody can pass off two hashes as
 * a leaf, or a leaf of 64 bytes as a node: one root would then stand for two trees. */
void merkle_leaf_hash(struct span leaf, struct hash *out_hash)
{
    static const uint8_t zero = 0x00;
    struct span parts[] = {span_of(&zero, 1), leaf};
    hash_parts(parts, ARRAY_LEN(parts), out_hash);
}

void merkle_node_hash(const struct hash *left, const struct hash *right, struct hash *out_hash)
{
    static const uint8_t one = 0x01;
    struct span parts[] = {span_of(&one, 1), ID_SPAN(left), ID_SPAN(right)};
    hash_parts(parts, ARRAY_LEN(parts), out_hash);
}

void merkle_empty_root(struct hash *out_root)
{
    hash_bytes(span_of(NULL, 0), out_root);
}

void merkle_frontier_init(struct merkle_frontier *frontier)
{
    memset(frontier, 0, sizeof *frontier);
}

enum status merkle_frontier_load(struct merkle_frontier *frontier, uint64_t size,
                                 const struct merkle_source *source)
{
    if (size > MERKLE_SIZE_MAX) {
        return STATUS_TOO_LARGE;
    }
    merkle_frontier_init(frontier);
    for (uint32_t level = 0; level < MERKLE_LEVELS_MAX; level++) {
        if (((size >> level) & 1u) == 0) {
            continue;
        }
        /* The last complete subtree of this level is the one with an even index at the
         * end: every larger subtree lies before it. */
        uint64_t index = (size >> level) - 1u;
        enum status status = source->get(source->context, level, index, &frontier->nodes[level]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    frontier->size = size;
    return STATUS_OK;
}

enum status merkle_frontier_append(struct merkle_frontier *frontier, const struct hash *leaf_hash,
                                   const struct merkle_sink *sink)
{
    if (frontier->size >= MERKLE_SIZE_MAX) {
        return STATUS_TOO_LARGE;
    }
    struct hash node = *leaf_hash;
    uint32_t level = 0;
    /* As adding 1 to |size| carries over its low one bits, the new leaf completes one
     * subtree for each of them. */
    for (;;) {
        if (sink != NULL) {
            uint64_t index = frontier->size >> level;
            enum status status = sink->put(sink->context, level, index, &node);
            if (status != STATUS_OK) {
                return status;
            }
        }
        if (((frontier->size >> level) & 1u) == 0) {
            break;
        }
        struct hash parent;
        merkle_node_hash(&frontier->nodes[level], &node, &parent);
        node = parent;
        level++;
    }
    frontier->nodes[level] = node;
    frontier->size++;
    return STATUS_OK;
}

void merkle_frontier_root(const struct merkle_frontier *frontier, struct hash *out_root)
{
    struct hash root;
    merkle_empty_root(&root);
    bool started = false;
    for (uint32_t level = 0; level < MERKLE_LEVELS_MAX; level++) {
        if (((frontier->size >> level) & 1u) == 0) {
            continue;
        }
        if (started) {
            struct hash joined;
            merkle_node_hash(&frontier->nodes[level], &root, &joined);
            root = joined;
        } else {
            root = frontier->nodes[level];
            started = true;
        }
    }
    *out_root = root;
}

enum status merkle_root(const struct merkle_source *source, uint64_t size, struct hash *out_root)
{
    struct merkle_frontier frontier;
    enum status status = merkle_frontier_load(&frontier, size, source);
    if (status != STATUS_OK) {
        return status;
    }
    merkle_frontier_root(&frontier, out_root);
    return STATUS_OK;
}
