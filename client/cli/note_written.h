/*
 * Whether a kept text is a note already. The command that gave it to the outbox may have been ended
 * before it put the kept copy away: then the copy is no text to be sent again. A revision is told by
 * its note and by the time that it was typed, which its sealed body has.
 */
#pragma once

#include "client/cli/kept_record.h"
#include "client/engine/api/view.h"

enum note_written {
    NOTE_NOT_WRITTEN,
    NOTE_IS_WRITTEN,
    NOTE_WAS_REFUSED, /* it is in the outbox, and stays there: the server refused it for good */
};

/* |*out_ticket|: of one that was refused. */
enum note_written note_written(struct cli *cli, const struct section_id *section,
                               const struct note_id *note, uint64_t typed_ms, uint64_t *out_ticket);
/* Of a kept text, wherever its note is; |*out_note| is set unless it is not written. */
enum note_written note_written_kept(struct cli *cli, const struct kept_text *text,
                                    struct note_id *out_note);
