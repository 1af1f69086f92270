/* Notes as a list: what each is called, whose chart it is in, what still has to be done. */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/api/view.h"

struct note_list {
    struct cli *cli;
    cJSON *array; /* NULL: lines for a person */
    bool headed;  /* a line for each chart, for people who have several */
    bool begun;
    struct chart_id chart; /* of the last line, when begun */
    size_t count;
};

/* The last |last| notes of one section, and what waits for it; sections of one chart come together.
 * STATUS_OK, or those of view_last_notes. */
MUST_CHECK enum status note_list_section(struct note_list *list, const struct view_section *section,
                                         size_t last);
/* A title, or the first line of the text. */
struct span note_list_headline(const Alcove__NoteBody *body);
