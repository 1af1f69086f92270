/*
 * All leaves of the statements log, as every client reads them (decision 3): 80 bytes each,
 * in order, with the tree's root and, per chain label, how many statements the log holds.
 * So a chain that the server shows short is seen to be short. Internal to the engine.
 *
 * Leaves are first pending: they count, and may be stored, only once the root over them is
 * the root of a checkpoint.
 */
#pragma once

#include "keys/public/log/leaf.h"
#include "keys/public/log/merkle.h"
#include "proto/status.h"

struct leaves_label {
    struct chain_label label;
    uint64_t count;
};

struct leaves {
    uint8_t *bytes; /* accepted ones, then pending ones */
    uint64_t count; /* accepted */
    uint64_t pending;
    uint64_t capacity;
    struct merkle_frontier accepted;
    struct merkle_frontier candidate;
    struct merkle_frontier earlier; /* of the size that leaves_root_at was last asked for */
    struct leaves_label *labels;    /* open addressing; count 0 is a free place */
    size_t label_used;
    size_t label_places;
    uint64_t salt; /* the server must not be able to choose colliding labels */
};

void leaves_init(struct leaves *leaves);
void leaves_deinit(struct leaves *leaves);

/* STATUS_MALFORMED unless whole leaves; STATUS_NO_MEMORY. */
MUST_CHECK enum status leaves_add(struct leaves *leaves, struct span bytes);
/*
 * Accepts all pending leaves if they lead to exactly |size| and |root|, and if every label's
 * numbers run on without a gap. STATUS_BAD_PROOF, STATUS_BAD_CHAIN, STATUS_MALFORMED; the
 * pending ones are dropped then. |root| NULL: from our own sealed storage.
 */
MUST_CHECK enum status leaves_accept(struct leaves *leaves, uint64_t size, const struct hash *root);
void leaves_drop_pending(struct leaves *leaves);

/* The bytes of one accepted leaf. STATUS_NOT_FOUND. */
MUST_CHECK enum status leaves_get(const struct leaves *leaves, uint64_t index,
                                  struct span *out_leaf);
/* The root of the first |size| accepted leaves. Goes on from the size asked for last, if that was
 * not larger. STATUS_NOT_FOUND: there are not so many. */
MUST_CHECK enum status leaves_root_at(struct leaves *leaves, uint64_t size, struct hash *out_root);
/* Statements that the log holds under |label|. */
uint64_t leaves_chain_count(const struct leaves *leaves, const struct chain_label *label);
