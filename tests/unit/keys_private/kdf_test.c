/* Padding, HKDF, and MACs over frames. */
#include "keys/private/hkdf.h"
#include "keys/private/mac.h"
#include "keys/private/pad.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"
#include "tests/unit/keys_private/common.h"

/* Goal: padded sizes are the ones frozen. Method: vectors, and the published Padmé values. */
static void test_pad_sizes(void **state)
{
    (void)state;
    static const size_t padme[][2] = {{0, 0},     {1, 1},       {2, 2},       {9, 10},
                                      {100, 104}, {1000, 1024}, {4097, 4352}, {1000000, 1015808}};
    for (size_t i = 0; i < ARRAY_LEN(padme); i++) {
        assert_int_equal(pad_padme(padme[i][0]), padme[i][1]);
    }
    struct vectors *vectors = vectors_open("private.txt");
    size_t seen = 0;
    while (vectors_next(vectors)) {
        if (strncmp(vectors_name(vectors), "pad ", 4) == 0) {
            assert_int_equal(pad_size((size_t)vectors_number(vectors, "size")),
                             vectors_number(vectors, "padded"));
            seen++;
        }
    }
    assert_int_equal(seen, 8);
    vectors_close(vectors);
}

/* Goal: Padmé costs at most 12 % and never shrinks. Method: every size up to 70,000. */
static void test_pad_bounds(void **state)
{
    (void)state;
    size_t before = 0;
    for (size_t size = 1; size <= 70000; size++) {
        size_t padded = pad_padme(size);
        assert_true(padded >= size && padded >= before);
        assert_true((padded - size) * 100 <= size * 12);
        before = padded;
    }
    assert_true(pad_size(PAD_TEXT_BYTES_MAX) <= PAD_OUTPUT_BYTES_MAX);
}

/* Goal: what is padded comes back at its length; nothing else is accepted. Method: texts of
 * many lengths, ending in bytes that look like padding; then each byte behind the text
 * changed, another size, no marker. */
static void test_pad_round_trip(void **state)
{
    (void)state;
    static uint8_t text[8192];
    static uint8_t padded[16384];
    static const size_t sizes[] = {0, 1, 2, 3398, 3399, 3400, 3401, 4096, 4097, 8192};
    memset(text, 0x80, sizeof text);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        size_t size = pad_size(sizes[i]);
        pad_apply(span_of(text, sizes[i]), padded, size);
        size_t found = 0;
        assert_int_equal(pad_remove(span_of(padded, size), &found), STATUS_OK);
        assert_int_equal(found, sizes[i]);
        assert_int_equal(pad_remove(span_of(padded, size - 1), &found), STATUS_DAMAGED);
        padded[size] = 0;
        assert_int_equal(pad_remove(span_of(padded, size + 1), &found), STATUS_DAMAGED);
    }
    size_t size = pad_size(10);
    memset(text, 'a', 10);
    pad_apply(span_of(text, 10), padded, size);
    size_t found = 0;
    for (size_t at = 10; at < size; at++) {
        padded[at] ^= 0x41;
        assert_int_equal(pad_remove(span_of(padded, size), &found), STATUS_DAMAGED);
        padded[at] ^= 0x41;
    }
    memset(padded, 0, size);
    assert_int_equal(pad_remove(span_of(padded, size), &found), STATUS_DAMAGED);
}

/* Goal: a larger padded size than the text needs is refused: one text, one form. Method: a
 * short text with correct marker and zeros, at the size of a longer one. */
static void test_pad_one_form(void **state)
{
    (void)state;
    static uint8_t padded[8192];
    memset(padded, 0, sizeof padded);
    padded[3] = 0x80;
    size_t found = 0;
    assert_int_equal(pad_remove(span_of(padded, pad_size(3)), &found), STATUS_OK);
    assert_int_equal(pad_remove(span_of(padded, pad_size(5000)), &found), STATUS_DAMAGED);
    assert_int_equal(pad_remove(span_of(padded, 100), &found), STATUS_DAMAGED);
    assert_int_equal(pad_remove(span_of(padded, 0), &found), STATUS_DAMAGED);
}

/* Goal: HKDF-SHA-256 is RFC 5869's. Method: its test cases 1 and 3 (no salt, no info). */
static void test_hkdf_rfc5869(void **state)
{
    (void)state;
    static const uint8_t expected_1[] = {
        0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f, 0x64, 0xd0, 0x36,
        0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56,
        0xec, 0xc4, 0xc5, 0xbf, 0x34, 0x00, 0x72, 0x08, 0xd5, 0xb8, 0x87, 0x18, 0x58, 0x65};
    static const uint8_t expected_3[] = {
        0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f, 0x71, 0x5f, 0x80, 0x2a, 0x06, 0x3c,
        0x5a, 0x31, 0xb8, 0xa1, 0x1f, 0x5c, 0x5e, 0xe1, 0x87, 0x9e, 0xc3, 0x45, 0x4e, 0x5f,
        0x3c, 0x73, 0x8d, 0x2d, 0x9d, 0x20, 0x13, 0x95, 0xfa, 0xa4, 0xb6, 0x1a, 0x96, 0xc8};
    uint8_t ikm[22], salt[13], info[10], found[42];
    memset(ikm, 0x0b, sizeof ikm);
    for (uint8_t i = 0; i < 13; i++) {
        salt[i] = i;
    }
    for (uint8_t i = 0; i < 10; i++) {
        info[i] = (uint8_t)(0xf0 + i);
    }
    assert_int_equal(
        hkdf_derive(span_of(salt, 13), span_of(ikm, 22), span_of(info, 10), found, sizeof found),
        STATUS_OK);
    assert_memory_equal(found, expected_1, sizeof found);
    assert_int_equal(
        hkdf_derive(span_of(NULL, 0), span_of(ikm, 22), span_of(NULL, 0), found, sizeof found),
        STATUS_OK);
    assert_memory_equal(found, expected_3, sizeof found);
}

/* Goal: MACs over frames in parts equal MACs over the joined frame. Method: compare with
 * frame_build() and mac_bytes(). */
static void test_mac_frame_parts(void **state)
{
    (void)state;
    const struct practice_id practice = common_practice();
    const struct span parts[] = {span_of("al", 2), span_of(NULL, 0), span_of("cove", 4)};
    struct frame frame = {0};
    assert_int_equal(frame_build(LABEL_CACHE, &practice, parts, ARRAY_LEN(parts), &frame),
                     STATUS_OK);
    uint8_t joined[MAC_BYTES];
    mac_bytes(span_of("key", 3), span_of(frame.data, frame.size), joined);
    uint8_t in_parts[MAC_BYTES];
    mac_frame(span_of("key", 3), LABEL_CACHE, &practice, parts, ARRAY_LEN(parts), in_parts);
    assert_memory_equal(in_parts, joined, MAC_BYTES);
    frame_free(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pad_sizes),      cmocka_unit_test(test_pad_bounds),
        cmocka_unit_test(test_pad_round_trip), cmocka_unit_test(test_pad_one_form),
        cmocka_unit_test(test_hkdf_rfc5869),   cmocka_unit_test(test_mac_frame_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
