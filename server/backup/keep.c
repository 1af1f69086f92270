#include "server/backup/keep.h"

#include "proto/number.h"

#include <time.h>

#define COUNT_MAX 1000u
#define DAY_S     86400u
/* 1970 began on a Thursday: the first Monday is three days before. */
#define MONDAY_S  (3u * DAY_S)

enum status keep_parse(const char *text, struct keep_counts *out_counts)
{
    uint32_t counts[3];
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        const char *end = strchrnul(text, ',');
        uint64_t number = 0;
        if ((*end == '\0') != (i + 1 == ARRAY_LEN(counts)) ||
            !number_parse(span_of(text, (size_t)(end - text)), 0, COUNT_MAX, &number)) {
            return STATUS_MALFORMED;
        }
        counts[i] = (uint32_t)number;
        text = end + 1;
    }
    *out_counts = (struct keep_counts){counts[0], counts[1], counts[2]};
    return counts[0] + counts[1] + counts[2] > 0 ? STATUS_OK : STATUS_MALFORMED;
}

static uint64_t day_of(uint64_t time_s)
{
    return time_s / DAY_S;
}

static uint64_t week_of(uint64_t time_s)
{
    return (time_s + MONDAY_S) / (7u * DAY_S);
}

static uint64_t month_of(uint64_t time_s)
{
    const time_t seconds = (time_t)time_s;
    struct tm parts = {0};
    (void)gmtime_r(&seconds, &parts);
    return (uint64_t)parts.tm_year * 12u + (uint64_t)parts.tm_mon;
}

/* The newest of each of the newest |count| periods stays. */
static void choose(const uint64_t *times_s, size_t count, uint32_t periods,
                   uint64_t (*period_of)(uint64_t time_s), bool *stays)
{
    uint32_t found = 0;
    for (size_t i = count; i-- > 0 && found < periods;) {
        if (i + 1 == count || period_of(times_s[i]) != period_of(times_s[i + 1])) {
            stays[i] = true;
            found++;
        }
    }
}

void keep_choose(const uint64_t *times_s, size_t count, const struct keep_counts *counts,
                 bool *out_stays)
{
    for (size_t i = 0; i < count; i++) {
        out_stays[i] = i + 1 == count;
    }
    choose(times_s, count, counts->days, day_of, out_stays);
    choose(times_s, count, counts->weeks, week_of, out_stays);
    choose(times_s, count, counts->months, month_of, out_stays);
}

void keep_name(uint64_t time_ms, char out_name[static KEEP_NAME_CHARS + 1u])
{
    const time_t seconds = (time_t)(time_ms / 1000u);
    struct tm parts = {0};
    (void)gmtime_r(&seconds, &parts);
    CHECK(strftime(out_name, KEEP_NAME_CHARS + 1u, "%Y%m%dT%H%M%SZ", &parts) == KEEP_NAME_CHARS);
}

bool keep_time(const char *name, uint64_t *out_time_s)
{
    struct tm parts = {0};
    const char *end = strptime(name, "%Y%m%dT%H%M%SZ", &parts);
    if (end == NULL || *end != '\0') {
        return false;
    }
    const time_t seconds = timegm(&parts);
    if (seconds < 0 || strlen(name) != KEEP_NAME_CHARS) {
        return false;
    }
    char again[KEEP_NAME_CHARS + 1u];
    keep_name((uint64_t)seconds * 1000u, again);
    *out_time_s = (uint64_t)seconds;
    return strcmp(again, name) == 0;
}
