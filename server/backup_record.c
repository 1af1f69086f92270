#include "server/backup_record.h"

#include "keys/public/bytes/disk.h"
#include "proto/number.h"
#include "server/core/clock.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#define LINE_BYTES_MAX (PATHS_BYTES_MAX + 64u)

enum status backup_record_keep(const struct paths *paths, uint64_t time_ms, const char *folder)
{
    char *full = realpath(folder, NULL);
    char line[LINE_BYTES_MAX];
    int n = snprintf(line, sizeof line, "%" PRIu64 " %s\n", time_ms, full == NULL ? folder : full);
    free(full);
    int fd = open(paths->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum status status = fd < 0 || n < 0 || (size_t)n >= sizeof line
                             ? STATUS_IO
                             : disk_replace(fd, "backup.new", "backup", span_of(line, (size_t)n));
    if (fd >= 0) {
        (void)close(fd);
    }
    return status;
}

/* False: there is none, or it is not such a line. */
static bool read_record(const struct paths *paths, uint64_t *out_time_ms, char **out_line,
                        const char **out_folder)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (disk_read_path(paths->backup, LINE_BYTES_MAX, &bytes, &size) != STATUS_OK) {
        return false;
    }
    char *space = memchr(bytes, ' ', size);
    char *end = memchr(bytes, '\n', size);
    bool fine =
        space != NULL && end != NULL && space < end &&
        number_parse(span_of(bytes, (size_t)(space - (char *)bytes)), 0, INT64_MAX, out_time_ms);
    if (!fine) {
        free(bytes);
        return false;
    }
    *end = '\0';
    for (char *c = space; *c != '\0'; c++) {
        *c = (unsigned char)*c < ' ' ? '?' : *c;
    }
    *out_line = (char *)bytes;
    *out_folder = space + 1;
    return true;
}

void backup_record_print(const struct paths *paths, uint64_t now_ms, bool json)
{
    char *line = NULL;
    const char *folder = NULL;
    uint64_t time_ms = 0;
    if (!read_record(paths, &time_ms, &line, &folder)) {
        (void)printf(json ? "\"backup\":null"
                          : "backup       none was made here; see alcoved(8), BACKUP\n");
        return;
    }
    uint64_t age_s = now_ms > time_ms ? (now_ms - time_ms) / 1000u : 0;
    char text[CLOCK_TEXT_BYTES];
    if (json) {
        (void)printf("\"backup\":{\"time_ms\":%" PRIu64 ",\"age_s\":%" PRIu64 "}", time_ms, age_s);
    } else {
        (void)printf("backup       %s, %" PRIu64 " s ago, %s\n", clock_text(time_ms, text), age_s,
                     folder);
    }
    free(line);
}
