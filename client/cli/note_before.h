/*
 * What is there of a note that is written further: its text, for the editor to begin with; its
 * title, tags and fields, which an edit keeps unless told otherwise; and which revisions were
 * shown, so that what another device wrote meanwhile stays beside it, not below.
 */
#pragma once

#include "client/cli/cli.h"
#include "client/cli/option.h"
#include "proto/message.h"

struct note_before {
    bool locked; /* signed: nothing to edit */
    bool unread; /* its newest version does not open here */
    size_t heads;
    struct option_links links; /* of the heads; none while one waits to be sent */
    uint8_t *text;             /* of all heads, the later below a line that says so */
    size_t text_size;
    const Alcove__NoteBody *newest; /* NULL: not to be read here */
    struct arena arena;
};

/* STATUS_NOT_FOUND, STATUS_NO_MEMORY and those of view_revisions. Freed with note_before_deinit
 * in any case. */
MUST_CHECK enum status note_before_get(struct cli *cli, const struct section_id *section,
                                       const struct note_id *note, struct note_before *out_before);
/* |text| in the place of its text. STATUS_NO_MEMORY. */
MUST_CHECK enum status note_before_set(struct note_before *before, struct span text);
/* All but |newest|, as bytes on |out| that note_before_unpack takes apart. */
void note_before_pack(const struct note_before *before, FILE *out);
/* STATUS_MALFORMED, STATUS_NO_MEMORY; freed as above in any case. */
MUST_CHECK enum status note_before_unpack(struct span bytes, struct note_before *out_before);
/* Wipes. */
void note_before_deinit(struct note_before *before);
