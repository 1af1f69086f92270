/*
 * An index in memory from (section, note id) to the note's local number, under which its row is.
 *
 * A table keyed by random note ids would cost every new note a page of its own; rows kept
 * under rising numbers share pages, and this index, read from them at start, finds them. It
 * holds hints only: the caller reads the row and compares, so entries of a transaction that
 * was aborted do no harm. Eight bytes a slot, at most half of them taken. One thread.
 */
#pragma once

#include "server/store/schema.h"

struct note_index;

/* The caller frees it with note_index_free. STATUS_NO_MEMORY. */
MUST_CHECK enum status note_index_new(struct note_index **out_index);
void note_index_free(struct note_index *index);

/* A pair that is already there is left as it is. STATUS_NO_MEMORY. */
MUST_CHECK enum status note_index_add(struct note_index *index, uint32_t section_local,
                                      const struct note_id *note, uint32_t note_local);

/*
 * The next candidate for (section, note), from |*probe| on, which starts at 0 and belongs to
 * one question. 0 when there is none left.
 */
uint32_t note_index_next(const struct note_index *index, uint32_t section_local,
                         const struct note_id *note, size_t *probe);
