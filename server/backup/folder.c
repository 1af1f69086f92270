#include "server/backup/folder.h"

#include "keys/public/bytes/disk.h"
#include "keys/public/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0700
#define FILE_MODE   0600
#define PART_SUFFIX ".part"
#define SUM_BYTES   (256u * 1024u)

enum status folder_fault(void)
{
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? STATUS_FULL : STATUS_IO;
}

static const char *reason(void)
{
    return strerrordesc_np(errno);
}

/* Reading ------------------------------------------------------------------------------- */

enum status folder_open(const char *path, int *out_fd, struct trouble *trouble)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return trouble_say(trouble, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "%s: %s", path,
                           reason());
    }
    *out_fd = fd;
    return STATUS_OK;
}

enum status folder_file(int folder_fd, const char *name, int *out_fd, struct trouble *trouble)
{
    /* O_NONBLOCK: a planted FIFO must not hang us. */
    int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        enum status status = errno == ENOENT  ? STATUS_NOT_FOUND
                             : errno == ELOOP ? STATUS_REFUSED
                                              : STATUS_IO;
        return trouble_say(trouble, status, "%s: %s", name,
                           status == STATUS_NOT_FOUND ? "is missing"
                           : status == STATUS_REFUSED ? "is a link, not a file"
                                                      : reason());
    }
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        (void)close(fd);
        return trouble_say(trouble, STATUS_REFUSED, "%s: is not a plain file", name);
    }
    *out_fd = fd;
    return STATUS_OK;
}

enum status folder_read(int folder_fd, const char *name, size_t max, uint8_t **out_bytes,
                        size_t *out_size, struct trouble *trouble)
{
    int fd = -1;
    enum status status = folder_file(folder_fd, name, &fd, trouble);
    if (status != STATUS_OK) {
        return status;
    }
    status = disk_read(fd, max, out_bytes, out_size);
    (void)close(fd);
    return status == STATUS_OK
               ? status
               : trouble_say(trouble, status, "%s: %s", name, status_reason(status));
}

enum status folder_sum(int fd, struct manifest_file *out_sum)
{
    uint8_t *buffer = malloc(SUM_BYTES);
    if (buffer == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct hash_stream *stream = hash_stream_new();
    uint64_t size = 0;
    ssize_t n = 1;
    while (n > 0) {
        n = pread(fd, buffer, SUM_BYTES, (off_t)size);
        if (n < 0 && errno == EINTR) {
            n = 1;
            continue;
        }
        if (n > 0) {
            hash_stream_add(stream, span_of(buffer, (size_t)n));
            size += (uint64_t)n;
        }
    }
    hash_stream_end(stream, &out_sum->hash);
    free(buffer);
    out_sum->size = size;
    return n < 0 ? STATUS_IO : STATUS_OK;
}

enum status folder_holds_only(int folder_fd, const char *const *names, size_t count,
                              struct trouble *trouble)
{
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    if (list == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return trouble_say(trouble, STATUS_IO, "the folder cannot be read: %s", reason());
    }
    enum status status = STATUS_OK;
    struct dirent *entry = NULL;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this thread's own
    while (status == STATUS_OK && (entry = readdir(list)) != NULL) {
        bool known = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        for (size_t i = 0; i < count && !known; i++) {
            known = strcmp(entry->d_name, names[i]) == 0;
        }
        if (!known) {
            status = trouble_say(trouble, STATUS_MALFORMED, "%.200s: is no part of this backup",
                                 entry->d_name);
        }
    }
    (void)closedir(list);
    return status;
}

/* Removing ------------------------------------------------------------------------------ */

/* Calls |one| for each name in the folder; false: it said so of one, or the folder cannot be read. */
static bool each_name(int folder_fd, bool (*one)(int folder_fd, const char *name))
{
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    if (list == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return false;
    }
    bool all = true;
    struct dirent *entry = NULL;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this thread's own
    while ((entry = readdir(list)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            all = one(folder_fd, entry->d_name) && all;
        }
    }
    (void)closedir(list);
    return all;
}

static bool remove_file(int folder_fd, const char *name)
{
    return unlinkat(folder_fd, name, 0) == 0;
}

static bool remove_file_or_folder(int folder_fd, const char *name)
{
    if (remove_file(folder_fd, name)) {
        return true;
    }
    int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return false;
    }
    bool empty = each_name(fd, remove_file);
    (void)close(fd);
    return empty && unlinkat(folder_fd, name, AT_REMOVEDIR) == 0;
}

enum status folder_remove(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return STATUS_IO;
    }
    bool empty = each_name(fd, remove_file_or_folder);
    (void)close(fd);
    return empty && rmdir(path) == 0 ? STATUS_OK : STATUS_IO;
}

/* Making -------------------------------------------------------------------------------- */

/* A folder of that name which nobody works in was left by a crash. */
static enum status clear_left(const char *path, struct trouble *trouble)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno == ENOENT
                   ? STATUS_OK
                   : trouble_say(trouble, STATUS_IO, "%s is in the way: %s", path, reason());
    }
    bool busy = flock(fd, LOCK_EX | LOCK_NB) != 0;
    enum status status = busy ? STATUS_BUSY : folder_remove(path);
    (void)close(fd);
    return status == STATUS_OK ? status
                               : trouble_say(trouble, status, "%s %s", path,
                                             busy ? "is being written by another process"
                                                  : "is in the way and cannot be removed");
}

enum status folder_begin(const char *target, struct folder_part *out_part, struct trouble *trouble)
{
    out_part->fd = -1;
    size_t size = strlen(target);
    while (size > 1 && target[size - 1] == '/') {
        size--;
    }
    int n = snprintf(out_part->target, sizeof out_part->target, "%.*s", (int)size, target);
    int m = snprintf(out_part->path, sizeof out_part->path, "%.*s" PART_SUFFIX, (int)size, target);
    if (size == 0 || n < 0 || m < 0 || (size_t)m >= sizeof out_part->path) {
        return trouble_say(trouble, STATUS_USAGE, "the folder's name is too long, or empty");
    }
    struct stat info;
    if (lstat(out_part->target, &info) == 0) {
        return trouble_say(trouble, STATUS_ALREADY, "%s exists already", out_part->target);
    }
    enum status status = clear_left(out_part->path, trouble);
    if (status != STATUS_OK) {
        return status;
    }
    if (mkdir(out_part->path, FOLDER_MODE) != 0) {
        return trouble_say(trouble, errno == ENOENT ? STATUS_NOT_FOUND : folder_fault(),
                           "%s cannot be made: %s", out_part->path, reason());
    }
    out_part->fd = open(out_part->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (out_part->fd < 0 || flock(out_part->fd, LOCK_EX | LOCK_NB) != 0) {
        status = trouble_say(trouble, STATUS_BUSY, "%s is being written by another process",
                             out_part->path);
    }
    return status;
}

enum status folder_create(const struct folder_part *part, const char *name, int *out_fd,
                          struct trouble *trouble)
{
    int fd = openat(part->fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0) {
        return trouble_say(trouble, folder_fault(), "%s/%s cannot be made: %s", part->path, name,
                           reason());
    }
    *out_fd = fd;
    return STATUS_OK;
}

enum status folder_put(const struct folder_part *part, const char *name, struct span bytes,
                       struct trouble *trouble)
{
    int fd = -1;
    enum status status = folder_create(part, name, &fd, trouble);
    while (status == STATUS_OK && bytes.size > 0) {
        ssize_t n = write(fd, bytes.data, bytes.size);
        if (n < 0 && errno != EINTR) {
            status = folder_fault();
        }
        bytes = n > 0 ? span_of(bytes.data + n, bytes.size - (size_t)n) : bytes;
    }
    if (status == STATUS_OK && fsync(fd) != 0) {
        status = folder_fault();
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return status == STATUS_OK ? status
                               : trouble_say(trouble, status, "%s/%s cannot be written: %s",
                                             part->path, name, reason());
}

enum status folder_make(const struct folder_part *part, const char *name, struct trouble *trouble)
{
    if (mkdirat(part->fd, name, FOLDER_MODE) != 0) {
        return trouble_say(trouble, folder_fault(), "%s/%s cannot be made: %s", part->path, name,
                           reason());
    }
    return STATUS_OK;
}

/* Some file systems cannot refuse to replace; none puts a folder over one that holds anything. */
static int rename_once(const struct folder_part *part)
{
    int rc = renameat2(AT_FDCWD, part->path, AT_FDCWD, part->target, RENAME_NOREPLACE);
    return rc != 0 && (errno == EINVAL || errno == ENOSYS) ? rename(part->path, part->target) : rc;
}

enum status folder_finish(struct folder_part *part, struct trouble *trouble)
{
    enum status status = STATUS_OK;
    if (fsync(part->fd) != 0) {
        status =
            trouble_say(trouble, folder_fault(), "%s cannot be synced: %s", part->path, reason());
    }
    if (status == STATUS_OK && rename_once(part) != 0) {
        status = trouble_say(trouble, errno == EEXIST ? STATUS_ALREADY : folder_fault(),
                             "%s cannot get its name: %s", part->target, reason());
    }
    if (status != STATUS_OK) {
        folder_abandon(part);
        return status;
    }
    (void)close(part->fd);
    part->fd = -1;
    status = disk_sync_parent(part->target);
    return status == STATUS_OK
               ? status
               : trouble_say(trouble, status, "the folder above %s cannot be synced", part->target);
}

void folder_abandon(struct folder_part *part)
{
    if (part->fd >= 0) {
        enum status status = folder_remove(part->path);
        (void)status; /* what is left has another name, and the next one removes it */
        (void)close(part->fd);
        part->fd = -1;
    }
}
