#include "server/core/clock.h"

#include <time.h>

#ifdef ALCOVE_TEST_HOOKS
#include <stdio.h>
#include <stdlib.h>

static int64_t hook_offset_ms(void)
{
    const char *path = getenv("ALCOVE_CLOCK_OFFSET_FILE");
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

uint64_t clock_now_ms(void)
{
    struct timespec now;
    int64_t ms;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
#ifdef ALCOVE_TEST_HOOKS
    ms += hook_offset_ms();
#endif
    return ms < 0 ? 0 : (uint64_t)ms;
}

const char *clock_text(uint64_t time_ms, char out[static CLOCK_TEXT_BYTES])
{
    time_t seconds = (time_t)(time_ms / 1000u);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(out, CLOCK_TEXT_BYTES, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0) {
        out[0] = '\0';
    }
    return out;
}
