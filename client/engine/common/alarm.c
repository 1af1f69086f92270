#include "client/engine/common/inside.h"

static void keep(struct engine *engine, enum status status, const char *reason,
                 const char *evidence)
{
    if (engine->alarm_count == ENGINE_ALARMS_MAX) {
        return;
    }
    struct engine_alarm *alarm = &engine->alarms[engine->alarm_count++];
    *alarm = (struct engine_alarm){.status = status, .at_ms = engine->now_ms};
    (void)snprintf(alarm->reason, sizeof alarm->reason, "%s", reason);
    (void)snprintf(alarm->evidence, sizeof alarm->evidence, "%s", evidence);
}

enum status alarm_stop(struct engine *engine, enum status status, const char *reason,
                       const char *evidence)
{
    CHECK(status != STATUS_OK);
    keep(engine, status, reason, evidence);
    engine->phase = ENGINE_STOPPED;
    engine->why = status;
    return status;
}

enum status alarm_stop_at(struct engine *engine, enum status status, const char *reason,
                          const char *what, uint64_t number)
{
    char evidence[ENGINE_ALARM_CHARS_MAX];
    (void)snprintf(evidence, sizeof evidence, "%s %llu", what, (unsigned long long)number);
    return alarm_stop(engine, status, reason, evidence);
}

void alarm_tell(struct engine *engine, enum status status, const char *reason, const char *evidence)
{
    keep(engine, status, reason, evidence);
}

bool alarm_is_ours(enum status status)
{
    return status == STATUS_NO_MEMORY || status == STATUS_IO || status == STATUS_FULL;
}

size_t engine_alarm_count(const struct engine *engine)
{
    return engine->alarm_count;
}

const struct engine_alarm *engine_alarm(const struct engine *engine, size_t index)
{
    CHECK(index < engine->alarm_count);
    return &engine->alarms[index];
}

void engine_alarms_clear(struct engine *engine)
{
    engine->alarm_count = 0;
}
