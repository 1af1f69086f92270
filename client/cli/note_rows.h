/* The rows of a list of notes, printed. */
#pragma once

#include "client/cli/note_list.h"

/* Sorts what was collected, the newest first, and prints so many rows as the list's limit says, or
 * with --json one array; says on standard error how many there are when not all are printed.
 * STATUS_OK, or those of view_revisions. */
MUST_CHECK enum status note_rows_print(struct note_list *list);
