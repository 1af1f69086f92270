/* Names and bundles of an exported log. */
#include "keys/public/log/tiles.h"
#include "tests/support/test.h"

/* Goal: paths are the specification's. Method: its examples and the borders. */
static void test_tiles_paths(void **state)
{
    (void)state;
    static const struct {
        uint32_t level;
        uint64_t index;
        uint32_t width;
        const char *path;
    } cases[] = {
        {0, 1234067, 256, "tile/0/x001/x234/067"},
        {0, 0, 256, "tile/0/000"},
        {1, 5, 1, "tile/1/005.p/1"},
        {0, 999, 255, "tile/0/999.p/255"},
        {7, 1000, 256, "tile/7/x001/000"},
        {0, UINT64_MAX, 255, "tile/0/x018/x446/x744/x073/x709/x551/615.p/255"},
    };
    char path[TILES_PATH_BYTES_MAX];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(tiles_hash_path(cases[i].level, cases[i].index, cases[i].width, path),
                         STATUS_OK);
        assert_string_equal(path, cases[i].path);
    }
    assert_int_equal(tiles_entries_path(1234067, 256, path), STATUS_OK);
    assert_string_equal(path, "tile/entries/x001/x234/067");
    assert_int_equal(tiles_entries_path(UINT64_MAX, 112, path), STATUS_OK);
    assert_string_equal(path, "tile/entries/x018/x446/x744/x073/x709/x551/615.p/112");
    assert_int_equal(tiles_hash_path(TILES_LEVEL_MAX + 1u, 0, 256, path), STATUS_USAGE);
    assert_int_equal(tiles_hash_path(0, 0, 0, path), STATUS_USAGE);
    assert_int_equal(tiles_hash_path(0, 0, 257, path), STATUS_USAGE);
    assert_int_equal(tiles_entries_path(0, 0, path), STATUS_USAGE);
}

/* Goal: the right tiles for a size. Method: the specification's example of 70,000 leaves. */
static void test_tiles_counts(void **state)
{
    (void)state;
    assert_true(tiles_full_count(70000, 0) == 273);
    assert_int_equal(tiles_partial_width(70000, 0), 112);
    assert_true(tiles_full_count(70000, 1) == 1);
    assert_int_equal(tiles_partial_width(70000, 1), 17);
    assert_true(tiles_full_count(70000, 2) == 0);
    assert_int_equal(tiles_partial_width(70000, 2), 1);
    assert_int_equal(tiles_partial_width(70000, 3), 0);
    assert_int_equal(tiles_partial_width(256, 0), 0);
    assert_true(tiles_full_count(256, 0) == 1);
    assert_int_equal(tiles_partial_width(256, 1), 1);
    assert_int_equal(tiles_partial_width(UINT64_MAX, TILES_LEVEL_MAX), 255);
}

/* Goal: bundles give back what went in. Method: entries of several sizes, then every
 * truncation. */
static void test_tiles_entries(void **state)
{
    (void)state;
    static uint8_t long_entry[TILES_ENTRY_BYTES_MAX + 1u];
    static uint8_t bundle[TILES_ENTRY_BYTES_MAX + 32u];
    const struct span entries[] = {span_of("a", 1), span_of("", 0), span_of("bcd", 3),
                                   span_of(long_entry, TILES_ENTRY_BYTES_MAX)};
    size_t used = 0;
    size_t need = 0;
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        assert_int_equal(tiles_entry_append(entries[i], bundle, sizeof(bundle), &used), 0);
        need += tiles_entry_size(entries[i]);
        assert_int_equal(used, need);
    }
    struct span rest = span_of(bundle, used);
    struct span entry;
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        assert_int_equal(tiles_entry_next(&rest, &entry), STATUS_OK);
        assert_true(span_equal(entry, entries[i]));
    }
    assert_int_equal(tiles_entry_next(&rest, &entry), STATUS_NOT_FOUND);
    size_t small = 3u + 2u + 5u;
    for (size_t size = 1; size < small; size++) {
        uint8_t *exact = malloc(size);
        assert_non_null(exact);
        memcpy(exact, bundle, size);
        rest = span_of(exact, size);
        enum status status = tiles_entry_next(&rest, &entry);
        while (status == STATUS_OK) {
            status = tiles_entry_next(&rest, &entry);
        }
        bool whole = size == 3u || size == 5u;
        assert_int_equal(status, whole ? STATUS_NOT_FOUND : STATUS_MALFORMED);
        free(exact);
    }
    used = 0;
    assert_int_equal(
        tiles_entry_append(span_of(long_entry, sizeof(long_entry)), bundle, sizeof(bundle), &used),
        STATUS_TOO_LARGE);
    assert_int_equal(tiles_entry_append(entries[2], bundle, 4, &used), STATUS_TOO_LARGE);
    assert_int_equal(used, 0);
    used = 9;
    assert_int_equal(tiles_entry_append(entries[2], bundle, 8, &used), STATUS_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles_paths),
        cmocka_unit_test(test_tiles_counts),
        cmocka_unit_test(test_tiles_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
