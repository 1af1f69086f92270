#include "client/engine/log/leaves.h"

#include "keys/public/bytes/random.h"

#define LABEL_PLACES_MIN 64u
#define LEAVES_MIN       256u

void leaves_init(struct leaves *leaves)
{
    *leaves = (struct leaves){0};
    merkle_frontier_init(&leaves->accepted);
    merkle_frontier_init(&leaves->candidate);
    merkle_frontier_init(&leaves->earlier);
    random_bytes(&leaves->salt, sizeof leaves->salt);
}

void leaves_deinit(struct leaves *leaves)
{
    free(leaves->bytes);
    free(leaves->labels);
    *leaves = (struct leaves){0};
}

static bool grow_bytes(struct leaves *leaves, uint64_t more)
{
    uint64_t need = leaves->count + leaves->pending + more;
    if (need <= leaves->capacity) {
        return true;
    }
    uint64_t capacity = leaves->capacity < LEAVES_MIN ? LEAVES_MIN : leaves->capacity * 2;
    while (capacity < need) {
        capacity *= 2;
    }
    if (capacity > SIZE_MAX / LEAF_STATEMENT_BYTES) {
        return false;
    }
    uint8_t *bytes = realloc(leaves->bytes, (size_t)capacity * LEAF_STATEMENT_BYTES);
    if (bytes == NULL) {
        return false;
    }
    leaves->bytes = bytes;
    leaves->capacity = capacity;
    return true;
}

static uint8_t *leaf_at(const struct leaves *leaves, uint64_t index)
{
    return leaves->bytes + (size_t)index * LEAF_STATEMENT_BYTES;
}

enum status leaves_add(struct leaves *leaves, struct span bytes)
{
    if (bytes.size == 0 || bytes.size % LEAF_STATEMENT_BYTES != 0) {
        return STATUS_MALFORMED;
    }
    uint64_t more = bytes.size / LEAF_STATEMENT_BYTES;
    if (!grow_bytes(leaves, more)) {
        return STATUS_NO_MEMORY;
    }
    memcpy(leaf_at(leaves, leaves->count + leaves->pending), bytes.data, bytes.size);
    for (uint64_t i = 0; i < more; i++) {
        struct hash hash;
        merkle_leaf_hash(
            span_of(leaf_at(leaves, leaves->count + leaves->pending + i), LEAF_STATEMENT_BYTES),
            &hash);
        enum status status = merkle_frontier_append(&leaves->candidate, &hash, NULL);
        if (status != STATUS_OK) {
            return status;
        }
    }
    leaves->pending += more;
    return STATUS_OK;
}

void leaves_drop_pending(struct leaves *leaves)
{
    leaves->pending = 0;
    leaves->candidate = leaves->accepted;
}

static size_t place_of(const struct leaves *leaves, const struct chain_label *label)
{
    uint64_t first = 0;
    memcpy(&first, label->bytes, sizeof first);
    uint64_t second = 0;
    memcpy(&second, label->bytes + sizeof first, sizeof second);
    uint64_t mixed = (first ^ leaves->salt) * 0x9e3779b97f4a7c15ull;
    mixed = (mixed ^ (mixed >> 29) ^ second ^ (leaves->salt >> 7)) * 0xbf58476d1ce4e5b9ull;
    size_t place = (size_t)(mixed >> 20) & (leaves->label_places - 1);
    while (leaves->labels[place].count > 0 && !ID_EQUAL(&leaves->labels[place].label, label)) {
        place = (place + 1) & (leaves->label_places - 1);
    }
    return place;
}

static bool grow_labels(struct leaves *leaves)
{
    if (leaves->label_used * 2 < leaves->label_places) {
        return true;
    }
    struct leaves_label *old = leaves->labels;
    size_t old_places = leaves->label_places;
    size_t places = old_places < LABEL_PLACES_MIN ? LABEL_PLACES_MIN : old_places * 2;
    leaves->labels = calloc(places, sizeof *leaves->labels);
    if (leaves->labels == NULL) {
        leaves->labels = old;
        return false;
    }
    leaves->label_places = places;
    for (size_t i = 0; i < old_places; i++) {
        if (old[i].count > 0) {
            leaves->labels[place_of(leaves, &old[i].label)] = old[i];
        }
    }
    free(old);
    return true;
}

/* Counts one leaf; its number must be the next of its label. */
static enum status count_leaf(struct leaves *leaves, uint64_t index)
{
    struct leaf_statement leaf;
    enum status status =
        leaf_statement_decode(span_of(leaf_at(leaves, index), LEAF_STATEMENT_BYTES), &leaf);
    if (status != STATUS_OK) {
        return status;
    }
    if (!grow_labels(leaves)) {
        return STATUS_NO_MEMORY;
    }
    struct leaves_label *place = &leaves->labels[place_of(leaves, &leaf.label)];
    if (leaf.number != place->count) {
        return STATUS_BAD_CHAIN;
    }
    if (place->count == 0) {
        place->label = leaf.label;
        leaves->label_used++;
    }
    place->count++;
    return STATUS_OK;
}

/* Back to what the accepted leaves say. They were counted before, so this cannot fail for
 * another reason than memory, and then the counts are too small: the safe side. */
static void recount(struct leaves *leaves)
{
    if (leaves->label_places == 0) {
        return;
    }
    memset(leaves->labels, 0, leaves->label_places * sizeof *leaves->labels);
    leaves->label_used = 0;
    for (uint64_t i = 0; i < leaves->count; i++) {
        if (count_leaf(leaves, i) != STATUS_OK) {
            return;
        }
    }
}

enum status leaves_accept(struct leaves *leaves, uint64_t size, const struct hash *root)
{
    struct hash have;
    merkle_frontier_root(&leaves->candidate, &have);
    if (leaves->candidate.size != size || (root != NULL && !ID_EQUAL(&have, root))) {
        leaves_drop_pending(leaves);
        return STATUS_BAD_PROOF;
    }
    for (uint64_t i = 0; i < leaves->pending; i++) {
        enum status status = count_leaf(leaves, leaves->count + i);
        if (status != STATUS_OK) {
            recount(leaves);
            leaves_drop_pending(leaves);
            return status;
        }
    }
    leaves->count += leaves->pending;
    leaves->pending = 0;
    leaves->accepted = leaves->candidate;
    return STATUS_OK;
}

enum status leaves_get(const struct leaves *leaves, uint64_t index, struct span *out_leaf)
{
    if (index >= leaves->count) {
        return STATUS_NOT_FOUND;
    }
    *out_leaf = span_of(leaf_at(leaves, index), LEAF_STATEMENT_BYTES);
    return STATUS_OK;
}

/* Authors of one page saw sizes that lie close together, mostly rising: hashing from leaf 0 for
 * each would be a walk over the whole log per author and page. To go on from an earlier size is
 * safe, since accepted leaves are only ever added to. */
enum status leaves_root_at(struct leaves *leaves, uint64_t size, struct hash *out_root)
{
    struct merkle_frontier *frontier = &leaves->earlier;
    if (size > leaves->count) {
        return STATUS_NOT_FOUND;
    }
    if (frontier->size > size) {
        merkle_frontier_init(frontier);
    }
    while (frontier->size < size) {
        struct hash hash;
        merkle_leaf_hash(span_of(leaf_at(leaves, frontier->size), LEAF_STATEMENT_BYTES), &hash);
        enum status status = merkle_frontier_append(frontier, &hash, NULL);
        if (status != STATUS_OK) {
            return status;
        }
    }
    merkle_frontier_root(frontier, out_root);
    return STATUS_OK;
}

uint64_t leaves_chain_count(const struct leaves *leaves, const struct chain_label *label)
{
    return leaves->label_places == 0 ? 0 : leaves->labels[place_of(leaves, label)].count;
}
