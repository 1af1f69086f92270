/* All sections that are here, with the number of their notes, in a list of their own: so that
 * they can be sorted, grouped and read one by one. */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/view.h"

struct sections {
    struct view_section *items; /* `notes` counts what a person wrote, not names */
    size_t count;
};

/* Charts together, in the order in which they came. CLI_OK, or an exit code after saying why.
 * Freed with sections_free. */
MUST_CHECK int sections_get(struct cli *cli, struct sections *out_sections);
void sections_free(struct sections *sections);
