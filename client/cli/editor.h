/*
 * The person's own editor, on storage that is memory: what is being written never touches a
 * disk in the clear (AT-68).
 */
#pragma once

#include "client/cli/context.h"
#include "client/cli/kept.h"

/* Whether there is a terminal to start it on. */
bool editor_can_run(const struct cli *cli);
/*
 * Starts $VISUAL, $EDITOR or vi on the text of |kept|, which begins as |begin|, and reads what it
 * is afterwards; |kept| stays. STATUS_TOO_LARGE over |max|, STATUS_IO when the editor failed or
 * was ended: with the text as far as it was saved, if there is any. STATUS_NOT_FOUND, after
 * saying so: the editor was not started, or took the file away. |*out_window|: it came back at once
 * and may be open in a window of its own. The caller frees it in every case.
 */
MUST_CHECK enum status editor_run(struct cli *cli, const struct kept *kept, struct span begin,
                                  size_t max, uint8_t **out_text, size_t *out_size,
                                  bool *out_window);
