#include "keys/public/bytes/array.h"

#define CAPACITY_MIN 4u

enum status array_grow(void *array, size_t *capacity, size_t need, size_t element_bytes)
{
    if (need <= *capacity) {
        return STATUS_OK;
    }
    size_t wanted = *capacity < CAPACITY_MIN ? CAPACITY_MIN : *capacity;
    while (wanted < need) {
        if (wanted > SIZE_MAX / 2u) {
            return STATUS_NO_MEMORY;
        }
        wanted *= 2u;
    }
    if (wanted > SIZE_MAX / element_bytes) {
        return STATUS_NO_MEMORY;
    }
    /* By memcpy, since a pointer to a pointer to something is no void **. */
    void *old = NULL;
    memcpy(&old, array, sizeof old);
    void *grown = realloc(old, wanted * element_bytes);
    if (grown == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(array, &grown, sizeof grown);
    *capacity = wanted;
    return STATUS_OK;
}
