#include "keys/private/keystore.h"

#include "keys/private/keystore_codec.h"
#include "keys/private/private_file.h"

#include <sodium.h>
#include <unistd.h>

struct keystore {
    char *folder;
    int lock_fd;
    struct pass_file *file;
    struct keystore_content content;
};

static const char file_name[] = "keystore";
static const char lock_name[] = "keystore.lock";

static enum status keystore_new(const char *folder, struct keystore **out_keystore)
{
    struct keystore *keystore = calloc(1, sizeof *keystore);
    if (keystore == NULL) {
        return STATUS_NO_MEMORY;
    }
    keystore->lock_fd = -1;
    keystore->folder = strdup(folder);
    if (keystore->folder == NULL) {
        free(keystore);
        return STATUS_NO_MEMORY;
    }
    *out_keystore = keystore;
    return STATUS_OK;
}

void keystore_close(struct keystore *keystore)
{
    if (keystore == NULL) {
        return;
    }
    keystore_content_deinit(&keystore->content);
    pass_file_free(keystore->file);
    if (keystore->lock_fd >= 0) {
        (void)close(keystore->lock_fd);
    }
    free(keystore->folder);
    free(keystore);
}

/* A file that is too large for a keystore is not one of ours. */
static enum status read_file(const char *folder, uint8_t **out_bytes, size_t *out_size)
{
    enum status status =
        private_file_read(folder, file_name, PASS_FILE_BYTES_MAX, out_bytes, out_size);
    return status == STATUS_TOO_LARGE ? STATUS_DAMAGED : status;
}

static enum status write_under(const struct keystore *keystore, struct pass_file *file)
{
    struct secret *plain = NULL;
    uint8_t *sealed = NULL;
    size_t plain_size = 0;
    size_t size = 0;
    const struct pass_file_params params = pass_file_params_of(file);
    enum status status = keystore_codec_encode(&keystore->content, &params, &plain, &plain_size);
    if (status != STATUS_OK) {
        goto out;
    }
    size = plain_size + PASS_FILE_OVERHEAD_BYTES;
    sealed = malloc(size);
    if (sealed == NULL) {
        status = STATUS_NO_MEMORY;
        goto out;
    }
    status = pass_file_seal(file, span_of(secret_view(plain).data, plain_size), sealed);
    if (status == STATUS_OK) {
        status = private_file_write(keystore->folder, file_name, span_of(sealed, size));
    }
out:
    secret_free(plain);
    free(sealed);
    return status;
}

enum status keystore_save(struct keystore *keystore)
{
    keystore->content.generation++;
    enum status status = write_under(keystore, keystore->file);
    if (status != STATUS_OK) {
        keystore->content.generation--;
    }
    return status;
}

static enum status refuse_existing(const char *folder)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = read_file(folder, &bytes, &size);
    free(bytes);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    return status == STATUS_NO_MEMORY ? status : STATUS_CONFLICT;
}

enum status keystore_create(const char *folder, const struct pass_file_params *params,
                            struct span passphrase, struct keystore_content *content,
                            struct keystore **out_keystore)
{
    enum status status = private_file_folder(folder);
    struct keystore *keystore = NULL;
    if (status == STATUS_OK) {
        status = keystore_new(folder, &keystore);
    }
    /* The lock is a file of its own, since the keystore is replaced by a rename and a lock on it
     * would go with the old one. It is taken before looking, so that two processes that create
     * at once cannot both find nothing. */
    if (status == STATUS_OK) {
        status = private_file_lock(folder, lock_name, &keystore->lock_fd);
    }
    if (status == STATUS_OK) {
        status = refuse_existing(folder);
    }
    if (status == STATUS_OK) {
        status = pass_file_new(PASS_FILE_KEYSTORE, params, passphrase, &keystore->file);
    }
    if (status == STATUS_OK) {
        keystore->content = *content;
        status = keystore_save(keystore);
        if (status == STATUS_OK) {
            sodium_memzero(content, sizeof *content);
            *out_keystore = keystore;
            return STATUS_OK;
        }
        sodium_memzero(&keystore->content, sizeof keystore->content); /* still the caller's */
    }
    keystore_close(keystore);
    return status;
}

enum status keystore_probe(const char *folder, struct pass_file_params *out_params)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = read_file(folder, &bytes, &size);
    if (status == STATUS_OK) {
        status = pass_file_probe(span_of(bytes, size), PASS_FILE_KEYSTORE, out_params);
    }
    free(bytes);
    return status;
}

/* Inside and outside must agree on the parameters: they are in the associated data. */
static enum status open_bytes(struct keystore *keystore, struct span bytes, struct span passphrase)
{
    struct secret *plain = NULL;
    enum status status =
        pass_file_open(bytes, PASS_FILE_KEYSTORE, passphrase, &keystore->file, &plain);
    struct pass_file_params inside = {0};
    if (status == STATUS_OK) {
        status = keystore_codec_decode(secret_view(plain), &keystore->content, &inside);
    }
    if (status == STATUS_OK) {
        const struct pass_file_params outside = pass_file_params_of(keystore->file);
        if (inside.passes != outside.passes || inside.memory_kib != outside.memory_kib) {
            status = STATUS_DAMAGED;
        }
    }
    secret_free(plain);
    return status;
}

enum status keystore_open(const char *folder, struct span passphrase,
                          struct keystore **out_keystore)
{
    struct pass_file_params params;
    enum status status = keystore_probe(folder, &params);
    struct keystore *keystore = NULL;
    if (status == STATUS_OK) {
        status = keystore_new(folder, &keystore);
    }
    if (status == STATUS_OK) {
        status = private_file_lock(folder, lock_name, &keystore->lock_fd);
    }
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (status == STATUS_OK) {
        status = read_file(folder, &bytes, &size); /* again: now nobody else writes it */
    }
    if (status == STATUS_OK) {
        status = open_bytes(keystore, span_of(bytes, size), passphrase);
    }
    free(bytes);
    if (status != STATUS_OK) {
        keystore_close(keystore);
        return status;
    }
    *out_keystore = keystore;
    return STATUS_OK;
}

struct keystore_content *keystore_content(struct keystore *keystore)
{
    CHECK(keystore != NULL);
    return &keystore->content;
}

enum status keystore_change_passphrase(struct keystore *keystore, struct span passphrase,
                                       const struct pass_file_params *params)
{
    const struct pass_file_params now = pass_file_params_of(keystore->file);
    const struct pass_file_params next = params == NULL ? now : *params;
    if (next.passes < now.passes || next.memory_kib < now.memory_kib) {
        return STATUS_UNSUPPORTED;
    }
    struct pass_file *file = NULL;
    enum status status = pass_file_new(PASS_FILE_KEYSTORE, &next, passphrase, &file);
    if (status != STATUS_OK) {
        return status;
    }
    keystore->content.generation++;
    status = write_under(keystore, file);
    if (status == STATUS_OK) {
        pass_file_free(keystore->file);
        keystore->file = file;
        return STATUS_OK;
    }
    keystore->content.generation--;
    pass_file_free(file);
    return status;
}
