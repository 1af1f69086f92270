/*
 * Sealing with an ephemeral secret that the caller gives, for epoch_key.c and the vectors.
 */
#pragma once

#include "keys/private/hpke.h"

/* hpke_seal() with the ephemeral secret given: a repeated one breaks the seal, so
 * only the published vectors come here. */
MUST_CHECK enum status hpke_seal_with_ephemeral(const uint8_t ephemeral_secret[static 32],
                                                const struct public_key *recipient,
                                                struct span info, const struct hpke_psk *psk,
                                                struct span aad, struct span plaintext,
                                                uint8_t *out_sealed);
