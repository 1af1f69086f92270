/*
 * Inside server/run: what is answered while nothing may be written.
 */
#pragma once

#include "server/run/request.h"

/* A server that may not go on by itself, and what it holds. */
struct away {
    bool on;
    uint64_t statements; /* the sizes of both logs */
    uint64_t events;
};

/* Answers each request of the list; the requests stay the caller's. |heads| is what the Hello bore.
 * Committer's thread. */
void away_answer(const struct away *away, struct core *core, const struct run_output *output,
                 struct run_checkpoints *heads, struct run_request *list, uint64_t now_ms);
