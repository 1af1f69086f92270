/* Names in an exported log. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
