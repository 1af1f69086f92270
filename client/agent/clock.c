#include "client/agent/clock.h"

#include <time.h>

#ifdef ALCOVE_TEST_HOOKS
#include <stdio.h>
#include <stdlib.h>

static int64_t hook_offset_ms(void)
{
    const char *path = getenv("ALCOVE_CLOCK_OFFSET_FILE");
    long long offset = 0;
    FILE *file = path == NULL ? NULL : fopen(path, "re");

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
    ms += hook_offset_ms();
#endif
    return ms < 0 ? 0 : (uint64_t)ms;
}

uint64_t clock_awake_ms(void)
{
    return (uint64_t)read_ms(CLOCK_BOOTTIME);
}
