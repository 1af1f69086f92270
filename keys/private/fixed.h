/*
 * The same seals with random values that the caller gives, for the frozen vectors alone. A value
 * that is used twice breaks its seal, so nothing else may include this header.
 */
#pragma once

#include "keys/private/envelope.h"
#include "keys/private/epoch_key.h"
#include "keys/private/pass_file.h"

struct envelope_fixed {
    uint8_t revision_secret[32];
    uint8_t envelope_nonce[24];
    uint8_t wrap_nonce[24];
};

MUST_CHECK enum status envelope_seal_fixed(const struct envelope_scope *scope,
                                           const struct envelope_fixed *fixed, struct span text,
                                           uint8_t out_wrap[static ENVELOPE_WRAP_BYTES],
                                           uint8_t *out_envelope);

MUST_CHECK enum status epoch_key_seal_fixed(const uint8_t ephemeral_secret[static 32],
                                            const struct secret *key,
                                            const struct epoch_key_place *place,
                                            const struct epoch_key_parties *parties,
                                            const struct public_key *recipient,
                                            const struct secret *psk,
                                            uint8_t out_sealed[static EPOCH_KEY_SEALED_BYTES]);

MUST_CHECK enum status pass_file_new_fixed(enum pass_file_kind kind,
                                           const struct pass_file_params *params,
                                           const uint8_t salt[static 16], struct span passphrase,
                                           struct pass_file **out_file);
MUST_CHECK enum status pass_file_seal_fixed(struct pass_file *file, const uint8_t nonce[static 24],
                                            struct span content, uint8_t *out_bytes);
