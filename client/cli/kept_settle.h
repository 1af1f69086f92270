/*
 * A kept text goes when its note is in the outbox, by the process that put it there. If that was
 * ended in between, both are there: then the next opening of the profile puts the copy away, before
 * it sends anything. A note that was sent is for a moment neither in the outbox nor fetched again,
 * and a copy that is still there would look as if it had never been written.
 */
#pragma once

#include "client/cli/context.h"

/* Of a profile that was just opened. */
void kept_settle(struct cli *cli);
