/*
 * Overwrites secrets in a way that the compiler cannot leave out. Any thread.
 */
#pragma once

#include "proto/span.h"

/* |data| may be NULL when |size| is 0. */
void wipe(void *data, size_t size);
