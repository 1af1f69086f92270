/*
 * HKDF-SHA-256 (RFC 5869), through OpenSSL since libsodium 1.0.18 has none.
 *
 * Failure of the library under it (out of memory, no provider) is a status;
 * sizes outside the RFC are our own mistake and abort. Any thread.
 */
#pragma once

#include "proto/span.h"
#include "proto/status.h"

#define HKDF_HASH_BYTES       32u
#define HKDF_OUTPUT_BYTES_MAX (255u * HKDF_HASH_BYTES)

/* |salt| may be empty, |ikm| too. The result is secret and the caller must wipe
 * it. STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status hkdf_extract(struct span salt, struct span ikm,
                                    uint8_t out_prk[static HKDF_HASH_BYTES]);

/* |out_size| 1..HKDF_OUTPUT_BYTES_MAX. STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status hkdf_expand(const uint8_t prk[static HKDF_HASH_BYTES], struct span info,
                                   uint8_t *out_key, size_t out_size);

/* Extract, then expand; the value in between is wiped. */
MUST_CHECK enum status hkdf_derive(struct span salt, struct span ikm, struct span info,
                                   uint8_t *out_key, size_t out_size);
