/*
 * Printing for people and for programs. Text of a note, a title or a name reaches a terminal
 * only through client/text: nothing that carries meaning is left out, what a terminal would obey
 * is shown by its name (AT-67), and no line is wider than the reader's terminal, so that a line of
 * a text never begins where the program's own lines do. JSON carries a text whole, with every
 * such character escaped.
 */
#pragma once

#include "client/cli/context.h"

/* One line: at most |columns| of it, "..." where it was cut; 0: uncut. Where the locale has no
 * UTF-8 other characters than ASCII become '?'. Returns the columns that it takes. */
size_t print_text(struct cli *cli, struct span text, size_t columns);
/* Several lines as written, each after |indent| spaces, wrapped at the reader's columns, or at 80
 * where there is no terminal. */
void print_block(struct cli *cli, struct span text, size_t indent);
/* A sentence of the program's own: paths and commands in it are never broken. */
void print_sentence(struct cli *cli, struct span text, size_t indent);

/* A line of the program's that also holds words of others: what is printed between begin and end,
 * without a line end, is laid out at the end. Where it is too wide, the rest of it stands on
 * further lines, behind a margin; where there is no terminal it stays one line. */
struct print_row {
    FILE *out; /* where it goes; cli->out is memory meanwhile */
    char *text;
    size_t size;
};
void print_row_begin(struct cli *cli, struct print_row *row);
void print_row_end(struct cli *cli, struct print_row *row);

/* The first eight digits of an id. */
void print_short(struct cli *cli, struct span id);
/* Local time, "2026-03-02 10:20"; 0 prints "-". */
void print_time(struct cli *cli, uint64_t time_ms);

/* One line of JSON, in which nothing stands that a terminal obeys; |value| stays the caller's. */
void print_json_line(FILE *out, const cJSON *value);
/* A cell of a spreadsheet: one line whatever |text| holds, in which nothing stands that a terminal or
 * the spreadsheet obeys. */
void print_csv_cell(FILE *out, const char *text, bool last);
/* Prints the value, the command's one answer, with a line end, and deletes it. */
void print_json(struct cli *cli, cJSON *value);
void print_add_id(cJSON *object, const char *key, struct span id);
void print_add_text(cJSON *object, const char *key, const char *text);
/* Bytes that should be UTF-8: what is not becomes U+FFFD. */
void print_add_span(cJSON *object, const char *key, struct span text);
void print_add_number(cJSON *object, const char *key, uint64_t number);
