/*
 * The heads of each note: its newest revision, or several when two devices edited at once
 * (ARCHITECTURE §6). Compare-and-set on these is what orders writers.
 *
 * Writing: committer thread. Reading: any transaction.
 */
#pragma once

#include "server/store/db.h"

#define NOTE_HEAD_SIBLINGS_MAX 16u

struct note_revision_ref {
    struct hash link; /* of the revision, as its successor names it as a parent */
    uint64_t record_seq;
    uint32_t revision; /* number within the note, from 1 */
};

struct note_head {
    uint8_t flags; /* core's: signed and locked, erased … */
    size_t count;
    struct note_revision_ref heads[NOTE_HEAD_SIBLINGS_MAX];
};

/* STATUS_NOT_FOUND; STATUS_CORRUPT. */
MUST_CHECK enum status note_head_get(struct txn *txn, uint32_t section_local,
                                     const struct note_id *note, struct note_head *out_head);

/* Replaces. A count of 0 or above NOTE_HEAD_SIBLINGS_MAX is our own fault. Sticky. */
void note_head_put(struct txn *txn, uint32_t section_local, const struct note_id *note,
                   const struct note_head *head);

/*
 * The next note of a section after |after| (NULL: the first), in the order of ids.
 * STATUS_NOT_FOUND at the end.
 */
MUST_CHECK enum status note_head_next(struct txn *txn, uint32_t section_local,
                                      const struct note_id *after, struct note_id *out_note,
                                      struct note_head *out_head);
