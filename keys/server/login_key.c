#include "keys/server/login_key.h"

#include "keys/server/key_file.h"

static const uint8_t login_key_magic[KEY_FILE_MAGIC_BYTES] = {'A', 'L', 'C', 'V', 'L', 'G', 'K', 1};

struct login_key {
    struct key_file *file;
};

enum status login_key_generate(const char *path, struct public_key *out_public_key)
{
    return key_file_generate(path, login_key_magic, out_public_key);
}

enum status login_key_open(const char *path, struct login_key **out_key)
{
    struct login_key *key = calloc(1, sizeof *key);
    *out_key = NULL;
    if (key == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = key_file_open(path, login_key_magic, &key->file);
    if (status != STATUS_OK) {
        free(key);
        return status;
    }
    *out_key = key;
    return STATUS_OK;
}

void login_key_public(const struct login_key *key, struct public_key *out_public_key)
{
    *out_public_key = key->file->public_key;
}

enum status login_key_sign(const struct login_key *key, enum label label,
                           const struct practice_id *practice, const struct span *parts,
                           size_t count, struct signature *out_signature)
{
    if (label != LABEL_LOGIN_SERVER && label != LABEL_REWOUND) {
        return STATUS_USAGE;
    }
    struct frame frame;
    enum status status = frame_build(label, practice, parts, count, &frame);
    if (status != STATUS_OK) {
        return status;
    }
    key_file_sign(key->file, span_of(frame.data, frame.size), out_signature);
    frame_free(&frame);
    return STATUS_OK;
}

void login_key_close(struct login_key *key)
{
    if (key == NULL) {
        return;
    }
    key_file_close(key->file);
    free(key);
}
