/*
 * Keys of the local cache, and the sealing of its values.
 *
 *   key    = first 32 bytes of HMAC-SHA-512(master, frame("cache", purpose))
 *   sealed = nonce(24) ‖ XChaCha20-Poly1305(key, value, AD)
 *
 * One purpose per table, so that a value moved between tables does not open; the AD
 * names the record, so that one moved within a table does not open either. Random
 * nonces: any number of values. Not committing, and need not be: one key, ours.
 * Any thread.
 */
#pragma once

#include "keys/private/secret.h"
#include "proto/ids.h"

#define CACHE_KEY_BYTES          32u
#define CACHE_KEY_OVERHEAD_BYTES (24u + 16u)

/* |purpose| is any short fixed text. STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status cache_key_derive(const struct secret *master,
                                        const struct practice_id *practice, struct span purpose,
                                        struct secret **out_key);

/* |out_sealed| has room for value.size + CACHE_KEY_OVERHEAD_BYTES, all of it written. */
void cache_key_seal(const struct secret *key, struct span record, struct span value,
                    uint8_t *out_sealed);

/* |out_value| has room for sealed.size - CACHE_KEY_OVERHEAD_BYTES; zeros on failure.
 * STATUS_OK, STATUS_DAMAGED. */
MUST_CHECK enum status cache_key_open(const struct secret *key, struct span record,
                                      struct span sealed, uint8_t *out_value);
