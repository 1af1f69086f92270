/* Taking a command's words apart: flags, values and the rest, all named once per command. */
#pragma once

#include "proto/status.h"

struct args_option {
    const char *name;   /* "--title" */
    const char **value; /* receives the word after it; NULL for a flag */
    bool *flag;         /* for a flag */
    const char **list;  /* for one that may come often */
    size_t *list_count;
    size_t list_max;
};

/*
 * Fills what |options| point to and puts the other words, in order, into |out_words|.
 * False: |*out_wrong| is the word that was not understood, or too many of them.
 */
bool args_parse(int argc, char **argv, const struct args_option *options, size_t option_count,
                const char **out_words, size_t words_max, size_t *out_word_count,
                const char **out_wrong);
