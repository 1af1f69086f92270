#include "keys/public/bytes/wipe.h"

#include <sodium.h>

void wipe(void *data, size_t size)
{
    if (size > 0) {
        sodium_memzero(data, size);
    }
}
