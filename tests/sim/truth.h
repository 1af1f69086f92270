/*
 * What a device holds, compared with what the server that is honest wrote down: by sizes and roots
 * of both logs, by the head of each section, by each place at which something false was planted.
 */
#pragma once

#include "tests/sim/lie.h"

/* Its heads of the logs are none of this server's past. */
bool truth_parted(const struct inproc *server, const struct engine *engine);
/* It follows the copy past what was planted there. */
bool truth_believes(const struct liar_copy *copy, const struct engine *engine);
/* Who goes on with the honest server holds nothing that this server did not write down. */
void check_true(struct world *world, const struct world_device *device);
