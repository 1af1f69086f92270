/*
 * What ought to be readable here and is not, in words: a note that does not open, a section that the
 * server cannot hand out to its end. No alarm: everything around it is verified and goes on.
 */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/api/view.h"

#define GAP_BYTES_MAX (448u + 4u * VIEW_NAME_BYTES_MAX)

/* Whose, where, and what to do: one sentence or two. */
void gaps_sentence(struct cli *cli, const struct view_gap *gap, char out[static GAP_BYTES_MAX]);
/* Tells on standard error of those that nobody was told of yet, and remembers it. The number of all
 * that are there. */
size_t gaps_tell(struct cli *cli);
/* With --json: all of them, as an array under "gaps". */
void gaps_json(struct cli *cli, cJSON *object);
