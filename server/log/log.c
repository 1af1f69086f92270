#include "server/log/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES_MAX 1024u
#define KEYS_MAX       256u
#define HOUR_S         UINT64_C(3600)

static const char *const LEVELS[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_NOTICE] = "notice",
};

static atomic_bool stamped;

void log_stamp(void)
{
    atomic_store(&stamped, true);
}

/* The time and the level, or nothing. */
static size_t put_stamp(char *out, size_t capacity, enum log_level level)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    struct tm parts;
    if (!atomic_load(&stamped) || gmtime_r(&now.tv_sec, &parts) == NULL) {
        return 0;
    }
    size_t used = strftime(out, capacity, "%Y-%m-%dT%H:%M:%S", &parts);
    int n =
        snprintf(out + used, capacity - used, ".%03ldZ %s ", now.tv_nsec / 1000000, LEVELS[level]);
    return n > 0 ? used + (size_t)n : used;
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char name[] = "alcoved: ";
    char line[LINE_BYTES_MAX];
    size_t used = put_stamp(line, sizeof line - sizeof name, level);
    memcpy(line + used, name, sizeof name);
    used += sizeof name - 1;
    va_list arguments;
    va_start(arguments, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it was started in the line above
    int n = vsnprintf(line + used, sizeof line - 1 - used, format, arguments);
    va_end(arguments);
    if (n > 0) {
        size_t room = sizeof line - 2 - used;
        used += (size_t)n < room ? (size_t)n : room;
    }
    line[used++] = '\n';
    /* A log that cannot be written must not stop the server. */
    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written;
}

bool log_changes(atomic_bool *condition, bool holds)
{
    return atomic_exchange(condition, holds) != holds;
}

/* Without a lock: of two threads that meet the same thing at one instant both may say it. */
static struct {
    _Atomic uint64_t key;
    _Atomic uint64_t until_s; /* the hour's end; before it the place is taken */
} hourly[KEYS_MAX];
static _Atomic uint64_t crowded_until_s;

/* Takes the hour that |until_s| ends, if none is under way. */
static bool take_hour(_Atomic uint64_t *until_s, uint64_t now_s)
{
    uint64_t before_s = atomic_load(until_s);
    return before_s <= now_s && atomic_compare_exchange_strong(until_s, &before_s, now_s + HOUR_S);
}

bool log_hourly(uint64_t key)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    uint64_t now_s = (uint64_t)now.tv_sec;
    for (size_t i = 0; i < KEYS_MAX; i++) {
        if (atomic_load(&hourly[i].key) == key) {
            return take_hour(&hourly[i].until_s, now_s);
        }
    }
    for (size_t i = 0; i < KEYS_MAX; i++) {
        if (take_hour(&hourly[i].until_s, now_s)) {
            atomic_store(&hourly[i].key, key);
            return true;
        }
    }
    if (take_hour(&crowded_until_s, now_s)) {
        log_line(LOG_LEVEL_WARNING,
                 "%u different faults were met within an hour; further ones are not written here",
                 KEYS_MAX);
    }
    return false;
}
