#include "server/cmd.h"

#include "server/log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define LINE_MODE 0600

void cmd_damage_text(const struct db_damage *damage, char out[static CMD_LINE_CHARS_MAX])
{
    (void)snprintf(out, CMD_LINE_CHARS_MAX, "%llu %s: %s%s", (unsigned long long)damage->faults,
                   damage->faults == 1 ? "place" : "places, the first", damage->first,
                   damage->nothing ? "; nothing can be served" : "; everything else is served");
}

/* Written anew by each start; a reader meets the old words or the new ones. */
void cmd_line_keep(const char *path, const char *text)
{
    if (text == NULL) {
        if (unlink(path) != 0 && errno != ENOENT) {
            log_line(LOG_LEVEL_WARNING, "%s: %s", path, strerrordesc_np(errno));
        }
        return;
    }
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, LINE_MODE);
    size_t size = strlen(text);
    if (file < 0 || write(file, text, size) != (ssize_t)size) {
        log_line(LOG_LEVEL_WARNING, "%s: %s", path, strerrordesc_np(errno));
    }
    if (file >= 0) {
        (void)close(file);
    }
}

bool cmd_line_kept(const char *path, char out[static CMD_LINE_CHARS_MAX])
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t size = file < 0 ? -1 : read(file, out, CMD_LINE_CHARS_MAX - 1);
    if (file >= 0) {
        (void)close(file);
    }
    out[size > 0 ? size : 0] = '\0';
    for (char *c = out; *c != '\0'; c++) {
        *c = *c < ' ' || *c > '~' || *c == '"' || *c == '\\' ? '?' : *c;
    }
    return size > 0;
}
