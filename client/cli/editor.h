/*
 * The person's own editor, on storage that is memory: what is being written never touches a
 * disk in the clear (AT-68).
 */
#pragma once

#include "client/cli/cli.h"

/*
 * Starts $VISUAL, $EDITOR or vi on a file of mode 0600 in a folder of mode 0700 on a tmpfs
 * ($XDG_RUNTIME_DIR or /dev/shm), beginning with |begin|; afterwards all that is in the folder
 * is overwritten and removed. STATUS_USAGE: no terminal, or no memory-backed storage;
 * STATUS_TOO_LARGE over |max|, STATUS_IO when the editor failed or was ended: with the text as
 * far as it was saved, if there is any. The caller frees it in every case.
 */
MUST_CHECK enum status editor_run(struct cli *cli, struct span begin, size_t max,
                                  uint8_t **out_text, size_t *out_size);
/* Keeps a text in a new file of mode 0600 on the same storage; |out_path| receives its name.
 * STATUS_USAGE: there is no such storage; STATUS_IO. */
MUST_CHECK enum status editor_keep(struct span text, char out_path[static 4096]);
