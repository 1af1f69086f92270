/*
 * The one grammar of the command line; alcove(1) tells it to people. It runs once, in the
 * caller's own process, before anything is asked, opened or sent.
 *
 *   alcove [OPTION…] COMMAND [SUB-COMMAND] [OPTION|WORD…] [-- WORD…]
 *
 * - An option that takes a value takes the next argument whatever it looks like, or what follows
 *   "=" in its own. So "--title --yes" gives the title "--yes".
 * - --profile, --passphrase-fd, --json, --no-pager, --help and -h may stand wherever an option may.
 * - "--" ends the options; "-" alone is a word. Nothing is abbreviated. Only an option that may
 *   come often comes twice.
 * - `help COMMAND` is `COMMAND --help`.
 */
#pragma once

#include "client/cli/command.h"

struct parsed {
    const struct command *command; /* NULL: none was named, or |name| has sub-commands alone */
    const char *name;              /* the command's first word; NULL: none was given */
    void *values;                  /* of |command|; freed with parsed_deinit */
    const char *profile;           /* NULL: the default */
    int passphrase_fd;             /* -1: the terminal */
    bool json;
    bool help;
    bool no_pager;
    char wrong[OPTION_WRONG_BYTES]; /* empty: all was understood */
};

/* The options that every command takes. */
extern const struct option_table parse_globals;

/* Texts are borrowed from |argv|. Ended with parsed_deinit in any case. */
void parse_words(const struct command_list *const *lists, int argc, char **argv,
                 struct parsed *out_parsed);
void parsed_deinit(struct parsed *parsed);
