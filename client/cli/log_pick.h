/* Which of the events that came are shown: what a query asks for that no server filters by, and what is
 * left out so that one sees who did what. */
#pragma once

#include "client/cli/option.h"
#include "client/engine/api/query.h"

/* A span of the day in minutes, local time; |from| after |to| reaches over midnight. Both 0: all. */
struct log_pick {
    const struct query_terms *query;
    uint64_t excluded; /* bit n: action n is left out */
    uint32_t from_minute, to_minute;
    bool all; /* logins, looks at the log and keys that were changed, too */
};

/* "20:00-07:00", and names of actions. False: |*out_wrong|, a word of it, is none. */
bool log_pick_between(const char *text, struct log_pick *pick);
bool log_pick_exclude(const struct option_texts *actions, struct log_pick *pick,
                      const char **out_wrong);
/* Whether an event is what was asked for: a chart's history comes whole. */
bool log_pick_wanted(const struct log_pick *pick, const struct query_event *event);
/* Whether it is one of those that hide who did what, and went well. */
bool log_pick_is_noise(const struct log_pick *pick, const struct query_event *event);
