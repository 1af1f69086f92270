/*
 * The bytes of a stored wish. Internal to the engine.
 */
#pragma once

#include "client/engine/outbox/wish.h"

/* The caller wipes and frees. STATUS_NO_MEMORY. */
MUST_CHECK enum status wish_store_encode(const struct wish *wish, uint8_t **out_bytes,
                                         size_t *out_size);
/* Into a zeroed wish. STATUS_CORRUPT, STATUS_NO_MEMORY. */
MUST_CHECK enum status wish_store_decode(struct span bytes, uint64_t ticket, struct wish *wish);
