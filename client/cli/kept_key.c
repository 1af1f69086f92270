#include "client/cli/kept_key.h"

#include "client/cli/files.h"
#include "keys/private/private_file.h"
#include "keys/private/typed_seal.h"

static enum status read_file(const char *profile, struct public_key *out_key)
{
    char folder[FILES_PATH_BYTES_MAX];
    enum status status = files_join(profile, KEPT_FOLDER, folder);
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (status == STATUS_OK) {
        status = private_file_read(folder, KEPT_KEY, sizeof out_key->bytes, &bytes, &size);
    }
    if (status == STATUS_OK && size != sizeof out_key->bytes) {
        status = STATUS_DAMAGED;
    }
    if (status == STATUS_OK) {
        memcpy(out_key->bytes, bytes, size);
    }
    free(bytes);
    return status;
}

bool kept_key_settle(const char *profile, const struct keystore_content *content)
{
    struct public_key right;
    if (typed_seal_public(content->cache_master, &content->practice, &right) != STATUS_OK) {
        return false;
    }
    struct public_key found;
    enum status status = read_file(profile, &found);
    if (status == STATUS_OK && ID_EQUAL(&right, &found)) {
        return false;
    }
    char folder[FILES_PATH_BYTES_MAX];
    if (files_join(profile, KEPT_FOLDER, folder) == STATUS_OK &&
        private_file_folder(folder) == STATUS_OK) {
        /* Where it cannot be written, texts are kept in memory as long as it is so. */
        (void)!private_file_write(folder, KEPT_KEY, ID_SPAN(&right));
    }
    return status == STATUS_OK || status == STATUS_DAMAGED || status == STATUS_TOO_LARGE;
}

enum status kept_key_get(const struct cli *cli, struct public_key *out_key)
{
    if (cli->host != NULL) {
        const struct keystore_content *content = keystore_content(host_keystore(cli->host));
        return typed_seal_public(content->cache_master, &content->practice, out_key);
    }
    return read_file(cli->profile, out_key);
}
