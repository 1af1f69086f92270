#include "server/backup/unpack.h"

#include "keys/public/log/checkpoint.h"
#include "server/backup/age.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define COPY_BYTES (256u * 1024u)

/* Where each file lies in a data directory. */
static const char *const PLACES[BACKUP_FILES] = {
    [BACKUP_CONFIG] = "alcoved.conf",        [BACKUP_DATABASE] = "db/data.mdb",
    [BACKUP_EVENTS] = "events.note",         [BACKUP_PUBLIC] = "server.pub",
    [BACKUP_STATEMENTS] = "statements.note", [BACKUP_CERTIFICATE] = "tls.crt",
};

enum status unpack_notes(int folder_fd, const struct manifest *manifest,
                         const struct folder_part *unpacked, struct unpack_notes *out_notes,
                         struct trouble *trouble)
{
    static const enum backup_file files[MANIFEST_LOGS] = {BACKUP_STATEMENTS, BACKUP_EVENTS};
    memset(out_notes, 0, sizeof *out_notes);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < MANIFEST_LOGS && status == STATUS_OK; i++) {
        char name[MANIFEST_NAME_CHARS_MAX];
        manifest_file_name(files[i], unpacked == NULL && manifest->sealed, name);
        status = folder_read(unpacked == NULL ? folder_fd : unpacked->fd, name,
                             CHECKPOINT_NOTE_BYTES_MAX, &out_notes->bytes[i], &out_notes->sizes[i],
                             trouble);
    }
    return status;
}

void unpack_notes_free(struct unpack_notes *notes)
{
    for (size_t i = 0; i < MANIFEST_LOGS; i++) {
        free(notes->bytes[i]);
        notes->bytes[i] = NULL;
    }
}

/* False: errno says why. */
static bool copy_bytes(int in_fd, int out_fd)
{
    uint8_t *buffer = malloc(COPY_BYTES);
    ssize_t n = buffer == NULL ? -1 : 1;
    while (n > 0) {
        n = read(in_fd, buffer, COPY_BYTES);
        if (n < 0 && errno == EINTR) {
            n = 1;
            continue;
        }
        for (ssize_t done = 0; done < n;) {
            ssize_t wrote = write(out_fd, buffer + done, (size_t)(n - done));
            if (wrote < 0 && errno == EINTR) {
                continue;
            }
            if (wrote <= 0) {
                free(buffer);
                return false;
            }
            done += wrote;
        }
    }
    free(buffer);
    return n == 0;
}

/* Whoever can write into the backup may have changed it since it was compared: what counts is what
 * is here now. */
static enum status compare_again(int fd, const struct manifest_file *want, const char *name,
                                 struct trouble *trouble)
{
    struct manifest_file found;
    enum status status = folder_sum(fd, &found);
    if (status == STATUS_OK && (found.size != want->size || !ID_EQUAL(&found.hash, &want->hash))) {
        status = trouble_say(trouble, STATUS_CORRUPT, "%s changed while it was read", name);
    }
    return status;
}

static enum status unpack_one(int folder_fd, const struct manifest *manifest, const char *identity,
                              enum backup_file file, const struct folder_part *part,
                              struct trouble *trouble)
{
    char name[MANIFEST_NAME_CHARS_MAX];
    manifest_file_name(file, manifest->sealed, name);
    int in_fd = -1;
    enum status status = folder_file(folder_fd, name, &in_fd, trouble);
    int out_fd = -1;
    if (status == STATUS_OK) {
        status = folder_create(part, PLACES[file], &out_fd, trouble);
    }
    if (status == STATUS_OK && manifest->sealed) {
        status = age_decrypt(identity, in_fd, out_fd, trouble);
    } else if (status == STATUS_OK && !copy_bytes(in_fd, out_fd)) {
        status = trouble_say(trouble, folder_fault(), "%s cannot be copied: %s", name,
                             strerrordesc_np(errno));
    }
    if (status == STATUS_OK && !manifest->sealed) {
        status = compare_again(out_fd, &manifest->files[file], name, trouble);
    }
    if (status == STATUS_OK && fsync(out_fd) != 0) {
        status = trouble_say(trouble, folder_fault(), "%s/%s cannot be written: %s", part->path,
                             PLACES[file], strerrordesc_np(errno));
    }
    if (in_fd >= 0) {
        (void)close(in_fd);
    }
    if (out_fd >= 0) {
        (void)close(out_fd);
    }
    return status;
}

static enum status check_unpacked(const struct manifest *manifest, uint64_t now_ms,
                                  const struct folder_part *part,
                                  struct contents_report *out_report, struct trouble *trouble)
{
    char database[FOLDER_PATH_BYTES_MAX];
    int n = snprintf(database, sizeof database, "%s/db", part->path);
    if (n < 0 || (size_t)n >= sizeof database) {
        return trouble_say(trouble, STATUS_USAGE, "the folder's name is too long");
    }
    struct unpack_notes notes;
    enum status status = unpack_notes(-1, manifest, part, &notes, trouble);
    if (status == STATUS_OK) {
        const struct contents contents = {.database_folder = database,
                                          .notes = {span_of(notes.bytes[0], notes.sizes[0]),
                                                    span_of(notes.bytes[1], notes.sizes[1])},
                                          .now_ms = now_ms};
        status = contents_check(&contents, manifest, out_report, trouble);
    }
    unpack_notes_free(&notes);
    return status;
}

enum status unpack_backup(int folder_fd, const struct manifest *manifest, const char *identity,
                          uint64_t now_ms, const struct folder_part *part,
                          struct contents_report *out_report, struct trouble *trouble)
{
    if (manifest->sealed && identity == NULL) {
        return trouble_say(trouble, STATUS_USAGE,
                           "it is encrypted: give --identity FILE, the key for age");
    }
    enum status status = folder_make(part, "db", trouble);
    for (size_t i = 0; i < BACKUP_FILES && status == STATUS_OK; i++) {
        status = unpack_one(folder_fd, manifest, identity, (enum backup_file)i, part, trouble);
    }
    int fd = status == STATUS_OK ? openat(part->fd, "db", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (status == STATUS_OK && (fd < 0 || fsync(fd) != 0)) {
        status = trouble_say(trouble, folder_fault(), "%s/db cannot be synced", part->path);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return status == STATUS_OK ? check_unpacked(manifest, now_ms, part, out_report, trouble)
                               : status;
}
