#include "client/text/step.h"

#include "tests/support/test.h"

#define TEXT(literal) span_of((const uint8_t *)(literal), sizeof(literal) - 1)

/* As many as may stand on a letter. */
#define MARKS "\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"

/* One letter a step: s shown, t tab, b break, n named, x bad. */
static void assert_steps(struct span text, const char *kinds)
{
    static const char letters[] = "stbnx";
    struct text_step step;
    size_t count = 0;
    size_t bytes = 0;
    while (text_next(&text, &step)) {
        assert_true(count < strlen(kinds));
        assert_int_equal(letters[step.kind], kinds[count]);
        assert_true(step.bytes.size > 0);
        bytes += step.bytes.size;
        count++;
    }
    assert_int_equal(count, strlen(kinds));
    assert_true(bytes > 0);
}

/* Goal: each of Unicode's line ends is one break, and CR LF is one. */
static void test_breaks(void **state)
{
    (void)state;
    assert_steps(TEXT("a\nb\rc\r\nd\ve\f"), "sbsbsbsbsb");
    assert_steps(TEXT("a\xc2\x85"
                      "b\xe2\x80\xa8"
                      "c\xe2\x80\xa9"),
                 "sbsbsb");
    assert_steps(TEXT("\n\r"), "bb");
}

/* Goal: what carries meaning is shown: joiners, variation selectors, soft hyphen, marks of
 * direction, no-break space, byte order mark, Mongolian selectors, the sign that encloses a number. */
static void test_meaning_is_shown(void **state)
{
    (void)state;
    assert_steps(
        TEXT("\xe2\x80\x8c\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8f\xef\xb8\x8f\xc2\xad\xc2\xa0"),
        "sssssss");
    assert_steps(TEXT("\xef\xbb\xbf\xe1\xa0\x8b\xd8\x9c\xe2\x81\xa0\xd8\x80"), "sssss");
    assert_steps(TEXT("\t"), "t");
}

/* Goal: what could move the cursor or other text is named; so is what no font agrees on. */
static void test_named(void **state)
{
    (void)state;
    assert_steps(TEXT("\x1b\x07\x7f\xc2\x9b\b"), "nnnnn");
    assert_steps(span_of((const uint8_t *)"\0", 1), "n");
    /* embedding, override, isolate, its end, private use, a noncharacter, interlinear mark */
    assert_steps(
        TEXT(
            "\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9\xee\x80\x80\xef\xbf\xbf\xef\xbf\xb9"),
        "nnnnnnn");
    /* a sentence that nobody sees: tags, selectors of the supplement, invisible operators, beams */
    assert_steps(TEXT("\xf3\xa0\x81\xa7\xf3\xa0\x81\xbf\xf3\xa0\x84\x80\xf3\xa0\x87\xaf"
                      "\xe2\x81\xa2\xe1\xa0\x8e\xf0\x9d\x85\xb3"),
                 "nnnnnnn");
    char name[TEXT_NAME_CHARS];
    assert_int_equal(text_name(0x1b, name), 8);
    assert_string_equal(name, "<U+001B>");
    assert_int_equal(text_name(0x10ffff, name), 10);
    assert_string_equal(name, "<U+10FFFF>");
}

/* Goal: overlong forms, surrogates, cut and stray bytes are bad one by one and end nothing. */
static void test_bad(void **state)
{
    (void)state;
    assert_steps(TEXT("\xc0\xaf"
                      "a\xed\xa0\x80\x80"
                      "b\xf4\x90\x80\x80\xe2\x80"),
                 "xxsxxxxsxxxxxx");
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(text_width('a'), 1);
    assert_int_equal(text_width(0x4e2d), 2);
    assert_int_equal(text_width(0x301), 0);
    assert_int_equal(text_width(0x1f600), 2);
    assert_int_equal(text_width(0x200d), 0);
    assert_int_equal(text_width(0xfe0f), 1);
}

static void test_blank(void **state)
{
    (void)state;
    assert_true(text_is_blank(TEXT("")));
    assert_true(text_is_blank(TEXT(" \t\r\n\v\f\xc2\x85\xc2\xa0\xe3\x80\x80\xe2\x80\xa8")));
    assert_true(
        text_is_blank(TEXT("\xef\xbb\xbf\r\n\xe2\x80\x8b\xe2\x80\x8d\xc2\xad\xe2\x81\xa0")));
    assert_false(text_is_blank(TEXT(" . ")));
    assert_false(text_is_blank(TEXT("\x1b")));
    assert_false(text_is_blank(TEXT("\xff")));
    assert_false(text_is_blank(TEXT("\xf3\xa0\x81\xa7")));
}

static void test_plain(void **state)
{
    (void)state;
    assert_true(text_is_plain(TEXT("one\n\ttwo \xe2\x80\x8d")));
    assert_false(text_is_plain(TEXT("one\r\n")));
    assert_false(text_is_plain(TEXT("one\v")));
    assert_false(text_is_plain(TEXT("\xe2\x80\xae")));
    assert_false(text_is_plain(TEXT("\xff")));
    assert_true(text_is_plain(TEXT("o" MARKS "\n" MARKS)));
    assert_false(text_is_plain(TEXT("o" MARKS "\xcc\x81")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breaks), cmocka_unit_test(test_meaning_is_shown),
        cmocka_unit_test(test_named),  cmocka_unit_test(test_bad),
        cmocka_unit_test(test_width),  cmocka_unit_test(test_blank),
        cmocka_unit_test(test_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
