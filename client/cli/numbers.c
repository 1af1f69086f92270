#include "client/cli/numbers.h"

#include "proto/number.h"

#define YEAR_S (365ull * 86400ull)
#define FD_MAX (1u << 20)

bool numbers_parse(const char *text, uint64_t least, uint64_t most, uint64_t *out_number)
{
    *out_number = 0;
    return number_of(text, least, most, out_number);
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
