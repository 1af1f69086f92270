/*
 * Overwriting secrets so that the compiler cannot drop it. Any thread.
 */
#pragma once

#include "proto/span.h"

/* |data| may be NULL when |size| is 0. */
void wipe(void *data, size_t size);
