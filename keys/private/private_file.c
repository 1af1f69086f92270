#include "keys/private/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_CHARS_MAX 64u

static int folder_open(const char *folder)
{
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

enum status private_file_folder(const char *folder)
{
    struct stat info;
    if (mkdir(folder, S_IRWXU) != 0 && errno != EEXIST) {
        return STATUS_IO;
    }
    enum status status = STATUS_REFUSED;
    int fd = folder_open(folder);
    if (fd < 0) {
        return errno == ENOTDIR || errno == EACCES ? STATUS_REFUSED : STATUS_IO;
    }
    if (fstat(fd, &info) == 0 && info.st_uid == geteuid()) {
        status = fchmod(fd, S_IRWXU) == 0 ? STATUS_OK : STATUS_IO;
    }
    (void)close(fd);
    return status;
}

static enum status write_all(int fd, struct span bytes)
{
    while (bytes.size > 0) {
        ssize_t count = write(fd, bytes.data, bytes.size);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return STATUS_IO;
        }
        bytes = span_of(bytes.data + count, bytes.size - (size_t)count);
    }
    return STATUS_OK;
}

/* A file left by a crash is ours to replace: the folder has one writer. */
static enum status write_temp(int folder_fd, const char *temp, struct span bytes)
{
    (void)unlinkat(folder_fd, temp, 0);
    int fd = openat(folder_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    S_IRUSR | S_IWUSR);
    if (fd < 0) {
        return STATUS_IO;
    }
    enum status status = write_all(fd, bytes);
    if (status == STATUS_OK && (fchmod(fd, S_IRUSR | S_IWUSR) != 0 || fsync(fd) != 0)) {
        status = STATUS_IO;
    }
    if (close(fd) != 0) {
        status = STATUS_IO;
    }
    return status;
}

enum status private_file_write(const char *folder, const char *name, struct span bytes)
{
    char temp[NAME_CHARS_MAX];
    int length = snprintf(temp, sizeof(temp), ".%s.new", name);
    CHECK(length > 0 && (size_t)length < sizeof(temp));
    int fd = folder_open(folder);
    if (fd < 0) {
        return STATUS_IO;
    }
    enum status status = write_temp(fd, temp, bytes);
    if (status == STATUS_OK && renameat(fd, temp, fd, name) != 0) {
        status = STATUS_IO;
    }
    if (status != STATUS_OK) {
        (void)unlinkat(fd, temp, 0);
    } else if (fsync(fd) != 0) {
        status = STATUS_IO;
    }
    (void)close(fd);
    return status;
}

static enum status judge(int fd, size_t size_max, size_t *out_size)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return STATUS_IO;
    }
    if (!S_ISREG(info.st_mode) || info.st_uid != geteuid() ||
        (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return STATUS_REFUSED;
    }
    if (info.st_size < 0 || (uintmax_t)info.st_size > size_max) {
        return STATUS_TOO_LARGE;
    }
    *out_size = (size_t)info.st_size;
    return STATUS_OK;
}

/* Exactly |size| bytes: a file that shrinks meanwhile is not ours alone. */
static enum status read_all(int fd, uint8_t *out, size_t size)
{
    size_t at = 0;
    while (at < size) {
        ssize_t count = read(fd, out + at, size - at);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return STATUS_IO;
        }
        at += (size_t)count;
    }
    return STATUS_OK;
}

static enum status open_in(const char *folder, const char *name, int *out_fd)
{
    int folder_fd = folder_open(folder);
    if (folder_fd < 0) {
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    enum status status = STATUS_OK;
    /* O_NONBLOCK: a planted FIFO must not hang us. */
    int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        status = STATUS_NOT_FOUND;
    } else if (fd < 0) {
        status = errno == ELOOP || errno == EACCES ? STATUS_REFUSED : STATUS_IO;
    }
    (void)close(folder_fd);
    *out_fd = fd;
    return status;
}

enum status private_file_read(const char *folder, const char *name, size_t size_max,
                              uint8_t **out_bytes, size_t *out_size)
{
    int fd = -1;
    size_t size = 0;
    uint8_t *bytes = NULL;
    enum status status = open_in(folder, name, &fd);
    if (status != STATUS_OK) {
        return status;
    }
    status = judge(fd, size_max, &size);
    if (status == STATUS_OK) {
        bytes = malloc(size + 1);
        status = bytes == NULL ? STATUS_NO_MEMORY : read_all(fd, bytes, size);
    }
    if (status == STATUS_OK) {
        *out_bytes = bytes;
        *out_size = size;
        bytes = NULL;
    }
    free(bytes);
    (void)close(fd);
    return status;
}

enum status private_file_lock(const char *folder, const char *name, int *out_fd)
{
    int folder_fd = folder_open(folder);
    if (folder_fd < 0) {
        return STATUS_IO;
    }
    int fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    (void)close(folder_fd);
    if (fd < 0) {
        return STATUS_IO;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        enum status status = errno == EWOULDBLOCK ? STATUS_BUSY : STATUS_IO;
        (void)close(fd);
        return status;
    }
    *out_fd = fd;
    return STATUS_OK;
}
