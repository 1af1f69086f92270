#include "server/backup/restore.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/disk.h"
#include "keys/public/log/checkpoint.h"
#include "server/backup/folder.h"
#include "server/backup/unpack.h"

#include <unistd.h>

#define MARK_BYTES_MAX (MANIFEST_LOGS * (2u + CHECKPOINT_NOTE_BYTES_MAX))

/* Both notes, statements first, each after its length (u16). */
static enum status put_mark(const struct folder_part *part, const struct manifest *manifest,
                            struct trouble *trouble)
{
    struct unpack_notes notes;
    enum status status = unpack_notes(-1, manifest, part, &notes, trouble);
    uint8_t bytes[MARK_BYTES_MAX];
    size_t size = 0;
    if (status == STATUS_OK) {
        struct cursor_writer writer;
        cursor_write_init(&writer, bytes, sizeof bytes);
        for (size_t i = 0; i < MANIFEST_LOGS; i++) {
            cursor_write_u16(&writer, (uint16_t)notes.sizes[i]);
            cursor_write_span(&writer, span_of(notes.bytes[i], notes.sizes[i]));
        }
        status = cursor_write_done(&writer, &size);
    }
    unpack_notes_free(&notes);
    if (status == STATUS_OK) {
        status = folder_put(part, RESTORE_MARK, span_of(bytes, size), trouble);
    }
    if (status == STATUS_OK && (unlinkat(part->fd, "statements.note", 0) != 0 ||
                                unlinkat(part->fd, "events.note", 0) != 0)) {
        status = trouble_say(trouble, STATUS_IO, "%s cannot be written", part->path);
    }
    return status;
}

enum status restore_backup(const char *folder, const char *data,
                           const struct check_options *options, struct check_report *out_report,
                           struct trouble *trouble)
{
    memset(out_report, 0, sizeof *out_report);
    int folder_fd = -1;
    enum status status = folder_open(folder, &folder_fd, trouble);
    if (status == STATUS_OK) {
        status = check_files(folder_fd, options->practice, &out_report->manifest, trouble);
    }
    struct folder_part part = {.fd = -1};
    if (status == STATUS_OK) {
        status = folder_begin(data, &part, trouble);
    }
    if (status == STATUS_OK) {
        status = unpack_backup(folder_fd, &out_report->manifest, options->identity, options->now_ms,
                               &part, &out_report->contents, trouble);
        out_report->looked_inside = true;
    }
    if (status == STATUS_OK) {
        status = put_mark(&part, &out_report->manifest, trouble);
    }
    if (status == STATUS_OK) {
        status = folder_finish(&part, trouble);
    }
    folder_abandon(&part);
    if (folder_fd >= 0) {
        (void)close(folder_fd);
    }
    return status;
}

static enum status take_note(struct cursor_reader *reader, struct restore_heads *heads, size_t log)
{
    size_t size = cursor_read_u16(reader);
    struct span note = cursor_read_span(reader, size);
    if (reader->failed || size == 0 || size > CHECKPOINT_NOTE_BYTES_MAX) {
        return STATUS_CORRUPT;
    }
    heads->notes[log] = malloc(size);
    if (heads->notes[log] == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(heads->notes[log], note.data, size);
    heads->note_sizes[log] = size;
    return STATUS_OK;
}

enum status restore_heads_read(const char *path, const struct practice_id *practice,
                               const struct public_key *log_key, struct restore_heads *out_heads)
{
    memset(out_heads, 0, sizeof *out_heads);
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = disk_read_path(path, MARK_BYTES_MAX, &bytes, &size);
    if (status != STATUS_OK) {
        return status;
    }
    struct cursor_reader reader;
    cursor_read_init(&reader, span_of(bytes, size));
    for (size_t i = 0; i < MANIFEST_LOGS && status == STATUS_OK; i++) {
        status = take_note(&reader, out_heads, i);
        struct checkpoint head;
        if (status == STATUS_OK &&
            checkpoint_open_log(practice, (enum origin_log)i, log_key,
                                span_of(out_heads->notes[i], out_heads->note_sizes[i]),
                                &head) != STATUS_OK) {
            status = STATUS_CORRUPT;
        }
        out_heads->sizes[i] = status == STATUS_OK ? head.size : 0;
    }
    if (status == STATUS_OK && cursor_read_done(&reader) != STATUS_OK) {
        status = STATUS_CORRUPT;
    }
    free(bytes);
    if (status != STATUS_OK) {
        restore_heads_free(out_heads);
    }
    return status;
}

void restore_heads_free(struct restore_heads *heads)
{
    for (size_t i = 0; i < MANIFEST_LOGS; i++) {
        free(heads->notes[i]);
        heads->notes[i] = NULL;
    }
}
