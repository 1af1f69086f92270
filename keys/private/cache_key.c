#include "keys/private/cache_key.h"

#include "keys/private/mac.h"

#include <sodium.h>

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES

_Static_assert(CACHE_KEY_OVERHEAD_BYTES == NONCE_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "overhead");

enum status cache_key_derive(const struct secret *master, const struct practice_id *practice,
                             struct span purpose, struct secret **out_key)
{
    CHECK(secret_view(master).size == CACHE_KEY_BYTES && purpose.size > 0);
    uint8_t mac_secret[MAC_BYTES];
    mac_frame(secret_view(master), LABEL_CACHE, practice, &purpose, 1, mac_secret);
    enum status status = secret_from_bytes(span_of(mac_secret, CACHE_KEY_BYTES), out_key);
    sodium_memzero(mac_secret, sizeof mac_secret);
    return status;
}

void cache_key_seal(const struct secret *key, struct span record, struct span value,
                    uint8_t *out_sealed)
{
    CHECK(secret_view(key).size == CACHE_KEY_BYTES);
    randombytes_buf(out_sealed, NONCE_BYTES);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(out_sealed + NONCE_BYTES, NULL, value.data,
                                                     value.size, record.data, record.size, NULL,
                                                     out_sealed, secret_view(key).data);
}

enum status cache_key_open(const struct secret *key, struct span record, struct span sealed,
                           uint8_t *out_value)
{
    CHECK(secret_view(key).size == CACHE_KEY_BYTES);
    if (sealed.size < CACHE_KEY_OVERHEAD_BYTES) {
        return STATUS_DAMAGED;
    }
    memset(out_value, 0, sealed.size - CACHE_KEY_OVERHEAD_BYTES);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            out_value, NULL, NULL, sealed.data + NONCE_BYTES, sealed.size - NONCE_BYTES,
            record.data, record.size, sealed.data, secret_view(key).data) != 0) {
        return STATUS_DAMAGED;
    }
    return STATUS_OK;
}
