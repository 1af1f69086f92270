#include "client/agent/clock.h"

#include <time.h>

#ifdef ALCOVE_TEST_HOOKS
#include <stdio.h>
#include <stdlib.h>

static int64_t hook_ms(const char *variable)
{
    const char *path = getenv(variable);
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    long long offset = 0;
    if (file != NULL) {
        if (fscanf(file, "%lld", &offset) != 1) {
            offset = 0;
        }
        (void)fclose(file);
    }
    return offset;
}
#endif

static int64_t read_ms(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t clock_now_ms(void)
{
    int64_t ms = read_ms(CLOCK_REALTIME);

#ifdef ALCOVE_TEST_HOOKS
    ms += hook_ms("ALCOVE_CLOCK_OFFSET_FILE");
#endif
    return ms < 0 ? 0 : (uint64_t)ms;
}

uint64_t clock_awake_ms(void)
{
    int64_t ms = read_ms(CLOCK_BOOTTIME);

#ifdef ALCOVE_TEST_HOOKS
    ms += hook_ms("ALCOVE_AWAKE_FILE");
#endif
    return (uint64_t)ms;
}

uint64_t clock_slept_ms(void)
{
    int64_t ms = read_ms(CLOCK_BOOTTIME) - read_ms(CLOCK_MONOTONIC);

#ifdef ALCOVE_TEST_HOOKS
    ms += hook_ms("ALCOVE_SLEPT_FILE");
#endif
    return ms < 0 ? 0 : (uint64_t)ms;
}

uint64_t clock_idle_limit_ms(uint64_t limit_ms)
{
#ifdef ALCOVE_TEST_HOOKS
    const char *text = getenv("ALCOVE_IDLE_MS");

    if (text != NULL) {
        return strtoull(text, NULL, 10);
    }
#endif
    return limit_ms;
}
