/*
 * HPKE (RFC 9180), single-shot, base and psk mode:
 * DHKEM(X25519, HKDF-SHA256) · HKDF-SHA256 · ChaCha20-Poly1305.
 *
 * Only these three, chosen by our suite number and never by a peer's bytes; the
 * KEM sits behind a table (hpke_kem.h) so that a hybrid one can join. Sealed form
 * is `enc ‖ ciphertext`. Any thread; no state between calls.
 */
#pragma once

#include "keys/private/secret.h"
#include "proto/ids.h"

#define HPKE_KEY_BYTES        32u
#define HPKE_ENC_BYTES        32u
#define HPKE_TAG_BYTES        16u
#define HPKE_OVERHEAD_BYTES   (HPKE_ENC_BYTES + HPKE_TAG_BYTES)
#define HPKE_PSK_BYTES_MIN    32u
#define HPKE_PSK_BYTES_MAX    64u
#define HPKE_INFO_BYTES_MAX   1024u
#define HPKE_PSK_ID_BYTES_MAX 64u

/* The secret that both ends of a pair hold beforehand. The RFC asks for 32 bytes of entropy
 * in |psk|; |id| is public and not empty. */
struct hpke_psk {
    const struct secret *psk;
    struct span id;
};

/*
 * Seals |plaintext| to |recipient|.
 *
 * ephemeral_secret  of a fresh pair: random, and never used a second time, since a repeated one
 *                   breaks both seals. epoch_key.c draws it; only vectors have fixed ones.
 * psk               NULL for base mode.
 * info              binds the purpose; up to HPKE_INFO_BYTES_MAX.
 * out_sealed        plaintext.size + HPKE_OVERHEAD_BYTES bytes.
 *
 * STATUS_OK; STATUS_UNSUPPORTED if the recipient's key is one of the points that
 * give an all-zero shared secret; STATUS_TOO_LARGE; STATUS_NO_MEMORY.
 */
MUST_CHECK enum status hpke_seal_with_ephemeral(const uint8_t ephemeral_secret[static 32],
                                                const struct public_key *recipient,
                                                struct span info, const struct hpke_psk *psk,
                                                struct span aad, struct span plaintext,
                                                uint8_t *out_sealed);

/*
 * Opens a seal made for the holder of |recipient| (32 bytes).
 *
 * out_plaintext  sealed.size - HPKE_OVERHEAD_BYTES bytes, zeros on failure.
 *
 * STATUS_OK; STATUS_WRONG_KEY for every fault of the sealed bytes, the key, the info or
 * the mode: one answer; STATUS_TOO_LARGE; STATUS_NO_MEMORY.
 */
MUST_CHECK enum status hpke_open(const struct secret *recipient, struct span info,
                                 const struct hpke_psk *psk, struct span aad, struct span sealed,
                                 uint8_t *out_plaintext);
