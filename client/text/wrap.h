/*
 * A text laid out in lines of a terminal, and one-line cells of a list.
 *
 * Every line fits the columns that were asked for, so that the terminal itself never wraps: text
 * that the caller sets behind a margin stays behind it, and cannot look like a line of the
 * program's own, whatever it consists of. Breaks are where UAX #14 allows them and, in a word
 * that is wider than a line, between grapheme clusters (UAX #29). Columns of tabs and blanks
 * stay, also at a line's beginning; what is carried over to the next line begins below its own
 * line's first word.
 *
 * Pure but for memory; any thread.
 */
#pragma once

#include "proto/span.h"
#include "proto/status.h"

#define TEXT_COLUMNS_MIN 4u /* fewer are taken as these: a wide character beside an indent */
#define TEXT_TAB_COLUMNS 8u

/* |line| is UTF-8 without a line end, borrowed for the call. False ends the visit. */
typedef bool text_visit_line(void *visitor, struct span line);

/* |utf8| false: what is not ASCII is shown as '?'. STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status text_wrap(struct span text, size_t columns, bool utf8,
                                 text_visit_line *visit, void *visitor);

/* The same for a sentence of the program's own, in which paths and commands must stay whole to be
 * copied: lines end at blanks of any kind alone, and a word that is wider than a line stands on a
 * line of its own, which the terminal wraps. */
MUST_CHECK enum status text_wrap_words(struct span text, size_t columns, bool utf8,
                                       text_visit_line *visit, void *visitor);

/*
 * The text as one line: breaks and tabs are blanks; at most |columns| wide, its end "..." when
 * something was cut; 0: uncut. |*out_line| is the caller's, to be freed, with a NUL behind it
 * that |*out_size| does not count. STATUS_OK, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status text_cell(struct span text, size_t columns, bool utf8, char **out_line,
                                 size_t *out_size);
