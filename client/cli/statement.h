/* What became of a statement that somebody made: in force, or waiting here while all is as before. */
#pragma once

#include "client/cli/cli.h"

/* " until 2026-12-24 23:59", local time, for the end of such a sentence; empty for 0. */
void statement_until(uint64_t until_ms, char *out, size_t out_size);
/* What is said of a statement: when the server has it, |done|; while it waits here, that it is not
 * in force and what is still so: |whom| and |still|, as "Ben" and "can still connect". */
struct statement_words {
    const char *done;
    const char *whom; /* NULL: |still| alone; may be a name */
    const char *still;
};
/* Brings a statement that was queued under |ticket|, if |status| says that it was, to the server
 * and says what became of it; |situation| if it was not queued. One that waits is CLI_UNREACHABLE:
 * nobody is let in or kept out by it yet. */
MUST_CHECK int statement_tell(struct cli *cli, enum situation situation, enum status status,
                              uint64_t ticket, const struct statement_words *words);
