#include "server/backup/make.h"

#include "keys/public/bytes/disk.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/hash.h"
#include "server/backup/age.h"
#include "server/backup/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SMALL_FILE_BYTES_MAX (1024u * 1024u)

struct making {
    const struct make_source *source;
    const char *recipient;
    struct folder_part part;
    struct signer_link_notes notes;
    struct manifest manifest;
    struct trouble *trouble;
};

static enum status take_heads(struct making *making)
{
    enum status status =
        signer_link_last(making->source->signer, &making->source->log_key, &making->notes);
    if (status != STATUS_OK) {
        return trouble_say(making->trouble, status,
                           "the log signer did not give its last heads: %s", status_reason(status));
    }
    for (size_t i = 0; i < MANIFEST_LOGS; i++) {
        making->manifest.heads[i].size = making->notes.checkpoints[i].size;
        making->manifest.heads[i].root = making->notes.checkpoints[i].root;
    }
    return STATUS_OK;
}

/* One file of the backup --------------------------------------------------------------- */

/* Where the plain bytes go: into the file, or into age, which writes that. */
struct sink {
    int file;
    int fd;
    pid_t age; /* 0: none */
};

static enum status sink_open(struct making *making, enum backup_file file, struct sink *out)
{
    char name[MANIFEST_NAME_CHARS_MAX];
    manifest_file_name(file, making->recipient != NULL, name);
    *out = (struct sink){.file = -1, .fd = -1};
    enum status status = folder_create(&making->part, name, &out->file, making->trouble);
    if (status == STATUS_OK && making->recipient != NULL) {
        return age_begin(making->recipient, out->file, &out->fd, &out->age, making->trouble);
    }
    out->fd = out->file;
    return status;
}

/* Whatever went wrong before: the child is waited for, and all is closed. */
static enum status sink_close(struct making *making, enum backup_file file, struct sink *sink,
                              enum status status)
{
    if (sink->fd >= 0 && sink->fd != sink->file) {
        (void)close(sink->fd);
    }
    if (sink->age > 0) {
        enum status ended = age_end(sink->age, making->trouble);
        status = status == STATUS_OK ? ended : status;
    }
    if (status == STATUS_OK && fsync(sink->file) != 0) {
        status = trouble_say(making->trouble, folder_fault(), "%s cannot be written: %s",
                             making->part.path, strerrordesc_np(errno));
    }
    if (status == STATUS_OK) {
        status = folder_sum(sink->file, &making->manifest.files[file]);
    }
    if (sink->file >= 0) {
        (void)close(sink->file);
    }
    return status;
}

static enum status put_bytes(struct making *making, enum backup_file file, struct span bytes)
{
    struct sink sink;
    enum status status = sink_open(making, file, &sink);
    while (status == STATUS_OK && bytes.size > 0) {
        ssize_t n = write(sink.fd, bytes.data, bytes.size);
        if (n < 0 && errno != EINTR) {
            status = errno == EPIPE ? STATUS_IO : folder_fault();
        }
        bytes = n > 0 ? span_of(bytes.data + n, bytes.size - (size_t)n) : bytes;
    }
    /* Age says more than the pipe that it closed. */
    status = sink_close(making, file, &sink, status);
    return status == STATUS_OK ? status
                               : trouble_say(making->trouble, status, "%s cannot be written: %s",
                                             making->part.path, status_reason(status));
}

static enum status put_file(struct making *making, enum backup_file file)
{
    const char *path = making->source->paths[file];
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = disk_read_path(path, SMALL_FILE_BYTES_MAX, &bytes, &size);
    if (status != STATUS_OK) {
        return trouble_say(making->trouble, status, "%s: %s", path, status_reason(status));
    }
    status = put_bytes(making, file, span_of(bytes, size));
    free(bytes);
    return status;
}

static enum status put_database(struct making *making)
{
    struct sink sink;
    enum status status = sink_open(making, BACKUP_DATABASE, &sink);
    if (status == STATUS_OK) {
        status = db_copy(making->source->db, sink.fd);
    }
    status = sink_close(making, BACKUP_DATABASE, &sink, status);
    return status == STATUS_OK
               ? status
               : trouble_say(making->trouble, status, "the database was not copied to %s: %s",
                             making->part.path,
                             status == STATUS_FULL ? "the disk there is full"
                                                   : status_reason(status));
}

/* All of it ----------------------------------------------------------------------------- */

static enum status put_files(struct making *making)
{
    enum status status = put_bytes(making, BACKUP_STATEMENTS,
                                   span_of(making->notes.notes[0], making->notes.note_sizes[0]));
    if (status == STATUS_OK) {
        status = put_bytes(making, BACKUP_EVENTS,
                           span_of(making->notes.notes[1], making->notes.note_sizes[1]));
    }
    for (size_t i = 0; i < BACKUP_FILES && status == STATUS_OK; i++) {
        if (making->source->paths[i] != NULL) {
            status = put_file(making, (enum backup_file)i);
        }
    }
    return status == STATUS_OK ? put_database(making) : status;
}

static enum status put_manifest(struct making *making)
{
    char text[MANIFEST_BYTES_MAX];
    size_t size = 0;
    manifest_encode(&making->manifest, text, &size);
    struct hash hash;
    hash_bytes(span_of(text, size), &hash);
    struct signature signature;
    enum status status = signer_link_backup(making->source->signer, &hash, &signature);
    if (status != STATUS_OK) {
        return trouble_say(making->trouble, status, "the log signer did not sign the manifest: %s",
                           status_reason(status));
    }
    char line[HEX_CHARS(SIGNATURE_BYTES) + 1u];
    hex_encode(ID_SPAN(&signature), line);
    line[sizeof line - 1] = '\n';
    status = folder_put(&making->part, MANIFEST_SIGNATURE_NAME, span_of(line, sizeof line),
                        making->trouble);
    return status == STATUS_OK
               ? folder_put(&making->part, MANIFEST_NAME, span_of(text, size), making->trouble)
               : status;
}

enum status make_backup(const struct make_source *source, const char *target, const char *recipient,
                        uint64_t now_ms, struct check_report *out_report, struct trouble *trouble)
{
    struct making *making = calloc(1, sizeof *making);
    if (making == NULL) {
        return trouble_say(trouble, STATUS_NO_MEMORY, "there is no memory");
    }
    making->source = source;
    making->recipient = recipient;
    making->trouble = trouble;
    making->part.fd = -1;
    making->manifest.practice = source->practice;
    making->manifest.log_key = source->log_key;
    making->manifest.time_ms = now_ms;
    making->manifest.format = SCHEMA_FORMAT_VERSION;
    making->manifest.sealed = recipient != NULL;
    enum status status = folder_begin(target, &making->part, trouble);
    if (status == STATUS_OK) {
        status = take_heads(making);
    }
    if (status == STATUS_OK) {
        status = put_files(making);
    }
    if (status == STATUS_OK) {
        status = put_manifest(making);
    }
    if (status == STATUS_OK) {
        const struct check_options options = {.practice = &source->practice, .now_ms = now_ms};
        status = check_backup(making->part.path, &options, out_report, trouble);
    }
    if (status == STATUS_OK) {
        status = folder_finish(&making->part, trouble);
    }
    folder_abandon(&making->part);
    free(making);
    return status;
}
