/*
 * Keeping the agent from locking while a person types: the command that waits for them holds a
 * connection to it, which counts as use. `alcove lock`, a signal and a machine that sleeps lock
 * it all the same.
 */
#pragma once

#include "client/cli/context.h"

/* -1: there is no agent, or it does not answer; the text is taken all the same. */
int hold_begin(const struct cli *cli);
void hold_end(int fd);
