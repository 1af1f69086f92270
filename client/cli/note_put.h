/* One note as a person gave it, on its way into the outbox and to the server. */
#pragma once

#include "client/cli/cli.h"
#include "client/cli/note_before.h"
#include "client/cli/option.h"
#include "client/engine/api/view.h"

/* What a person gave for one note: the options of `write`, `reflect` and `moment`. */
struct note_input {
    const char *chart;
    uint32_t class; /* 0: that of the note it is added to */
    const char *title;
    const char *file;
    const char *kept; /* the name of a kept text that the editor begins with */
    const char *note;
    const char *reason;
    uint32_t template; /* in note_text_templates, from 1 */
    struct option_texts tags;
    bool draft;
    bool sign; /* a draft; else what is changed of one stays a draft */
    bool addendum;
    bool correction;
    bool late_entry;
    bool yes;
    struct option_links after; /* the heads that the editor was begun with */
    uint32_t category;         /* in note_categories, from 1 */
    const char *share;
    bool bring;
};

/* Of moments; NULL at the end. */
extern const char *const note_categories[];

/* Writes |text| into |section|, or when |note| is not NULL as a further revision of that note,
 * before which |before| was there; delivers it and tells what became of it. |kind|: NoteKind. */
MUST_CHECK int note_put(struct cli *cli, const struct note_input *input, uint32_t kind,
                        const struct view_section *section, const struct note_id *note,
                        const struct note_before *before, struct span text);
