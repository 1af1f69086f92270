/*
 * Acts on a committed batch: ends the access of members who lost it, and tells subscribers
 * the news. Both functions read the core's effects and leave them there. Committer's thread.
 */
#pragma once

#include "server/run/roll.h"

/* Ends streams, subscriptions and connections of those who lost access. To be called before
 * any answer of the batch leaves: once the one who revoked is told so, no stream of the one
 * who lost access goes on. */
void effects_end_access(struct core *core, struct roll *roll, const struct run_output *output);
/* Tells subscribers which sections moved; after the answers. */
void effects_push(struct core *core, struct roll *roll, const struct run_output *output,
                  struct run_checkpoints *heads);
