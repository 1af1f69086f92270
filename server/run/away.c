#include "server/run/away.h"

#include "server/run/guest.h"

void away_answer(const struct away *away, struct core *core, const struct run_output *output,
                 struct run_checkpoints *heads, struct run_request *list, uint64_t now_ms)
{
    for (struct run_request *r = list; r != NULL; r = r->next) {
        /* A connection's first answer is its last: what comes behind it is not answered. */
        if (r->closed || r->guest->ended) {
            continue;
        }
        r->guest->ended = true;
        r->ask.peer = NULL;
        core_turn_away(core, &r->ask, now_ms, away->statements, away->events, &r->answer);
        output->answer(output->state, r, heads);
    }
}
