#include "keys/private/private_file.h"

#include "keys/public/bytes/disk.h"

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
    if (mkdir(folder, S_IRWXU) != 0 && errno != EEXIST) {
        return STATUS_IO;
    }
    int fd = folder_open(folder);
    if (fd < 0) {
        return errno == ENOTDIR || errno == EACCES ? STATUS_REFUSED : STATUS_IO;
    }
    struct stat info;
    enum status status = STATUS_REFUSED;
    if (fstat(fd, &info) == 0 && info.st_uid == geteuid()) {
        status = fchmod(fd, S_IRWXU) == 0 ? STATUS_OK : STATUS_IO;
    }
    (void)close(fd);
    return status;
}

enum status private_file_write(const char *folder, const char *name, struct span bytes)
{
    char temp[NAME_CHARS_MAX];
    int length = snprintf(temp, sizeof temp, ".%s.new", name);
    CHECK(length > 0 && (size_t)length < sizeof temp);
    int fd = folder_open(folder);
    if (fd < 0) {
        return STATUS_IO;
    }
    enum status status = disk_replace(fd, temp, name, bytes);
    if (status != STATUS_OK) {
        (void)unlinkat(fd, temp, 0);
    }
    (void)close(fd);
    return status;
}

static enum status open_in(const char *folder, const char *name, int *out_fd, size_t *out_size)
{
    int folder_fd = folder_open(folder);
    if (folder_fd < 0) {
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    enum status status = disk_open_private(folder_fd, name, out_fd, out_size);
    (void)close(folder_fd);
    return status;
}

enum status private_file_read(const char *folder, const char *name, size_t size_max,
                              uint8_t **out_bytes, size_t *out_size)
{
    int fd = -1;
    size_t size = 0;
    uint8_t *bytes = NULL;
    enum status status = open_in(folder, name, &fd, &size);
    if (status != STATUS_OK) {
        return status;
    }
    if (size > size_max) {
        status = STATUS_TOO_LARGE;
        goto out;
    }
    bytes = malloc(size + 1);
    if (bytes == NULL) {
        status = STATUS_NO_MEMORY;
        goto out;
    }
    /* A file that changes its size meanwhile is not ours alone. */
    if (disk_read_exact(fd, bytes, size) != STATUS_OK) {
        status = STATUS_IO;
        goto out;
    }
    *out_bytes = bytes;
    *out_size = size;
    bytes = NULL;
out:
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
