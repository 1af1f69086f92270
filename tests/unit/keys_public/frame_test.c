/* Labels, SHA-256 and frames. */
#include "keys/public/bytes/random.h"
#include "keys/public/bytes/wipe.h"
#include "keys/public/frame.h"
#include "keys/public/hash.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"

#include <pthread.h>

static struct practice_id frame_practice(void)
{
    struct practice_id practice;
    for (uint8_t i = 0; i < HASH_BYTES; i++) {
        practice.bytes[i] = i;
    }
    return practice;
}

/* LABEL_NONE when there is no such label. */
static enum label label_of(struct span text)
{
    for (int i = LABEL_NONE + 1; i < LABEL_COUNT; i++) {
        if (span_equal(label_text((enum label)i), text)) {
            return (enum label)i;
        }
    }
    return LABEL_NONE;
}

/* Goal: labels can be told apart within a frame. Method: each is unlike all others and
 * holds only a-z and '-'. */
static void test_label_texts_are_distinct(void **state)
{
    (void)state;
    for (int i = LABEL_NONE + 1; i < LABEL_COUNT; i++) {
        struct span text = label_text((enum label)i);
        assert_int_equal(label_of(text), i);
        for (size_t j = 0; j < text.size; j++) {
            assert_true((text.data[j] >= 'a' && text.data[j] <= 'z') || text.data[j] == '-');
        }
    }
}

/* Goal: SHA-256, whole and in parts. Method: published vectors, each cut in
 * two at every place. */
static void test_hash_vectors(void **state)
{
    (void)state;
    struct vectors *vectors = vectors_open("sha256.txt");
    size_t seen = 0;
    while (vectors_next(vectors)) {
        struct span message = vectors_hex(vectors, "message");
        struct span expected = vectors_hex(vectors, "hash");
        struct hash hash;
        hash_bytes(message, &hash);
        assert_true(span_equal(ID_SPAN(&hash), expected));
        for (size_t cut = 0; cut <= message.size; cut++) {
            struct span parts[] = {span_of(message.data, cut),
                                   span_of(message.data + cut, message.size - cut)};
            hash_parts(parts, 2, &hash);
            assert_true(span_equal(ID_SPAN(&hash), expected));
        }
        seen++;
    }
    assert_int_equal(seen, 4);
    vectors_close(vectors);
}

static void *hash_many(void *out)
{
    struct hash hash = {{0}};
    for (int i = 0; i < 2000; i++) {
        struct hash next;
        hash_bytes(ID_SPAN(&hash), &next);
        hash = next;
    }
    memcpy(out, hash.bytes, sizeof hash.bytes);
    return NULL;
}

/* Goal: threads do not disturb each other. Method: the same chain on four threads. */
static void test_hash_threads(void **state)
{
    (void)state;
    struct hash alone;
    (void)hash_many(alone.bytes);
    pthread_t threads[4];
    struct hash results[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hash_many, results[i].bytes), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(ID_EQUAL(&results[i], &alone));
    }
}

/* Goal: the format of frames is frozen for every label. Method: values computed outside
 * this program; each label of the list must have one. */
static void test_frame_vectors(void **state)
{
    (void)state;
    struct practice_id practice = frame_practice();
    struct span body = span_of("alcove", 6);
    struct vectors *vectors = vectors_open("frame.txt");
    bool covered[LABEL_COUNT] = {false};
    while (vectors_next(vectors)) {
        enum label label = label_of(vectors_text(vectors, "label"));
        assert_int_not_equal(label, LABEL_NONE);
        struct frame frame;
        assert_int_equal(frame_build(label, &practice, &body, 1, &frame), STATUS_OK);
        if (vectors_has(vectors, "frame")) {
            assert_true(span_equal(span_of(frame.data, frame.size), vectors_hex(vectors, "frame")));
        } else {
            struct hash hash;
            frame_hash(label, &practice, &body, 1, &hash);
            assert_true(span_equal(ID_SPAN(&hash), vectors_hex(vectors, "hash")));
            hash_bytes(span_of(frame.data, frame.size), &hash);
            assert_true(span_equal(ID_SPAN(&hash), vectors_hex(vectors, "hash")));
            covered[label] = true;
        }
        frame_free(&frame);
    }
    for (int i = LABEL_NONE + 1; i < LABEL_COUNT; i++) {
        if (!covered[i]) {
            struct span text = label_text((enum label)i);
            fail_msg("tests/vectors/frame.txt has no %.*s", (int)text.size,
                     (const char *)text.data);
        }
    }
    vectors_close(vectors);
}

/* Goal: label, practice and body each change the frame; how the body is cut does not. */
static void test_frame_separates_purposes(void **state)
{
    (void)state;
    struct practice_id practice = frame_practice();
    struct practice_id other = practice;
    other.bytes[31] ^= 1u;
    struct span whole = span_of("ab", 2);
    struct span cut[] = {span_of("a", 1), span_of(NULL, 0), span_of("b", 1)};
    struct hash base;
    frame_hash(LABEL_LINK, &practice, &whole, 1, &base);
    struct hash hash;
    frame_hash(LABEL_LINK, &practice, cut, 3, &hash);
    assert_true(ID_EQUAL(&base, &hash));
    frame_hash(LABEL_WRAP, &practice, &whole, 1, &hash);
    assert_false(ID_EQUAL(&base, &hash));
    frame_hash(LABEL_LINK, &other, &whole, 1, &hash);
    assert_false(ID_EQUAL(&base, &hash));
    frame_hash(LABEL_LINK, NULL, &whole, 1, &hash);
    assert_false(ID_EQUAL(&base, &hash));
    frame_hash(LABEL_LINK, &practice, cut, 1, &hash);
    assert_false(ID_EQUAL(&base, &hash));
}

/* Goal: no overrun and no frame above the limit. Method: every capacity too small, and a
 * body one byte too long. */
static void test_frame_write_bounds(void **state)
{
    (void)state;
    struct span body = span_of("alcove", 6);
    size_t need = frame_size(LABEL_LINK, &body, 1);
    size_t size = 0;
    for (size_t capacity = 0; capacity <= need; capacity++) {
        uint8_t *exact = malloc(capacity + 1u);
        assert_non_null(exact);
        enum status status = frame_write(LABEL_LINK, NULL, &body, 1, exact, capacity, &size);
        assert_int_equal(status, capacity < need ? STATUS_TOO_LARGE : STATUS_OK);
        free(exact);
    }
    assert_int_equal(size, need);
    uint8_t *large = calloc(1, FRAME_BODY_BYTES_MAX);
    assert_non_null(large);
    struct span parts[] = {span_of(large, FRAME_BODY_BYTES_MAX), span_of("x", 1)};
    struct frame frame;
    assert_int_equal(frame_build(LABEL_LINK, NULL, parts, 2, &frame), STATUS_TOO_LARGE);
    assert_null(frame.data);
    assert_int_equal(frame_build(LABEL_LINK, NULL, parts, 1, &frame), STATUS_OK);
    frame_free(&frame);
    frame_free(&frame);
    free(large);
}

/* Goal: the thin wrappers do what they say. */
static void test_wipe_random(void **state)
{
    (void)state;
    assert_int_equal(random_init(), STATUS_OK);
    uint8_t a[32];
    random_bytes(a, sizeof a);
    uint8_t b[32];
    random_bytes(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    wipe(a, sizeof a);
    uint8_t zero[32] = {0};
    assert_memory_equal(a, zero, sizeof a);
    wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_label_texts_are_distinct),
        cmocka_unit_test(test_hash_vectors),
        cmocka_unit_test(test_hash_threads),
        cmocka_unit_test(test_frame_vectors),
        cmocka_unit_test(test_frame_separates_purposes),
        cmocka_unit_test(test_frame_write_bounds),
        cmocka_unit_test(test_wipe_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
