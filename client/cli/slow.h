/*
 * Tells a person who waits for work on this machine, not for the server, that it goes on: once, when
 * it has lasted SLOW_MS. In the agent nothing is told, since the command that waits for the agent
 * says so itself (forward.c).
 */
#pragma once

#include "client/cli/context.h"

#define SLOW_MS 2500u

/* Between these nothing may wait for a person or the network. */
void slow_begin(const struct cli *cli);
void slow_end(const struct cli *cli);
