#include "keys/private/hpke.h"

#include <sodium.h>

#include "keys/private/hkdf.h"
#include "keys/private/hpke_internal.h"
#include "keys/private/hpke_kem.h"

enum { MODE_BASE = 0x00, MODE_PSK = 0x01 };

#define AEAD_KEY_BYTES   crypto_aead_chacha20poly1305_ietf_KEYBYTES
#define AEAD_NONCE_BYTES crypto_aead_chacha20poly1305_ietf_NPUBBYTES

_Static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == HPKE_TAG_BYTES, "tag size");
_Static_assert(crypto_scalarmult_BYTES == HPKE_ENC_BYTES, "X25519 share size");

struct schedule_secret {
    uint8_t key[AEAD_KEY_BYTES];
    uint8_t nonce[AEAD_NONCE_BYTES];
};

static const struct hpke_kem *const kem = &hpke_kem_x25519;

static bool sizes_fit(struct span info, const struct hpke_psk *psk)
{
    if (info.size > HPKE_INFO_BYTES_MAX) {
        return false;
    }
    return psk == NULL || psk->id.size <= HPKE_PSK_ID_BYTES_MAX;
}

/* RFC 9180 section 5.1, VerifyPSKInputs: a short or nameless PSK is our mistake. */
static void check_psk(const struct hpke_psk *psk)
{
    if (psk != NULL) {
        size_t size = secret_view(psk->psk).size;
        CHECK(size >= HPKE_PSK_BYTES_MIN && size <= HPKE_PSK_BYTES_MAX);
        CHECK(psk->id.size > 0);
    }
}

/* RFC 9180 section 5.1, KeySchedule, without the exporter. */
static enum status schedule(const uint8_t shared[static HPKE_SHARED_BYTES], struct span info,
                            const struct hpke_psk *psk, struct schedule_secret *out_keys)
{
    const uint8_t suite_bytes[] = {
        'H',  'P',  'K',  'E', (uint8_t)(kem->id >> 8), (uint8_t)(kem->id & 0xff),
        0x00, 0x01, 0x00, 0x03};
    struct span suite = span_of(suite_bytes, sizeof suite_bytes);
    struct span none = span_of(NULL, 0);
    struct span psk_bytes = psk == NULL ? none : secret_view(psk->psk);
    struct span psk_id = psk == NULL ? none : psk->id;
    uint8_t context[1 + 2 * HKDF_HASH_BYTES];
    context[0] = psk == NULL ? MODE_BASE : MODE_PSK;
    enum status status = hpke_kem_labeled_extract(suite, none, "psk_id_hash", psk_id, context + 1);
    if (status == STATUS_OK) {
        status =
            hpke_kem_labeled_extract(suite, none, "info_hash", info, context + 1 + HKDF_HASH_BYTES);
    }
    uint8_t secret[HKDF_HASH_BYTES];
    if (status == STATUS_OK) {
        status = hpke_kem_labeled_extract(suite, span_of(shared, HPKE_SHARED_BYTES), "secret",
                                          psk_bytes, secret);
    }
    if (status == STATUS_OK) {
        status = hpke_kem_labeled_expand(suite, secret, "key", span_of(context, sizeof context),
                                         out_keys->key, sizeof out_keys->key);
    }
    if (status == STATUS_OK) {
        status =
            hpke_kem_labeled_expand(suite, secret, "base_nonce", span_of(context, sizeof context),
                                    out_keys->nonce, sizeof out_keys->nonce);
    }
    sodium_memzero(secret, sizeof secret);
    return status;
}

enum status hpke_seal_with_ephemeral(const uint8_t ephemeral_secret[static 32],
                                     const struct public_key *recipient, struct span info,
                                     const struct hpke_psk *psk, struct span aad,
                                     struct span plaintext, uint8_t *out_sealed)
{
    check_psk(psk);
    if (!sizes_fit(info, psk)) {
        return STATUS_TOO_LARGE;
    }
    uint8_t shared_secret[HPKE_SHARED_BYTES];
    enum status status =
        kem->encapsulate(recipient->bytes, ephemeral_secret, out_sealed, shared_secret);
    struct schedule_secret keys;
    if (status == STATUS_OK) {
        status = schedule(shared_secret, info, psk, &keys);
    }
    if (status == STATUS_OK) {
        (void)crypto_aead_chacha20poly1305_ietf_encrypt(out_sealed + HPKE_ENC_BYTES, NULL,
                                                        plaintext.data, plaintext.size, aad.data,
                                                        aad.size, NULL, keys.nonce, keys.key);
    }
    sodium_memzero(shared_secret, sizeof shared_secret);
    sodium_memzero(&keys, sizeof keys);
    return status;
}

enum status hpke_open(const struct secret *recipient, struct span info, const struct hpke_psk *psk,
                      struct span aad, struct span sealed, uint8_t *out_plaintext)
{
    CHECK(secret_view(recipient).size == HPKE_KEY_BYTES);
    check_psk(psk);
    if (!sizes_fit(info, psk)) {
        return STATUS_TOO_LARGE;
    }
    if (sealed.size < HPKE_OVERHEAD_BYTES) {
        return STATUS_WRONG_KEY;
    }
    memset(out_plaintext, 0, sealed.size - HPKE_OVERHEAD_BYTES);
    uint8_t shared_secret[HPKE_SHARED_BYTES];
    enum status status = kem->decapsulate(secret_view(recipient).data, sealed.data, shared_secret);
    struct schedule_secret keys;
    if (status == STATUS_OK) {
        status = schedule(shared_secret, info, psk, &keys);
    }
    if (status == STATUS_OK &&
        crypto_aead_chacha20poly1305_ietf_decrypt(
            out_plaintext, NULL, NULL, sealed.data + HPKE_ENC_BYTES, sealed.size - HPKE_ENC_BYTES,
            aad.data, aad.size, keys.nonce, keys.key) != 0) {
        status = STATUS_WRONG_KEY;
    }
    if (status == STATUS_UNSUPPORTED) { /* an all-zero shared secret */
        status = STATUS_WRONG_KEY;
    }
    sodium_memzero(shared_secret, sizeof shared_secret);
    sodium_memzero(&keys, sizeof keys);
    return status;
}
