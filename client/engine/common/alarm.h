/*
 * Alarms: what failed a check, for a person and for a report. Internal to the engine.
 */
#pragma once

#include "client/engine/common/common.h"

/* Keeps the alarm, stops the engine, returns |status|. |evidence| may be empty. */
enum status alarm_stop(struct common *common, enum status status, const char *reason,
                       const char *evidence);
/* The same with "what number N" as evidence. */
enum status alarm_stop_at(struct common *common, enum status status, const char *reason,
                          const char *what, uint64_t number);
/* Keeps the alarm without stopping: for what a person must hear but cannot hurt. */
void alarm_tell(struct common *common, enum status status, const char *reason,
                const char *evidence);
/* Our own troubles (memory, disk) and the peer's: the former are not alarms. */
bool alarm_is_ours(enum status status);
