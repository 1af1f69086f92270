/*
 * Fills a page of the client's documents from the commands' rows, while the program is built:
 * alcove-pages TEMPLATE >PAGE. Lines of the template that begin with a mark are replaced:
 *
 *   .\" @options          the options that every command takes, for a manual
 *   .\" @command TITLE    one command: its call, what it does, its options
 *   # @titles             for the completion: all titles, quoted, one a line
 *   # @words              the options and fixed words of each command, as cases of a `case`
 *   # @values             the words that an option's value may be, likewise
 *
 * A manual that lacks a command, or knows one that is not there, is no page: the build fails.
 */
#include "client/cli/parse.h"
#include "client/cli/table.h"
#include "client/cli/usage.h"

#include <stdio.h>
#include <stdlib.h>

#define LINE_BYTES 4096

/* ---- the manual */

static void put_roff(const struct option *option)
{
    (void)printf(option_is_word(option) ? " Ar %s" : " Fl %s",
                 option->name + (option_is_word(option) ? 0 : 1));
    if (option->value != NULL) {
        (void)printf(" Ar %s%s", option->value, option->kind == OPTION_MANY ? " ..." : "");
    }
}

static void put_call(const struct command *command)
{
    (void)printf(".It Cm %s", command->title);
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < command->options->count; i++) {
            const struct option *option = &command->options->rows[i];
            bool required = option_is_required(option);
            if (usage_pass(option) == pass) {
                (void)fputs(required ? "" : " Oo", stdout);
                put_roff(option);
                (void)fputs(required ? "" : " Oc", stdout);
            }
        }
    }
    (void)printf("\n");
}

static void put_options(const struct option_table *table)
{
    (void)printf(".Bl -tag -width Ds -compact\n");
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->rows[i];
        if (usage_pass(option) > 2) {
            continue;
        }
        (void)printf(".It");
        put_roff(option);
        (void)printf("\n%c%s", option->help[0] - ('a' <= option->help[0] ? 'a' - 'A' : 0),
                     option->help + 1);
        for (size_t k = 0; option_choice(option, k) != NULL; k++) {
            (void)printf("%s%s", k == 0 ? ": " : ", ", option_choice(option, k));
        }
        (void)printf(".\n");
    }
    (void)printf(".El\n");
}

static bool put_command(const char *title, size_t *described)
{
    const struct command *command;
    size_t i = 0;
    while ((command = command_at(table_commands, i)) != NULL &&
           strcmp(command->title, title) != 0) {
        i++;
    }
    if (command == NULL) {
        (void)fprintf(stderr, "alcove-pages: there is no command %s\n", title);
        return false;
    }
    put_call(command);
    (void)printf("%c%s.\n", command->summary[0] - 'a' + 'A', command->summary + 1);
    if (command->options->count > 0) {
        put_options(command->options);
    }
    (*described)++;
    return true;
}

/* ---- the completion */

static void put_titles(void)
{
    const struct command *command;
    for (size_t i = 0; (command = command_at(table_commands, i)) != NULL; i++) {
        if ((command->flags & COMMAND_HIDDEN) == 0) {
            (void)printf("        '%s'\n", command->title);
        }
    }
}

static void put_words(void)
{
    const struct command *command;
    for (size_t i = 0; (command = command_at(table_commands, i)) != NULL; i++) {
        (void)printf("    '%s') words='", command->title);
        bool files = false;
        for (size_t k = 0; k < command->options->count; k++) {
            const struct option *option = &command->options->rows[k];
            if (option_is_named(option)) {
                (void)printf("%s ", option->name);
            } else if (option_is_word(option)) {
                files = files || option->kind == OPTION_FILE || option->kind == OPTION_INPUT;
                for (size_t n = 0; option_choice(option, n) != NULL; n++) {
                    (void)printf("%s ", option_choice(option, n));
                }
            }
        }
        (void)printf("'%s ;;\n", files ? " files=yes" : "");
    }
}

/* |title|: as a pattern of the shell. */
static void put_values(const char *title, const struct option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->rows[i];
        bool file = option->kind == OPTION_FILE || option->kind == OPTION_INPUT;
        if (!option_is_named(option) || option->kind == OPTION_FLAG) {
            continue;
        }
        (void)printf("    %s' %s') values='", title, option->name);
        for (size_t k = 0; option_choice(option, k) != NULL; k++) {
            (void)printf("%s ", option_choice(option, k));
        }
        (void)printf("'%s ;;\n", file ? " files=yes" : "");
    }
}

static void put_all_values(void)
{
    put_values("*", &parse_globals);
    const struct command *command;
    for (size_t i = 0; (command = command_at(table_commands, i)) != NULL; i++) {
        char title[64];
        (void)snprintf(title, sizeof title, "'%s'", command->title);
        put_values(title, command->options);
    }
}

/* ---- the template */

static bool put_line(char *line, size_t *described)
{
    static const char command[] = ".\\\" @command ";
    if (strncmp(line, command, sizeof command - 1) == 0) {
        line[strcspn(line, "\n")] = '\0';
        return put_command(line + sizeof command - 1, described);
    }
    if (strcmp(line, ".\\\" @options\n") == 0) {
        put_options(&parse_globals);
    } else if (strcmp(line, "# @titles\n") == 0) {
        put_titles();
    } else if (strcmp(line, "# @words\n") == 0) {
        put_words();
    } else if (strcmp(line, "# @values\n") == 0) {
        put_all_values();
    } else {
        (void)fputs(line, stdout);
    }
    return true;
}

int main(int argc, char **argv)
{
    FILE *template = argc == 2 ? fopen(argv[1], "re") : NULL;
    bool good = template != NULL;
    char line[LINE_BYTES];
    size_t described = 0;
    while (good && fgets(line, sizeof line, template) != NULL) {
        good = put_line(line, &described);
    }
    size_t count = 0;
    while (command_at(table_commands, count) != NULL) {
        count++;
    }
    if (good && described != 0 && described != count) {
        (void)fprintf(stderr, "alcove-pages: %zu commands are described, there are %zu\n",
                      described, count);
        good = false;
    }
    if (template != NULL) {
        (void)fclose(template);
    }
    return good && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
