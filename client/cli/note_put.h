/* One note as a person gave it, on its way into the outbox and to the server. */
#pragma once

#include "client/cli/cli.h"
#include "client/cli/note_before.h"
#include "client/cli/note_input.h"
#include "client/engine/api/view.h"

/* Of moments; NULL at the end. */
extern const char *const note_categories[];

/* Writes |text| into |section|, or when |note| is not NULL as a further revision of that note,
 * before which |before| was there; delivers it and tells what became of it. |kind|: NoteKind. */
MUST_CHECK int note_put(struct cli *cli, const struct note_input *input, uint32_t kind,
                        const struct view_section *section, const struct note_id *note,
                        const struct note_before *before, struct span text);
