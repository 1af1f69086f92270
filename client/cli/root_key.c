#include "client/cli/root_key.h"

#include "client/cli/files.h"
#include "client/cli/secrets.h"
#include "keys/public/bytes/wipe.h"

enum status root_key_write(const char *path, const struct pass_file_params *params,
                           struct span passphrase, const struct identity_signer *root)
{
    struct pass_file *file = NULL;
    enum status status = pass_file_new(PASS_FILE_ROOT_KEY, params, passphrase, &file);
    uint8_t sealed[IDENTITY_SEED_BYTES + PASS_FILE_OVERHEAD_BYTES];
    if (status == STATUS_OK) {
        status = pass_file_seal(file, identity_signer_seed(root), sealed);
    }
    if (status == STATUS_OK) {
        status = files_write_new(path, span_of(sealed, sizeof sealed));
    }
    pass_file_free(file);
    return status;
}

struct opening {
    struct span bytes;
    struct pass_file *file;
    struct secret *seed;
};

static enum status open_seed(void *opener, struct span passphrase)
{
    struct opening *opening = opener;
    return pass_file_open(opening->bytes, PASS_FILE_ROOT_KEY, passphrase, &opening->file,
                          &opening->seed);
}

enum status root_key_read(const char *path, const struct secret *typed,
                          struct identity_signer **out_root)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = files_read(path, -1, PASS_FILE_BYTES_MAX, &bytes, &size);
    struct opening opening = {.bytes = span_of(bytes, size)};
    if (status == STATUS_OK) {
        status = secrets_try(typed, open_seed, &opening);
    }
    if (status == STATUS_OK && secret_view(opening.seed).size != IDENTITY_SEED_BYTES) {
        status = STATUS_DAMAGED;
    }
    if (status == STATUS_OK) {
        status = identity_signer_from_seed(IDENTITY_ROOT, secret_view(opening.seed), out_root);
    }
    secret_free(opening.seed);
    pass_file_free(opening.file);
    free(bytes);
    return status;
}
