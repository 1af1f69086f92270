/*
 * Random bytes from the kernel, through libsodium.
 *
 * random_init must succeed once, before threads start: it also lets libsodium
 * choose its code for this processor. Afterwards any thread.
 */
#pragma once

#include "proto/status.h"

/* STATUS_UNAVAILABLE when the kernel gives no randomness: do not start. */
MUST_CHECK enum status random_init(void);

/* Never fails after random_init; libsodium aborts if the kernel source is lost. */
void random_bytes(void *out, size_t size);
