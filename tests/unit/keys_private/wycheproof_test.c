/* Wycheproof's cases for the primitives underneath, where its files are at hand: beside the
 * checkout, in ../shared/vectors, or in the folder that ALCOVE_WYCHEPROOF names. */
#include "keys/private/hkdf.h"
#include "keys/private/hpke_internal.h"
#include "keys/private/hpke_kem.h"
#include "keys/private/mac.h"
#include "keys/public/bytes/hex.h"
#include "tests/support/test.h"
#include "tests/unit/keys_private/common.h"

#include <cJSON.h>
#include <sodium.h>

#define FILE_BYTES_MAX  (4u * 1024u * 1024u)
#define VALUE_BYTES_MAX 8192u

struct value {
    uint8_t bytes[VALUE_BYTES_MAX];
    size_t size;
};

static struct span value_span(const struct value *value)
{
    return span_of(value->bytes, value->size);
}

/* NULL, after saying so, when the file is not there. */
static cJSON *load(const char *name)
{
    const char *folder = getenv("ALCOVE_WYCHEPROOF");
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s",
                   folder != NULL ? folder : ALCOVE_SOURCE_DIR "/../shared/vectors", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        print_message("skipped: no %s\n", name);
        return NULL;
    }
    char *text = calloc(1, FILE_BYTES_MAX);
    assert_non_null(text);
    size_t size = fread(text, 1, FILE_BYTES_MAX - 1, file);
    assert_true(size > 0 && size < FILE_BYTES_MAX - 1);
    (void)fclose(file);
    cJSON *json = cJSON_Parse(text);
    free(text);
    assert_non_null(json);
    return json;
}

static void get(const cJSON *test, const char *key, struct value *out_value)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(test, key));
    assert_non_null(text);
    out_value->size = strlen(text) / 2;
    assert_true(out_value->size <= VALUE_BYTES_MAX);
    assert_int_equal(hex_decode(span_of(text, strlen(text)), out_value->bytes, out_value->size),
                     STATUS_OK);
}

static bool is_valid(const cJSON *test)
{
    const char *result = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(test, "result"));
    assert_non_null(result);
    return strcmp(result, "valid") == 0;
}

static bool has_flag(const cJSON *test, const char *flag)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(test, "flags"))
    {
        if (strcmp(cJSON_GetStringValue(item), flag) == 0) {
            return true;
        }
    }
    return false;
}

/* Runs |one| on each test of the file and compares the counts, so that none is left out. */
static void run_all(const char *name, void (*one)(const cJSON *group, const cJSON *test))
{
    cJSON *json = load(name);
    if (json == NULL) {
        skip();
    }
    size_t seen = 0;
    const cJSON *group = NULL;
    const cJSON *test = NULL;
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(json, "testGroups"))
    {
        cJSON_ArrayForEach(test, cJSON_GetObjectItemCaseSensitive(group, "tests"))
        {
            one(group, test);
            seen++;
        }
    }
    const cJSON *total = cJSON_GetObjectItemCaseSensitive(json, "numberOfTests");
    assert_int_equal(seen, (size_t)cJSON_GetNumberValue(total));
    cJSON_Delete(json);
}

static void hkdf_one(const cJSON *group, const cJSON *test)
{
    static struct value ikm, salt, info, okm;
    static uint8_t found[HKDF_OUTPUT_BYTES_MAX];
    (void)group;
    get(test, "ikm", &ikm);
    get(test, "salt", &salt);
    get(test, "info", &info);
    get(test, "okm", &okm);
    size_t size = (size_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(test, "size"));
    if (size > HKDF_OUTPUT_BYTES_MAX) {
        assert_false(is_valid(test)); /* ours aborts on it */
        return;
    }
    assert_int_equal(
        hkdf_derive(value_span(&salt), value_span(&ikm), value_span(&info), found, size),
        STATUS_OK);
    assert_true(is_valid(test));
    common_same(span_of(found, size), value_span(&okm));
}

/* Goal: HKDF-SHA-256 gives the published outputs. Method: every case. */
static void test_wycheproof_hkdf(void **state)
{
    (void)state;
    run_all("wycheproof-hkdf_sha256.json", hkdf_one);
}

static void mac_one(const cJSON *group, const cJSON *test)
{
    static struct value key, message, tag;
    size_t bits = (size_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(group, "tagSize"));
    get(test, "key", &key);
    get(test, "msg", &message);
    get(test, "tag", &tag);
    uint8_t found[MAC_BYTES];
    mac_bytes(value_span(&key), value_span(&message), found);
    bool same = tag.size == bits / 8 && memcmp(found, tag.bytes, tag.size) == 0;
    assert_int_equal(same, is_valid(test));
}

/* Goal: HMAC-SHA-512 gives the published tags and no forged one. Method: every case. */
static void test_wycheproof_hmac(void **state)
{
    (void)state;
    run_all("wycheproof-hmac_sha512.json", mac_one);
}

static void x25519_one(const cJSON *group, const cJSON *test)
{
    static struct value public_value, private_value, shared;
    (void)group;
    get(test, "public", &public_value);
    get(test, "private", &private_value);
    get(test, "shared", &shared);
    assert_int_equal(public_value.size, 32);
    assert_int_equal(private_value.size, 32);
    bool zero = sodium_is_zero(shared.bytes, shared.size) == 1;
    uint8_t found[32];
    int status = crypto_scalarmult(found, private_value.bytes, public_value.bytes);
    /* An all-zero secret is refused by the library and hence by our KEM. */
    uint8_t kem_shared[HPKE_SHARED_BYTES];
    enum status kem =
        hpke_kem_x25519.decapsulate(private_value.bytes, public_value.bytes, kem_shared);
    assert_int_equal(status, zero ? -1 : 0);
    assert_int_equal(kem, zero ? STATUS_UNSUPPORTED : STATUS_OK);
    assert_true(!zero || has_flag(test, "ZeroSharedSecret"));
    if (!zero) {
        common_same(span_of(found, sizeof found), value_span(&shared));
    }
}

/* Goal: X25519 gives the published secrets, and points that give none are refused. Method:
 * every case, twisted and low-order points among them. */
static void test_wycheproof_x25519(void **state)
{
    (void)state;
    run_all("wycheproof-x25519.json", x25519_one);
}

static void xchacha_one(const cJSON *group, const cJSON *test)
{
    static struct value key, nonce, ad, text, ciphertext, tag, sealed;
    static uint8_t found[VALUE_BYTES_MAX + 16];
    get(test, "key", &key);
    get(test, "iv", &nonce);
    get(test, "aad", &ad);
    get(test, "msg", &text);
    get(test, "ct", &ciphertext);
    get(test, "tag", &tag);
    if (cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(group, "ivSize")) != 192) {
        assert_false(is_valid(test)); /* another nonce size cannot be given to ours */
        return;
    }
    assert_int_equal(key.size, 32);
    assert_int_equal(tag.size, 16);
    memcpy(sealed.bytes, ciphertext.bytes, ciphertext.size);
    memcpy(sealed.bytes + ciphertext.size, tag.bytes, tag.size);
    sealed.size = ciphertext.size + tag.size;
    int status = crypto_aead_xchacha20poly1305_ietf_decrypt(
        found, NULL, NULL, sealed.bytes, sealed.size, ad.bytes, ad.size, nonce.bytes, key.bytes);
    assert_int_equal(status, is_valid(test) ? 0 : -1);
    if (status == 0) {
        common_same(span_of(found, text.size), value_span(&text));
    }
}

/* Goal: XChaCha20-Poly1305 opens what it should and nothing else. Method: every case. */
static void test_wycheproof_xchacha(void **state)
{
    (void)state;
    run_all("wycheproof-xchacha20_poly1305.json", xchacha_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wycheproof_hkdf),
        cmocka_unit_test(test_wycheproof_hmac),
        cmocka_unit_test(test_wycheproof_x25519),
        cmocka_unit_test(test_wycheproof_xchacha),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
