#include "keys/public/bytes/random.h"

#include <sodium.h>

enum status random_init(void)
{
    return sodium_init() < 0 ? STATUS_UNAVAILABLE : STATUS_OK;
}

void random_bytes(void *out, size_t size)
{
    if (size > 0) {
        randombytes_buf(out, size);
    }
}
