/*
 * The heads of each note: its newest revision, or several when two devices edited at once
 * (PROTOCOL.md §5). Compare-and-set on these is what orders writers.
 *
 * Rows lie under the note's local number, in the order in which notes came, so that new notes
 * of all sections share pages. note_index.h finds a row; it is filled when a write transaction
 * first asks. Committer thread, inside its write transaction.
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
    uint8_t flags; /* of core (submit.h); the store gives them no meaning */
    size_t count;
    struct note_revision_ref heads[NOTE_HEAD_SIBLINGS_MAX];
};

/* STATUS_NOT_FOUND; STATUS_CORRUPT; STATUS_NO_MEMORY. */
MUST_CHECK enum status note_head_get(struct txn *txn, uint32_t section_local,
                                     const struct note_id *note, struct note_head *out_head);

/* Replaces, or makes the note's row. A count of 0 or above NOTE_HEAD_SIBLINGS_MAX is our own
 * fault. Sticky: STATUS_FULL after 2^32 notes, or as note_head_get. */
void note_head_put(struct txn *txn, uint32_t section_local, const struct note_id *note,
                   const struct note_head *head);

/* The row of one local number, 1 up to the counter SCHEMA_LAST_NOTE, in any transaction.
 * STATUS_NOT_FOUND, STATUS_CORRUPT. */
MUST_CHECK enum status note_head_row(struct txn *txn, uint32_t note_local,
                                     uint32_t *out_section_local, struct note_id *out_note,
                                     struct note_head *out_head);
