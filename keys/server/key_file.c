#include "keys/server/key_file.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES (KEY_FILE_MAGIC_BYTES + crypto_sign_SEEDBYTES + PUBLIC_KEY_BYTES)

_Static_assert(KEY_FILE_SECRET_BYTES == crypto_sign_SECRETKEYBYTES, "libsodium's secret key");

static enum status write_all(int fd, const uint8_t *bytes, size_t size)
{
    size_t written = 0;
    while (written < size) {
        ssize_t n = write(fd, bytes + written, size - written);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return STATUS_IO;
        }
        written += (size_t)n;
    }
    return fsync(fd) == 0 ? STATUS_OK : STATUS_IO;
}

/* So that the new name survives a power cut, not only the bytes. */
static enum status sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = NULL;
    if (slash == NULL) {
        folder = strdup(".");
    } else {
        folder = strndup(path, slash == path ? 1u : (size_t)(slash - path));
    }
    if (folder == NULL) {
        return STATUS_NO_MEMORY;
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0) {
        return STATUS_IO;
    }
    enum status status = fsync(fd) == 0 ? STATUS_OK : STATUS_IO;
    (void)close(fd);
    return status;
}

/* A file that could not be finished is removed, or the next try would find it in the way. */
static enum status store(const char *path, const uint8_t *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno == EEXIST ? STATUS_CONFLICT : STATUS_IO;
    }
    enum status status = write_all(fd, bytes, size);
    if (close(fd) != 0 && status == STATUS_OK) {
        status = STATUS_IO;
    }
    if (status == STATUS_OK) {
        status = sync_folder(path);
    }
    if (status != STATUS_OK) {
        (void)unlink(path);
    }
    return status;
}

enum status key_file_generate(const char *path, const uint8_t magic[static KEY_FILE_MAGIC_BYTES],
                              struct public_key *out_public_key)
{
    uint8_t file_secret[FILE_BYTES];
    uint8_t seed_secret[crypto_sign_SEEDBYTES];
    uint8_t key_secret[crypto_sign_SECRETKEYBYTES];
    struct public_key public_key;
    struct cursor_writer writer;
    size_t size = 0;

    if (sodium_init() < 0) {
        return STATUS_UNAVAILABLE;
    }
    randombytes_buf(seed_secret, sizeof(seed_secret));
    CHECK(crypto_sign_seed_keypair(public_key.bytes, key_secret, seed_secret) == 0);
    cursor_write_init(&writer, file_secret, sizeof(file_secret));
    cursor_write_span(&writer, span_of(magic, KEY_FILE_MAGIC_BYTES));
    cursor_write_span(&writer, span_of(seed_secret, sizeof(seed_secret)));
    cursor_write_span(&writer, ID_SPAN(&public_key));
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK && size == sizeof(file_secret));

    enum status status = store(path, file_secret, size);
    if (status == STATUS_OK) {
        *out_public_key = public_key;
    }
    wipe(file_secret, sizeof(file_secret));
    wipe(seed_secret, sizeof(seed_secret));
    wipe(key_secret, sizeof(key_secret));
    return status;
}

/* Exactly |size| bytes, and the file ends there. */
static enum status read_all(int fd, uint8_t *out, size_t size)
{
    size_t used = 0;
    uint8_t extra = 0;
    for (;;) {
        bool full = used == size;
        ssize_t n = read(fd, full ? &extra : out + used, full ? 1u : size - used);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return STATUS_IO;
        }
        if (n == 0) {
            return full ? STATUS_OK : STATUS_CORRUPT;
        }
        if (full) {
            return STATUS_CORRUPT;
        }
        used += (size_t)n;
    }
}

static enum status load(const char *path, uint8_t *out, size_t size)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ELOOP || errno == EACCES) {
            return STATUS_REFUSED;
        }
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    enum status status = STATUS_IO;
    if (fstat(fd, &info) == 0) {
        bool private =
            S_ISREG(info.st_mode) && (info.st_mode & 0077u) == 0 && info.st_uid == geteuid();
        status = private ? read_all(fd, out, size) : STATUS_REFUSED;
    }
    (void)close(fd);
    return status;
}

/* Derives the key from its seed; the stored public key must agree. */
static enum status restore(const uint8_t file_secret[static FILE_BYTES],
                           const uint8_t magic[static KEY_FILE_MAGIC_BYTES], struct key_file *key)
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
    enum status status = load(path, file_secret, sizeof(file_secret));
    if (status != STATUS_OK) {
        goto out;
    }
    key = sodium_malloc(sizeof(*key));
    if (key == NULL) {
        status = STATUS_NO_MEMORY;
        goto out;
    }
    status = restore(file_secret, magic, key);
    if (status != STATUS_OK) {
        goto out;
    }
    *out_key = key;
    key = NULL;
out:
    sodium_free(key);
    wipe(file_secret, sizeof(file_secret));
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
