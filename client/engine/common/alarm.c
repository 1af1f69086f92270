#include "client/engine/common/alarm.h"

static void keep(struct common *common, enum status status, const char *reason,
                 const char *evidence)
{
    if (common->alarm_count == ENGINE_ALARMS_MAX) {
        return;
    }
    struct engine_alarm *alarm = &common->alarms[common->alarm_count++];
    *alarm = (struct engine_alarm){.status = status, .at_ms = common->now_ms};
    (void)snprintf(alarm->reason, sizeof alarm->reason, "%s", reason);
    (void)snprintf(alarm->evidence, sizeof alarm->evidence, "%s", evidence);
}

enum status alarm_stop(struct common *common, enum status status, const char *reason,
                       const char *evidence)
{
    CHECK(status != STATUS_OK);
    keep(common, status, reason, evidence);
    common->phase = ENGINE_STOPPED;
    common->why = status;
    return status;
}

enum status alarm_stop_at(struct common *common, enum status status, const char *reason,
                          const char *what, uint64_t number)
{
    char evidence[ENGINE_ALARM_CHARS_MAX];
    (void)snprintf(evidence, sizeof evidence, "%s %llu", what, (unsigned long long)number);
    return alarm_stop(common, status, reason, evidence);
}

void alarm_tell(struct common *common, enum status status, const char *reason, const char *evidence)
{
    keep(common, status, reason, evidence);
}

bool alarm_is_ours(enum status status)
{
    return status == STATUS_NO_MEMORY || status == STATUS_IO || status == STATUS_FULL;
}
