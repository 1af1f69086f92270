#include "client/cli/log_pick.h"

#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

#include <time.h>

/* "HH:MM" of the day, in minutes. NULL: it is none; else what follows. */
static const char *minute_of(const char *text, uint32_t *out_minute)
{
    struct tm time = {.tm_hour = 0};
    const char *rest = strptime(text, "%H:%M", &time);
    *out_minute = (uint32_t)(time.tm_hour * 60 + time.tm_min);
    return rest;
}

bool log_pick_between(const char *text, struct log_pick *pick)
{
    const char *rest = minute_of(text, &pick->from_minute);
    if (rest == NULL || *rest != '-') {
        return false;
    }
    rest = minute_of(rest + 1, &pick->to_minute);
    return rest != NULL && *rest == '\0' && pick->from_minute != pick->to_minute;
}

bool log_pick_exclude(const struct option_texts *actions, struct log_pick *pick,
                      const char **out_wrong)
{
    for (size_t i = 0; i < actions->count; i++) {
        uint32_t action = 1;
        while (action <= POLICY_ACTION_MAX &&
               strcmp(policy_action_name(action), actions->items[i]) != 0) {
            action++;
        }
        if (action > POLICY_ACTION_MAX) {
            *out_wrong = actions->items[i];
            return false;
        }
        pick->excluded |= UINT64_C(1) << action;
    }
    return true;
}

static bool in_hours(const struct log_pick *pick, uint64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm local;
    if (pick->from_minute == pick->to_minute || localtime_r(&seconds, &local) == NULL) {
        return true;
    }
    uint32_t minute = (uint32_t)(local.tm_hour * 60 + local.tm_min);
    bool after = minute >= pick->from_minute;
    bool before = minute < pick->to_minute;
    return pick->from_minute < pick->to_minute ? after && before : after || before;
}

static bool has_section(const struct query_terms *query, const struct query_event *event)
{
    static const struct section_id any;
    return ID_EQUAL(&query->section, &any) ||
           (event->target != NULL && event->target->section.len == ID_BYTES &&
            memcmp(event->target->section.data, query->section.bytes, ID_BYTES) == 0);
}

/* What a server filters by where it does: of a chart's history it does not. */
static bool fits_terms(const struct query_terms *query, const struct query_event *event)
{
    const Alcove__EventOpen *open = event->open;
    static const struct member_id anybody;
    struct member_id actor;
    return (query->action == 0 || open->action == query->action) &&
           (query->outcome == 0 || open->outcome == query->outcome) &&
           open->time_ms >= query->time_from_ms &&
           (query->time_to_ms == 0 || open->time_ms <= query->time_to_ms) &&
           has_section(query, event) &&
           (ID_EQUAL(&query->actor, &anybody) ||
            (field_member(open->actor, &actor) && ID_EQUAL(&query->actor, &actor)));
}

bool log_pick_wanted(const struct log_pick *pick, const struct query_event *event)
{
    uint32_t action = event->open->action;
    return (pick->query->scope != ACTION_LOG_CHART || fits_terms(pick->query, event)) &&
           in_hours(pick, event->open->time_ms) &&
           (action > POLICY_ACTION_MAX || (pick->excluded >> action & 1u) == 0);
}

bool log_pick_is_noise(const struct log_pick *pick, const struct query_event *event)
{
    static const uint32_t noise[] = {ACTION_LOGIN,   ACTION_SYNC_AUTHORITY, ACTION_SUBSCRIBE,
                                     ACTION_LOG_OWN, ACTION_LOG_CHART,      ACTION_LOG_ALL,
                                     ACTION_ROTATE,  ACTION_RESEAL};
    bool is = false;
    for (size_t i = 0; i < ARRAY_LEN(noise); i++) {
        is |= event->open->action == noise[i];
    }
    return is && !pick->all && pick->query->action == 0 && event->open->outcome == OUTCOME_OK;
}
