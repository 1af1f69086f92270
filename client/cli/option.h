/*
 * Options as data: what a command takes is a table of rows, one for each option and each word.
 * From these rows come the parser (parse.h), what the agent is handed (option_pack.h), every
 * usage line, the help, the completion and the manual. A row names no terminal: another caller
 * than the command line fills the same struct by the same rows.
 */
#pragma once

#include "proto/ids.h"
#include "proto/limits.h"
#include "proto/status.h"

#define OPTION_WRONG_BYTES 512u

/* What a value may be, and how the command's struct keeps it. What was not given is zero there,
 * but for OPTION_NUMBER and OPTION_FD. */
enum option_kind {
    OPTION_FLAG,     /* bool; takes no value */
    OPTION_TEXT,     /* const char * */
    OPTION_FILE,     /* const char *: a path */
    OPTION_INPUT,    /* const char *; "-" is standard input */
    OPTION_MANY,     /* struct option_texts; may be given often */
    OPTION_NUMBER,   /* uint64_t within the rule; its |otherwise| when not given */
    OPTION_FD,       /* int; -1 when not given */
    OPTION_TIME,     /* uint64_t, ms: a day is its first minute */
    OPTION_TIME_END, /* uint64_t, ms: a day is its last moment */
    OPTION_UNTIL,    /* as OPTION_TIME_END, and still to come */
    OPTION_CHOICE,   /* uint32_t: the place in the rule's |choices|, from 1 */
    OPTION_CLASS,    /* uint32_t: NoteClass */
    OPTION_ROLE,     /* uint32_t: Role */
    OPTION_ACTION,   /* uint32_t: Action */
    OPTION_RIGHTS,   /* uint32_t: Rights */
    OPTION_LINKS,    /* struct option_links: handed to the agent, on no command line */
};

struct option_texts {
    const char *items[NOTE_TAGS_MAX];
    size_t count;
};

struct option_links {
    struct hash items[CONTEXT_PARENTS_MAX];
    size_t count;
};

struct option_rule {
    bool required;
    const char *const *choices; /* NULL at the end */
    uint64_t least;
    uint64_t most;
    uint64_t otherwise;
};
/* Nothing but required. */
extern const struct option_rule option_required;

/* "--title" is an option; "CHART" is a word and takes the next that is no option; another name
 * is on no command line. */
struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;     /* of its place in the command's struct */
    const char *value; /* what stands for the value in help; NULL for flags and words */
    const char *help;  /* part of a sentence, one line */
    const struct option_rule *rule; /* NULL: nothing more to say */
};

struct option_table {
    const struct option *rows;
    size_t count; /* at most 64 */
    size_t size;  /* of the struct that they fill */
};

/* Of a command that takes nothing. */
extern const struct option_table option_none;

bool option_is_word(const struct option *option);
/* "--…"; the rest is a word, or on no command line. */
bool option_is_named(const struct option *option);
bool option_is_required(const struct option *option);
/* The |index|th word that a value may be; NULL after the last, and for kinds that list none. */
const char *option_choice(const struct option *option, size_t index);

/* The option of that name, which has |size| characters; NULL: none. */
const struct option *option_find(const struct option_table *table, const char *name, size_t size);
/* What the struct holds when nothing is given. */
void option_clear(const struct option_table *table, void *out_values);
/* The struct, cleared; the caller frees it. */
void *option_values_new(const struct option_table *table);
/* Takes |text| as the value into |values|, which borrows it. False: |wrong| says why not. */
bool option_take(const struct option *option, void *values, const char *text,
                 char wrong[static OPTION_WRONG_BYTES]);

/* Kinds that are kept as a number, by whatever type. */
bool option_holds_number(enum option_kind kind);
uint64_t option_get_number(const struct option *option, const void *values);
void option_set_number(const struct option *option, void *values, uint64_t number);
/* Whether |number| is one that option_take could have set. */
bool option_number_valid(const struct option *option, uint64_t number);
