/*
 * Long-lived key material: guarded memory, locked where the system allows it,
 * left out of core dumps, wiped when freed.
 *
 * Deliberately expensive (several pages each), so never for the text of notes
 * and never for a key that lives for one call. Any thread; one secret belongs
 * to one thread at a time.
 */
#pragma once

#include "proto/span.h"
#include "proto/status.h"

#define SECRET_BYTES_MAX (1u << 20)

struct secret;

/* |size| zero bytes, 1..SECRET_BYTES_MAX, to be filled through secret_fill().
 * The caller owns *out_secret. STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status secret_new(size_t size, struct secret **out_secret);

/* |size| bytes from the system's random source. STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status secret_random(size_t size, struct secret **out_secret);

/* A copy of |bytes|; wiping the original stays with the caller.
 * STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status secret_from_bytes(struct span bytes, struct secret **out_secret);

/* Wipes and frees; NULL is allowed. */
void secret_free(struct secret *secret);

/* The one way to the bytes, so that every use is easy to find; valid until
 * secret_free(). */
struct span secret_view(const struct secret *secret);

/* The same bytes for the one who fills them, secret_view().size of them. */
uint8_t *secret_fill(struct secret *secret);

/* Constant time for equal sizes; sizes are not secret. */
bool secret_equal(const struct secret *left, const struct secret *right);

/* True exactly once after the system has refused to lock a secret in memory:
 * keys then may reach swap, which the user should hear once, not per key. */
bool secret_take_lock_warning(void);
