/* Envelopes and their wraps. */
#include "keys/private/committed.h"
#include "keys/private/envelope_internal.h"
#include "keys/private/epoch_key.h"
#include "keys/public/frame.h"
#include "keys/public/hash.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"
#include "tests/unit/keys_private/common.h"

static const char note[] = "She slept through the night for the first time in weeks.";

static void assert_bytes(const void *found, struct span expected)
{
    assert_memory_equal(found, expected.data, expected.size);
}

static struct envelope_scope revision_record(struct vectors *vectors,
                                             const struct practice_id *practice)
{
    vectors_find(vectors, "revision");
    struct envelope_scope scope = {practice, common_secret(vectors_hex(vectors, "epoch_key")),
                                   vectors_hex(vectors, "context")};
    return scope;
}

static void scope_free(const struct envelope_scope *scope)
{
    union {
        const struct secret *in;
        struct secret *out;
    } key = {.in = scope->epoch_key};
    secret_free(key.out);
}

/* Goal: wrap and envelope are the ones frozen, and open. Method: vectors with given nonces. */
static void test_envelope_vector(void **state)
{
    (void)state;
    static uint8_t envelope[8192];
    static uint8_t opened[8192];
    const struct practice_id practice = common_practice();
    struct vectors *vectors = vectors_open("private.txt");
    struct envelope_scope scope = revision_record(vectors, &practice);
    struct envelope_fixed fixed;
    common_copy(vectors_hex(vectors, "revision_key"), fixed.revision_secret, 32);
    common_copy(vectors_hex(vectors, "envelope_nonce"), fixed.envelope_nonce, 24);
    common_copy(vectors_hex(vectors, "wrap_nonce"), fixed.wrap_nonce, 24);
    struct span text = vectors_text(vectors, "text");
    size_t size = envelope_size(text.size);
    assert_int_equal(size, vectors_number(vectors, "envelope_size"));
    uint8_t wrap[ENVELOPE_WRAP_BYTES];
    assert_int_equal(envelope_seal_fixed(&scope, &fixed, text, wrap, envelope), STATUS_OK);
    assert_bytes(wrap, vectors_hex(vectors, "wrap"));
    assert_bytes(envelope, vectors_hex(vectors, "envelope_start"));
    struct hash hash;
    hash_bytes(span_of(envelope, size), &hash);
    assert_bytes(hash.bytes, vectors_hex(vectors, "envelope_sha256"));
    size_t text_size = 0;
    assert_int_equal(envelope_open(&scope, span_of(wrap, sizeof wrap), span_of(envelope, size),
                                   opened, &text_size),
                     STATUS_OK);
    assert_int_equal(text_size, text.size);
    assert_bytes(opened, text);
    scope_free(&scope);
    vectors_close(vectors);
}

struct sealed_note {
    struct envelope_scope scope;
    uint8_t wrap[ENVELOPE_WRAP_BYTES];
    uint8_t envelope[ENVELOPE_BYTES_MIN + 1];
    uint8_t opened[ENVELOPE_BYTES_MIN + 1];
};

static enum status open_note(struct sealed_note *sealed, size_t wrap_size, size_t size)
{
    size_t text_size = 0;
    enum status status = envelope_open(&sealed->scope, span_of(sealed->wrap, wrap_size),
                                       span_of(sealed->envelope, size), sealed->opened, &text_size);
    if (status == STATUS_OK) {
        assert_int_equal(text_size, sizeof note);
        assert_memory_equal(sealed->opened, note, sizeof note);
    } else {
        /* Nothing of the text is left behind a refusal. */
        for (size_t i = 0; size > ENVELOPE_OVERHEAD_BYTES && i < sizeof note; i++) {
            assert_int_equal(sealed->opened[i], 0);
        }
    }
    return status;
}

/* Goal: one envelope opens under one context, wrap and key only. Method: each byte of wrap
 * and envelope flipped, each length, another context, practice and epoch key. */
static void test_envelope_refusals(void **state)
{
    (void)state;
    static struct sealed_note sealed;
    const struct practice_id practice = common_practice();
    struct practice_id other_practice = practice;
    other_practice.bytes[5] ^= 1;
    struct secret *key = NULL;
    assert_int_equal(epoch_key_new(&key), STATUS_OK);
    struct secret *other = NULL;
    assert_int_equal(epoch_key_new(&other), STATUS_OK);
    uint8_t context[64] = {1};
    const struct envelope_scope good = {&practice, key, span_of(context, sizeof context)};
    sealed.scope = good;
    const size_t size = ENVELOPE_BYTES_MIN;
    assert_int_equal(envelope_size(sizeof note), size);
    assert_int_equal(envelope_seal(&good, span_of(note, sizeof note), sealed.wrap, sealed.envelope),
                     STATUS_OK);
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size), STATUS_OK);
    for (size_t at = 0; at < size; at++) {
        sealed.envelope[at] ^= (uint8_t)(1u << at % 8);
        assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size), STATUS_DAMAGED);
        sealed.envelope[at] ^= (uint8_t)(1u << at % 8);
    }
    for (size_t bit = 0; bit < ENVELOPE_WRAP_BYTES * 8; bit++) {
        sealed.wrap[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size), STATUS_DAMAGED);
        sealed.wrap[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, cut), STATUS_DAMAGED);
    }
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size + 1), STATUS_DAMAGED);
    for (size_t cut = 0; cut < ENVELOPE_WRAP_BYTES; cut++) {
        assert_int_equal(open_note(&sealed, cut, size), STATUS_DAMAGED);
    }
    sealed.scope.practice = &other_practice;
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size), STATUS_DAMAGED);
    sealed.scope = good;
    sealed.scope.epoch_key = other;
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size), STATUS_DAMAGED);
    sealed.scope = good;
    for (size_t at = 0; at < sizeof context; at++) {
        context[at] ^= 1;
        assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size), STATUS_DAMAGED);
        context[at] ^= 1;
    }
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size), STATUS_OK);
    secret_free(key);
    secret_free(other);
}

/* Goal: a text that was sealed with other padding is refused, and none of it is left. Method:
 * seal by the formula: another size, no marker, bytes behind the marker. */
static void test_envelope_padding(void **state)
{
    (void)state;
    static const struct {
        size_t size, marker_at, extra_at;
    } cases[] = {{PAD_FLOOR_BYTES + 1, sizeof note, 0},
                 {PAD_FLOOR_BYTES - 1, sizeof note, 0},
                 {PAD_FLOOR_BYTES, 0, 0},
                 {PAD_FLOOR_BYTES, sizeof note, PAD_FLOOR_BYTES - 1},
                 {PAD_FLOOR_BYTES, sizeof note, 0}};
    static struct sealed_note sealed;
    static uint8_t padded[PAD_FLOOR_BYTES + 1];
    const struct practice_id practice = common_practice();
    const struct span context = span_of("context", 7);
    struct secret *key = NULL;
    assert_int_equal(epoch_key_new(&key), STATUS_OK);
    const struct envelope_scope scope = {&practice, key, context};
    sealed.scope = scope;
    struct envelope_fixed fixed = {.revision_secret = {7}};
    assert_int_equal(
        envelope_seal_fixed(&scope, &fixed, common_text(note), sealed.wrap, sealed.envelope),
        STATUS_OK);
    struct frame frame = {0};
    assert_int_equal(frame_build(LABEL_ENVELOPE, &practice, &context, 1, &frame), STATUS_OK);
    struct span bytes = span_of(frame.data, frame.size);
    const struct committed_scope under = {fixed.revision_secret, bytes, bytes};
    const uint8_t nonce[24] = {1};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool good = i + 1 == ARRAY_LEN(cases);
        memset(padded, 0, sizeof padded);
        memcpy(padded, note, sizeof note);
        padded[cases[i].marker_at] = cases[i].marker_at > 0 ? 0x80 : padded[0];
        padded[cases[i].extra_at] |= cases[i].extra_at > 0 ? 1 : 0;
        committed_seal(&under, nonce, span_of(padded, cases[i].size), sealed.envelope);
        assert_int_equal(
            open_note(&sealed, ENVELOPE_WRAP_BYTES, cases[i].size + ENVELOPE_OVERHEAD_BYTES),
            good ? STATUS_OK : STATUS_DAMAGED);
    }
    frame_free(&frame);
    secret_free(key);
}

/* Goal: a wrap can be replaced without touching the envelope, and one of another revision
 * fails at the commitment. Method: re-wrap under a second epoch key; swap two wraps. */
static void test_envelope_rewrap(void **state)
{
    (void)state;
    static struct sealed_note sealed;
    const struct practice_id practice = common_practice();
    static uint8_t second[ENVELOPE_BYTES_MIN];
    struct secret *old_key = NULL;
    assert_int_equal(epoch_key_new(&old_key), STATUS_OK);
    struct secret *new_key = NULL;
    assert_int_equal(epoch_key_new(&new_key), STATUS_OK);
    uint8_t context[64] = {1};
    const struct envelope_scope scope = {&practice, old_key, span_of(context, sizeof context)};
    sealed.scope = scope;
    struct span text = span_of(note, sizeof note);
    assert_int_equal(envelope_seal(&scope, text, sealed.wrap, sealed.envelope), STATUS_OK);
    uint8_t second_wrap[ENVELOPE_WRAP_BYTES];
    assert_int_equal(envelope_seal(&scope, text, second_wrap, second), STATUS_OK);
    assert_memory_not_equal(second, sealed.envelope, sizeof second);
    uint8_t first_wrap[ENVELOPE_WRAP_BYTES];
    memcpy(first_wrap, sealed.wrap, sizeof first_wrap);
    memcpy(sealed.wrap, second_wrap, sizeof second_wrap);
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, ENVELOPE_BYTES_MIN), STATUS_DAMAGED);
    assert_int_equal(
        envelope_rewrap(&scope, span_of(first_wrap, sizeof first_wrap), new_key, sealed.wrap),
        STATUS_OK);
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, ENVELOPE_BYTES_MIN), STATUS_DAMAGED);
    sealed.scope.epoch_key = new_key;
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, ENVELOPE_BYTES_MIN), STATUS_OK);
    assert_int_equal(envelope_rewrap(&sealed.scope, span_of(first_wrap, sizeof first_wrap), old_key,
                                     second_wrap),
                     STATUS_DAMAGED);
    secret_free(old_key);
    secret_free(new_key);
}

/* Goal: the largest text fits and one byte more is refused. Method: both. */
static void test_envelope_largest(void **state)
{
    (void)state;
    const struct practice_id practice = common_practice();
    uint8_t *text = calloc(1, PAD_TEXT_BYTES_MAX + 1);
    uint8_t *envelope = malloc(ENVELOPE_BYTES_MAX);
    uint8_t *opened = malloc(ENVELOPE_BYTES_MAX);
    assert_true(text != NULL && envelope != NULL && opened != NULL);
    memset(text, 'x', PAD_TEXT_BYTES_MAX + 1);
    struct secret *key = NULL;
    assert_int_equal(epoch_key_new(&key), STATUS_OK);
    const struct envelope_scope scope = {&practice, key, span_of("context", 7)};
    size_t size = envelope_size(PAD_TEXT_BYTES_MAX);
    assert_true(size <= ENVELOPE_BYTES_MAX);
    uint8_t wrap[ENVELOPE_WRAP_BYTES];
    assert_int_equal(envelope_seal(&scope, span_of(text, PAD_TEXT_BYTES_MAX), wrap, envelope),
                     STATUS_OK);
    size_t text_size = 0;
    assert_int_equal(envelope_open(&scope, span_of(wrap, sizeof wrap), span_of(envelope, size),
                                   opened, &text_size),
                     STATUS_OK);
    assert_int_equal(text_size, PAD_TEXT_BYTES_MAX);
    assert_memory_equal(opened, text, text_size);
    assert_int_equal(envelope_seal(&scope, span_of(text, PAD_TEXT_BYTES_MAX + 1), wrap, envelope),
                     STATUS_TOO_LARGE);
    secret_free(key);
    free(text);
    free(envelope);
    free(opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_envelope_vector),  cmocka_unit_test(test_envelope_refusals),
        cmocka_unit_test(test_envelope_padding), cmocka_unit_test(test_envelope_rewrap),
        cmocka_unit_test(test_envelope_largest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
