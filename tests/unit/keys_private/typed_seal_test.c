/* Sealing of texts while the profile is locked. */
#include "keys/private/typed_seal.h"
#include "tests/support/test.h"
#include "tests/unit/keys_private/common.h"

#include <stdlib.h>

#define NAME(text) span_of(text, sizeof(text) - 1)

static const struct practice_id practice = {{1, 2, 3}};

static struct secret *master_of(uint8_t byte)
{
    uint8_t bytes[32];
    memset(bytes, byte, sizeof bytes);
    return common_secret(span_of(bytes, sizeof bytes));
}

/* Goal: sealed to the public half, opened by the cache master alone, under its own name.
 * Method: the round trip; another master, practice and name; every byte of it changed or cut. */
static void test_typed_seal_opens_for_its_profile_alone(void **state)
{
    (void)state;
    struct secret *master = master_of(7);
    struct secret *other = master_of(8);
    struct public_key to;
    assert_int_equal(typed_seal_public(master, &practice, &to), STATUS_OK);
    struct public_key to_other;
    assert_int_equal(typed_seal_public(other, &practice, &to_other), STATUS_OK);
    assert_memory_not_equal(to.bytes, to_other.bytes, sizeof to.bytes);
    struct span text = NAME("what was typed");
    size_t size = text.size + TYPED_SEAL_OVERHEAD_BYTES;
    uint8_t sealed[64 + TYPED_SEAL_OVERHEAD_BYTES];
    assert_int_equal(typed_seal(&to, NAME("a"), text, sealed), STATUS_OK);
    uint8_t opened[64];
    assert_int_equal(typed_seal_open(master, &practice, NAME("a"), span_of(sealed, size), opened),
                     STATUS_OK);
    assert_memory_equal(opened, text.data, text.size);
    assert_int_equal(typed_seal_open(other, &practice, NAME("a"), span_of(sealed, size), opened),
                     STATUS_WRONG_KEY);
    const struct practice_id elsewhere = {{9}};
    assert_int_equal(typed_seal_open(master, &elsewhere, NAME("a"), span_of(sealed, size), opened),
                     STATUS_WRONG_KEY);
    assert_int_equal(typed_seal_open(master, &practice, NAME("b"), span_of(sealed, size), opened),
                     STATUS_WRONG_KEY);
    for (size_t i = 0; i < size; i++) {
        sealed[i] ^= 1u;
        /* X25519 ignores the highest bit of the last byte of a point, which is not this one. */
        assert_int_equal(
            typed_seal_open(master, &practice, NAME("a"), span_of(sealed, size), opened),
            STATUS_WRONG_KEY);
        sealed[i] ^= 1u;
        assert_int_equal(typed_seal_open(master, &practice, NAME("a"), span_of(sealed, i), opened),
                         STATUS_WRONG_KEY);
    }
    secret_free(master);
    secret_free(other);
}

/* Goal: two seals of one text share no byte that would tell so. Method: twice the same. */
static void test_typed_seal_differs_each_time(void **state)
{
    (void)state;
    struct secret *master = master_of(7);
    struct public_key to;
    assert_int_equal(typed_seal_public(master, &practice, &to), STATUS_OK);
    uint8_t once[8 + TYPED_SEAL_OVERHEAD_BYTES];
    assert_int_equal(typed_seal(&to, NAME("a"), NAME("12345678"), once), STATUS_OK);
    uint8_t again[8 + TYPED_SEAL_OVERHEAD_BYTES];
    assert_int_equal(typed_seal(&to, NAME("a"), NAME("12345678"), again), STATUS_OK);
    assert_memory_not_equal(once, again, HPKE_ENC_BYTES);
    assert_memory_not_equal(once + HPKE_ENC_BYTES, again + HPKE_ENC_BYTES, 8);
    static const struct public_key none;
    assert_int_equal(typed_seal(&none, NAME("a"), NAME("1"), once), STATUS_UNSUPPORTED);
    secret_free(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typed_seal_opens_for_its_profile_alone),
        cmocka_unit_test(test_typed_seal_differs_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
