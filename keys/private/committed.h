/*
 * The committing AEAD. Every seal uses it under which an attacker who chooses the key could do
 * harm (envelope, wrap, keystore, recovery key):
 *
 *   enc_key(32) ‖ commitment(32) = HMAC-SHA-512(key, frame)
 *   sealed = commitment ‖ nonce(24) ‖ XChaCha20-Poly1305(enc_key, plaintext, AD)
 *
 * A ciphertext opens under one (key, frame) only: the commitment is compared in
 * constant time before anything is decrypted. Without it, XChaCha20-Poly1305 lets one
 * ciphertext open to two texts under two keys ("invisible salamanders"). Any thread.
 */
#pragma once

#include "proto/span.h"
#include "proto/status.h"

#define COMMITTED_KEY_BYTES        32u
#define COMMITTED_COMMITMENT_BYTES 32u
#define COMMITTED_NONCE_BYTES      24u
#define COMMITTED_TAG_BYTES        16u
#define COMMITTED_OVERHEAD_BYTES                                                                   \
    (COMMITTED_COMMITMENT_BYTES + COMMITTED_NONCE_BYTES + COMMITTED_TAG_BYTES)
/* Where the ciphertext starts; a plaintext already there is sealed in place. */
#define COMMITTED_TEXT_AT (COMMITTED_COMMITMENT_BYTES + COMMITTED_NONCE_BYTES)

/* All borrowed. |associated| is the frame itself, or empty for a wrap. */
struct committed_scope {
    const uint8_t *key; /* COMMITTED_KEY_BYTES, uniform */
    struct span frame;
    struct span associated;
};

/* |nonce| must be random and new, except in vectors. |out_sealed| has room for
 * plaintext.size + COMMITTED_OVERHEAD_BYTES. */
void committed_seal(const struct committed_scope *scope,
                    const uint8_t nonce[static COMMITTED_NONCE_BYTES], struct span plaintext,
                    uint8_t *out_sealed);

/* |out_plaintext| has room for sealed.size - COMMITTED_OVERHEAD_BYTES; zeros on failure.
 * STATUS_OK, STATUS_DAMAGED. */
MUST_CHECK enum status committed_open(const struct committed_scope *scope, struct span sealed,
                                      uint8_t *out_plaintext);
