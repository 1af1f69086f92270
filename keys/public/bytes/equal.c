#include "keys/public/bytes/equal.h"

#include <sodium.h>

bool equal_secret(const void *a, const void *b, size_t size)
{
    return sodium_memcmp(a, b, size) == 0;
}
