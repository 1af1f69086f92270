/*
 * The server's log: one line a happening on standard error, written in one piece, so that lines
 * of several threads and of alcove-signer do not run into each other.
 *
 *   2026-11-29T14:05:09.250Z warning alcoved: the disk is nearly full: ...
 *
 * What lasts is said when it begins and when it ends (log_changes); what comes again and again is
 * said once an hour (log_hourly). So a fault that a client meets seven times a second is one line.
 * A line holds ids, numbers and words of ours, never what a member wrote. Any thread.
 */
#pragma once

#include "proto/span.h"

#include <stdatomic.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE };

/* From now on each line bears its time (UTC) and level. Without this call, which is for commands
 * that a person waits for, a line is "alcoved: TEXT". */
void log_stamp(void);

/* One line; |format| without a line feed at its end. What is longer than a line may be is cut. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether |condition|, false at first, was changed by this: then, and only then, the caller writes
 * the line that says that it began or ended. */
bool log_changes(atomic_bool *condition, bool holds);

/* Whether |key| was not asked for within the last hour; any number that names the happening, not
 * 0. For more than 256 keys in an hour the answer is no, so that the log cannot be flooded with
 * them either; this is said in a line. */
bool log_hourly(uint64_t key);
