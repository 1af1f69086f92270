#include "client/cli/ids_search.h"

#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/text/fold.h"
#include "keys/public/bytes/wipe.h"

#include <stdlib.h>

#define PREFIX_DIGITS_MIN 4u

#define CANDIDATES_MAX 20u

/* A title is sealed like a text, and forgotten like one. */
static void drop(uint8_t *folded, size_t size)
{
    if (folded != NULL) {
        wipe(folded, size);
    }
    free(folded);
}

void ids_search_init(struct ids_search *search, struct cli *cli, const char *word)
{
    memset(search, 0, sizeof *search);
    search->cli = cli;
    search->word = word;
    CHECK(text_fold(print_span(word), &search->folded, &search->folded_size) == STATUS_OK);
    search->is_prefix = strlen(word) >= PREFIX_DIGITS_MIN &&
                        hex_prefix_parse(span_of(word, strlen(word)), &search->prefix) == STATUS_OK;
}

void ids_search_deinit(struct ids_search *search)
{
    drop(search->folded, search->folded_size);
    free(search->candidates);
    search->folded = NULL;
    search->candidates = NULL;
}

bool ids_search_again(struct ids_search *search)
{
    bool again = search->found == 0 && !search->suspended;
    search->suspended = true;
    return again;
}

bool ids_search_called(const struct ids_search *search, struct span name)
{
    uint8_t *folded = NULL;
    size_t size = 0;
    CHECK(text_fold(name, &folded, &size) == STATUS_OK);
    bool same =
        size > 0 && size == search->folded_size && memcmp(folded, search->folded, size) == 0;
    drop(folded, size);
    return same;
}

bool ids_search_fits(const struct ids_search *search, struct span id, const char *name)
{
    return (name != NULL && ids_search_called(search, print_span(name))) ||
           (search->is_prefix && hex_prefix_matches(&search->prefix, id));
}

void ids_search_add(struct ids_search *search, struct span id, const char *kind, const char *name,
                    const char *state)
{
    if (search->found > CANDIDATES_MAX) {
        return;
    }
    struct cli memory = *search->cli;
    char *before = search->candidates;
    memory.out = open_memstream(&search->candidates, &search->candidates_size);
    CHECK(memory.out != NULL);
    (void)fprintf(memory.out, "%s\n  ", before == NULL ? "" : before);
    print_short(&memory, id);
    (void)fprintf(memory.out, " %s ", kind);
    (void)print_text(&memory, print_span(name), 40);
    (void)fputs(state, memory.out);
    CHECK(fclose(memory.out) == 0);
    free(before);
}

static int several(const struct ids_search *search, const char *what)
{
    const char *list = search->candidates == NULL ? "" : search->candidates;
    if (search->word[0] == '\0') {
        return cli_error(search->cli, CLI_USAGE, "there are several of type %s; say which%s%s",
                         what, list[0] == '\0' ? "" : ":", list);
    }
    return cli_error(search->cli, CLI_USAGE,
                     list[0] == '\0' ? "several of type %s fit %s; give more digits%s"
                                     : "several of type %s fit %s; give the id of one:%s",
                     what, search->word, list);
}

int ids_search_verdict(struct ids_search *search, const char *what)
{
    int code = CLI_OK;
    if (search->found > 1) {
        code = several(search, what);
    } else if (search->found == 0) {
        code = search->word[0] == '\0'
                   ? cli_error(search->cli, CLI_NOT_FOUND,
                               "no %s is here yet. If one was made for you, `alcove sync` fetches "
                               "it.",
                               what)
                   : cli_error(search->cli, CLI_NOT_FOUND,
                               "no %s here is called %s or has an id that begins so", what,
                               search->word);
    }
    ids_search_deinit(search);
    return code;
}
