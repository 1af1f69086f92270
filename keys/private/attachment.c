#include "keys/private/attachment.h"

#include "keys/public/hash.h"

#include <sodium.h>

#define HEADER_BYTES crypto_secretstream_xchacha20poly1305_HEADERBYTES
#define EXTRA_BYTES  crypto_secretstream_xchacha20poly1305_ABYTES
#define SEALED_CHUNK (ATTACHMENT_CHUNK_BYTES + EXTRA_BYTES)

_Static_assert(ATTACHMENT_KEY_BYTES == crypto_secretstream_xchacha20poly1305_KEYBYTES, "key size");

static size_t chunk_count(size_t file_size)
{
    return file_size == 0 ? 1 : (file_size - 1) / ATTACHMENT_CHUNK_BYTES + 1;
}

size_t attachment_size(size_t file_size)
{
    CHECK(file_size <= ATTACHMENT_BYTES_MAX);
    return HEADER_BYTES + file_size + chunk_count(file_size) * EXTRA_BYTES;
}

static unsigned char tag_of(bool last)
{
    return last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
}

enum status attachment_seal(const struct secret *key, struct span file, uint8_t *out_sealed,
                            struct hash *out_hash)
{
    CHECK(secret_view(key).size == ATTACHMENT_KEY_BYTES);
    if (file.size > ATTACHMENT_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    crypto_secretstream_xchacha20poly1305_state stream_secret;
    (void)crypto_secretstream_xchacha20poly1305_init_push(&stream_secret, out_sealed,
                                                          secret_view(key).data);
    size_t count = chunk_count(file.size);
    size_t read = 0;
    size_t written = HEADER_BYTES;
    for (size_t i = 0; i < count; i++) {
        size_t left = file.size - read;
        size_t size = left < ATTACHMENT_CHUNK_BYTES ? left : ATTACHMENT_CHUNK_BYTES;
        (void)crypto_secretstream_xchacha20poly1305_push(&stream_secret, out_sealed + written, NULL,
                                                         size > 0 ? file.data + read : NULL, size,
                                                         NULL, 0, tag_of(i + 1 == count));
        read += size;
        written += size + EXTRA_BYTES;
    }
    CHECK(read == file.size && written == attachment_size(file.size));
    hash_bytes(span_of(out_sealed, written), out_hash);
    sodium_memzero(&stream_secret, sizeof stream_secret);
    return STATUS_OK;
}

/* Every chunk with its right tag: the final one at the end and nowhere else. */
static enum status open_chunks(crypto_secretstream_xchacha20poly1305_state *stream,
                               struct span chunks, uint8_t *out_file, size_t *out_written)
{
    size_t written = 0;
    while (chunks.size > 0) {
        size_t size = chunks.size < SEALED_CHUNK ? chunks.size : SEALED_CHUNK;
        bool last = size == chunks.size;
        unsigned char tag = 0;
        if (size < EXTRA_BYTES ||
            crypto_secretstream_xchacha20poly1305_pull(stream, out_file + written, NULL, &tag,
                                                       chunks.data, size, NULL, 0) != 0 ||
            tag != tag_of(last)) {
            return STATUS_DAMAGED;
        }
        written += size - EXTRA_BYTES;
        chunks = span_of(chunks.data + size, chunks.size - size);
    }
    *out_written = written;
    return STATUS_OK;
}

enum status attachment_open(const struct secret *key, const struct hash *expected,
                            struct span sealed, uint8_t *out_file, size_t *out_file_size)
{
    CHECK(secret_view(key).size == ATTACHMENT_KEY_BYTES);
    if (sealed.size > 0) {
        memset(out_file, 0, sealed.size);
    }
    if (sealed.size < attachment_size(0) || sealed.size > attachment_size(ATTACHMENT_BYTES_MAX)) {
        return STATUS_DAMAGED;
    }
    struct hash found;
    hash_bytes(sealed, &found);
    if (!ID_EQUAL(&found, expected)) {
        return STATUS_DAMAGED;
    }
    crypto_secretstream_xchacha20poly1305_state stream_secret;
    size_t written = 0;
    enum status status = STATUS_DAMAGED;
    if (crypto_secretstream_xchacha20poly1305_init_pull(&stream_secret, sealed.data,
                                                        secret_view(key).data) == 0) {
        status = open_chunks(&stream_secret,
                             span_of(sealed.data + HEADER_BYTES, sealed.size - HEADER_BYTES),
                             out_file, &written);
    }
    /* An empty last chunk behind others would be a second form of the same file. */
    if (status == STATUS_OK && attachment_size(written) != sealed.size) {
        status = STATUS_DAMAGED;
    }
    if (status == STATUS_OK) {
        *out_file_size = written;
    } else {
        sodium_memzero(out_file, sealed.size);
    }
    sodium_memzero(&stream_secret, sizeof stream_secret);
    return status;
}
