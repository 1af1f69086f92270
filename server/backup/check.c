#include "server/backup/check.h"

#include "keys/public/bytes/hex.h"
#include "keys/public/hash.h"
#include "keys/public/verify.h"
#include "server/backup/folder.h"
#include "server/backup/unpack.h"

#include <inttypes.h>
#include <unistd.h>

#define SIGNATURE_FILE_BYTES (HEX_CHARS(SIGNATURE_BYTES) + 1u)

/* By the key that the manifest names; whose key that is the database tells. */
static enum status check_signature(int folder_fd, struct span text, const struct manifest *manifest,
                                   struct trouble *trouble)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = folder_read(folder_fd, MANIFEST_SIGNATURE_NAME, SIGNATURE_FILE_BYTES,
                                     &bytes, &size, trouble);
    if (status != STATUS_OK) {
        return status;
    }
    struct hash hash;
    hash_bytes(text, &hash);
    const struct span parts[] = {ID_SPAN(&hash)};
    struct signature signature;
    bool spelt =
        size == SIGNATURE_FILE_BYTES && bytes[size - 1] == '\n' &&
        hex_decode(span_of(bytes, size - 1), signature.bytes, SIGNATURE_BYTES) == STATUS_OK;
    free(bytes);
    if (!spelt || verify_frame(LABEL_BACKUP, &manifest->practice, parts, ARRAY_LEN(parts),
                               &manifest->log_key, &signature) != STATUS_OK) {
        return trouble_say(trouble, STATUS_BAD_SIGNATURE,
                           "the manifest is not signed by the log key that it names");
    }
    return STATUS_OK;
}

static enum status check_manifest(int folder_fd, struct manifest *out_manifest,
                                  struct trouble *trouble)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status =
        folder_read(folder_fd, MANIFEST_NAME, MANIFEST_BYTES_MAX, &bytes, &size, trouble);
    if (status != STATUS_OK) {
        return status;
    }
    struct manifest manifest;
    status = manifest_decode(span_of(bytes, size), &manifest);
    if (status == STATUS_OK) {
        status = check_signature(folder_fd, span_of(bytes, size), &manifest, trouble);
    } else {
        status = trouble_say(trouble, status, "%s: %s", MANIFEST_NAME,
                             status == STATUS_UNSUPPORTED
                                 ? "is of another version of Alcove"
                                 : "is not a manifest of a backup, or was changed");
    }
    free(bytes);
    if (status == STATUS_OK) {
        *out_manifest = manifest;
    }
    return status;
}

static enum status check_file(int folder_fd, const struct manifest *manifest, enum backup_file file,
                              struct trouble *trouble)
{
    const struct manifest_file *want = &manifest->files[file];
    char name[MANIFEST_NAME_CHARS_MAX];
    manifest_file_name(file, manifest->sealed, name);
    int fd = -1;
    enum status status = folder_file(folder_fd, name, &fd, trouble);
    if (status != STATUS_OK) {
        return status;
    }
    struct manifest_file found;
    status = folder_sum(fd, &found);
    (void)close(fd);
    if (status != STATUS_OK) {
        return trouble_say(trouble, status, "%s cannot be read", name);
    }
    if (found.size != want->size) {
        return trouble_say(trouble, STATUS_CORRUPT,
                           "%s has %" PRIu64 " bytes, and the manifest says %" PRIu64, name,
                           found.size, want->size);
    }
    return ID_EQUAL(&found.hash, &want->hash)
               ? STATUS_OK
               : trouble_say(trouble, STATUS_CORRUPT, "%s was changed: its SHA-256 is another",
                             name);
}

enum status check_files(int folder_fd, const struct practice_id *practice,
                        struct manifest *out_manifest, struct trouble *trouble)
{
    struct manifest manifest;
    enum status status = check_manifest(folder_fd, &manifest, trouble);
    if (status != STATUS_OK) {
        return status;
    }
    if (practice != NULL && !ID_EQUAL(practice, &manifest.practice)) {
        return trouble_say(trouble, STATUS_WRONG_KEY, "this is a backup of another practice");
    }
    char names[BACKUP_FILES][MANIFEST_NAME_CHARS_MAX];
    const char *all[BACKUP_FILES + 2u] = {MANIFEST_NAME, MANIFEST_SIGNATURE_NAME};
    for (size_t i = 0; i < BACKUP_FILES; i++) {
        manifest_file_name((enum backup_file)i, manifest.sealed, names[i]);
        all[i + 2u] = names[i];
    }
    status = folder_holds_only(folder_fd, all, ARRAY_LEN(all), trouble);
    for (size_t i = 0; i < BACKUP_FILES && status == STATUS_OK; i++) {
        status = check_file(folder_fd, &manifest, (enum backup_file)i, trouble);
    }
    if (status == STATUS_OK) {
        *out_manifest = manifest;
    }
    return status;
}

static enum status look_inside(const char *folder, int folder_fd,
                               const struct check_options *options, struct check_report *report,
                               struct trouble *trouble)
{
    struct unpack_notes notes = {{NULL}, {0}};
    enum status status = unpack_notes(folder_fd, &report->manifest, NULL, &notes, trouble);
    if (status == STATUS_OK) {
        const struct contents contents = {.database_folder = folder,
                                          .notes = {span_of(notes.bytes[0], notes.sizes[0]),
                                                    span_of(notes.bytes[1], notes.sizes[1])},
                                          .now_ms = options->now_ms};
        status = contents_check(&contents, &report->manifest, &report->contents, trouble);
    }
    unpack_notes_free(&notes);
    return status;
}

/* What is sealed is decrypted into a folder that is gone again afterwards. */
static enum status look_inside_sealed(int folder_fd, const struct check_options *options,
                                      struct check_report *report, struct trouble *trouble)
{
    char path[FOLDER_PATH_BYTES_MAX];
    int n = snprintf(path, sizeof path, "%s/alcoved-check-%ld", options->scratch, (long)getpid());
    struct folder_part part = {.fd = -1};
    enum status status =
        n > 0 && (size_t)n < sizeof path ? folder_begin(path, &part, trouble) : STATUS_USAGE;
    if (status == STATUS_OK) {
        status = unpack_backup(folder_fd, &report->manifest, options->identity, options->now_ms,
                               &part, &report->contents, trouble);
    }
    folder_abandon(&part);
    return status;
}

enum status check_backup(const char *folder, const struct check_options *options,
                         struct check_report *out_report, struct trouble *trouble)
{
    memset(out_report, 0, sizeof *out_report);
    int folder_fd = -1;
    enum status status = folder_open(folder, &folder_fd, trouble);
    if (status != STATUS_OK) {
        return status;
    }
    status = check_files(folder_fd, options->practice, &out_report->manifest, trouble);
    bool inside = !out_report->manifest.sealed || options->identity != NULL;
    if (status == STATUS_OK && inside) {
        out_report->looked_inside = true;
        status = out_report->manifest.sealed
                     ? look_inside_sealed(folder_fd, options, out_report, trouble)
                     : look_inside(folder, folder_fd, options, out_report, trouble);
    }
    (void)close(folder_fd);
    return status;
}
