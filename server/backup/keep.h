/*
 * Which backups of a series stay: the newest of each of the last days, weeks and months that have
 * one. Days, ISO weeks (from Monday on) and months are those of UTC. Pure; any thread.
 */
#pragma once

#include "proto/status.h"

#define KEEP_NAME_CHARS 16u /* "20261130T061139Z" */

struct keep_counts {
    uint32_t days;
    uint32_t weeks;
    uint32_t months;
};

/* "7,5,12", each 0 to 1000 and one of them at least 1. STATUS_MALFORMED. */
MUST_CHECK enum status keep_parse(const char *text, struct keep_counts *out_counts);

/*
 * |times_s| are sorted, the oldest first. |out_stays[i]| tells whether number i stays; the newest
 * always does. Of a day, week or month it is the newest that stays, so that a series that is made
 * once a day and one that is made each hour keep as far back.
 */
void keep_choose(const uint64_t *times_s, size_t count, const struct keep_counts *counts,
                 bool *out_stays);

/* The name of a backup in a series, by its time; with a terminator. */
void keep_name(uint64_t time_ms, char out_name[static KEEP_NAME_CHARS + 1u]);
/* False: the name is none of a series. */
bool keep_time(const char *name, uint64_t *out_time_s);
