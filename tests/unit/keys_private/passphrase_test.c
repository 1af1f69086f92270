/* What a passphrase must be, and those we make. */
#include "keys/private/passphrase.h"
#include "tests/support/test.h"
#include "tests/unit/keys_private/common.h"

/* Goal: length counts characters, not bytes; guessable ones are refused; no composition
 * rules. Method: a table. */
static void test_passphrase_judge(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum passphrase_verdict verdict;
    } cases[] = {
        {"", PASSPHRASE_SHORT},
        {"fourteen chars", PASSPHRASE_SHORT},
        {"fifteen charact", PASSPHRASE_GOOD},
        {"only lower case letters here", PASSPHRASE_GOOD},
        {"zwölf Boxkämpfe", PASSPHRASE_GOOD},                /* 15 characters, 17 bytes */
        {"ääääöööüüüßßß", PASSPHRASE_SHORT},                 /* 13 characters, 26 bytes */
        {"猫が窓の外を見ている静かな夜だ", PASSPHRASE_GOOD}, /* 15 characters */
        {"Password-1234567!", PASSPHRASE_COMMON},
        {"correct horse battery staple", PASSPHRASE_COMMON},
        {"Let me in, please!", PASSPHRASE_COMMON},
        {"aaaaaaaaaaaaaaaaaaaa", PASSPHRASE_REPETITIVE},
        {"agmsgamsmagsgmsa", PASSPHRASE_REPETITIVE}, /* four letters only */
        {"abcdabcdabcdabcdabcd", PASSPHRASE_REPETITIVE},
        {"velvet harborvelvet harbor", PASSPHRASE_REPETITIVE},
        {"123456789012345678", PASSPHRASE_REPETITIVE},
        {"ponmlkjihgfedcba", PASSPHRASE_REPETITIVE},
        {"with a\ttabulator in", PASSPHRASE_NOT_TEXT},
        {"cut off at the en\xc3", PASSPHRASE_NOT_TEXT},
        {"\xff\xfe not text at all", PASSPHRASE_NOT_TEXT},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(passphrase_judge(common_text(cases[i].text)), cases[i].verdict);
        assert_true(strlen(passphrase_advice(cases[i].verdict)) > 10);
    }
    char longest[PASSPHRASE_BYTES_MAX + 1];
    for (size_t i = 0; i < sizeof longest; i++) {
        longest[i] = (char)('a' + i * i % 23 + i / 200);
    }
    assert_int_equal(passphrase_judge(span_of(longest, PASSPHRASE_BYTES_MAX)), PASSPHRASE_GOOD);
    assert_int_equal(passphrase_judge(span_of(longest, PASSPHRASE_BYTES_MAX + 1)), PASSPHRASE_LONG);
}

/* Goal: generated passphrases have the promised shape, use all letters, and pass. Method:
 * 2,000 of them. */
static void test_passphrase_generate(void **state)
{
    (void)state;
    char text[PASSPHRASE_GENERATED_BYTES];
    char before[PASSPHRASE_GENERATED_BYTES] = "";
    bool used[128] = {false};
    for (size_t round = 0; round < 2000; round++) {
        passphrase_generate(text);
        assert_int_equal(strlen(text), PASSPHRASE_GENERATED_BYTES - 1);
        assert_string_not_equal(text, before);
        memcpy(before, text, sizeof before);
        assert_int_equal(passphrase_judge(common_text(text)), PASSPHRASE_GOOD);
        for (size_t i = 0; i < sizeof text - 1; i++) {
            assert_true((text[i] == '-') == (i % 5 == 4));
            assert_true((strchr("aeiou", text[i]) != NULL) == (i % 5 == 1 || i % 5 == 3));
            used[(uint8_t)text[i]] = true;
        }
    }
    size_t letters = 0;
    for (int c = 'a'; c <= 'z'; c++) {
        letters += used[c] ? 1 : 0;
    }
    assert_int_equal(letters, 16 + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passphrase_judge),
        cmocka_unit_test(test_passphrase_generate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
