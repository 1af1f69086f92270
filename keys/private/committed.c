#include "keys/private/committed.h"

#include "keys/private/mac.h"

#include <sodium.h>

_Static_assert(COMMITTED_KEY_BYTES + COMMITTED_COMMITMENT_BYTES == MAC_BYTES, "split of the MAC");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == COMMITTED_NONCE_BYTES, "nonce");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == COMMITTED_TAG_BYTES, "tag");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == COMMITTED_KEY_BYTES, "key");

static void derive(const struct committed_scope *scope, uint8_t out_secret[static MAC_BYTES])
{
    mac_bytes(span_of(scope->key, COMMITTED_KEY_BYTES), scope->frame, out_secret);
}

void committed_seal(const struct committed_scope *scope,
                    const uint8_t nonce[static COMMITTED_NONCE_BYTES], struct span plaintext,
                    uint8_t *out_sealed)
{
    uint8_t derived_secret[MAC_BYTES];
    derive(scope, derived_secret);
    memcpy(out_sealed, derived_secret + COMMITTED_KEY_BYTES, COMMITTED_COMMITMENT_BYTES);
    memcpy(out_sealed + COMMITTED_COMMITMENT_BYTES, nonce, COMMITTED_NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        out_sealed + COMMITTED_TEXT_AT, NULL, plaintext.data, plaintext.size,
        scope->associated.data, scope->associated.size, NULL, nonce, derived_secret);
    sodium_memzero(derived_secret, sizeof derived_secret);
}

enum status committed_open(const struct committed_scope *scope, struct span sealed,
                           uint8_t *out_plaintext)
{
    if (sealed.size < COMMITTED_OVERHEAD_BYTES) {
        return STATUS_DAMAGED;
    }
    uint8_t derived_secret[MAC_BYTES];
    enum status status = STATUS_DAMAGED;
    /* Zeros first: a caller who overlooks the status then reads nothing rather than the text that
     * stood there before. The commitment is compared before the decryption, since the cipher alone
     * would open one ciphertext under two keys that somebody made to fit. */
    memset(out_plaintext, 0, sealed.size - COMMITTED_OVERHEAD_BYTES);
    derive(scope, derived_secret);
    if (sodium_memcmp(derived_secret + COMMITTED_KEY_BYTES, sealed.data,
                      COMMITTED_COMMITMENT_BYTES) != 0) {
        goto out;
    }
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            out_plaintext, NULL, NULL, sealed.data + COMMITTED_TEXT_AT,
            sealed.size - COMMITTED_TEXT_AT, scope->associated.data, scope->associated.size,
            sealed.data + COMMITTED_COMMITMENT_BYTES, derived_secret) != 0) {
        goto out;
    }
    status = STATUS_OK;
out:
    sodium_memzero(derived_secret, sizeof derived_secret);
    return status;
}
