/*
 * What every command is given, and all that prints for it. cli.h says what may be done with it.
 */
#pragma once

#include "client/agent/host.h"

#include <cjson/cJSON.h>
#include <stdio.h>

struct command;
struct command_list;

struct cli {
    const struct command_list *const *commands; /* all there are, NULL at the end */
    const struct command *command;              /* the one that runs */
    const char *profile;
    int passphrase_fd; /* -1: ask on the terminal */
    bool json;
    bool utf8;        /* the reader's terminal takes it */
    uint32_t columns; /* of the reader's terminal; 0: there is none */
    int in;           /* the caller's standard input, -1 when closed */
    FILE *out;
    FILE *err;
    bool answered;     /* with --json: the one value is printed */
    struct host *host; /* lent by the agent, or opened by cli_run */
    bool lent;
    uint32_t idle_minutes; /* of the agent that lent it */
    bool stale;            /* the server did not bring us up to date: what is shown is older */
    bool alarmed;          /* an alarm was told; what is shown was verified before it */
};
