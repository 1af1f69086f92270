/* Secrets in memory, the cache's keys, and bytes under a passphrase. */
#include "keys/private/cache_key.h"
#include "keys/private/committed.h"
#include "keys/private/pass_file.h"
#include "keys/private/pass_file_internal.h"
#include "keys/public/frame.h"
#include "keys/public/hash.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"
#include "tests/unit/keys_private/common.h"

static const char passphrase[] = "velvet harbor umbrella";

/* Goal: secrets are copied, compared and made as asked. Method: each way once. */
static void test_secret(void **state)
{
    (void)state;
    struct secret *zero = NULL;
    assert_int_equal(secret_new(32, &zero), STATUS_OK);
    struct secret *one = NULL;
    assert_int_equal(secret_random(32, &one), STATUS_OK);
    struct secret *two = NULL;
    assert_int_equal(secret_random(32, &two), STATUS_OK);
    struct secret *copy = NULL;
    assert_int_equal(secret_from_bytes(secret_view(one), &copy), STATUS_OK);
    assert_true(secret_equal(one, copy));
    assert_false(secret_equal(one, two));
    assert_false(secret_equal(one, zero));
    secret_fill(copy)[31] ^= 1;
    assert_false(secret_equal(one, copy));
    assert_int_equal(secret_view(zero).size, 32);
    assert_int_equal(secret_view(zero).data[0] | secret_view(zero).data[31], 0);
    if (secret_take_lock_warning()) {
        assert_false(secret_take_lock_warning()); /* told once */
    }
    secret_free(zero);
    secret_free(one);
    secret_free(two);
    secret_free(copy);
    secret_free(NULL);
}

/* Goal: cache key, sealed value and name are the ones frozen, and bind key and record.
 * Method: vector; each byte, each length, another record and purpose. */
static void test_cache_key(void **state)
{
    (void)state;
    struct practice_id practice;
    for (uint8_t i = 0; i < HASH_BYTES; i++) {
        practice.bytes[i] = i;
    }
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "cache");
    struct secret *master = NULL;
    assert_int_equal(secret_from_bytes(vectors_hex(vectors, "master"), &master), STATUS_OK);
    struct secret *key = NULL;
    assert_int_equal(cache_key_derive(master, &practice, vectors_text(vectors, "purpose"), &key),
                     STATUS_OK);
    struct secret *other = NULL;
    assert_int_equal(cache_key_derive(master, &practice, common_text("names"), &other), STATUS_OK);
    common_same(secret_view(key), vectors_hex(vectors, "key"));
    struct span record = vectors_text(vectors, "record");
    struct span value = vectors_text(vectors, "value");
    uint8_t opened[64];
    assert_int_equal(cache_key_open(key, record, vectors_hex(vectors, "sealed"), opened),
                     STATUS_OK);
    common_same(span_of(opened, value.size), value);

    uint8_t sealed[64];
    cache_key_seal(key, record, value, sealed);
    struct span whole = span_of(sealed, value.size + CACHE_KEY_OVERHEAD_BYTES);
    assert_int_equal(cache_key_open(key, record, whole, opened), STATUS_OK);
    assert_int_equal(cache_key_open(other, record, whole, opened), STATUS_DAMAGED);
    assert_int_equal(cache_key_open(key, value, whole, opened), STATUS_DAMAGED);
    for (size_t at = 0; at < whole.size; at++) {
        sealed[at] ^= 2;
        assert_int_equal(cache_key_open(key, record, whole, opened), STATUS_DAMAGED);
        sealed[at] ^= 2;
        assert_int_equal(cache_key_open(key, record, span_of(sealed, at), opened), STATUS_DAMAGED);
    }
    secret_free(master);
    secret_free(key);
    secret_free(other);
    vectors_close(vectors);
}

/* Goal: the form under a passphrase is the one frozen. Method: the keystore's and the root
 * key's vectors, whose file key comes from the reference Argon2 program. */
static void test_pass_file_vectors(void **state)
{
    (void)state;
    static uint8_t made[8192];
    static uint8_t plain[4096];
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "keystore");
    uint8_t nonce[24];
    common_copy(vectors_hex(vectors, "nonce"), nonce, sizeof nonce);
    uint8_t salt[16];
    common_copy(vectors_hex(vectors, "salt"), salt, sizeof salt);
    struct span inside = vectors_hex(vectors, "content");
    memcpy(plain, inside.data, inside.size);
    assert_int_equal(vectors_number(vectors, "content_size"), sizeof plain);
    struct pass_file *file = NULL;
    assert_int_equal(pass_file_new_fixed(PASS_FILE_KEYSTORE, &pass_file_params_floor, salt,
                                         vectors_text(vectors, "passphrase"), &file),
                     STATUS_OK);
    assert_int_equal(pass_file_seal_fixed(file, nonce, span_of(plain, sizeof plain), made),
                     STATUS_OK);
    assert_int_equal(vectors_number(vectors, "file_size"), sizeof plain + PASS_FILE_OVERHEAD_BYTES);
    struct span start = vectors_hex(vectors, "file_start");
    common_same(span_of(made, start.size), start);
    struct hash hash;
    hash_bytes(span_of(made, sizeof plain + PASS_FILE_OVERHEAD_BYTES), &hash);
    common_same(ID_SPAN(&hash), vectors_hex(vectors, "file_sha256"));
    pass_file_free(file);
    file = NULL;

    vectors_find(vectors, "root key file");
    struct secret *content = NULL;
    assert_int_equal(pass_file_open(vectors_hex(vectors, "file"), PASS_FILE_ROOT_KEY,
                                    vectors_text(vectors, "passphrase"), &file, &content),
                     STATUS_OK);
    common_same(secret_view(content), vectors_hex(vectors, "content"));
    assert_int_equal(pass_file_params_of(file).memory_kib, PASS_FILE_MEMORY_KIB_MIN);
    pass_file_free(file);
    secret_free(content);
    vectors_close(vectors);
}

static void put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

/* Goal: parameters out of bounds are refused before any work is done on them. Method: each
 * bound and one beyond it by the probe, and by opening, which would otherwise ask the system
 * for terabytes. */
static void test_pass_file_bounds(void **state)
{
    (void)state;
    static const struct {
        uint32_t passes, memory_kib, lanes;
        enum status status;
    } cases[] = {
        {3, 64 * 1024, 1, STATUS_OK},
        {10, 1024 * 1024, 1, STATUS_OK},
        {2, 64 * 1024, 1, STATUS_UNSUPPORTED},
        {0, 64 * 1024, 1, STATUS_UNSUPPORTED},
        {11, 64 * 1024, 1, STATUS_UNSUPPORTED},
        {UINT32_MAX, 64 * 1024, 1, STATUS_UNSUPPORTED},
        {3, 64 * 1024 - 1, 1, STATUS_UNSUPPORTED},
        {3, 0, 1, STATUS_UNSUPPORTED},
        {3, 1024 * 1024 + 1, 1, STATUS_UNSUPPORTED},
        {3, UINT32_MAX, 1, STATUS_UNSUPPORTED},
        {3, 64 * 1024, 0, STATUS_UNSUPPORTED},
        {3, 64 * 1024, 2, STATUS_UNSUPPORTED},
    };
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "root key file");
    struct span good = vectors_hex(vectors, "file");
    uint8_t bytes[256];
    assert_true(good.size <= sizeof bytes);
    memcpy(bytes, good.data, good.size);
    struct span whole = span_of(bytes, good.size);
    struct pass_file_params params;
    struct pass_file *file = NULL;
    struct secret *content = NULL;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        put_u32(bytes + 12, cases[i].passes);
        put_u32(bytes + 16, cases[i].memory_kib);
        put_u32(bytes + 20, cases[i].lanes);
        assert_int_equal(pass_file_probe(whole, PASS_FILE_ROOT_KEY, &params), cases[i].status);
        if (cases[i].status == STATUS_UNSUPPORTED) {
            assert_int_equal(
                pass_file_open(whole, PASS_FILE_ROOT_KEY, common_text(passphrase), &file, &content),
                STATUS_UNSUPPORTED);
        }
    }
    const struct pass_file_params low = {3, 1024};
    assert_int_equal(pass_file_new(PASS_FILE_ROOT_KEY, &low, common_text(passphrase), &file),
                     STATUS_UNSUPPORTED);
    assert_int_equal(pass_file_probe(good, PASS_FILE_KEYSTORE, &params), STATUS_DAMAGED);
    vectors_close(vectors);
}

/* Opens by the formula, with the file key of the vectors: the same as pass_file_open() once
 * Argon2id is done, and fast enough for every bit. */
static enum status open_by_key(const uint8_t *key, struct span file, uint8_t *out_content)
{
    struct span header = span_of(file.data, PASS_FILE_HEADER_BYTES);
    struct frame frame = {0};
    assert_int_equal(frame_build(LABEL_ROOT_KEY_FILE, NULL, &header, 1, &frame), STATUS_OK);
    struct span bytes = span_of(frame.data, frame.size);
    const struct committed_scope scope = {key, bytes, bytes};
    enum status status = committed_open(
        &scope, span_of(file.data + PASS_FILE_HEADER_BYTES, file.size - PASS_FILE_HEADER_BYTES),
        out_content);
    frame_free(&frame);
    return status;
}

/* Goal: no bit of a file can be changed. Method: every bit, header too, by the formula. */
static void test_pass_file_bits(void **state)
{
    (void)state;
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "keystore");
    uint8_t key[32];
    common_copy(vectors_hex(vectors, "file_key"), key, sizeof key);
    vectors_find(vectors, "root key file");
    struct span good = vectors_hex(vectors, "file");
    uint8_t bytes[256];
    memcpy(bytes, good.data, good.size);
    struct span whole = span_of(bytes, good.size);
    uint8_t content[256];
    assert_int_equal(open_by_key(key, whole, content), STATUS_OK);
    common_same(span_of(content, 32), vectors_hex(vectors, "content"));
    for (size_t bit = 0; bit < good.size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_by_key(key, whole, content), STATUS_DAMAGED);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    vectors_close(vectors);
}

/* Goal: whatever is wrong, the answer is one of two and nothing is opened. Method: a byte of
 * each field changed, each length, another passphrase, all by the real function. */
static void test_pass_file_mutations(void **state)
{
    (void)state;
    static const size_t places[] = {0,  7,  8,  9,  10, 11, 15,  20, 23,
                                    24, 39, 40, 43, 44, 76, 100, 147};
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "root key file");
    struct span good = vectors_hex(vectors, "file");
    struct span words = vectors_text(vectors, "passphrase");
    uint8_t bytes[256];
    memcpy(bytes, good.data, good.size);
    struct span whole = span_of(bytes, good.size);
    struct pass_file *file = NULL;
    struct secret *content = NULL;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        /* At 15, three passes become four: within bounds, yet not what was sealed. */
        bytes[places[i]] ^= 7;
        enum status status = pass_file_open(whole, PASS_FILE_ROOT_KEY, words, &file, &content);
        assert_true(status == STATUS_DAMAGED || (status == STATUS_UNSUPPORTED && places[i] < 24));
        bytes[places[i]] ^= 7;
    }
    struct pass_file_params params;
    for (size_t size = 0; size < good.size; size++) {
        assert_int_equal(pass_file_probe(span_of(bytes, size), PASS_FILE_ROOT_KEY, &params),
                         STATUS_DAMAGED);
        assert_int_equal(
            pass_file_open(span_of(bytes, size), PASS_FILE_ROOT_KEY, words, &file, &content),
            STATUS_DAMAGED);
    }
    assert_int_equal(pass_file_probe(span_of(bytes, good.size + 1), PASS_FILE_ROOT_KEY, &params),
                     STATUS_DAMAGED);
    assert_int_equal(
        pass_file_open(whole, PASS_FILE_ROOT_KEY, common_text("another"), &file, &content),
        STATUS_DAMAGED);
    assert_true(file == NULL && content == NULL);
    vectors_close(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secret),
        cmocka_unit_test(test_cache_key),
        cmocka_unit_test(test_pass_file_vectors),
        cmocka_unit_test(test_pass_file_bounds),
        cmocka_unit_test(test_pass_file_bits),
        cmocka_unit_test(test_pass_file_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
