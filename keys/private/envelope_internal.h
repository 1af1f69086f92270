/*
 * The same seal with random values that the caller gives, for the frozen vectors alone. A value
 * that is used twice breaks its seal, so nothing else may include this header.
 */
#pragma once

#include "keys/private/envelope.h"

struct envelope_fixed {
    uint8_t revision_secret[32];
    uint8_t envelope_nonce[24];
    uint8_t wrap_nonce[24];
};

MUST_CHECK enum status envelope_seal_fixed(const struct envelope_scope *scope,
                                           const struct envelope_fixed *fixed, struct span text,
                                           uint8_t out_wrap[static ENVELOPE_WRAP_BYTES],
                                           uint8_t *out_envelope);
