#include "client/cli/files.h"

#include "keys/public/bytes/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum status files_read(const char *path, int in, size_t max, uint8_t **out_bytes, size_t *out_size)
{
    return strcmp(path, "-") == 0 ? disk_read(in, max, out_bytes, out_size)
                                  : disk_read_path(path, max, out_bytes, out_size);
}

enum status files_read_own(const char *path, size_t max, uint8_t **out_bytes, size_t *out_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    struct stat found;
    enum status status = fstat(fd, &found) != 0   ? STATUS_IO
                         : S_ISREG(found.st_mode) ? disk_read(fd, max, out_bytes, out_size)
                                                  : STATUS_NOT_FOUND;
    (void)close(fd);
    return status;
}

enum status files_write_new(const char *path, struct span bytes)
{
    return disk_create(path, bytes);
}

enum status files_folder(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ? STATUS_OK : STATUS_IO;
}

enum status files_parents(const char *path)
{
    size_t size = strlen(path);
    char folder[FILES_PATH_BYTES_MAX];
    if (size >= sizeof folder) {
        return STATUS_USAGE;
    }
    for (size_t i = 1; i < size; i++) {
        if (path[i] != '/') {
            continue;
        }
        memcpy(folder, path, i);
        folder[i] = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
            return STATUS_IO;
        }
    }
    return STATUS_OK;
}

enum status files_join(const char *folder, const char *name, char out[static FILES_PATH_BYTES_MAX])
{
    int n = snprintf(out, FILES_PATH_BYTES_MAX, "%s/%s", folder, name);
    return n > 0 && (size_t)n < FILES_PATH_BYTES_MAX ? STATUS_OK : STATUS_USAGE;
}
