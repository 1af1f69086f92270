/* `sync --watch` through the agent: it goes on working for others meanwhile. */
#pragma once

#include "client/cli/cli.h"

/* Prints lines as they come, until SIGTERM, SIGINT, the limit (CLI_OK) or the agent's end. */
MUST_CHECK int forward_watch(struct cli *cli, int fd, uint64_t limit_ms);
