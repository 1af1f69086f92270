#include "keys/server/key_file.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/disk.h"
#include "keys/public/bytes/wipe.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#define FILE_BYTES (KEY_FILE_MAGIC_BYTES + crypto_sign_SEEDBYTES + PUBLIC_KEY_BYTES)

_Static_assert(KEY_FILE_SECRET_BYTES == crypto_sign_SECRETKEYBYTES, "libsodium's secret key");

enum status key_file_generate(const char *path, const uint8_t magic[static KEY_FILE_MAGIC_BYTES],
                              struct public_key *out_public_key)
{
    if (sodium_init() < 0) {
        return STATUS_UNAVAILABLE;
    }
    uint8_t seed_secret[crypto_sign_SEEDBYTES];
    randombytes_buf(seed_secret, sizeof seed_secret);
    uint8_t key_secret[crypto_sign_SECRETKEYBYTES];
    struct public_key public_key;
    CHECK(crypto_sign_seed_keypair(public_key.bytes, key_secret, seed_secret) == 0);
    uint8_t file_secret[FILE_BYTES];
    struct cursor_writer writer;
    cursor_write_init(&writer, file_secret, sizeof file_secret);
    cursor_write_span(&writer, span_of(magic, KEY_FILE_MAGIC_BYTES));
    cursor_write_span(&writer, span_of(seed_secret, sizeof seed_secret));
    cursor_write_span(&writer, ID_SPAN(&public_key));
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK && size == sizeof file_secret);

    enum status status = disk_create(path, span_of(file_secret, size));
    status = status == STATUS_ALREADY ? STATUS_CONFLICT : status;
    if (status == STATUS_OK) {
        *out_public_key = public_key;
    }
    wipe(file_secret, sizeof file_secret);
    wipe(seed_secret, sizeof seed_secret);
    wipe(key_secret, sizeof key_secret);
    return status;
}

static enum status key_file_load(const char *path, uint8_t *out, size_t size)
{
    int fd = -1;
    size_t found = 0;
    enum status status = disk_open_private(AT_FDCWD, path, &fd, &found);
    if (status == STATUS_OK) {
        status = disk_read_exact(fd, out, size);
        (void)close(fd);
    }
    return status;
}

/* Derives the key from its seed; the stored public key must agree. */
static enum status key_file_restore(const uint8_t file_secret[static FILE_BYTES],
                                    const uint8_t magic[static KEY_FILE_MAGIC_BYTES],
                                    struct key_file *key)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, span_of(file_secret, FILE_BYTES));
    struct span found = cursor_read_span(&reader, KEY_FILE_MAGIC_BYTES);
    struct span seed = cursor_read_span(&reader, crypto_sign_SEEDBYTES);
    struct span stored = cursor_read_rest(&reader);
    CHECK(cursor_read_done(&reader) == STATUS_OK);
    if (!span_equal(found, span_of(magic, KEY_FILE_MAGIC_BYTES))) {
        return STATUS_CORRUPT;
    }
    CHECK(crypto_sign_seed_keypair(key->public_key.bytes, key->secret, seed.data) == 0);
    return span_equal(stored, ID_SPAN(&key->public_key)) ? STATUS_OK : STATUS_CORRUPT;
}

enum status key_file_open(const char *path, const uint8_t magic[static KEY_FILE_MAGIC_BYTES],
                          struct key_file **out_key)
{
    uint8_t file_secret[FILE_BYTES];
    struct key_file *key = NULL;
    *out_key = NULL;
    /* Guarded memory needs it; a repeated call costs nothing. */
    if (sodium_init() < 0) {
        return STATUS_UNAVAILABLE;
    }
    enum status status = key_file_load(path, file_secret, sizeof file_secret);
    if (status != STATUS_OK) {
        goto out;
    }
    key = sodium_malloc(sizeof *key);
    if (key == NULL) {
        status = STATUS_NO_MEMORY;
        goto out;
    }
    status = key_file_restore(file_secret, magic, key);
    if (status != STATUS_OK) {
        goto out;
    }
    *out_key = key;
    key = NULL;
out:
    sodium_free(key);
    wipe(file_secret, sizeof file_secret);
    return status;
}

void key_file_sign(const struct key_file *key, struct span message, struct signature *out_signature)
{
    CHECK(crypto_sign_detached(out_signature->bytes, NULL, message.data, message.size,
                               key->secret) == 0);
}

void key_file_close(struct key_file *key)
{
    sodium_free(key);
}
