/* Handing a command to the profile's agent: its options, its text and what else it needs from
 * the caller, and printing what comes back. */
#pragma once

#include "client/cli/cli.h"

/*
 * False: there is no agent, or the command is none for it; it is to be run here, with |values| and
 * the input that |cli| has then. True: |*out_code| is the command's exit code.
 */
bool forward_run(struct cli *cli, void *values, int *out_code);
/* Whether there is an agent, in whatever state. */
bool forward_reaches(const struct cli *cli);
/* Asks the agent to lock; CLI_OK also when there is none, which |*out_was| tells. */
MUST_CHECK int forward_lock(struct cli *cli, bool *out_was);
/* What the command's `ask` writes in the agent: an exit code after saying why, or CLI_OK and
 * bytes that the caller wipes and frees. */
MUST_CHECK int forward_ask(struct cli *cli, const void *values, uint8_t **out_bytes,
                           size_t *out_size);
