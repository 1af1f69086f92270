#include "keys/server/log_key.h"

#include "keys/public/frame.h"
#include "keys/server/key_file.h"

static const uint8_t log_key_magic[KEY_FILE_MAGIC_BYTES] = {'A', 'L', 'C', 'V', 'C', 'P', 'K', 1};

struct log_key {
    struct key_file *file;
};

enum status log_key_generate(const char *path, struct public_key *out_public_key)
{
    return key_file_generate(path, log_key_magic, out_public_key);
}

enum status log_key_open(const char *path, struct log_key **out_key)
{
    struct log_key *key = calloc(1, sizeof *key);
    *out_key = NULL;
    if (key == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = key_file_open(path, log_key_magic, &key->file);
    if (status != STATUS_OK) {
        free(key);
        return status;
    }
    *out_key = key;
    return STATUS_OK;
}

void log_key_public(const struct log_key *key, struct public_key *out_public_key)
{
    *out_public_key = key->file->public_key;
}

enum status log_key_sign(const struct log_key *key, const struct checkpoint *checkpoint,
                         char out_note[CHECKPOINT_NOTE_BYTES_MAX], size_t *out_size)
{
    char text[CHECKPOINT_TEXT_BYTES_MAX];
    size_t text_size = 0;
    enum status status = checkpoint_format(checkpoint, text, &text_size);
    struct note_key name;
    if (status == STATUS_OK) {
        status = note_key_init(span_of(checkpoint->origin, strlen(checkpoint->origin)),
                               NOTE_KEY_ED25519, &key->file->public_key, &name);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct signature signature;
    key_file_sign(key->file, span_of(text, text_size), &signature);
    char line[SIGNED_NOTE_LINE_BYTES_MAX];
    size_t line_size = 0;
    status = signed_note_line(&name, 0, &signature, line, &line_size);
    if (status != STATUS_OK) {
        return status;
    }
    struct span lines[1];
    lines[0] = span_of(line, line_size);
    return signed_note_compose(span_of(text, text_size), lines, ARRAY_LEN(lines), out_note,
                               CHECKPOINT_NOTE_BYTES_MAX, out_size);
}

enum status log_key_sign_backup(const struct log_key *key, const struct practice_id *practice,
                                const struct hash *manifest, struct signature *out_signature)
{
    const struct span parts[] = {ID_SPAN(manifest)};
    size_t size = 0;
    uint8_t frame[FRAME_PREFIX_BYTES_MAX + HASH_BYTES];
    enum status status =
        frame_write(LABEL_BACKUP, practice, parts, ARRAY_LEN(parts), frame, sizeof frame, &size);
    if (status == STATUS_OK) {
        key_file_sign(key->file, span_of(frame, size), out_signature);
    }
    return status;
}

void log_key_close(struct log_key *key)
{
    if (key == NULL) {
        return;
    }
    key_file_close(key->file);
    free(key);
}
