/*
 * What the server may let out: looked at as the committer hands it over. Nothing leaves before its
 * event is durable and covered by a signed head, and each request has exactly the events that
 * PROTOCOL.md, section 6, says. One thread.
 */
#pragma once

#include "server/run/request.h"

struct world;

/* A server started: nothing is owed, and its log is not shorter than what was seen of it. */
void served_start(struct world *world);
void served_answer(struct world *world, const struct run_request *request,
                   const struct core_checkpoints *heads);
/* How many events the server's log has. */
uint64_t served_events(struct world *world);
/* After turns whose events are all signed for: each belongs to an answer. */
void served_end(struct world *world);
