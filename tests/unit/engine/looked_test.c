/*
 * Goal: which revisions a device has shown is kept one by one, lasts when the cache is fetched anew,
 * and its keys tell nothing of a note. Method: the storage in memory, numbers at the edges of a
 * record, a reset, and a commit that fails.
 */
#include "client/engine/section/looked.h"

#include "tests/support/test.h"
#include "tests/unit/engine/memory_storage.h"

static const struct section_id one = {{1}};
static const struct section_id other = {{2}};

static void test_looked_at_each_number_by_itself(void **state)
{
    struct memory_storage *memory = memory_storage_new();
    (void)state;
    struct storage storage;
    memory_storage_get(memory, &storage);
    static const uint64_t numbers[] = {1, 8, LOOKED_BITS - 1, LOOKED_BITS, 5 * LOOKED_BITS + 7};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        assert_false(looked_is(&storage, &one, numbers[i]));
        assert_int_equal(looked_set(&storage, &one, numbers[i]), STATUS_OK);
        for (size_t k = 0; k < ARRAY_LEN(numbers); k++) {
            assert_int_equal(looked_is(&storage, &one, numbers[k]), k <= i);
            assert_false(looked_is(&storage, &one, numbers[k] + 2));
            assert_false(looked_is(&storage, &other, numbers[k]));
        }
    }
    assert_int_equal(memory_storage_count(memory, STORAGE_TYPED), 3); /* records, not notes */
    memory_storage_free(memory);
}

static void test_looked_cache_fetched_anew_lasts(void **state)
{
    struct memory_storage *memory = memory_storage_new();
    (void)state;
    struct storage storage;
    memory_storage_get(memory, &storage);
    assert_int_equal(looked_set(&storage, &one, 3), STATUS_OK);
    memory_storage_reset(memory);
    assert_true(looked_is(&storage, &one, 3));
    memory_storage_free(memory);
}

static void test_looked_again_writes_nothing(void **state)
{
    struct memory_storage *memory = memory_storage_new();
    (void)state;
    struct storage storage;
    memory_storage_get(memory, &storage);
    assert_int_equal(looked_set(&storage, &one, 3), STATUS_OK);
    memory_storage_fail_after(memory, 0);
    assert_int_equal(looked_set(&storage, &one, 3), STATUS_OK);
    assert_int_not_equal(looked_set(&storage, &one, 4), STATUS_OK);
    assert_true(looked_is(&storage, &one, 3));
    assert_false(looked_is(&storage, &one, 4));
    memory_storage_free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looked_at_each_number_by_itself),
        cmocka_unit_test(test_looked_cache_fetched_anew_lasts),
        cmocka_unit_test(test_looked_again_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
