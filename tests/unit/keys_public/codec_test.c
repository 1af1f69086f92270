/* The small codecs: cursor, base64, hex, UTF-8. */
#include "keys/public/bytes/base64.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/utf8.h"
#include "tests/support/test.h"

static struct span text_span(const char *text)
{
    return span_of(text, strlen(text));
}

/* Goal: what is written is read back, big-endian. Method: all widths, then the bytes. */
static void test_cursor_round_trip(void **state)
{
    (void)state;
    uint8_t bytes[32];
    struct cursor_writer writer;
    cursor_write_init(&writer, bytes, sizeof bytes);
    cursor_write_u8(&writer, 0x01);
    cursor_write_u16(&writer, 0x0203);
    cursor_write_u32(&writer, 0x04050607);
    cursor_write_u64(&writer, 0x08090a0b0c0d0e0f);
    cursor_write_span(&writer, text_span("xyz"));
    size_t size = 0;
    assert_int_equal(cursor_write_done(&writer, &size), STATUS_OK);
    assert_int_equal(size, 18);
    for (uint8_t i = 0; i < 15; i++) {
        assert_int_equal(bytes[i], i + 1);
    }
    struct cursor_reader reader;
    cursor_read_init(&reader, span_of(bytes, size));
    assert_int_equal(cursor_read_u8(&reader), 0x01);
    assert_int_equal(cursor_read_u16(&reader), 0x0203);
    assert_int_equal(cursor_read_u32(&reader), 0x04050607);
    assert_true(cursor_read_u64(&reader) == 0x08090a0b0c0d0e0f);
    assert_true(span_equal(cursor_read_span(&reader, 1), text_span("x")));
    uint8_t tail[2];
    cursor_read_bytes(&reader, tail, sizeof tail);
    assert_memory_equal(tail, "yz", 2);
    assert_int_equal(cursor_read_done(&reader), STATUS_OK);
}

/* Goal: a short input fails and yields zeros, and goes on failing. Method: cut a 15-byte
 * record at every length. */
static void test_cursor_read_short_input_fails(void **state)
{
    (void)state;
    uint8_t bytes[15];
    memset(bytes, 0xff, sizeof bytes);
    for (size_t size = 0; size < sizeof bytes; size++) {
        uint8_t *exact = malloc(size + 1u);
        assert_non_null(exact);
        memcpy(exact, bytes, size);
        struct cursor_reader reader;
        cursor_read_init(&reader, span_of(exact, size));
        (void)cursor_read_u8(&reader);
        (void)cursor_read_u16(&reader);
        (void)cursor_read_u32(&reader);
        assert_true(cursor_read_u64(&reader) == 0);
        assert_int_equal(cursor_read_u8(&reader), 0);
        assert_int_equal(cursor_read_span(&reader, 0).size, 0);
        assert_int_equal(cursor_read_done(&reader), STATUS_MALFORMED);
        free(exact);
    }
}

/* Goal: unread bytes are an error. Method: read one of two. */
static void test_cursor_read_done_demands_every_byte(void **state)
{
    (void)state;
    struct cursor_reader reader;
    cursor_read_init(&reader, text_span("ab"));
    (void)cursor_read_u8(&reader);
    assert_int_equal(cursor_read_done(&reader), STATUS_MALFORMED);
    assert_int_equal(cursor_read_rest(&reader).size, 1);
    assert_int_equal(cursor_read_done(&reader), STATUS_OK);
}

/* Goal: a full buffer is never overrun. Method: every capacity below the need. */
static void test_cursor_write_full_buffer_fails(void **state)
{
    (void)state;
    for (size_t capacity = 0; capacity < 7; capacity++) {
        uint8_t *exact = malloc(capacity + 1u);
        assert_non_null(exact);
        exact[capacity] = 0x5a;
        struct cursor_writer writer;
        cursor_write_init(&writer, exact, capacity);
        cursor_write_u32(&writer, 1);
        cursor_write_u16(&writer, 2);
        cursor_write_u8(&writer, 3);
        cursor_write_span(&writer, text_span(""));
        size_t size = 99;
        assert_int_equal(cursor_write_done(&writer, &size), STATUS_TOO_LARGE);
        assert_int_equal(size, 99);
        assert_int_equal(exact[capacity], 0x5a);
        free(exact);
    }
}

/* Goal: agreement with RFC 4648 §10. Method: its test vectors both ways. */
static void test_base64_rfc4648(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        size_t size = 0;
        char text[16];
        assert_int_equal(base64_encode(text_span(pairs[i][0]), text, sizeof text, &size), 0);
        assert_true(span_equal(span_of(text, size), text_span(pairs[i][1])));
        uint8_t bytes[16];
        assert_int_equal(base64_decode(text_span(pairs[i][1]), bytes, sizeof bytes, &size), 0);
        assert_true(span_equal(span_of(bytes, size), text_span(pairs[i][0])));
    }
}

/* Goal: one reading per text. Method: every string of four characters out of a set with
 * good, bad and padding characters decodes only if encoding gives it back. */
static void test_base64_decode_accepts_canonical_only(void **state)
{
    (void)state;
    static const char set[] = "AQgwZz9+/=-_ \n\r\t.\xe2";
    const size_t n = sizeof set - 1u;
    size_t accepted = 0;
    for (size_t i = 0; i < n * n * n * n; i++) {
        char text[4] = {set[i % n], set[i / n % n], set[i / (n * n) % n], set[i / (n * n * n)]};
        uint8_t bytes[3];
        size_t size = 0;
        if (base64_decode(span_of(text, 4), bytes, sizeof bytes, &size) != STATUS_OK) {
            continue;
        }
        accepted++;
        char again[5];
        assert_int_equal(base64_encode(span_of(bytes, size), again, 5, &size), STATUS_OK);
        assert_memory_equal(text, again, 4);
        assert_int_equal(again[4], 0);
    }
    /* Nine characters of the set are of the alphabet, and four of them (A, Q, g, w) leave
     * no bits set under one or two signs of padding. */
    assert_int_equal(accepted, 9 * 9 * 9 * 9 + 9 * 9 * 4 + 9 * 4);
}

/* Goal: lengths and capacities hold. Method: odd lengths, extra padding, small buffers. */
static void test_base64_bounds(void **state)
{
    (void)state;
    static const char *const bad[] = {"A",    "AA",       "AAA",      "AAAAA",  "====", "A===",
                                      "AA=A", "AAA=AAAA", "AAAA====", "Zm9v\n", "Zm9=", "Zh=="};
    size_t size = 0;
    uint8_t bytes[16];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(base64_decode(text_span(bad[i]), bytes, sizeof bytes, &size),
                         STATUS_MALFORMED);
    }
    assert_int_equal(base64_decode(text_span("Zm9v"), bytes, 2, &size), STATUS_TOO_LARGE);
    char text[9];
    assert_int_equal(base64_encode(text_span("foob"), text, 8, &size), STATUS_TOO_LARGE);
    assert_int_equal(base64_encode(text_span("foob"), text, 9, &size), STATUS_OK);
    assert_int_equal(size, 8);
}

/* Goal: bytes survive hex in either case, and nothing else is accepted. */
static void test_hex_decode(void **state)
{
    (void)state;
    static const char *const bad[] = {"",       "0",      "00",       "0001f",  "0001fg",
                                      "0001 f", "0x01ff", "0001ff00", "0001f\n"};
    char text[7];
    const uint8_t bytes[] = {0x00, 0x01, 0xff};
    hex_encode(span_of(bytes, 3), text);
    assert_string_equal(text, "0001ff");
    uint8_t out[3];
    assert_int_equal(hex_decode(text_span("0001Ff"), out, 3), STATUS_OK);
    assert_memory_equal(out, bytes, 3);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(hex_decode(text_span(bad[i]), out, 3), STATUS_MALFORMED);
    }
}

/* Goal: a prefix matches exactly the ids that begin so. Method: even and odd lengths. */
static void test_hex_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool matches;
    } cases[] = {{"a", true},    {"b", false},    {"AB", true},      {"abc", true},
                 {"abd", false}, {"abcd", true},  {"abcdef", true},  {"abcdee", false},
                 {"bb", false},  {"abcde", true}, {"abcdef0", false}};
    const uint8_t id[] = {0xab, 0xcd, 0xef};
    struct hex_prefix prefix;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(hex_prefix_parse(text_span(cases[i].text), &prefix), STATUS_OK);
        assert_int_equal(hex_prefix_matches(&prefix, span_of(id, 3)), cases[i].matches);
    }
    char text[HEX_PREFIX_DIGITS_MAX + 1u];
    memset(text, 'a', sizeof text);
    assert_int_equal(hex_prefix_parse(span_of(text, sizeof text), &prefix), STATUS_MALFORMED);
    assert_int_equal(hex_prefix_parse(span_of(text, sizeof text - 1u), &prefix), STATUS_OK);
    assert_int_equal(hex_prefix_parse(text_span(""), &prefix), STATUS_MALFORMED);
    assert_int_equal(hex_prefix_parse(text_span("ag"), &prefix), STATUS_MALFORMED);
}

/* Goal: only well-formed UTF-8 passes. Method: the borders of every form (RFC 3629). */
static void test_utf8_valid(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "a",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       "\xe2\x80\x94 x"};
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf8\x88\x80\x80\x80",
                                      "\xff",
                                      "\xc2",
                                      "\xe2\x80",
                                      "\xf0\x90\x80",
                                      "\xc2\x41",
                                      "a\xe2\x28\xa1"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(utf8_valid(text_span(good[i])));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(utf8_valid(text_span(bad[i])));
    }
    assert_true(utf8_is_space(0x20) && utf8_is_space(0x2003) && utf8_is_space(0x3000));
    assert_false(utf8_is_space('a') || utf8_is_space(0x200b) || utf8_is_space(0x2014));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cursor_round_trip),
        cmocka_unit_test(test_cursor_read_short_input_fails),
        cmocka_unit_test(test_cursor_read_done_demands_every_byte),
        cmocka_unit_test(test_cursor_write_full_buffer_fails),
        cmocka_unit_test(test_base64_rfc4648),
        cmocka_unit_test(test_base64_decode_accepts_canonical_only),
        cmocka_unit_test(test_base64_bounds),
        cmocka_unit_test(test_hex_decode),
        cmocka_unit_test(test_hex_prefix),
        cmocka_unit_test(test_utf8_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
