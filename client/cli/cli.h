/*
 * The commands' common voice: what every command is given, how it opens the profile, reaches the
 * server, and says what became of it.
 *
 * A command prints with print.h and print_field.h alone, so that nothing of a note reaches a
 * terminal unfiltered and `--json` is one value. It runs the same way in a process of its own
 * and inside the agent, which lends its open profile and the caller's streams.
 */
#pragma once

#include "client/cli/context.h"
#include "client/cli/messages.h"
#include "proto/status.h"

/* Brings about what cli->command needs and runs it with the struct of its options. An exit
 * code. */
MUST_CHECK int cli_run(struct cli *cli, const void *values);
/* Opens the profile unless it is open: asks for the passphrase. Says what is wrong and returns an
 * exit code; CLI_OK: cli->host is there. */
MUST_CHECK int cli_open(struct cli *cli);
/* The same with a passphrase that is here already, tried once. */
MUST_CHECK int cli_open_with(struct cli *cli, const struct secret *passphrase);
/* A passphrase that somebody chooses, from |fd| or typed twice: refuses what is easy to guess, and
 * says why. CLI_OK: the caller frees it. */
MUST_CHECK int cli_new_passphrase(struct cli *cli, enum situation situation, int fd,
                                  const char *prompt, struct secret **out_secret);
/* Closes what cli_open opened; nothing when lent. */
void cli_close(struct cli *cli);

/*
 * Errors, each one sentence or two: what happened, what was kept, what to do next. For people
 * they go to cli->err, wrapped at 80 columns. With --json they are the one value that is printed,
 * {"error": WORD, "message": TEXT}, unless that value is out already. All return the exit code.
 */
/* |situation| did not come about for the reason |status|. */
int cli_fail(struct cli *cli, enum situation situation, enum status status);
/* The same of one file or thing, which is named. */
int cli_fail_at(struct cli *cli, enum situation situation, const char *subject, enum status status);
/* In words of its own. */
int cli_error(struct cli *cli, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* |what| is wrong with the words; the command's usage follows. CLI_USAGE. */
int cli_usage(struct cli *cli, const char *what);
/* Something beside the answer that people should know; with --json too it goes to cli->err. */
void cli_warn(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Asks for the word yes on standard input, again if "y" came: whether it came. */
bool cli_confirm(struct cli *cli, const char *question);

/* How often a passphrase is asked for on a terminal. */
#define CLI_TRIES 3u

#define CLI_TIMEOUT_MS 30000u
#define CLI_SETTLE_MS  3000u

/*
 * Brings what was queued to the server: CLI_OK when done. Offline is no failure for what
 * waits safely in the outbox: says so, *out_sent is false, CLI_OK.
 */
MUST_CHECK int cli_deliver(struct cli *cli, uint64_t ticket, bool *out_sent);
/* Brings what was made to the server and says so: |key| is what it is ("chart"). Made here alone so
 * far: CLI_UNREACHABLE, after saying that too. */
MUST_CHECK int cli_tell_made(struct cli *cli, const char *key, struct span id, uint64_t ticket);
/* A first sync if there was none, and a fresh one when the server answers; commands that only
 * read go on with what is here, saying so, and cli->stale is set. CLI_OK unless an alarm or nothing is here at all. */
MUST_CHECK int cli_refresh(struct cli *cli);
