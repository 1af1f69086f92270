#include "client/cli/usage.h"

#include "client/cli/parse.h"

#define COLUMNS     79u
#define HELP_COLUMN 26

int usage_pass(const struct option *option)
{
    if (option_is_word(option)) {
        return 0;
    }
    return !option_is_named(option) ? 3 : option_is_required(option) ? 1 : 2;
}

void usage_piece(const struct option *option, char out[static USAGE_PIECE_BYTES])
{
    bool required = option_is_required(option);
    out[0] = '\0';
    if (usage_pass(option) < 3) {
        (void)snprintf(out, USAGE_PIECE_BYTES, "%s%s%s%s%s%s", required ? "" : "[", option->name,
                       option->value == NULL ? "" : " ", option->value == NULL ? "" : option->value,
                       option->kind == OPTION_MANY ? " ..." : "", required ? "" : "]");
    }
}

void usage_line(FILE *out, const char *begin, const struct command *command)
{
    size_t column = (size_t)fprintf(out, "%s alcove %s", begin, command->title);
    char piece[USAGE_PIECE_BYTES];
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < command->options->count; i++) {
            const struct option *option = &command->options->rows[i];
            if (usage_pass(option) != pass) {
                continue;
            }
            usage_piece(option, piece);
            if (column + 1 + strlen(piece) > COLUMNS) {
                column = (size_t)fprintf(out, "\n          ") - 1;
            }
            column += (size_t)fprintf(out, " %s", piece);
        }
    }
    (void)fputc('\n', out);
}

void usage_lines(FILE *out, const struct command_list *const *lists, const char *name)
{
    const struct command *command;
    const char *begin = "Usage:";
    for (size_t i = 0; (command = command_at(lists, i)) != NULL; i++) {
        if (command_is_of(command, name)) {
            usage_line(out, begin, command);
            begin = "      ";
        }
    }
}

/* After |column| columns of the line, further lines below it. */
static size_t put_word(FILE *out, const char *word, const char *end, size_t column)
{
    if (column + 1 + strlen(word) + strlen(end) > COLUMNS) {
        column = (size_t)fprintf(out, "\n%*s", HELP_COLUMN, "") - 1;
    }
    return column + (size_t)fprintf(out, " %s%s", word, end);
}

static void help_option(FILE *out, const struct option *option)
{
    if (usage_pass(option) > 2) {
        return;
    }
    char piece[USAGE_PIECE_BYTES];
    (void)snprintf(piece, sizeof piece, "%s%s%s", option->name, option->value == NULL ? "" : " ",
                   option->value == NULL ? "" : option->value);
    size_t column = (size_t)fprintf(out, "  %-*s", HELP_COLUMN - 2, piece);
    if (column > HELP_COLUMN) {
        column = (size_t)fprintf(out, "\n%*s", HELP_COLUMN, "") - 1;
    }
    column += (size_t)fprintf(out, " %s", option->help);
    for (size_t i = 0; option_choice(option, i) != NULL; i++) {
        column =
            put_word(out, option_choice(option, i), option_choice(option, i + 1) == NULL ? "" : ",",
                     i == 0 ? column + (size_t)fprintf(out, ":") : column);
    }
    (void)fputc('\n', out);
}

static void help_options(FILE *out, const struct option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        help_option(out, &table->rows[i]);
    }
}

static void help_everywhere(FILE *out)
{
    (void)fprintf(out, "\nEverywhere:\n");
    help_options(out, &parse_globals);
}

void usage_help(FILE *out, const struct command_list *const *lists, const char *name,
                const struct command *only)
{
    if (only != NULL) {
        usage_line(out, "Usage:", only);
    } else {
        usage_lines(out, lists, name);
    }
    const struct command *command;
    for (size_t i = 0; (command = command_at(lists, i)) != NULL; i++) {
        if (command != only && (only != NULL || !command_is_of(command, name))) {
            continue;
        }
        (void)fprintf(out, "\n%s: %s.\n", command->title, command->summary);
        help_options(out, command->options);
    }
    help_everywhere(out);
    (void)fprintf(out, "\nalcove(1) tells the rest.\n");
}

void usage_all(FILE *out, const struct command_list *const *lists)
{
    (void)fprintf(out, "Usage: alcove [OPTION ...] COMMAND ...\n\n");
    const struct command *command;
    for (size_t i = 0; (command = command_at(lists, i)) != NULL; i++) {
        if ((command->flags & COMMAND_HIDDEN) == 0) {
            (void)fprintf(out, "  %-16s %s\n", command->title, command->summary);
        }
    }
    help_everywhere(out);
    (void)fprintf(out, "\n`alcove help COMMAND` tells a command's options; alcove(1) the rest.\n");
}
