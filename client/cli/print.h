/*
 * Printing for people and for programs. Text of a note, a title or a name reaches a terminal
 * only through print_text, which lets no control, escape or direction character through
 * (AT-67); JSON carries it whole, with every such character escaped.
 */
#pragma once

#include "client/cli/context.h"

/* One line: at most |columns| of it, "..." where it was cut; 0: uncut. Where the locale has no
 * UTF-8 other characters than ASCII become '?'. */
void print_text(struct cli *cli, struct span text, size_t columns);
/* The columns of a whole text when print_text prints it uncut. */
size_t print_width(struct span text);
/* Whether print_text would leave nothing out of it. Line ends and tabs are plain. */
bool print_is_plain(struct span text);
/* Several lines as written, each after |indent| spaces, wrapped at 80 columns. */
void print_block(struct cli *cli, struct span text, size_t indent);
/* The first eight digits of an id. */
void print_short(struct cli *cli, struct span id);
/* Local time, "2026-03-02 10:20"; 0 prints "-". */
void print_time(struct cli *cli, uint64_t time_ms);

/* Prints the value, the command's one answer, with a line end, and deletes it. */
void print_json(struct cli *cli, cJSON *value);
void print_add_id(cJSON *object, const char *key, struct span id);
void print_add_text(cJSON *object, const char *key, const char *text);
/* Bytes that should be UTF-8: what is not becomes U+FFFD. */
void print_add_span(cJSON *object, const char *key, struct span text);
void print_add_number(cJSON *object, const char *key, uint64_t number);
