/* What changed in the sections since one looked last: for `sync --watch`, alone or through the
 * agent. One thread. */
#pragma once

#include "client/cli/cli.h"

struct watch;

/* NULL: no memory. */
struct watch *watch_new(void);
void watch_free(struct watch *watch);
/* Prints one line for each section that is new or moved, into |cli->out|. */
void watch_step(struct watch *watch, struct cli *cli);
