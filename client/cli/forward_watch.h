/* `sync --watch` through the agent: it goes on working for others meanwhile. */
#pragma once

#include "client/cli/cli.h"

/* Whether the words ask for a watch; |*out_limit_ms|: for how long. */
bool forward_watch_wanted(int argc, char **argv, uint64_t *out_limit_ms);
/* Prints lines as they come, until SIGTERM, SIGINT, the limit (CLI_OK) or the agent's end. */
MUST_CHECK int forward_watch(struct cli *cli, int fd, uint64_t limit_ms);
