/*
 * Results as data: each field once, printed as JSON for programs or as text for people. Only
 * print.h's functions touch the terminal.
 */
#pragma once

#include "client/cli/context.h"

enum print_kind {
    PRINT_TEXT,   /* |span| */
    PRINT_ID,     /* |span|; for people its first digits */
    PRINT_NUMBER, /* |number| */
    PRINT_TIME,   /* |number|, ms; 0 is none */
    PRINT_BOOL,   /* |number|; for people |before| or |otherwise| */
};

struct print_field {
    const char *key; /* NULL: for people alone */
    enum print_kind kind;
    struct span span; /* borrowed */
    uint64_t number;
    const char *before;    /* for people: what stands before the value; NULL: for programs alone */
    const char *otherwise; /* of a PRINT_BOOL that is false; NULL: nothing */
    int columns;           /* at most so many of a text, negative: padded; at least of a number */
};

#define PRINT_DIGITS_BYTES 9u

/* The first eight digits of an id, terminated. */
void print_digits(struct span id, char out[static PRINT_DIGITS_BYTES]);
/* The caller deletes it. */
cJSON *print_object(const struct print_field *fields, size_t count);
/* One line without its end. */
void print_line(struct cli *cli, const struct print_field *fields, size_t count);
/* A row of a list: into |array|, or when that is NULL a line. */
void print_row(struct cli *cli, cJSON *array, const struct print_field *fields, size_t count);
/* The whole answer: an object, or the sentence, which is filtered and wrapped. CLI_OK. */
int print_answer(struct cli *cli, const struct print_field *fields, size_t count,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A PRINT_TEXT from a string. */
struct span print_span(const char *text);
