/*
 * The power-cut shim's view of names and descriptors: what makes, copies,
 * closes, renames or removes them. See power_cut.c.
 */
#include "journal.h"
#include "track.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* --- making and copying descriptors --- */

static int opened(int folder, const char *path, int flags, mode_t mode)
{
    const int may_create = (flags & O_CREAT) != 0;
    struct stat info;
    const int absent = may_create && fstatat(folder, path, &info, 0) != 0;
    const int fd = (int)syscall(SYS_openat, folder, path, flags, mode);
    const int saved = errno;
    track_opened(fd, flags, absent);
    errno = saved;
    return fd;
}

/* The mode argument, present only when a file may be made. */
#define MODE_ARGUMENT(flags, last, out)                                                            \
    do {                                                                                           \
        if (((flags) & (O_CREAT | __O_TMPFILE)) != 0) {                                            \
            va_list arguments;                                                                     \
            va_start(arguments, last);                                                             \
            (out) = va_arg(arguments, mode_t);                                                     \
            va_end(arguments);                                                                     \
        }                                                                                          \
    } while (0)

EXPORT int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_ARGUMENT(flags, flags, mode);
    return opened(AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_ARGUMENT(flags, flags, mode);
    return opened(AT_FDCWD, path, flags, mode);
}

EXPORT int openat(int folder, const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_ARGUMENT(flags, flags, mode);
    return opened(folder, path, flags, mode);
}

EXPORT int openat64(int folder, const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_ARGUMENT(flags, flags, mode);
    return opened(folder, path, flags, mode);
}

EXPORT int creat(const char *path, mode_t mode)
{
    return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

EXPORT int creat64(const char *path, mode_t mode)
{
    return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* The forms that a fortified build calls. */
EXPORT int __open_2(const char *path, int flags);
EXPORT int __open64_2(const char *path, int flags);
EXPORT int __openat_2(int folder, const char *path, int flags);
EXPORT int __openat64_2(int folder, const char *path, int flags);

EXPORT int __open_2(const char *path, int flags)
{
    return opened(AT_FDCWD, path, flags, 0);
}

EXPORT int __open64_2(const char *path, int flags)
{
    return opened(AT_FDCWD, path, flags, 0);
}

EXPORT int __openat_2(int folder, const char *path, int flags)
{
    return opened(folder, path, flags, 0);
}

EXPORT int __openat64_2(int folder, const char *path, int flags)
{
    return opened(folder, path, flags, 0);
}

EXPORT int dup(int fd)
{
    const int copy = (int)syscall(SYS_dup, fd);
    track_copied(fd, copy);
    return copy;
}

EXPORT int dup2(int fd, int to)
{
    const int copy = (int)syscall(SYS_dup2, fd, to);
    track_copied(fd, copy);
    return copy;
}

EXPORT int dup3(int fd, int to, int flags)
{
    const int copy = (int)syscall(SYS_dup3, fd, to, flags);
    track_copied(fd, copy);
    return copy;
}

static int controlled(int fd, int command, void *argument)
{
    const int result = (int)syscall(SYS_fcntl, fd, command, argument);
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {
        track_copied(fd, result);
    }
    return result;
}

EXPORT int fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return controlled(fd, command, argument);
}

EXPORT int fcntl64(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return controlled(fd, command, argument);
}

EXPORT int close(int fd)
{
    track_closed(fd);
    return (int)syscall(SYS_close, fd);
}

/* These two close inside the C library, out of the shim's sight. */
EXPORT int fclose(FILE *file)
{
    static int (*real)(FILE *);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "fclose");
    }
    track_closed(fileno(file));
    return real(file);
}

EXPORT int closedir(DIR *folder)
{
    static int (*real)(DIR *);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "closedir");
    }
    track_closed(dirfd(folder));
    return real(folder);
}

/* --- names --- */

static int renamed(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    char paths[PATH_MAX * 2 + 2];
    char target[PATH_MAX];
    const int watched = track_path(from_folder, from, paths) && track_path(to_folder, to, target);
    const int result = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    if (result == 0 && watched) {
        const size_t size = strlen(paths) + 1;
        (void)snprintf(paths + size, sizeof paths - size, "%s", target);
        journal_append(JOURNAL_RENAME, 0, 0, paths, size + strlen(target));
    }
    return result;
}

EXPORT int rename(const char *from, const char *to)
{
    return renamed(AT_FDCWD, from, AT_FDCWD, to, 0);
}

EXPORT int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return renamed(from_folder, from, to_folder, to, 0);
}

EXPORT int renameat2(int from_folder, const char *from, int to_folder, const char *to,
                     unsigned flags)
{
    return renamed(from_folder, from, to_folder, to, flags);
}

static int unlinked(int folder, const char *path, int flags)
{
    char relative[PATH_MAX];
    const int watched = track_path(folder, path, relative);
    const int result = (int)syscall(SYS_unlinkat, folder, path, flags);
    if (result == 0 && watched) {
        journal_append(JOURNAL_UNLINK, 0, 0, relative, strlen(relative));
    }
    return result;
}

EXPORT int unlink(const char *path)
{
    return unlinked(AT_FDCWD, path, 0);
}

EXPORT int unlinkat(int folder, const char *path, int flags)
{
    return unlinked(folder, path, flags);
}

EXPORT int remove(const char *path)
{
    const int result = unlinked(AT_FDCWD, path, 0);
    return result != 0 && errno == EISDIR ? unlinked(AT_FDCWD, path, AT_REMOVEDIR) : result;
}

EXPORT int rmdir(const char *path)
{
    return unlinked(AT_FDCWD, path, AT_REMOVEDIR);
}

EXPORT int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    char relative[PATH_MAX];
    const int watched = track_path(to_folder, to, relative);
    const int result = (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
    struct stat info;
    if (result == 0 && watched && fstatat(to_folder, to, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        journal_append(JOURNAL_LINK, info.st_ino, 0, relative, strlen(relative));
    }
    return result;
}

EXPORT int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int folder_made(int folder, const char *path, mode_t mode)
{
    const int result = (int)syscall(SYS_mkdirat, folder, path, mode);
    char relative[PATH_MAX];
    if (result == 0 && track_path(folder, path, relative)) {
        journal_append(JOURNAL_MKDIR, 0, 0, relative, strlen(relative));
    }
    return result;
}

EXPORT int mkdir(const char *path, mode_t mode)
{
    return folder_made(AT_FDCWD, path, mode);
}

EXPORT int mkdirat(int folder, const char *path, mode_t mode)
{
    return folder_made(folder, path, mode);
}
