#include "client/cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status read_all(int fd, size_t max, uint8_t **out_bytes, size_t *out_size)
{
    size_t room = max < 65536 ? max + 1 : 65536;
    uint8_t *bytes = malloc(room);
    size_t size = 0;

    while (bytes != NULL && size <= max) {
        ssize_t n;

        if (size == room) {
            uint8_t *grown = realloc(bytes, room * 2);

            if (grown == NULL) {
                break;
            }
            bytes = grown;
            room *= 2;
        }
        n = read(fd, bytes + size, room - size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            free(bytes);
            return STATUS_IO;
        }
        if (n == 0) {
            *out_bytes = bytes;
            *out_size = size;
            return STATUS_OK;
        }
        size += (size_t)n;
    }
    free(bytes);
    return size > max ? STATUS_TOO_LARGE : STATUS_NO_MEMORY;
}

enum status files_read(const char *path, int in, size_t max, uint8_t **out_bytes, size_t *out_size)
{
    enum status status;
    int fd;

    if (strcmp(path, "-") == 0) {
        return read_all(in, max, out_bytes, out_size);
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    status = read_all(fd, max, out_bytes, out_size);
    (void)close(fd);
    return status;
}

static bool write_all(int fd, struct span bytes)
{
    size_t done = 0;

    while (done < bytes.size) {
        ssize_t n = write(fd, bytes.data + done, bytes.size - done);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        done += (size_t)n;
    }
    return fsync(fd) == 0;
}

enum status files_write_new(const char *path, struct span bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good;

    if (fd < 0) {
        return errno == EEXIST ? STATUS_ALREADY : STATUS_IO;
    }
    good = write_all(fd, bytes);
    good = close(fd) == 0 && good;
    if (!good) {
        (void)unlink(path);
    }
    return good ? STATUS_OK : STATUS_IO;
}

enum status files_folder(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ? STATUS_OK : STATUS_IO;
}

enum status files_parents(const char *path)
{
    char folder[FILES_PATH_BYTES_MAX];
    size_t size = strlen(path);

    if (size >= sizeof(folder)) {
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
