/*
 * A section's revisions without their texts, in memory, made when first needed, so that one note
 * is found without a look at the others. Internal to the engine.
 *
 * Two orders: by number, and by note. A note's revisions stand together in the second, oldest
 * first; they are called the note's run. To find a run costs a binary search, whatever ids the
 * authors chose.
 */
#pragma once

#include "client/engine/section/kept.h"
#include "keys/public/bytes/hex.h"

struct index {
    bool built;
    struct indexed *items; /* by number */
    size_t count, capacity;
    struct hash *parents;
    size_t parent_used, parent_capacity;
    uint32_t *by_note; /* places in items, by note and number; of the first |settled| items */
    size_t settled, by_note_capacity;
    size_t notes;  /* of those: notes */
    size_t names;  /* of them: notes that give a name to a person */
    size_t erased; /* revisions */
    size_t stored; /* the first so many items lie in the storage as an index too */
};

/* The places [from, to) of by_note. */
struct index_run {
    size_t from, to;
};

/* Adds one to a built index; does nothing to one that is not. Numbers only rise. What was added
 * counts after index_settle, which must follow; several are settled together at less cost. */
MUST_CHECK enum status index_add(struct index *index, const struct indexed *item,
                                 const struct hash *parents);
MUST_CHECK enum status index_settle(struct index *index);
void index_deinit(struct index *index);

/* A note's revisions; an empty run: none is here. */
struct index_run index_note(const struct index *index, const struct note_id *note);
struct indexed *index_at(const struct index *index, size_t place);
/* Whose the note is: whoever began it. NULL: no revision of it is here. */
const struct member_id *index_author(const struct index *index, const struct note_id *note);
/* All notes whose ids begin so: their runs stand together. */
struct index_run index_prefix(const struct index *index, const struct hex_prefix *prefix);
/* The text of this one went. */
void index_erase(struct index *index, struct indexed *item);

/* index_stored.c: where an index comes from, and where it lies for the next start. */
/* Reads all that is kept of the section with the short name |local|, whose last number is |last|;
 * nothing the second time. What was stored as an index is taken from there if it is whole, else from
 * the revisions. STATUS_CORRUPT, STATUS_NO_MEMORY. */
MUST_CHECK enum status index_build(struct index *index, const struct storage *storage,
                                   uint32_t local, uint64_t last);
#define INDEX_CHUNK 256u
/* Whether there is enough to store. */
bool index_is_behind(const struct index *index);
/* Within a transaction of the caller; after one that failed the index must go (index_deinit).
 * STATUS_NO_MEMORY, or the storage's. */
MUST_CHECK enum status index_store(struct index *index, const struct storage *storage,
                                   uint32_t local);
/* Within a transaction of the caller that changes or removes a revision that is kept. */
MUST_CHECK enum status index_drop_stored(struct index *index, const struct storage *storage,
                                         uint32_t local);
