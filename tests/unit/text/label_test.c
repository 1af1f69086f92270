#include "client/text/label.h"

#include "tests/support/test.h"

#define TEXT(literal) span_of((const uint8_t *)(literal), sizeof(literal) - 1)

static void assert_taken(struct span name, const char *expected)
{
    char out[TEXT_LABEL_BYTES_MAX];
    assert_null(text_label_take(name, out));
    assert_string_equal(out, expected);
}

static void assert_refused(struct span name, const char *part)
{
    char out[TEXT_LABEL_BYTES_MAX];
    const char *flaw = text_label_take(name, out);
    assert_non_null(flaw);
    assert_non_null(strstr(flaw, part));
}

/* Goal: names of all scripts are taken, in one form. */
static void test_names_are_taken(void **state)
{
    (void)state;
    assert_taken(TEXT("Ben"), "Ben");
    assert_taken(TEXT("Zoe\xcc\x88"), "Zo\xc3\xab");
    assert_taken(TEXT("Anna M\xc3\xbcller-O'Neil 2"), "Anna M\xc3\xbcller-O'Neil 2");
    assert_taken(TEXT("\xe7\x8e\x8b\xe5\xb0\x8f\xe6\x98\x8e"),
                 "\xe7\x8e\x8b\xe5\xb0\x8f\xe6\x98\x8e");
    assert_taken(TEXT("\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xb1"),
                 "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xb1");
}

/* Goal: what nobody could type, tell apart or read is refused, and said. */
static void test_flaws_are_told(void **state)
{
    (void)state;
    assert_refused(TEXT(""), "blank");
    assert_refused(TEXT(" "), "blank");
    assert_refused(TEXT("\xc2\xa0\xe2\x80\x8b"), "blank");
    assert_refused(TEXT(" Ben"), "begins");
    assert_refused(TEXT("Ben "), "ends");
    assert_refused(TEXT("Ben\xc2\xa0"), "ends");
    assert_refused(TEXT("Be\nn"), "line break");
    assert_refused(TEXT("Be\tn"), "control");
    assert_refused(TEXT("Be\x1bn"), "control");
    assert_refused(TEXT("Be\xe2\x80\xaen"), "direction");
    assert_refused(TEXT("Be\xe2\x80\x8fn"), "direction");
    assert_refused(TEXT("B\xff"), "UTF-8");
}

/* Goal: both limits, exactly. */
static void test_limits(void **state)
{
    (void)state;
    char name[3 * TEXT_LABEL_CHARS_MAX];
    memset(name, 'x', sizeof name);
    char out[TEXT_LABEL_BYTES_MAX];
    assert_null(text_label_take(span_of(name, TEXT_LABEL_CHARS_MAX), out));
    assert_refused(span_of(name, TEXT_LABEL_CHARS_MAX + 1), "64");
    for (size_t i = 0; i < 42; i++) {
        memcpy(name + 3 * i, "\xe7\x8e\x8b", 3);
    }
    assert_null(text_label_take(span_of(name, 42 * 3), out));
    memcpy(name + 42 * 3, "\xe7\x8e\x8b", 3);
    assert_refused(span_of(name, 43 * 3), "127");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_taken),
        cmocka_unit_test(test_flaws_are_told),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
