/* One word of a person's against the names and ids of things, for ids.c: what fits, and what is said
 * when it is not one. */
#pragma once

#include "client/cli/cli.h"
#include "keys/public/bytes/hex.h"

/* What was found so far for one word. */
struct ids_search {
    struct cli *cli;
    const char *word;
    uint8_t *folded;
    size_t folded_size;
    struct hex_prefix prefix;
    bool is_prefix;
    bool suspended; /* called by their names too */
    size_t found;
    char *candidates; /* one a line */
    size_t candidates_size;
};

/* ids_search_verdict or ids_search_deinit must follow. |word| is borrowed. */
void ids_search_init(struct ids_search *search, struct cli *cli, const char *word);
void ids_search_deinit(struct ids_search *search);
/* Whether to look again from the beginning, when nothing fitted: whoever is suspended counts now. */
bool ids_search_again(struct ids_search *search);
/* By name alone, as text_fold compares. */
bool ids_search_called(const struct ids_search *search, struct span name);
/* By the beginning of the id, or by |name|; NULL: by the id alone. */
bool ids_search_fits(const struct ids_search *search, struct span id, const char *name);
/* One more line of what fits, "  1629942c therapist Ben (suspended)". */
void ids_search_add(struct ids_search *search, struct span id, const char *kind, const char *name,
                    const char *state);
/* CLI_OK when one was found; else says what it is of |what|, and returns the exit code. */
MUST_CHECK int ids_search_verdict(struct ids_search *search, const char *what);
