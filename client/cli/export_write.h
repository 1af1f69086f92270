/* Notes as Markdown in a folder, with a manifest of what was written. */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/api/view.h"

struct export_write {
    struct cli *cli;
    const char *folder;
    cJSON *files;
    size_t notes;
};

/*
 * One file CLASS-NOTEID.md with every readable revision, oldest first, and its line in |files|.
 * Characters that could talk to a terminal are left out of the file; the manifest then says
 * so. CLI_OK, or an exit code after saying why.
 */
MUST_CHECK int export_write_note(struct export_write *export, const struct view_section *section,
                                 const struct note_id *note);
