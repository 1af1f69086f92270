/*
 * Who reads what is written: said before anything is typed or shared, with the client's name, so
 * that no text goes to another client than the writer thinks of.
 */
#pragma once

#include "client/cli/note_put.h"
#include "client/cli/note_text.h"

/* Whose section it is, and whether they can read it now. */
struct audience {
    struct member_id client;
    char name[VIEW_NAME_BYTES_MAX];
    uint32_t class;
    bool reads;
};

/* CLI_OK, or an exit code after saying why nothing can be written there. */
MUST_CHECK int audience_get(struct cli *cli, const struct view_section *section,
                            struct audience *out_audience);
/* What goes into a section of class shared is shown as the client will see it, and needs a yes;
 * with --json, where no question can be put, --yes is the answer. CLI_OK: |input->yes| is set, or
 * nothing of it is shared with the client. */
MUST_CHECK int audience_preview(struct cli *cli, struct note_input *input,
                                const struct audience *audience, const struct note_text *text);
