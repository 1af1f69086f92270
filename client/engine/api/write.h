/*
 * Writing notes. What is written is durable here before the call returns, and goes to the
 * server when it can: writing never needs the server (outbox first).
 *
 * A revision names the heads that its author had seen, as of the moment of writing; it is
 * signed and sealed when it is sent, under the epoch of that moment. If another device
 * wrote meanwhile both are kept, as siblings. A section that needs a new epoch gets it in
 * the same request.
 */
#pragma once

#include "client/engine/exchange/engine.h"
#include "proto/alcove.pb-c.h"

#define WRITE_PARENTS_MAX 8u

struct write_note {
    struct section_id section;
    struct note_id note; /* zero: a new note, whose id is drawn */
    bool is_new;         /* a new note with the id |note|, which was drawn for it alone */
    uint32_t kind;       /* RevisionKind; REVISION_DRAFT for what may be edited further */
    /* What it follows; none: all heads that are known here. Two heads join siblings. */
    size_t parent_count;
    struct hash parents[WRITE_PARENTS_MAX];
    const Alcove__NoteBody *body; /* borrowed; NULL for REVISION_TOMBSTONE */
};

/*
 * STATUS_OK: durable in the outbox. STATUS_NOT_FOUND (section), STATUS_REFUSED (no right to
 * write there), STATUS_CONFLICT (what it follows was followed by others so long ago that nobody
 * here can tell any more what was there to be seen), STATUS_LOCKED (signed, and the kind edits it), STATUS_DAMAGED (it would replace a
 * text that does not open here), STATUS_TOO_LARGE, STATUS_USAGE, STATUS_IO, STATUS_NO_MEMORY.
 * Where the clock stops writing (engine_state's clock_stopped) the note is taken all the same: it
 * is signed and sent once the clock is right or confirmed.
 */
MUST_CHECK enum status write_note(struct engine *engine, const struct write_note *note,
                                  uint64_t now_ms, struct note_id *out_note, uint64_t *out_ticket);

/* The reader's signed word that a person opened a revision; goes through the outbox. */
MUST_CHECK enum status write_opened(struct engine *engine, const struct section_id *section,
                                    const struct note_id *note, const struct hash *link,
                                    uint64_t now_ms, uint64_t *out_ticket);
/* That the section, as far as it is here, was written into files, in the clear. One line for all of
 * it. STATUS_NOT_FOUND. */
MUST_CHECK enum status write_exported(struct engine *engine, const struct section_id *section,
                                      uint64_t now_ms, uint64_t *out_ticket);
