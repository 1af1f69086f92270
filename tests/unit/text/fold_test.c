#include "client/text/fold.h"

#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>

#define TEXT(literal) span_of((const uint8_t *)(literal), sizeof(literal) - 1)

static bool holds(struct span text, struct span query)
{
    uint8_t *folded = NULL;
    size_t size = 0;
    assert_int_equal(text_fold(query, &folded, &size), STATUS_OK);
    bool found = false;
    assert_int_equal(text_holds(text, span_of(folded, size), &found), STATUS_OK);
    free(folded);
    return found;
}

/* Goal: what a person types finds what a person wrote: other blanks, line wraps, composed and
 * decomposed letters, case of every script, invisible marks within. */
static void test_found(void **state)
{
    (void)state;
    assert_true(holds(TEXT("Craving\xc2\xa0"
                           "after work"),
                      TEXT("craving after")));
    assert_true(holds(TEXT("alpha beta\ngamma"), TEXT("Beta  gamma")));
    assert_true(holds(TEXT("cafe\xcc\x81"), TEXT("caf\xc3\xa9")));
    assert_true(holds(TEXT("caf\xc3\xa9"), TEXT("CAFE\xcc\x81")));
    assert_true(holds(TEXT("\xc3\x85ngstr\xc3\xb6m"), TEXT("\xe2\x84\xabNGSTR\xc3\x96M")));
    assert_true(holds(TEXT("Stra\xc3\x9f"
                           "e"),
                      TEXT("STRASSE")));
    assert_true(holds(TEXT("co\xc2\xad"
                           "operate"),
                      TEXT("cooperate")));
    assert_true(holds(TEXT("\xd0\x9f\xd1\x80\xd0\xb8"), TEXT("\xd0\xbf\xd0\xa0\xd0\x98")));
}

static void test_not_found(void **state)
{
    (void)state;
    assert_false(holds(TEXT("cafe"), TEXT("caf\xc3\xa9")));
    assert_false(holds(TEXT("anything"), TEXT("")));
    assert_false(holds(TEXT("anything"), TEXT(" \t\n")));
    assert_false(holds(TEXT(""), TEXT("a")));
    assert_false(holds(TEXT("ab"), TEXT("a b")));
}

static size_t place(struct span text, struct span wanted)
{
    size_t begin = text.size;
    uint8_t *folded = NULL;
    size_t size = 0;
    assert_int_equal(text_fold(wanted, &folded, &size), STATUS_OK);
    enum status status = text_find(text, span_of(folded, size), &begin);
    free(folded);
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    return status == STATUS_OK ? begin : 1000;
}

/* Goal: a search shows the place that it found, whatever folding does to the bytes before it.
 * Method: texts in which folding shortens and lengthens what stands before the words. */
static void test_the_place(void **state)
{
    (void)state;
    assert_int_equal(place(TEXT("abc"), TEXT("A")), 0);
    assert_int_equal(place(TEXT("abc"), TEXT("c")), 2);
    assert_int_equal(place(TEXT("one\n\n\n  two  three"), TEXT("Two three")), 8);
    assert_int_equal(place(TEXT("\xc3\x9f\xc3\x9f strong"), TEXT("STRONG")), 5);
    assert_int_equal(place(TEXT("cafe\xcc\x81 \xef\xac\x81n end"), TEXT("fin")), 7);
    assert_int_equal(place(TEXT("again and again"), TEXT("again")), 0);
    assert_int_equal(place(TEXT("abc"), TEXT("d")), 1000);
    assert_int_equal(place(TEXT(""), TEXT("d")), 1000);
}

static void test_fold_bad_bytes(void **state)
{
    (void)state;
    uint8_t *folded = NULL;
    size_t size = 0;
    assert_int_equal(text_fold(TEXT("\xff\xfe\xff\xfe\xff\xfe\xff\xfe"), &folded, &size),
                     STATUS_OK);
    assert_int_equal(size, 24);
    free(folded);
}

/* By the library alone, over the whole text at once; blanks as text_fold has them already. */
static void check_whole(const uint8_t *text, size_t size)
{
    size_t whole_size = 0;
    uint8_t *whole = u8_casefold(text, size, NULL, UNINORM_NFKC, NULL, &whole_size);
    uint8_t *folded = NULL;
    size_t folded_size = 0;
    assert_int_equal(text_fold(span_of(text, size), &folded, &folded_size), STATUS_OK);
    assert_int_equal(folded_size, whole_size);
    assert_memory_equal(folded, whole, whole_size);
    free(folded);
    free(whole);
}

/* Goal: a text that is folded in pieces, as most of it is ASCII, is folded as in one. Method:
 * twenty thousand texts of characters that are composed, decomposed, reordered or made longer,
 * between letters of ASCII, against the library over the whole. */
static void test_pieces_are_the_whole(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "a",
        "E",
        "s",
        "K",
        "-",
        "7",
        "i",
        "\xcc\x81",
        "\xcc\xa3",
        "\xcc\xb8",
        "\xc3\xa9",
        "\xc3\x9f",
        "\xef\xac\x83",
        "\xe2\x84\xab",
        "\xe1\x84\x80",
        "\xe1\x85\xa1",
        "\xe1\x86\xa8",
        "\xea\xb0\x80",
        "\xc4\xb0",
        "\xcd\x85",
        "\xe2\x91\xa0",
        "\xc2\xbd",
        "\xce\xa3",
        "\xf0\x9d\x94\xb8",
        "<",
        "=",
        "\xef\xbc\xa1",
        "\xe0\xbd\xb1",
        "\xe0\xbd\xb2",
        "\xe3\x82\xab",
        "\xe3\x82\x99",
    };
    unsigned seed = 7;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t text[64];
        size_t size = 0;
        for (unsigned left = 1 + round % 12; left > 0; left--) {
            seed = seed * 1103515245u + 12345u;
            const char *part = parts[(seed >> 16) % ARRAY_LEN(parts)];
            memcpy(text + size, part, strlen(part));
            size += strlen(part);
        }
        check_whole(text, size);
    }
}

static void test_nfc(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(text_nfc(TEXT("Zoe\xcc\x88"), &bytes, &size), STATUS_OK);
    assert_int_equal(size, 4);
    assert_memory_equal(bytes, "Zo\xc3\xab", 4);
    free(bytes);
    assert_int_equal(text_nfc(TEXT("\xff"), &bytes, &size), STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),          cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_fold_bad_bytes), cmocka_unit_test(test_pieces_are_the_whole),
        cmocka_unit_test(test_the_place),      cmocka_unit_test(test_nfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
