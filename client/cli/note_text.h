/*
 * The text of a note on its way in: from a file, standard input or the person's editor. What
 * was typed is never lost: it is sealed in the profile (kept_text.h) as soon as it is there, and
 * goes from there when the note is in the outbox. Else its name is told.
 */
#pragma once

#include "client/cli/cli.h"
#include "client/cli/kept_text.h"

struct note_text {
    uint8_t *bytes;
    size_t size;
    bool typed;                  /* in the editor or into a pipe: there is no other copy */
    bool taken_back;             /* it was kept before */
    bool in_window;              /* the editor came back at once and may still be open */
    char name[KEPT_NAME_BYTES];  /* under which it is kept; empty: it is not */
    struct kept_outcome outcome; /* of keeping it */
    struct kept clear;           /* the editor's folder, or that of a full disk */
    char becomes[KEPT_BECOMES_BYTES];
};

/* "soap" ...; NULL at the end. */
extern const char *const note_text_templates[];

void note_text_none(struct note_text *out_text);
/* |input->file| NULL: the editor, beginning with the headings of |input->template| (its place in
 * note_text_templates, from 1; 0: none). Non-empty UTF-8, or an exit code after saying why;
 * CLI_LEFT as below. |input| is told what the text becomes when it is a note, and borrows that from
 * |out_text|. Ended with note_text_end. */
MUST_CHECK int note_text_take(struct cli *cli, struct note_input *input,
                              struct note_text *out_text);
/* The editor, beginning with |begin|: with |input->kept| the text that is kept under that name.
 * CLI_LEFT, after saying so: the text is as it was or empty, so that nothing is to be written. */
MUST_CHECK int note_text_edit(struct cli *cli, struct note_input *input, struct span begin,
                              struct note_text *out_text);
/* Wipes; |code| is what became of the note. A typed text stays kept unless the note is written. */
void note_text_end(struct cli *cli, struct note_text *text, int code);
