#include "keys/public/bytes/wipe.h"

#include <sodium.h>

#define STACK_BYTES (256u * 1024u)

void wipe(void *data, size_t size)
{
    if (size > 0) {
        sodium_memzero(data, size);
    }
}

__attribute__((noinline)) void wipe_stack(void)
{
    uint8_t below[STACK_BYTES];
    sodium_memzero(below, sizeof below);
}
