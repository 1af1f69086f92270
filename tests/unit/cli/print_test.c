#include "client/cli/print.h"

#include "client/text/step.h"
#include "keys/public/bytes/utf8.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <time.h>

/* What a note could say to a terminal (AT-67), each with what must remain of it. */
static const struct {
    const char *text;
    const char *shown;
} CORPUS[] = {
    {"\x1b]52;c;aGVsbG8=\x07", "<U+001B>]52;c;aGVsbG8=<U+0007>"}, /* OSC 52: the clipboard */
    {"\x1b]8;;http://x/\x1b\\click\x1b]8;;\x1b\\",
     "<U+001B>]8;;http://x/<U+001B>\\click<U+001B>]8;;<U+001B>\\"}, /* OSC 8 */
    {"\x1b]0;title\x07", "<U+001B>]0;title<U+0007>"},
    {"\x1bP$q\"p\x1b\\", "<U+001B>P$q\"p<U+001B>\\"}, /* DECRQSS */
    {"\x1b[2J\x1b[H", "<U+001B>[2J<U+001B>[H"},
    {"\xc2\x9b"
     "31mred",
     "<U+009B>31mred"}, /* C1 CSI */
    {"\xc2\x9d"
     "52;c;x\xc2\x9c",
     "<U+009D>52;c;x<U+009C>"}, /* C1 OSC, ST */
    {"5\v0 mg\ra\fb\xc2\x85"
     "c",
     "5 0 mg a b c"}, /* line breaks of all kinds: words are never fused */
    {"a\bb\x7f"
     "c",
     "a<U+0008>b<U+007F>c"},
    {"user\xe2\x80\xae"
     "txt.exe",
     "user<U+202E>txt.exe"},                                /* right-to-left override */
    {"\xe2\x81\xa6iso\xe2\x81\xa9", "<U+2066>iso<U+2069>"}, /* isolates */
    {"a\xe2\x80\x8c"
     "b\xe2\x80\x8d"
     "c\xef\xb8\x8f",
     "a\xe2\x80\x8c"
     "b\xe2\x80\x8d"
     "c\xef\xb8\x8f"}, /* joiners and selectors carry meaning */
    {"a\xe2\x80\xa8"
     "b\xe2\x80\xa9"
     "c",
     "a b c"},                      /* line separators */
    {"\xee\x80\x80x", "<U+E000>x"}, /* private use */
    {"\xf4\x8f\xbf\xbd"
     "end",
     "<U+10FFFD>end"}, /* plane 16 */
    {"\x05\x0e\x0f"
     "enq",
     "<U+0005><U+000E><U+000F>enq"},
    {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
    {"\xf0\x9f\x8c\xb1", "\xf0\x9f\x8c\xb1"},
};

struct sink {
    char *text;
    size_t size;
    struct cli cli;
};

static void sink_open(struct sink *sink, bool utf8)
{
    memset(sink, 0, sizeof *sink);
    sink->cli.out = open_memstream(&sink->text, &sink->size);
    sink->cli.err = sink->cli.out;
    sink->cli.utf8 = utf8;
    assert_non_null(sink->cli.out);
}

static void sink_close(struct sink *sink)
{
    assert_int_equal(fclose(sink->cli.out), 0);
}

static struct span text_of(const char *text)
{
    return span_of(text, strlen(text));
}

/* Nothing that a terminal obeys: C0 but line ends, DEL, and C1 in UTF-8. */
static void assert_harmless(const char *text, size_t size)
{
    struct span rest = span_of(text, size);
    while (rest.size > 0) {
        uint32_t code = 0;
        assert_true(utf8_next(&rest, &code));
        assert_true(code == '\n' || code >= 0x20);
        assert_false(code >= 0x7f && code < 0xa0);
        assert_false(code >= 0x202a && code <= 0x202e);
        assert_false(code >= 0x2066 && code <= 0x2069);
    }
}

/* Goal: titles, names and notes reach a terminal without what it obeys, in both kinds of
 * locale. Method: the corpus through the line and the block printer. */
static void test_text_is_harmless(void **state)
{
    (void)state;
    struct sink sink;
    for (size_t i = 0; i < ARRAY_LEN(CORPUS); i++) {
        sink_open(&sink, true);
        print_text(&sink.cli, text_of(CORPUS[i].text), 0);
        sink_close(&sink);
        assert_string_equal(sink.text, CORPUS[i].shown);
        free(sink.text);
        for (int utf8 = 0; utf8 < 2; utf8++) {
            sink_open(&sink, utf8 == 1);
            print_text(&sink.cli, text_of(CORPUS[i].text), 5);
            print_block(&sink.cli, text_of(CORPUS[i].text), 3);
            sink_close(&sink);
            assert_harmless(sink.text, sink.size);
            for (size_t b = 0; utf8 == 0 && b < sink.size; b++) {
                assert_true((uint8_t)sink.text[b] < 0x80);
            }
            free(sink.text);
        }
    }
}

/* Goal: JSON is as harmless and loses nothing. Method: the corpus through the JSON printer and
 * back through the parser. */
static void test_json_is_harmless_and_whole(void **state)
{
    (void)state;
    struct sink sink;
    for (size_t i = 0; i < ARRAY_LEN(CORPUS); i++) {
        cJSON *object = cJSON_CreateObject();
        sink_open(&sink, true);
        print_add_span(object, "text", text_of(CORPUS[i].text));
        print_json(&sink.cli, object);
        sink_close(&sink);
        assert_harmless(sink.text, sink.size);
        assert_int_equal(sink.text[sink.size - 1], '\n');
        assert_null(memchr(sink.text, '\n', sink.size - 1));
        cJSON *back = cJSON_Parse(sink.text);
        assert_non_null(back);
        assert_string_equal(cJSON_GetObjectItem(back, "text")->valuestring, CORPUS[i].text);
        cJSON_Delete(back);
        free(sink.text);
    }
}

/* Goal: a row of a spreadsheet is one line, whatever its cells hold, and runs nothing. Method: the
 * corpus, and the beginnings of formulas. */
static void test_cells_are_harmless(void **state)
{
    static const char *const formulas[] = {"=1", "+1", "-1", "@x"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CORPUS); i++) {
        struct sink sink;
        sink_open(&sink, true);
        print_csv_cell(sink.cli.out, CORPUS[i].text, false);
        sink_close(&sink);
        assert_harmless(sink.text, sink.size);
        assert_null(memchr(sink.text, '\n', sink.size));
        free(sink.text);
    }
    for (size_t i = 0; i < ARRAY_LEN(formulas); i++) {
        struct sink sink;
        sink_open(&sink, true);
        print_csv_cell(sink.cli.out, formulas[i], true);
        sink_close(&sink);
        assert_memory_equal(sink.text, "\"'", 2);
        free(sink.text);
    }
}

/* Goal: bytes that are no UTF-8 become U+FFFD, in text and JSON alike, and a zero byte cannot
 * cut a text short. Method: every single byte, alone and before a letter. */
static void test_no_utf8_is_shown_as_such(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        uint8_t text[2] = {(uint8_t)byte, 'x'};
        cJSON *object = cJSON_CreateObject();
        struct sink sink;
        sink_open(&sink, true);
        print_text(&sink.cli, span_of(text, 2), 0);
        (void)fputc('\n', sink.cli.out);
        print_add_span(object, "t", span_of(text, 2));
        print_json(&sink.cli, object);
        sink_close(&sink);
        assert_harmless(sink.text, sink.size);
        cJSON *back = cJSON_Parse(strchr(sink.text, '\n') + 1);
        assert_non_null(back);
        assert_non_null(strchr(cJSON_GetObjectItem(back, "t")->valuestring, 'x'));
        cJSON_Delete(back);
        free(sink.text);
    }
}

/* Goal: no line is wider than 80 columns unless one word is. Method: a text of many words, with
 * an indent, and paragraphs that stay apart. */
static void test_block_fits_80_columns(void **state)
{
    (void)state;
    char text[4096];
    size_t used = 0;
    for (size_t i = 0; i < 300; i++) {
        size_t n = 1 + i % 11;
        memset(text + used, 'a' + (int)(i % 26), n);
        used += n;
        text[used++] = i == 150 ? '\n' : ' ';
        if (i == 150) {
            text[used++] = '\n';
        }
    }
    struct sink sink;
    sink_open(&sink, true);
    print_block(&sink.cli, span_of(text, used), 7);
    sink_close(&sink);
    size_t paragraphs = 0;
    for (char *line = sink.text; *line != '\0';) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        assert_true(end - line <= 80);
        if (end == line) {
            paragraphs++;
        } else {
            assert_memory_equal(line, "       ", 7);
            assert_int_not_equal(line[7], ' ');
        }
        line = end + 1;
    }
    assert_int_equal(paragraphs, 1);
    free(sink.text);
}

/* Goal: a cut is in columns, never inside a character, and marked. Method: all widths over a
 * text of characters of two bytes. */
static void test_text_is_cut_by_characters(void **state)
{
    (void)state;
    const char *text = "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4";
    for (size_t columns = 4; columns < 12; columns++) {
        struct sink sink;
        sink_open(&sink, true);
        print_text(&sink.cli, text_of(text), columns);
        sink_close(&sink);
        assert_true(utf8_valid(span_of(sink.text, sink.size)));
        struct span rest = span_of(sink.text, sink.size);
        size_t width = 0;
        while (rest.size > 0) {
            uint32_t code = 0;
            assert_true(utf8_next(&rest, &code));
            width++;
        }
        assert_int_equal(width, columns < 8 ? columns : 8);
        assert_true((strstr(sink.text, "...") != NULL) == (columns < 8));
        free(sink.text);
    }
}

/* What a forger would write so that a terminal's own wrapping begins a line with it: a header of
 * the program's in blanks that allow no break, or in characters of two columns. */
static const char *const FORGED[] = {
    "-- addendum,\xc2\xa0revision\xc2\xa0"
    "2,\xc2\xa0"
    "Dr\xc2\xa0Other",
    "\v-- addendum, revision 2, Dr Other",
    "\xe2\x80\xa8-- addendum, revision 2, Dr Other",
    "\x1b[G-- addendum, revision 2, Dr Other",
};

/* Goal: no text makes a line that begins where the program's lines begin. Method: forged texts
 * after so many blanks that each column comes up, at many widths, as block and as the last part of
 * a row; a terminal's wrapping is done here. */
static void assert_behind_margin(const char *shown, size_t columns, const char *first)
{
    bool is_first = true;
    for (const char *line = shown; *line != '\0'; is_first = false) {
        const char *end = strchr(line, '\n');
        assert_non_null(end);
        assert_true(text_columns(span_of(line, (size_t)(end - line))) <= columns);
        if (is_first && first != NULL) {
            assert_memory_equal(line, first, strlen(first));
        } else if (end != line) {
            assert_memory_equal(line, "    ", 4);
        }
        line = end + 1;
    }
}

static void test_no_text_looks_like_ours(void **state)
{
    static const uint32_t widths[] = {24, 40, 60, 80, 200};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(FORGED) * ARRAY_LEN(widths) * 210; i++) {
        char blanks[2 * 210 + 1] = "";
        for (size_t n = 0; n < i % 210; n++) {
            memcpy(blanks + 2 * n, "\xc2\xa0", 3);
        }
        char *text = NULL;
        assert_true(
            asprintf(&text, "Seen today.\n%s%s", blanks, FORGED[i / 210 % ARRAY_LEN(FORGED)]) > 0);
        uint32_t columns = widths[i / 210 / ARRAY_LEN(FORGED)];
        struct sink sink;
        sink_open(&sink, true);
        sink.cli.columns = columns;
        print_block(&sink.cli, text_of(text), 4);
        sink_close(&sink);
        assert_behind_margin(sink.text, columns, NULL);
        free(sink.text);
        sink_open(&sink, true);
        sink.cli.columns = columns;
        struct print_row row;
        print_row_begin(&sink.cli, &row);
        (void)fputs("-- ours, ", sink.cli.out);
        (void)print_text(&sink.cli, text_of(text), 0);
        print_row_end(&sink.cli, &row);
        sink_close(&sink);
        assert_behind_margin(sink.text, columns, "-- ours, Seen");
        free(sink.text);
        free(text);
    }
}

/* Goal: what a person copies from a sentence of ours stays whole. Method: a path and an option
 * where a line ends. */
static void test_sentences_keep_words_whole(void **state)
{
    (void)state;
    struct sink sink;
    sink_open(&sink, true);
    sink.cli.columns = 24;
    print_sentence(&sink.cli,
                   text_of("Your text is kept in /dev/shm/alcove-kept-abcdef/note.txt; "
                           "give it with --file or --long-option."),
                   0);
    sink_close(&sink);
    assert_string_equal(sink.text, "Your text is kept in\n/dev/shm/alcove-kept-abcdef/note.txt;\n"
                                   "give it with --file or\n--long-option.\n");
    free(sink.text);
}

/* Goal: times are local and short, ids are eight digits. Method: a known moment in two zones. */
static void test_times_and_ids(void **state)
{
    (void)state;
    (void)setenv("TZ", "UTC0", 1);
    tzset();
    struct sink sink;
    sink_open(&sink, false);
    print_time(&sink.cli, 1772446800000u);
    (void)fputc(' ', sink.cli.out);
    (void)setenv("TZ", "UTC-2", 1);
    tzset();
    print_time(&sink.cli, 1772446800000u);
    (void)fputc(' ', sink.cli.out);
    print_time(&sink.cli, 0);
    (void)fputc(' ', sink.cli.out);
    uint8_t id[16] = {0xab, 0xcd, 0xef, 0x01, 0x23};
    print_short(&sink.cli, span_of(id, sizeof id));
    sink_close(&sink);
    assert_string_equal(sink.text, "2026-03-02 10:20 2026-03-02 12:20 - abcdef01");
    free(sink.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_harmless),
        cmocka_unit_test(test_json_is_harmless_and_whole),
        cmocka_unit_test(test_cells_are_harmless),
        cmocka_unit_test(test_no_utf8_is_shown_as_such),
        cmocka_unit_test(test_block_fits_80_columns),
        cmocka_unit_test(test_text_is_cut_by_characters),
        cmocka_unit_test(test_no_text_looks_like_ours),
        cmocka_unit_test(test_sentences_keep_words_whole),
        cmocka_unit_test(test_times_and_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
