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
/* Tells the server that its clock, which a test moved far ahead, is right. */
void live_server_accept_clock(struct live *live);
