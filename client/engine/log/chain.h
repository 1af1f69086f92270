/*
 * Chains that the server says we may see, and how much of each is here. Internal to the engine.
 */
#pragma once

#include "client/engine/log/log.h"

/* NULL: not listed. */
struct chain_known *chain_find(struct log *log, const struct chain_label *label);
MUST_CHECK enum status chain_list(struct log *log, const Alcove__ChainState *state);
/* Takes a chain off the list of which nothing is here: the server's word is all that named it. False
 * if something is. Numbers of later chains change. */
bool chain_forget(struct log *log, size_t chain);
/* The next chain that the log holds more of than we have; false: none. */
bool chain_missing(const struct log *log, size_t *out_chain);
