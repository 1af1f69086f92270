/*
 * The text of a note on its way in: from a file, standard input or the person's editor. What
 * was typed is never lost: when the note does not come to be, it is kept and its place told.
 */
#pragma once

#include "client/cli/cli.h"
#include "client/cli/kept.h"

struct note_text {
    uint8_t *bytes;
    size_t size;
    bool typed;      /* in the editor: there is no other copy */
    bool taken_back; /* it was kept before */
    struct kept kept;
};

/* "soap" ...; NULL at the end. */
extern const char *const note_text_templates[];

/* |file| NULL: the editor, beginning with the headings of |template| (its place in
 * note_text_templates, from 1; 0: none). Non-empty UTF-8, or an exit code after saying why; CLI_LEFT as
 * below. Ended with note_text_end. */
MUST_CHECK int note_text_take(struct cli *cli, const char *file, const char *kept,
                              uint32_t template, struct note_text *out_text);
/* The editor, beginning with |begin| or, if |kept| is not NULL, with the kept text of that name. CLI_LEFT, after saying so: the text is as it was or empty,
 * so that nothing is to be written. */
MUST_CHECK int note_text_edit(struct cli *cli, struct span begin, const char *kept,
                              struct note_text *out_text);
/* Wipes; |code| is what became of the note. A typed text stays kept unless the note is written. */
void note_text_end(struct cli *cli, struct note_text *text, int code);
