/*
 * A command as data: its name, its options, what it needs, and its functions. The rows stand in
 * the files of the commands (commands/cmd_*.c); table.c lists them.
 */
#pragma once

#include "client/cli/option.h"

struct cli;
struct handed;

/* What is there before a command runs. */
enum command_need {
    COMMAND_NEEDS_NOTHING,
    COMMAND_NEEDS_PROFILE, /* opened; the server is not asked */
    COMMAND_NEEDS_ONCE,    /* and synced at least once: writing never waits for the server */
    COMMAND_NEEDS_LOOK,  /* and synced now, if the server answers in a moment: for who only reads */
    COMMAND_NEEDS_FRESH, /* and synced now, if the server answers */
};

enum command_flag {
    COMMAND_ANYWHERE = 0,
    COMMAND_HERE = 1, /* never in the agent */
    COMMAND_HIDDEN = 2,
    /* Reads alone: goes on under an alarm with what was verified before, and what is longer than the
     * terminal goes through a pager. */
    COMMAND_READS = 8,
    COMMAND_TYPES = 4, /* takes a text that a person typed; its struct is note_input.h's */
};

struct command {
    const char *title;   /* "show", or with its sub-command "member invite" */
    const char *summary; /* one line, beginning with a small letter */
    enum command_need need;
    unsigned flags; /* enum command_flag */
    const struct option_table *options;
    /* Of options that are well-formed one by one, why they do not go together; NULL: they do.
     * NULL for commands where all go together. */
    const char *(*check)(const void *values);
    /* Before the agent is asked, in the caller's own process: reads what only that can reach (a
     * text, a passphrase) and puts it into |handed|. An exit code. NULL: nothing. */
    int (*gather)(struct cli *cli, void *values, struct handed *handed);
    /* What the caller's process must know before gather can go on; writes a struct to cli->out.
     * An exit code. NULL: nothing. */
    int (*ask)(struct cli *cli, const void *values);
    int (*run)(struct cli *cli, const void *values); /* an exit code */
};

/* The commands of one file. */
struct command_list {
    const struct command *rows;
    size_t count;
};

/* The |index|th of all commands; NULL after the last. |lists| ends with NULL. */
const struct command *command_at(const struct command_list *const *lists, size_t index);
/* The command |name|, or with |sub| not NULL its sub-command. NULL when there is none. */
const struct command *command_find(const struct command_list *const *lists, const char *name,
                                   const char *sub);
/* Whether |command| is called |name| or is a sub-command of it. */
bool command_is_of(const struct command *command, const char *name);
/* The first required option that |given| (bit n: the nth was given) lacks; NULL: none. */
const struct option *command_lacks(const struct command *command, uint64_t given);
