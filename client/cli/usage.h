/* How commands are called, in words, from their rows. */
#pragma once

#include "client/cli/command.h"

#include <stdio.h>

#define USAGE_PIECE_BYTES 96u

/* In which place of a call an option stands: words come first (0), then what must be given (1),
 * then the rest (2). 3: on no command line. */
int usage_pass(const struct option *option);
/* How one option or word is written: "[--title TEXT]". Empty for one that is on no command
 * line. */
void usage_piece(const struct option *option, char out[static USAGE_PIECE_BYTES]);
/* One command's call after |begin|, within 80 columns. */
void usage_line(FILE *out, const char *begin, const struct command *command);
/* The calls of all commands of that name: `member invite`, `member list` ... */
void usage_lines(FILE *out, const struct command_list *const *lists, const char *name);
/* How the commands of that name are called, and for each what it does and its options in lines of
 * their own; of |only| when it is not NULL. */
void usage_help(FILE *out, const struct command_list *const *lists, const char *name,
                const struct command *only);
/* All commands, a line each. */
void usage_all(FILE *out, const struct command_list *const *lists);
