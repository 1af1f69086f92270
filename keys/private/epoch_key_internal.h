/*
 * The same seal with random values that the caller gives, for the frozen vectors alone. A value
 * that is used twice breaks its seal, so nothing else may include this header.
 */
#pragma once

#include "keys/private/epoch_key.h"

MUST_CHECK enum status epoch_key_seal_fixed(const uint8_t ephemeral_secret[static 32],
                                            const struct secret *key,
                                            const struct epoch_key_place *place,
                                            const struct epoch_key_parties *parties,
                                            const struct public_key *recipient,
                                            const struct secret *psk,
                                            uint8_t out_sealed[static EPOCH_KEY_SEALED_BYTES]);
