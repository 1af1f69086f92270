/* One note as a person gave it, on its way into the outbox and to the server. */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/api/view.h"
#include "client/engine/api/write.h"
#include "proto/limits.h"

/* What a person gave for one note. */
struct note_draft {
    const char *chart;
    const char *class;
    const char *title;
    const char *file;
    const char *note;
    const char *reason;
    const char *template;
    const char *tags[NOTE_TAGS_MAX];
    size_t tag_count;
    bool unsigned_draft;
    bool addendum;
    bool correction;
    bool late_entry;
    bool yes;
    const char *after[WRITE_PARENTS_MAX]; /* links that the editor was begun with */
    size_t after_count;
    const char *category; /* of a moment */
    bool bring;
    uint32_t kind; /* NoteKind */
};

/* Writes |text| into |section|, or as a further revision of the draft's note; delivers it and
 * tells what became of it. */
MUST_CHECK int note_put(struct cli *cli, const struct note_draft *draft,
                        const struct view_section *section, struct span text);
