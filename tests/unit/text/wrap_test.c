#include "client/text/wrap.h"

#include "client/text/step.h"
#include "tests/support/test.h"

#include <stdlib.h>

#define TEXT(literal) span_of((const uint8_t *)(literal), sizeof(literal) - 1)

struct page {
    char text[8192];
    size_t size;
    size_t lines, lines_max;
};

static bool take(void *visitor, struct span line)
{
    struct page *page = visitor;
    assert_true(page->size + line.size + 2 < sizeof page->text);
    memcpy(page->text + page->size, line.data, line.size);
    page->size += line.size;
    page->text[page->size++] = '|';
    page->text[page->size] = '\0';
    page->lines++;
    return page->lines != page->lines_max;
}

static void assert_wrapped(struct span text, size_t columns, bool utf8, const char *lines)
{
    struct page page = {0};
    assert_int_equal(text_wrap(text, columns, utf8, take, &page), STATUS_OK);
    assert_string_equal(page.text, lines);
}

/* Goal: a dose stays what was signed: no kind of line break fuses what stands on both sides. */
static void test_every_break_breaks(void **state)
{
    (void)state;
    assert_wrapped(TEXT("Sertraline 5\v0 mg\nTook 2\r0 tablets\nBDI 1\xe2\x80\xa8"
                        "2\n"),
                   40, true, "Sertraline 5|0 mg|Took 2|0 tablets|BDI 1|2|");
    assert_wrapped(TEXT("a\r\n\r\nb\f\fc\xc2\x85"
                        "d\xe2\x80\xa9"),
                   40, true, "a||b||c|d|");
}

/* Goal: columns, indents and bullets of a note stay; what is carried over hangs below. */
static void test_columns_stay(void **state)
{
    (void)state;
    assert_wrapped(TEXT("PHQ-9      score\na\tb\n\tc"), 40, true,
                   "PHQ-9      score|a       b|        c|");
    assert_wrapped(TEXT("- one\n  - two and then a few more words"), 20, true,
                   "- one|  - two and then a|  few more words|");
    /* An indent past the middle is not kept for what is carried over. */
    assert_wrapped(TEXT("               word and more"), 20, true, "               word|and more|");
}

/* Goal: no line is wider than asked, whatever it is made of, so that no terminal wraps. */
static void test_long_words(void **state)
{
    (void)state;
    assert_wrapped(TEXT("aaaaaaaaaaaaaaaaaaaaaaaaa b"), 20, true, "aaaaaaaaaaaaaaaaaaaa|aaaaa b|");
    /* No-break spaces allow no break, and get one all the same. */
    assert_wrapped(TEXT("12345678901234567890\xc2\xa0-- signed"), 20, true,
                   "12345678901234567890|\xc2\xa0-- signed|");
    /* Ideographs are two columns wide. */
    assert_wrapped(
        TEXT("\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8"
             "\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad"),
        20, true,
        "\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4"
        "\xb8\xad\xe4\xb8\xad\xe4\xb8\xad|\xe4\xb8\xad|");
    /* In the narrowest of windows too, beside an indent. */
    assert_wrapped(TEXT("abcdef"), 4, true, "abcd|ef|");
    assert_wrapped(TEXT("  \xe4\xb8\xad\xe4\xb8\xad"), 1, true, "  \xe4\xb8\xad|  \xe4\xb8\xad|");
    /* An accent stays with its letter. */
    assert_wrapped(TEXT("1234567890123456789e\xcc\x81x"), 20, true,
                   "1234567890123456789e\xcc\x81|x|");
}

/* Goal: what Unicode lets grow without end is broken all the same. Method: initial consonants of
 * Hangul, and letters that stand before another: any number of them is one grapheme cluster. */
static void test_long_clusters(void **state)
{
    (void)state;
    const char *const rows[] = {"\xe1\x84\x80", "\xe0\xb5\x8e"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[300];
        for (size_t at = 0; at < sizeof text; at += 3) {
            memcpy(text + at, rows[i], 3);
        }
        struct page page = {0};
        assert_int_equal(text_wrap(span_of(text, sizeof text), 20, true, take, &page), STATUS_OK);
        size_t whole = 0;
        for (const char *line = page.text; *line != '\0'; line = strchr(line, '|') + 1) {
            size_t size = strcspn(line, "|");
            assert_in_range(text_columns(span_of(line, size)), 1, 20);
            whole += size;
        }
        assert_int_equal(whole, sizeof text);
    }
}

/* Goal: what a caller says of its terminal costs nothing. */
static void test_huge_columns(void **state)
{
    (void)state;
    assert_wrapped(TEXT("  a b\n\n\tc\n"), UINT32_MAX, true, "  a b||        c|");
}

/* Goal: a blank that a line ends with is not carried to the next; a line of blanks is empty. */
static void test_blanks(void **state)
{
    (void)state;
    assert_wrapped(TEXT("12345678901234567890 a"), 20, true, "12345678901234567890|a|");
    assert_wrapped(TEXT("12345678901234567890   "), 20, true, "12345678901234567890|");
    assert_wrapped(TEXT("   \nb   \n\n"), 20, true, "|b||");
    assert_wrapped(TEXT(""), 20, true, "");
}

#define MARKS "\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"

/* Goal: no tower of marks is drawn across the lines of others, and no writing is touched. Method:
 * as many marks as may be, one more, an end of line and a letter between; a family of emoji; Hebrew
 * with vowels and accents; a letter of Tibetan with five below it. */
static void test_towers_are_named(void **state)
{
    (void)state;
    assert_wrapped(TEXT("o" MARKS), 40, true, "o" MARKS "|");
    assert_wrapped(TEXT("o" MARKS "\xcc\x82!"), 40, true, "o" MARKS "<U+0302>!|");
    assert_wrapped(TEXT("o" MARKS "\n" MARKS "o" MARKS), 40, true,
                   "o" MARKS "|" MARKS "o" MARKS "|");
    static const char family[] = "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d"
                                 "\xf0\x9f\x91\xa7\xe2\x80\x8d\xf0\x9f\x91\xa6";
    assert_wrapped(TEXT(family), 40, true,
                   "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d"
                   "\xf0\x9f\x91\xa7\xe2\x80\x8d\xf0\x9f\x91\xa6|");
    assert_wrapped(TEXT("\xd7\x91\xd6\xbc\xd6\xb0\xd6\xa3"), 40, true,
                   "\xd7\x91\xd6\xbc\xd6\xb0\xd6\xa3|");
    assert_wrapped(TEXT("\xe0\xbd\xa6\xe0\xbe\x90\xe0\xbe\xb1\xe0\xbd\xb1\xe0\xbd\xb2\xe0\xbd\xbe"),
                   40, true,
                   "\xe0\xbd\xa6\xe0\xbe\x90\xe0\xbe\xb1\xe0\xbd\xb1\xe0\xbd\xb2\xe0\xbd\xbe|");
}

static void test_named_and_ascii(void **state)
{
    (void)state;
    assert_wrapped(TEXT("\x1b[31mred\xe2\x80\xae"), 40, true, "<U+001B>[31mred<U+202E>|");
    assert_wrapped(TEXT("caf\xc3\xa9 \xff"), 40, true, "caf\xc3\xa9 \xef\xbf\xbd|");
    assert_wrapped(TEXT("caf\xc3\xa9 \xff"), 40, false, "caf? ?|");
}

static void test_visit_ends(void **state)
{
    (void)state;
    struct page page = {.lines_max = 2};
    assert_int_equal(text_wrap(TEXT("a\nb\nc\n"), 40, true, take, &page), STATUS_OK);
    assert_string_equal(page.text, "a|b|");
}

static void assert_cell(struct span text, size_t columns, bool utf8, const char *line)
{
    char *cell = NULL;
    size_t size = 0;
    assert_int_equal(text_cell(text, columns, utf8, &cell, &size), STATUS_OK);
    assert_string_equal(cell, line);
    assert_int_equal(size, strlen(line));
    free(cell);
}

static void test_cell(void **state)
{
    (void)state;
    assert_cell(TEXT("one\ntwo\tthree"), 0, true, "one two three");
    assert_cell(TEXT("1234567890"), 10, true, "1234567890");
    assert_cell(TEXT("12345678901"), 10, true, "1234567...");
    assert_cell(TEXT("\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad"), 6, true,
                "\xe4\xb8\xad...");
    assert_cell(TEXT("\x1b"), 0, true, "<U+001B>");
    assert_cell(TEXT(""), 5, true, "");
    assert_cell(TEXT("12345"), 2, true, "..");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_break_breaks), cmocka_unit_test(test_columns_stay),
        cmocka_unit_test(test_long_words),         cmocka_unit_test(test_long_clusters),
        cmocka_unit_test(test_huge_columns),       cmocka_unit_test(test_blanks),
        cmocka_unit_test(test_named_and_ascii),    cmocka_unit_test(test_towers_are_named),
        cmocka_unit_test(test_visit_ends),         cmocka_unit_test(test_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
