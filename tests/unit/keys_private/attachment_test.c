/* Attachments. */
#include "keys/private/attachment.h"
#include "keys/public/hash.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"
#include "tests/unit/keys_private/common.h"

#include <sodium.h>

#define CHUNK       ATTACHMENT_CHUNK_BYTES
#define SEALED_UNIT (CHUNK + 17u)
#define FILE_BYTES  (3u * CHUNK + 100u)
#define ROOM        (4u * SEALED_UNIT + 1024u)

struct sample {
    struct secret *key;
    struct hash hash;
    uint8_t file[FILE_BYTES];
    uint8_t sealed[ROOM];
    uint8_t opened[ROOM];
    size_t size;
};

static struct sample *sample_new(size_t file_size)
{
    struct sample *sample = calloc(1, sizeof *sample);
    assert_non_null(sample);
    for (size_t i = 0; i < FILE_BYTES; i++) {
        sample->file[i] = (uint8_t)(i * 31 + i / 251);
    }
    assert_int_equal(secret_random(ATTACHMENT_KEY_BYTES, &sample->key), STATUS_OK);
    sample->size = attachment_size(file_size);
    assert_true(sample->size <= ROOM);
    assert_int_equal(attachment_seal(sample->key, span_of(sample->file, file_size), sample->sealed,
                                     &sample->hash),
                     STATUS_OK);
    return sample;
}

static void sample_free(struct sample *sample)
{
    secret_free(sample->key);
    free(sample);
}

/* Opens |size| bytes; with |rehash| the hash is made to fit, so the stream itself decides. */
static enum status sample_open(struct sample *sample, size_t size, bool rehash, size_t *out_size)
{
    struct hash hash = sample->hash;
    struct span sealed = span_of(sample->sealed, size);
    if (rehash) {
        hash_bytes(sealed, &hash);
    }
    memset(sample->opened, 0xaa, sizeof sample->opened);
    enum status status = attachment_open(sample->key, &hash, sealed, sample->opened, out_size);
    for (size_t i = 0; status != STATUS_OK && i < size; i++) {
        assert_int_equal(sample->opened[i], 0); /* nothing is shown of a damaged file */
    }
    return status;
}

/* Goal: the form is the one frozen. Method: open the vector, which another implementation of
 * secretstream made. */
static void test_attachment_vector(void **state)
{
    (void)state;
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "attachment");
    struct secret *key = common_secret(vectors_hex(vectors, "key"));
    struct span sealed = vectors_hex(vectors, "sealed");
    struct span file = vectors_text(vectors, "file");
    uint8_t opened[256];
    assert_true(sealed.size <= sizeof opened);
    assert_int_equal(sealed.size, attachment_size(file.size));
    struct hash hash;
    common_copy(vectors_hex(vectors, "sha256"), hash.bytes, sizeof hash.bytes);
    size_t size = 0;
    assert_int_equal(attachment_open(key, &hash, sealed, opened, &size), STATUS_OK);
    common_same(span_of(opened, size), file);
    secret_free(key);
    vectors_close(vectors);
}

/* Goal: files of every interesting size come back. Method: around the borders of chunks. */
static void test_attachment_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, FILE_BYTES};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct sample *sample = sample_new(sizes[i]);
        size_t found = 1;
        assert_int_equal(sample_open(sample, sample->size, false, &found), STATUS_OK);
        assert_int_equal(found, sizes[i]);
        assert_memory_equal(sample->opened, sample->file, found);
        assert_int_equal(sample_open(sample, sample->size + 1, true, &found), STATUS_DAMAGED);
        sample_free(sample);
    }
}

/* Goal: a chunk missing, moved, repeated, appended or changed is refused even by one who can
 * make the hash fit. Method: each, with the hash computed anew. */
static void test_attachment_chunks(void **state)
{
    (void)state;
    struct sample *sample = sample_new(FILE_BYTES);
    uint8_t *kept = malloc(ROOM);
    uint8_t *chunks = sample->sealed + 24;
    assert_non_null(kept);
    memcpy(kept, sample->sealed, ROOM);
    size_t found = 0;
    for (size_t cut = 0; cut <= 3; cut++) { /* the end missing */
        assert_int_equal(sample_open(sample, 24 + cut * SEALED_UNIT, true, &found), STATUS_DAMAGED);
    }
    memmove(chunks, chunks + SEALED_UNIT, 3 * SEALED_UNIT); /* the first missing */
    assert_int_equal(sample_open(sample, sample->size - SEALED_UNIT, true, &found), STATUS_DAMAGED);
    memcpy(sample->sealed, kept, ROOM);
    memcpy(chunks + SEALED_UNIT, chunks, SEALED_UNIT); /* the first twice */
    assert_int_equal(sample_open(sample, sample->size, true, &found), STATUS_DAMAGED);
    memcpy(sample->sealed, kept, ROOM);
    memcpy(chunks, kept + 24 + SEALED_UNIT, SEALED_UNIT); /* two changed places */
    memcpy(chunks + SEALED_UNIT, kept + 24, SEALED_UNIT);
    assert_int_equal(sample_open(sample, sample->size, true, &found), STATUS_DAMAGED);
    memcpy(sample->sealed, kept, ROOM);
    memcpy(sample->sealed + sample->size, kept + sample->size - 117, 117); /* the last twice */
    assert_int_equal(sample_open(sample, sample->size + 117, true, &found), STATUS_DAMAGED);
    memcpy(sample->sealed, kept, ROOM);
    for (size_t at = 0; at < sample->size; at += at < 64 ? 1 : 9973) {
        sample->sealed[at] ^= 1;
        assert_int_equal(sample_open(sample, sample->size, true, &found), STATUS_DAMAGED);
        assert_int_equal(sample_open(sample, sample->size, false, &found), STATUS_DAMAGED);
        sample->sealed[at] ^= 1;
    }
    assert_int_equal(sample_open(sample, sample->size, false, &found), STATUS_OK);
    free(kept);
    sample_free(sample);
}

/* Goal: one file has one shape. Method: a stream of our own that ends in an empty chunk, whose
 * last full one is therefore not final. */
static void test_attachment_empty_tail(void **state)
{
    (void)state;
    struct sample *sample = sample_new(CHUNK);
    crypto_secretstream_xchacha20poly1305_state stream;
    (void)crypto_secretstream_xchacha20poly1305_init_push(&stream, sample->sealed,
                                                          secret_view(sample->key).data);
    (void)crypto_secretstream_xchacha20poly1305_push(
        &stream, sample->sealed + 24, NULL, sample->file, CHUNK, NULL, 0,
        crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
    (void)crypto_secretstream_xchacha20poly1305_push(
        &stream, sample->sealed + 24 + SEALED_UNIT, NULL, NULL, 0, NULL, 0,
        crypto_secretstream_xchacha20poly1305_TAG_FINAL);
    size_t found = 0;
    assert_int_equal(sample_open(sample, 24 + SEALED_UNIT + 17, true, &found), STATUS_DAMAGED);
    sample_free(sample);
}

/* Goal: another hash, another key and every short length are refused. Method: each. */
static void test_attachment_refusals(void **state)
{
    (void)state;
    struct sample *sample = sample_new(100);
    struct secret *key = sample->key;
    size_t found = 0;
    for (size_t size = 0; size < sample->size; size++) {
        assert_int_equal(sample_open(sample, size, true, &found), STATUS_DAMAGED);
    }
    sample->hash.bytes[0] ^= 1;
    assert_int_equal(sample_open(sample, sample->size, false, &found), STATUS_DAMAGED);
    sample->hash.bytes[0] ^= 1;
    assert_int_equal(secret_random(ATTACHMENT_KEY_BYTES, &sample->key), STATUS_OK);
    assert_int_equal(sample_open(sample, sample->size, false, &found), STATUS_DAMAGED);
    assert_int_equal(attachment_seal(key, span_of(sample->file, ATTACHMENT_BYTES_MAX + 1),
                                     sample->sealed, &sample->hash),
                     STATUS_TOO_LARGE);
    secret_free(key);
    sample_free(sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attachment_vector),   cmocka_unit_test(test_attachment_sizes),
        cmocka_unit_test(test_attachment_chunks),   cmocka_unit_test(test_attachment_empty_tail),
        cmocka_unit_test(test_attachment_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
