#include "keys/public/bytes/disk.h"

#include "keys/public/bytes/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE        0600
#define READ_BYTES_FIRST 65536u

/* ---------------------------------------------------------------- reading */

static ssize_t disk_read_some(int fd, void *out, size_t size)
{
    ssize_t n = 0;
    do {
        n = read(fd, out, size);
    } while (n < 0 && errno == EINTR);
    return n;
}

/* Not by realloc, which would leave a copy behind without wiping it. */
static enum status disk_grow(uint8_t **bytes, size_t *room, size_t max)
{
    size_t wanted = *room > max / 2u ? max + 1u : *room * 2u;
    uint8_t *grown = malloc(wanted);
    if (grown == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(grown, *bytes, *room);
    wipe(*bytes, *room);
    free(*bytes);
    *bytes = grown;
    *room = wanted;
    return STATUS_OK;
}

/* The end is seen by reading nothing, so that there is always room for one byte more: it tells
 * a file of |max| bytes from a longer one, and takes the zero. */
enum status disk_read(int fd, size_t max, uint8_t **out_bytes, size_t *out_size)
{
    size_t room = max < READ_BYTES_FIRST ? max + 1u : READ_BYTES_FIRST;
    uint8_t *bytes = malloc(room);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    size_t size = 0;
    enum status status = STATUS_OK;
    bool end = false;
    while (status == STATUS_OK && !end) {
        if (size == room) {
            status = disk_grow(&bytes, &room, max);
            continue;
        }
        ssize_t n = disk_read_some(fd, bytes + size, room - size);
        end = n == 0;
        size += n > 0 ? (size_t)n : 0;
        if (n < 0 || size > max) {
            status = n < 0 ? STATUS_IO : STATUS_TOO_LARGE;
        }
    }
    if (status != STATUS_OK) {
        wipe(bytes, room);
        free(bytes);
        return status;
    }
    bytes[size] = 0;
    *out_bytes = bytes;
    *out_size = size;
    return STATUS_OK;
}

enum status disk_read_path(const char *path, size_t max, uint8_t **out_bytes, size_t *out_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    enum status status = disk_read(fd, max, out_bytes, out_size);
    (void)close(fd);
    return status;
}

/* How many of |size| bytes came before the end, or -1. */
static ssize_t disk_fill(int fd, uint8_t *out, size_t size)
{
    size_t used = 0;
    ssize_t n = 1;
    while (used < size && n > 0) {
        n = disk_read_some(fd, out + used, size - used);
        used += n > 0 ? (size_t)n : 0;
    }
    return n < 0 ? -1 : (ssize_t)used;
}

enum status disk_read_exact(int fd, void *out, size_t size)
{
    ssize_t got = disk_fill(fd, out, size);
    uint8_t more = 0;
    ssize_t behind = got < 0 ? -1 : disk_read_some(fd, &more, sizeof more);
    if (behind < 0) {
        return STATUS_IO;
    }
    return (size_t)got == size && behind == 0 ? STATUS_OK : STATUS_CORRUPT;
}

enum status disk_open_private(int folder_fd, const char *name, int *out_fd, size_t *out_size)
{
    /* O_NONBLOCK: a planted FIFO must not hang us. */
    int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        return STATUS_NOT_FOUND;
    }
    if (fd < 0) {
        return errno == ELOOP || errno == EACCES ? STATUS_REFUSED : STATUS_IO;
    }
    struct stat info;
    enum status status = STATUS_IO;
    if (fstat(fd, &info) == 0) {
        bool private = S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
                       (info.st_mode & (S_IRWXG | S_IRWXO)) == 0;
        status = private ? STATUS_OK : STATUS_REFUSED;
    }
    if (status != STATUS_OK) {
        (void)close(fd);
        return status;
    }
    *out_fd = fd;
    *out_size = (size_t)info.st_size;
    return STATUS_OK;
}

/* ---------------------------------------------------------------- writing */

static enum status disk_write(int fd, struct span bytes)
{
    while (bytes.size > 0) {
        ssize_t n = write(fd, bytes.data, bytes.size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return STATUS_IO;
        }
        bytes = span_of(bytes.data + n, bytes.size - (size_t)n);
    }
    return STATUS_OK;
}

/* A file that was not there before, written and synced; *out_made tells whether it is there now,
 * which it also is when writing failed. */
static enum status disk_create_at(int folder_fd, const char *name, struct span bytes,
                                  bool *out_made)
{
    int fd =
        openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    *out_made = fd >= 0;
    if (fd < 0) {
        return errno == EEXIST ? STATUS_ALREADY : STATUS_IO;
    }
    enum status status = disk_write(fd, bytes);
    if (status == STATUS_OK && fsync(fd) != 0) {
        status = STATUS_IO;
    }
    /* Some file systems tell only here that a write failed. */
    if (close(fd) != 0) {
        status = STATUS_IO;
    }
    return status;
}

enum status disk_create(const char *path, struct span bytes)
{
    bool made = false;
    enum status status = disk_create_at(AT_FDCWD, path, bytes, &made);
    if (status == STATUS_OK) {
        status = disk_sync_parent(path);
    }
    /* A file that could not be finished would be in the way of the next try. */
    if (status != STATUS_OK && made) {
        (void)unlink(path);
    }
    return status;
}

enum status disk_replace(int folder_fd, const char *temp, const char *name, struct span bytes)
{
    bool made = false;
    enum status status = disk_create_at(folder_fd, temp, bytes, &made);
    if (status == STATUS_ALREADY) {
        /* Left by a crash. Never written into: its mode and its other names are not ours. */
        status = unlinkat(folder_fd, temp, 0) == 0 ? disk_create_at(folder_fd, temp, bytes, &made)
                                                   : STATUS_IO;
    }
    /* In this order: the name must not be had before the bytes, nor relied on before the folder. */
    if (status == STATUS_OK &&
        (renameat(folder_fd, temp, folder_fd, name) != 0 || fsync(folder_fd) != 0)) {
        status = STATUS_IO;
    }
    return status == STATUS_ALREADY ? STATUS_IO : status;
}

enum status disk_sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return STATUS_IO;
    }
    enum status status = fsync(fd) == 0 ? STATUS_OK : STATUS_IO;
    (void)close(fd);
    return status;
}

enum status disk_sync_parent(const char *path)
{
    /* A folder's own name may end in slashes, which are no part of it. */
    size_t size = strlen(path);
    while (size > 1u && path[size - 1u] == '/') {
        size--;
    }
    while (size > 0 && path[size - 1u] != '/') {
        size--;
    }
    while (size > 1u && path[size - 1u] == '/') {
        size--;
    }
    char *folder = size == 0 ? strdup(".") : strndup(path, size);
    if (folder == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = disk_sync_folder(folder);
    free(folder);
    return status;
}

/* ---------------------------------------------------------------- streams */

enum status disk_send(int socket_fd, struct span bytes)
{
    while (bytes.size > 0) {
        ssize_t n = send(socket_fd, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return STATUS_IO;
        }
        bytes = span_of(bytes.data + n, bytes.size - (size_t)n);
    }
    return STATUS_OK;
}

enum status disk_receive(int fd, void *out, size_t size)
{
    ssize_t got = disk_fill(fd, out, size);
    return got >= 0 && (size_t)got == size ? STATUS_OK : STATUS_IO;
}
