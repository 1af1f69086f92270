/*
 * A section's revisions without their texts, in memory, made when first needed. Internal to the
 * engine.
 */
#pragma once

#include "client/engine/section/kept.h"

struct index {
    bool built;
    struct indexed *items; /* by number */
    size_t count, capacity;
    struct hash *parents;
    size_t parent_used, parent_capacity;
};

/* Reads all that is kept of the section with the short name |local|; nothing the second time.
 * STATUS_CORRUPT, STATUS_NO_MEMORY. */
MUST_CHECK enum status index_build(struct index *index, const struct storage *storage,
                                   uint32_t local);
/* Adds one to a built index; does nothing to one that is not. */
MUST_CHECK enum status index_add(struct index *index, const struct indexed *item,
                                 const struct hash *parents);
void index_deinit(struct index *index);
