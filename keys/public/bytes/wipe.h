/*
 * Overwrites secrets in a way that the compiler cannot leave out. Any thread.
 */
#pragma once

#include "proto/span.h"

/* |data| may be NULL when |size| is 0. */
void wipe(void *data, size_t size);
/* Names and words that stand below the caller's frame, where the functions that it called had their
 * variables: 256 KiB, more than any command uses. */
void wipe_stack(void);
