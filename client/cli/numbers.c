#include "client/cli/numbers.h"

#include <errno.h>
#include <stdlib.h>

#define YEAR_S (365ull * 86400ull)
#define FD_MAX (1u << 20)

bool numbers_parse(const char *text, uint64_t least, uint64_t most, uint64_t *out_number)
{
    char *end = NULL;

    *out_number = 0;
    if (text[0] < '0' || text[0] > '9') {
        return false; /* strtoull would take a sign or spaces */
    }
    errno = 0;
    *out_number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && *out_number >= least && *out_number <= most;
}

bool numbers_seconds(const char *text, uint64_t *out_ms)
{
    bool good = numbers_parse(text, 0, YEAR_S, out_ms);

    *out_ms = good ? *out_ms * 1000u : 0;
    return good;
}

bool numbers_fd(const char *text, int *out_fd)
{
    uint64_t number = 0;
    bool good = numbers_parse(text, 0, FD_MAX, &number);

    *out_fd = good ? (int)number : -1;
    return good;
}
