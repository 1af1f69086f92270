/*
 * The KEM behind HPKE, for hpke.c and its vectors only.
 *
 * A table entry per KEM: adding X25519 + ML-KEM-768 is one more entry, without a
 * change in the key schedule.
 */
#pragma once

#include "keys/private/hpke.h"

#define HPKE_SHARED_BYTES 32u

struct hpke_kem {
    uint16_t id; /* RFC 9180 section 7.1 */
    size_t public_bytes;
    size_t enc_bytes;
    /* |ephemeral| is the secret of a fresh pair: random for a seal, fixed
     * in the vectors. STATUS_UNSUPPORTED when the shared secret would be all zero. */
    enum status (*encapsulate)(const uint8_t *recipient_public, const uint8_t *ephemeral_secret,
                               uint8_t *out_enc, uint8_t out_shared[static HPKE_SHARED_BYTES]);
    enum status (*decapsulate)(const uint8_t *recipient_secret, const uint8_t *enc,
                               uint8_t out_shared[static HPKE_SHARED_BYTES]);
};

extern const struct hpke_kem hpke_kem_x25519;

/* RFC 9180 section 4, for a suite id of up to 10 bytes ("KEM"… or "HPKE"…). */
MUST_CHECK enum status hpke_kem_labeled_extract(struct span suite, struct span salt,
                                                const char *label, struct span ikm,
                                                uint8_t out_prk[static 32]);
MUST_CHECK enum status hpke_kem_labeled_expand(struct span suite, const uint8_t prk[static 32],
                                               const char *label, struct span info,
                                               uint8_t *out_key, size_t out_size);
