/* All sections that are here, with the number of their notes, in a list of their own: so that
 * they can be sorted, grouped and read one by one. */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/api/view.h"

struct sections {
    struct view_section *items; /* `notes` counts what a person wrote, not names */
    size_t count;
};

/* Charts together, in the order in which they came. CLI_OK, or an exit code after saying why.
 * Freed with sections_free. */
MUST_CHECK int sections_get(struct cli *cli, struct sections *out_sections);
void sections_free(struct sections *sections);

/* Whether the outbox holds a section that is still to be made: asked for again, it would be made
 * twice, and nothing could be called by its name any more. */
bool sections_coming(const struct cli *cli);
/* A section of |class| (0: any) in the client's chart that we made ourselves. */
bool sections_own(const struct cli *cli, const struct member_id *client, uint32_t class,
                  struct view_section *out_section);
