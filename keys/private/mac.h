/*
 * HMAC-SHA-512 (RFC 2104, FIPS 180-4) over a frame: the one PRF of this layer for
 * derivations that start from a uniform key. Any thread.
 */
#pragma once

#include "keys/public/frame.h"

#define MAC_BYTES 64u

/* HMAC-SHA-512 of bytes as they stand; |key| of any length. */
void mac_bytes(struct span key, struct span message, uint8_t out_mac[static MAC_BYTES]);

/* HMAC-SHA-512 of frame(label, parts joined). Wiping the result stays with the caller. */
void mac_frame(struct span key, enum label label, const struct practice_id *practice,
               const struct span *parts, size_t count, uint8_t out_mac[static MAC_BYTES]);
