/*
 * What is longer than the terminal is shown through a pager, as other programs do: $PAGER, or less
 * where it is there. Only for commands that read (COMMAND_READS) and only on a terminal; all of it
 * is kept in memory until the command is done, then wiped.
 *
 * The pager is given what the terminal would be, through a pipe. less is told to keep no history
 * and to run no commands (LESSHISTFILE, LESSSECURE): a search for a name would else be left in a
 * file.
 */
#pragma once

#include "client/cli/context.h"

struct pager {
    FILE *memory; /* NULL: nothing is kept back */
    char *text;
    size_t size;
    size_t rows;
};

/* From here on cli->out is memory, if |cli|'s command is paged and there is a terminal. */
void pager_begin(struct cli *cli, struct pager *out_pager);
/* Shows what was kept. */
void pager_end(struct cli *cli, struct pager *pager);
