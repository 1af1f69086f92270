#include "keys/private/hkdf.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <sodium.h>

/* OpenSSL refuses a NULL pointer even for an empty string. */
static OSSL_PARAM octets(const char *name, struct span bytes)
{
    static const uint8_t nothing[1] = {0};
    union {
        const void *in;
        void *out;
    } pointer = {.in = bytes.size > 0 ? bytes.data : nothing};
    return OSSL_PARAM_construct_octet_string(name, pointer.out, bytes.size);
}

static enum status hkdf_run(const OSSL_PARAM *params, uint8_t *out_key, size_t out_size)
{
    enum status status = STATUS_NO_MEMORY;
    EVP_KDF_CTX *context = NULL;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    if (kdf == NULL) {
        goto out;
    }
    context = EVP_KDF_CTX_new(kdf);
    if (context == NULL || EVP_KDF_derive(context, out_key, out_size, params) != 1) {
        goto out;
    }
    status = STATUS_OK;
out:
    EVP_KDF_CTX_free(context); /* wipes the copies it took */
    EVP_KDF_free(kdf);
    return status;
}

static OSSL_PARAM digest_name(void)
{
    static char name[] = "SHA256";
    return OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name, 0);
}

enum status hkdf_extract(struct span salt, struct span ikm, uint8_t out_prk[static HKDF_HASH_BYTES])
{
    int mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
    const OSSL_PARAM params[] = {
        digest_name(),
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        octets(OSSL_KDF_PARAM_KEY, ikm),
        octets(OSSL_KDF_PARAM_SALT, salt),
        OSSL_PARAM_construct_end(),
    };
    return hkdf_run(params, out_prk, HKDF_HASH_BYTES);
}

enum status hkdf_expand(const uint8_t prk[static HKDF_HASH_BYTES], struct span info,
                        uint8_t *out_key, size_t out_size)
{
    CHECK(out_size > 0 && out_size <= HKDF_OUTPUT_BYTES_MAX);
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    const OSSL_PARAM params[] = {
        digest_name(),
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        octets(OSSL_KDF_PARAM_KEY, span_of(prk, HKDF_HASH_BYTES)),
        octets(OSSL_KDF_PARAM_INFO, info),
        OSSL_PARAM_construct_end(),
    };
    return hkdf_run(params, out_key, out_size);
}

enum status hkdf_derive(struct span salt, struct span ikm, struct span info, uint8_t *out_key,
                        size_t out_size)
{
    uint8_t prk_secret[HKDF_HASH_BYTES];
    enum status status = hkdf_extract(salt, ikm, prk_secret);
    if (status == STATUS_OK) {
        status = hkdf_expand(prk_secret, info, out_key, out_size);
    }
    sodium_memzero(prk_secret, sizeof prk_secret);
    return status;
}
