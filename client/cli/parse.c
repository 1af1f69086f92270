#include "client/cli/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct option GLOBALS[] = {
    {"--profile", OPTION_FILE, offsetof(struct parsed, profile), "DIR",
     "where this person's keys and cache are", NULL},
    {"--passphrase-fd", OPTION_FD, offsetof(struct parsed, passphrase_fd), "N",
     "read the passphrase, one line, from this descriptor", NULL},
    {"--json", OPTION_FLAG, offsetof(struct parsed, json), NULL, "print exactly one JSON value",
     NULL},
    {"--no-pager", OPTION_FLAG, offsetof(struct parsed, no_pager), NULL,
     "print at once what is longer than the terminal", NULL},
    {"--help", OPTION_FLAG, offsetof(struct parsed, help), NULL, "print how the command is called",
     NULL},
};
const struct option_table parse_globals = {GLOBALS, ARRAY_LEN(GLOBALS), sizeof(struct parsed)};

struct parsing {
    const struct command_list *const *lists;
    struct parsed *parsed;
    int argc;
    char **argv;
    int next;
    uint64_t given;   /* of the command's options, by their place */
    uint64_t globals; /* likewise */
    size_t words;     /* taken so far */
    bool only_words;  /* after "--" */
};

static void complain(struct parsing *parsing, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The first is kept. All is read in any case: a "--json" that follows still counts. */
static void complain(struct parsing *parsing, const char *format, ...)
{
    char *wrong = parsing->parsed->wrong;
    va_list values;
    va_start(values, format);
    char later[OPTION_WRONG_BYTES];
    (void)vsnprintf(wrong[0] == '\0' ? wrong : later, OPTION_WRONG_BYTES, format,
                    values); /* NOLINT(clang-analyzer-valist.*) */
    va_end(values);
}

/* From here on the words and options are |command|'s. */
static void choose(struct parsing *parsing, const struct command *command)
{
    struct parsed *parsed = parsing->parsed;
    parsed->command = command;
    parsed->values = option_values_new(command->options);
}

static bool is_name(const struct parsing *parsing, const char *name)
{
    const struct command *command;
    size_t i = 0;
    while ((command = command_at(parsing->lists, i)) != NULL && !command_is_of(command, name)) {
        i++;
    }
    return command != NULL;
}

/* A command with sub-commands alone was named, and none of them. */
static bool settle(struct parsing *parsing, const char *word)
{
    struct parsed *parsed = parsing->parsed;
    if (parsed->command != NULL) {
        return true;
    }
    const struct command *bare =
        parsed->name == NULL ? NULL : command_find(parsing->lists, parsed->name, NULL);
    if (bare != NULL) {
        choose(parsing, bare);
        return true;
    }
    if (parsed->name == NULL || !is_name(parsing, parsed->name)) {
        complain(parsing, "no command stands before %.64s", word);
    } else {
        complain(parsing, "there is no command %.64s %.64s", parsed->name, word);
    }
    return false;
}

/* The value of |option|, which |word| names: behind "=", or the next argument as it is. */
static void take(struct parsing *parsing, const struct option *option, void *values,
                 uint64_t *given, uint64_t bit, const char *word)
{
    const char *value = word + strlen(option->name);
    if (option->kind == OPTION_FLAG && *value == '=') {
        complain(parsing, "%s takes no value", option->name);
        return;
    }
    if (*value == '=') {
        value++;
    } else if (option->kind != OPTION_FLAG) {
        if (parsing->next == parsing->argc) {
            complain(parsing, "%s needs a value", option->name);
            return;
        }
        value = parsing->argv[parsing->next++];
    }
    char wrong[OPTION_WRONG_BYTES] = "";
    if ((*given & bit) != 0 && option->kind != OPTION_MANY) {
        complain(parsing, "%s is given twice", option->name);
    } else if (!option_take(option, values, value, wrong)) {
        complain(parsing, "%s", wrong);
    }
    *given |= bit;
}

static void take_option(struct parsing *parsing, const char *word)
{
    struct parsed *parsed = parsing->parsed;
    size_t size = strcspn(word, "=");
    const struct option *option = option_find(&parse_globals, word, size);
    if (option != NULL) {
        take(parsing, option, parsed, &parsing->globals, 1ull << (option - GLOBALS), word);
        return;
    }
    if (strcmp(word, "-h") == 0) {
        parsed->help = true;
        return;
    }
    if (!settle(parsing, word)) {
        return;
    }
    option = option_find(parsed->command->options, word, size);
    if (option == NULL) {
        complain(parsing, "there is no option %.64s here", word);
        return;
    }
    take(parsing, option, parsed->values, &parsing->given,
         1ull << (option - parsed->command->options->rows), word);
}

/* The next of the command's words. */
static void take_word(struct parsing *parsing, const char *word)
{
    const struct command *command = parsing->parsed->command;
    size_t skip = parsing->words++;
    char wrong[OPTION_WRONG_BYTES] = "";
    for (size_t i = 0; i < command->options->count; i++) {
        if (!option_is_word(&command->options->rows[i]) || skip-- > 0) {
            continue;
        }
        if (!option_take(&command->options->rows[i], parsing->parsed->values, word, wrong)) {
            complain(parsing, "%s", wrong);
        }
        parsing->given |= 1ull << i;
        return;
    }
    complain(parsing, "%.64s is one word too many", word);
}

static void take_name_or_word(struct parsing *parsing, const char *word)
{
    struct parsed *parsed = parsing->parsed;
    const struct command *sub;
    if (parsed->name == NULL && strcmp(word, "help") == 0 && !parsed->help) {
        parsed->help = true;
    } else if (parsed->name == NULL) {
        parsed->name = word;
        if (!is_name(parsing, word)) {
            complain(parsing, "there is no command called %.64s; see alcove --help", word);
        }
    } else if (parsed->command == NULL &&
               (sub = command_find(parsing->lists, parsed->name, word)) != NULL) {
        choose(parsing, sub);
    } else if (settle(parsing, word)) {
        take_word(parsing, word);
    }
}

/* What is missing is said last, when all that was given is understood. */
static void finish(struct parsing *parsing)
{
    struct parsed *parsed = parsing->parsed;
    if (parsed->wrong[0] != '\0' || parsed->help) {
        return;
    }
    if (parsed->name == NULL) {
        complain(parsing, "no command was given; see alcove --help");
        return;
    }
    if (parsed->command == NULL && command_find(parsing->lists, parsed->name, NULL) == NULL) {
        complain(parsing, "%s is followed by one of the words below", parsed->name);
        return;
    }
    (void)settle(parsing, parsed->name);
    CHECK(parsed->command != NULL);
    const struct option *lacking = command_lacks(parsed->command, parsing->given);
    const char *why = NULL;
    if (lacking != NULL) {
        complain(parsing, "%s is missing", lacking->name);
    } else if (parsed->command->check != NULL) {
        why = parsed->command->check(parsed->values);
    }
    if (why != NULL) {
        complain(parsing, "%s", why);
    }
}

void parse_words(const struct command_list *const *lists, int argc, char **argv,
                 struct parsed *out_parsed)
{
    struct parsing parsing = {
        .lists = lists, .parsed = out_parsed, .argc = argc, .argv = argv, .next = 1};
    option_clear(&parse_globals, out_parsed);
    while (parsing.next < argc) {
        const char *word = argv[parsing.next++];
        if (!parsing.only_words && strcmp(word, "--") == 0) {
            parsing.only_words = true;
        } else if (!parsing.only_words && word[0] == '-' && word[1] != '\0') {
            take_option(&parsing, word);
        } else {
            take_name_or_word(&parsing, word);
        }
    }
    finish(&parsing);
}

void parsed_deinit(struct parsed *parsed)
{
    free(parsed->values);
    parsed->values = NULL;
}
