/* Handing a command to the profile's agent: its words, its text and what else it needs from
 * the caller, and printing what comes back. */
#pragma once

#include "client/cli/cli.h"

/*
 * False: there is no agent, or the command is none for it; it is to be run here, with the
 * words and the input that |cli|, |*argc| and |*argv| have then. True: |*out_code| is the
 * command's exit code.
 */
bool forward_run(struct cli *cli, const struct cli_command *command, int *argc, char ***argv,
                 int *out_code);
/* Asks the agent to lock; CLI_OK also when there is none, which |*out_was| tells. */
MUST_CHECK int forward_lock(struct cli *cli, bool *out_was);
/* Asks the agent on |fd| a question of ours, not of the person's; NULL after saying why, with
 * |*out_code|. The caller deletes the answer. */
cJSON *forward_ask(struct cli *cli, const char *command, const char *word, int *out_code);
