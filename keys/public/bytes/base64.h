/*
 * Standard base64 with padding (RFC 4648 §4), canonical in both directions.
 *
 * Decoding accepts exactly what encoding would produce: no white space, no missing
 * or extra padding, no set bits under the padding. Otherwise one signature could
 * be written in several ways. By libsodium, which is why this is the only file that knows its
 * variants. Pure; any thread.
 */
#pragma once

#include "proto/status.h"

#define BASE64_CHARS(bytes) ((((bytes) + 2u) / 3u) * 4u)

/* Writes BASE64_CHARS characters and a terminator, which |capacity| must have room for and which
 * *out_size does not count. STATUS_TOO_LARGE when it has not. */
MUST_CHECK enum status base64_encode(struct span bytes, char *out_text, size_t capacity,
                                     size_t *out_size);

/* STATUS_MALFORMED, or STATUS_TOO_LARGE when the bytes do not fit |capacity|. */
MUST_CHECK enum status base64_decode(struct span text, uint8_t *out_bytes, size_t capacity,
                                     size_t *out_size);
