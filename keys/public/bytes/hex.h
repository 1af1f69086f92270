/*
 * Lower-case hexadecimal, and the id prefixes that people type.
 *
 * Ids are 16 random bytes; a person names one by its first hex digits, as with
 * git. Pure; any thread.
 */
#pragma once

#include "proto/status.h"

#define HEX_CHARS(bytes)      (2u * (bytes))
#define HEX_PREFIX_DIGITS_MAX 64u

/* Writes HEX_CHARS(size) characters and a terminator. The caller must give |out_text| room for
 * both: ids and hashes have fixed sizes. */
void hex_encode(struct span bytes, char *out_text);

/* Exactly |size| bytes from exactly 2 × |size| digits, either case. STATUS_MALFORMED. */
MUST_CHECK enum status hex_decode(struct span text, uint8_t *out_bytes, size_t size);

struct hex_prefix {
    uint8_t bytes[HEX_PREFIX_DIGITS_MAX / 2u]; /* an odd last digit is in the high half */
    size_t digits;
};

/* 1..HEX_PREFIX_DIGITS_MAX digits, either case. STATUS_MALFORMED. */
MUST_CHECK enum status hex_prefix_parse(struct span text, struct hex_prefix *out_prefix);

/* Whether |id| starts with the prefix; a prefix longer than |id| does not match. */
bool hex_prefix_matches(const struct hex_prefix *prefix, struct span id);
