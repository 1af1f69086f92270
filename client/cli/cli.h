/*
 * What every command is given, and the table of commands.
 *
 * A command is a function of (struct cli, its own words) to an exit code. It prints with
 * print.h alone, so that nothing of a note reaches a terminal unfiltered and `--json` is one
 * value. It runs the same way in a process of its own and inside the agent, which lends its
 * open profile and the caller's streams.
 */
#pragma once

#include "client/agent/host.h"
#include "client/agent/talk.h"
#include "proto/status.h"

#include <cjson/cJSON.h>
#include <stdio.h>

/* The table of alcove(1), shared with alcoved(8). */
enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_REFUSED = 3,
    CLI_UNREACHABLE = 4,
    CLI_ALARM = 5,
    CLI_LOCKED = 6,
    CLI_NOT_FOUND = 7,
};

struct cli {
    const char *profile;
    int passphrase_fd; /* -1: ask on the terminal */
    bool json;
    bool utf8; /* the reader's terminal takes it */
    int in;    /* the caller's standard input, -1 when closed */
    FILE *out;
    FILE *err;
    struct host *host; /* lent by the agent, or opened by cli_open */
    bool lent;
    const struct talk_request *request; /* whose descriptors the words call, when lent */
};

enum cli_flag {
    CLI_HERE = 1,       /* never in the agent */
    CLI_TAKES_TEXT = 2, /* --file, or the editor, which the caller's own process runs */
    CLI_PREVIEWS = 4,   /* and shows it before it is sent */
    CLI_HIDDEN = 8,
};

struct cli_command {
    const char *name;
    int (*run)(struct cli *cli, int argc, char **argv); /* argv[0] is the command's name */
    const char *words;                                  /* after the name, a line for each use */
    const char *summary;                                /* one line */
    unsigned flags;                                     /* enum cli_flag */
};

/* NULL for an unknown name. */
const struct cli_command *cli_find(const char *name);
const struct cli_command *cli_commands(size_t *out_count);

/* Opens the profile unless it is lent: asks for the passphrase. Says what is wrong and
 * returns an exit code; CLI_OK: cli->host is there. */
MUST_CHECK int cli_open(struct cli *cli);
/* Closes what cli_open opened; nothing when lent. */
void cli_close(struct cli *cli);

/* The descriptor that the words call by |number|; -1: the caller lent none of that number. */
int cli_fd(const struct cli *cli, int number);

/* Says that |words| were not understood, with the command's usage. CLI_USAGE. */
int cli_usage(struct cli *cli, const char *name, const char *what);
/* How the command is called, within 80 columns. */
void cli_usage_lines(FILE *out, const struct cli_command *command);
/* One error: what happened, what was kept, what to do next. Returns the exit code of the
 * status. |what| is a phrase such as "the note was not written". */
int cli_fail(struct cli *cli, const char *what, enum status status);
/* The same where a passphrase was asked for: says how to give one when there is no terminal. */
int cli_no_passphrase(struct cli *cli, const char *what, enum status status);

#define CLI_TIMEOUT_MS 30000u
#define CLI_SETTLE_MS  3000u

/*
 * Brings what was queued to the server: CLI_OK when done. Offline is no failure for what
 * waits safely in the outbox: says so, *out_sent is false, CLI_OK.
 */
MUST_CHECK int cli_deliver(struct cli *cli, uint64_t ticket, bool *out_sent);
/* Brings a statement that was queued with |status| to the server and says |what| was done.
 * The ticket by reference: the call that sets it is often the argument before it. */
MUST_CHECK int cli_tell_statement(struct cli *cli, enum status status, const uint64_t *ticket,
                                  const char *what);
/* Brings what was made to the server and says so: |key| is what it is ("chart"). */
MUST_CHECK int cli_tell_made(struct cli *cli, const char *key, struct span id, uint64_t ticket);
/* A first sync if there was none, and a fresh one when the server answers; commands that only
 * read go on with what is here, saying so. CLI_OK unless an alarm or nothing is here at all. */
MUST_CHECK int cli_refresh(struct cli *cli);

int cmd_practice(struct cli *cli, int argc, char **argv);
int cmd_join(struct cli *cli, int argc, char **argv);
int cmd_qr(struct cli *cli, int argc, char **argv);
int cmd_unlock(struct cli *cli, int argc, char **argv);
int cmd_lock(struct cli *cli, int argc, char **argv);
int cmd_agent(struct cli *cli, int argc, char **argv);
int cmd_passphrase(struct cli *cli, int argc, char **argv);
int cmd_status(struct cli *cli, int argc, char **argv);
int cmd_doctor(struct cli *cli, int argc, char **argv);
int cmd_sync(struct cli *cli, int argc, char **argv);
int cmd_member(struct cli *cli, int argc, char **argv);
int cmd_relate(struct cli *cli, int argc, char **argv);
int cmd_delegate(struct cli *cli, int argc, char **argv);
int cmd_chart(struct cli *cli, int argc, char **argv);
int cmd_directory(struct cli *cli, int argc, char **argv);
int cmd_before(struct cli *cli, int argc, char **argv);
int cmd_write(struct cli *cli, int argc, char **argv);
int cmd_reflect(struct cli *cli, int argc, char **argv);
int cmd_moment(struct cli *cli, int argc, char **argv);
int cmd_list(struct cli *cli, int argc, char **argv);
int cmd_show(struct cli *cli, int argc, char **argv);
int cmd_history(struct cli *cli, int argc, char **argv);
int cmd_search(struct cli *cli, int argc, char **argv);
int cmd_grant(struct cli *cli, int argc, char **argv);
int cmd_revoke(struct cli *cli, int argc, char **argv);
int cmd_access(struct cli *cli, int argc, char **argv);
int cmd_log(struct cli *cli, int argc, char **argv);
int cmd_export(struct cli *cli, int argc, char **argv);
int cmd_device(struct cli *cli, int argc, char **argv);
