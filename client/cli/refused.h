/*
 * What was asked for and refused for good: notes, whose text is here alone, and statements, which do
 * not hold although somebody may have been told that they go later. Told until they are dropped.
 */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/api/view.h"

#define REFUSED_MAX 256u

struct refused {
    uint64_t tickets[REFUSED_MAX]; /* the first of them */
    size_t count;                  /* of all */
    size_t statements;             /* of these; the others are notes */
    enum status why;               /* of the last note */
};
void refused_get(const struct cli *cli, struct refused *out_refused);

/* What |info|, a statement, would have done, as "the grant to Tomas in the session notes". */
#define REFUSED_WORDS_BYTES (96u + 2u * VIEW_NAME_BYTES_MAX)
void refused_words(const struct cli *cli, const struct engine_ticket *info,
                   char out[static REFUSED_WORDS_BYTES]);
/* Warns of each statement and of how many notes there are. */
void refused_tell(struct cli *cli);
