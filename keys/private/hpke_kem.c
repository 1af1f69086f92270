#include "keys/private/hpke_kem.h"

#include <sodium.h>

#include "keys/private/hkdf.h"

#define SUITE_BYTES_MAX      10u
#define HPKE_LABEL_BYTES_MAX 24u
/* Two lengths in front, version text, suite, label, then the caller's bytes. */
#define LABELED_BYTES_MAX    (2u + 7u + SUITE_BYTES_MAX + HPKE_LABEL_BYTES_MAX + HPKE_INFO_BYTES_MAX)

static const uint8_t kem_suite[] = {'K', 'E', 'M', 0x00, 0x20};

static size_t kem_put(uint8_t *buffer, size_t at, const void *bytes, size_t size)
{
    CHECK(at <= LABELED_BYTES_MAX && size <= LABELED_BYTES_MAX - at);
    if (size > 0) {
        memcpy(buffer + at, bytes, size);
    }
    return at + size;
}

static size_t put_labeled(uint8_t *buffer, size_t at, struct span suite, const char *label,
                          struct span bytes)
{
    CHECK(suite.size <= SUITE_BYTES_MAX && strlen(label) <= HPKE_LABEL_BYTES_MAX);
    at = kem_put(buffer, at, "HPKE-v1", 7);
    at = kem_put(buffer, at, suite.data, suite.size);
    at = kem_put(buffer, at, label, strlen(label));
    return kem_put(buffer, at, bytes.data, bytes.size);
}

enum status hpke_kem_labeled_extract(struct span suite, struct span salt, const char *label,
                                     struct span ikm, uint8_t out_prk[static 32])
{
    if (ikm.size > HPKE_INFO_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    uint8_t labeled_secret[LABELED_BYTES_MAX];
    size_t size = put_labeled(labeled_secret, 0, suite, label, ikm);
    enum status status = hkdf_extract(salt, span_of(labeled_secret, size), out_prk);
    sodium_memzero(labeled_secret, sizeof labeled_secret);
    return status;
}

enum status hpke_kem_labeled_expand(struct span suite, const uint8_t prk[static 32],
                                    const char *label, struct span info, uint8_t *out_key,
                                    size_t out_size)
{
    CHECK(out_size <= UINT16_MAX);
    if (info.size > HPKE_INFO_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    const uint8_t length[2] = {(uint8_t)(out_size >> 8), (uint8_t)(out_size & 0xff)};
    uint8_t labeled[LABELED_BYTES_MAX];
    size_t size = kem_put(labeled, 0, length, sizeof length);
    size = put_labeled(labeled, size, suite, label, info);
    return hkdf_expand(prk, span_of(labeled, size), out_key, out_size);
}

/* RFC 9180 section 4.1, ExtractAndExpand with context = enc ‖ recipient's key. */
static enum status extract_and_expand(const uint8_t dh_secret[static 32], const uint8_t *enc,
                                      const uint8_t *recipient_public,
                                      uint8_t out_shared[static HPKE_SHARED_BYTES])
{
    struct span suite = span_of(kem_suite, sizeof kem_suite);
    uint8_t context[64];
    memcpy(context, enc, 32);
    memcpy(context + 32, recipient_public, 32);
    uint8_t prk_secret[HKDF_HASH_BYTES];
    enum status status = hpke_kem_labeled_extract(suite, span_of(NULL, 0), "eae_prk",
                                                  span_of(dh_secret, 32), prk_secret);
    if (status == STATUS_OK) {
        status = hpke_kem_labeled_expand(suite, prk_secret, "shared_secret",
                                         span_of(context, sizeof context), out_shared,
                                         HPKE_SHARED_BYTES);
    }
    sodium_memzero(prk_secret, sizeof prk_secret);
    return status;
}

static enum status x25519_encapsulate(const uint8_t *recipient_public,
                                      const uint8_t *ephemeral_secret, uint8_t *out_enc,
                                      uint8_t out_shared[static HPKE_SHARED_BYTES])
{
    uint8_t dh_secret[32];
    enum status status = STATUS_UNSUPPORTED;
    /* libsodium returns -1 for an all-zero shared secret: RFC 9180 section 7.1.4. */
    if (crypto_scalarmult_base(out_enc, ephemeral_secret) == 0 &&
        crypto_scalarmult(dh_secret, ephemeral_secret, recipient_public) == 0) {
        status = extract_and_expand(dh_secret, out_enc, recipient_public, out_shared);
    }
    sodium_memzero(dh_secret, sizeof dh_secret);
    return status;
}

static enum status x25519_decapsulate(const uint8_t *recipient_secret, const uint8_t *enc,
                                      uint8_t out_shared[static HPKE_SHARED_BYTES])
{
    uint8_t dh_secret[32];
    uint8_t recipient_public[32];
    enum status status = STATUS_UNSUPPORTED;
    if (crypto_scalarmult_base(recipient_public, recipient_secret) == 0 &&
        crypto_scalarmult(dh_secret, recipient_secret, enc) == 0) {
        status = extract_and_expand(dh_secret, enc, recipient_public, out_shared);
    }
    sodium_memzero(dh_secret, sizeof dh_secret);
    return status;
}

const struct hpke_kem hpke_kem_x25519 = {
    .id = 0x0020,
    .public_bytes = PUBLIC_KEY_BYTES,
    .enc_bytes = HPKE_ENC_BYTES,
    .encapsulate = x25519_encapsulate,
    .decapsulate = x25519_decapsulate,
};
