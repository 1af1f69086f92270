/*
 * Starting and stopping the server's process, for live.c. One thread.
 */
#pragma once

#include "tests/support/live.h"

/* `alcoved init`, a practice founded in this process, `alcoved init --genesis`. */
void live_server_found(struct live *live);
/* `alcoved serve`; waits until it says its port. */
void live_server_run(struct live *live);
/* SIGTERM, and waits; it must end well. */
void live_server_end(struct live *live);
