/*
 * A text taken apart: characters that may be shown, line breaks, tabs, and what a screen must
 * not be given as it stands.
 *
 * Whatever shows, previews, exports or searches a text goes through this one classification, so
 * that all of them show what was signed: every Unicode line break breaks a line (UAX #14, class
 * BK, CR, LF, NL), nothing that carries meaning is left out, and what is not shown as itself is
 * named in its place. Joiners, variation selectors, soft hyphens and direction marks carry meaning
 * and move nothing but themselves: they are shown. Controls, embeddings, overrides and isolates
 * could move the cursor or other text, and tags could say what nobody sees: they are named, and so
 * is what stands beyond TEXT_MARKS_MAX above one letter, where a terminal would draw it across
 * lines that are not the author's.
 *
 * Pure; any thread. All spans are borrowed.
 */
#pragma once

#include "proto/span.h"

enum text_kind {
    TEXT_SHOWN, /* one code point that may be shown as it stands */
    TEXT_TAB,
    TEXT_BREAK, /* the end of a line: LF, CR, CR LF, VT, FF, NEL, U+2028, U+2029 */
    TEXT_NAMED, /* one code point to be shown by its name (text_name) */
    TEXT_BAD,   /* one byte that is no part of well-formed UTF-8: shown as U+FFFD */
};

struct text_step {
    enum text_kind kind;
    uint32_t code; /* of a TEXT_BREAK that is CR LF: LF; of a TEXT_BAD: U+FFFD */
    struct span bytes;
};

/* Takes one step off |*rest|; false at its end. */
bool text_next(struct span *rest, struct text_step *out_step);

#define TEXT_NAME_CHARS 11u /* "<U+10FFFF>" with its end */
/* How a TEXT_NAMED step is shown: "<U+202E>". Returns its length. */
size_t text_name(uint32_t code, char out[TEXT_NAME_CHARS]);

/* Columns of a terminal that one code point takes at most: 0, 1 or 2. A terminal may join what a
 * joiner joins and take fewer; none takes more. */
size_t text_width(uint32_t code);
/* More marks without a width than any writing sets on one letter. */
#define TEXT_MARKS_MAX 8u
/* Whether the step is one too many of these, and to be shown by its name (text_name). |*run| is how
 * many stood in a row before; 0 at the beginning of a line. */
bool text_floods(const struct text_step *step, size_t *run);
/* Of a whole line of TEXT_SHOWN steps. */
size_t text_columns(struct span line);

/* Whether a reader would see nothing: white space, line breaks and characters without a mark of
 * their own alone. */
bool text_is_blank(struct span text);

/* Whether text_next gives nothing but what is shown as it stands and floods nothing, breaks that are
 * LF, and tabs. */
bool text_is_plain(struct span text);
