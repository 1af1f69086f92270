/*
 * The power-cut shim, a library to preload. It lets a program work as usual and
 * journals (journal.h) what happens to the files of one directory, in order
 * with the syncs and with what the program says to the world:
 *
 *   ALCOVE_CUT_DIR          the data directory to watch
 *   ALCOVE_CUT_JOURNAL      the journal, made when absent, shared by all children
 *   ALCOVE_CUT_AT=K         kill every process at the K-th sync of the directory …
 *   ALCOVE_CUT_WHEN         … `before` it takes effect (default) or `after`
 *   ALCOVE_CUT_OUTPUT=1     journal what is written to standard output too
 *   ALCOVE_CUT_NOSYNC=1     make LMDB skip its syncs: the control that must go red
 *
 * The copy that survives a cut is rebuilt from the journal by `power_cut.mjs`:
 * a write is in it only when a later fsync, fdatasync or msync of the same file
 * returned, or its descriptor was O_DSYNC. SIGKILL alone shows nothing, since
 * the kernel keeps what a killed program wrote.
 *
 * System calls are made directly, so the shim needs nothing of the C library's
 * own versions. What goes around it (stdio's own writes, sendfile) is found by
 * `power_cut.mjs check`, which compares the journal with the directory.
 */
#include "journal.h"
#include "track.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t cut_at;
static int cut_after;
static int watch_output;

static void start(void)
{
    if (!journal_open()) {
        return;
    }
    track_start();
    const char *at = getenv("ALCOVE_CUT_AT");
    const char *when = getenv("ALCOVE_CUT_WHEN");
    cut_at = at != NULL ? strtoull(at, NULL, 10) : 0;
    cut_after = when != NULL && strcmp(when, "after") == 0;
    watch_output = getenv("ALCOVE_CUT_OUTPUT") != NULL;
    journal_append(JOURNAL_PROCESS, 0, 0, program_invocation_short_name,
                   strlen(program_invocation_short_name));
}

__attribute__((constructor)) static void begin(void)
{
    pthread_once(&once, start);
}

/* --- syncs --- */

/* Marks the ordinal of an O_DSYNC write: it vouches for its own bytes alone. */
static const uint64_t own_bytes_only = (uint64_t)1 << 63;

static void cut_here_if(uint64_t ordinal)
{
    if (ordinal != 0 && ordinal == cut_at && !cut_after) {
        journal_cut(ordinal);
    }
}

static uint64_t sync_begin(uint64_t id)
{
    const uint64_t ordinal = journal_next_sync();
    journal_append(JOURNAL_SYNC_BEGIN, id, ordinal, NULL, 0);
    cut_here_if(ordinal);
    return ordinal;
}

static void sync_end(uint64_t id, uint64_t ordinal, uint64_t mark, int failed)
{
    if (!failed) {
        journal_append(JOURNAL_SYNC_END, id, ordinal | mark, NULL, 0);
    }
    if (ordinal != 0 && ordinal == cut_at) {
        journal_cut(ordinal);
    }
}

static int synced(long number, int fd)
{
    begin();
    struct track_file file;
    if (!track_find(fd, &file)) {
        return (int)syscall(number, fd);
    }
    const uint64_t ordinal = sync_begin(file.id);
    const int result = (int)syscall(number, fd);
    sync_end(file.id, ordinal, 0, result != 0);
    return result;
}

EXPORT int fsync(int fd)
{
    return synced(SYS_fsync, fd);
}

EXPORT int fdatasync(int fd)
{
    return synced(SYS_fdatasync, fd);
}

/* --- writes --- */

/* Journals the first |size| bytes of |parts|, written at |offset|. */
static void journal_parts(const struct track_file *file, const struct iovec *parts, int count,
                          uint64_t offset, size_t size)
{
    for (int i = 0; i < count && size > 0; i++) {
        const size_t part = parts[i].iov_len < size ? parts[i].iov_len : size;
        if (part > 0) {
            journal_append(JOURNAL_WRITE, file->id, offset, parts[i].iov_base, part);
        }
        offset += part;
        size -= part;
    }
}

static ssize_t write_through(int fd, const struct iovec *parts, int count, off_t at)
{
    return at < 0 ? syscall(SYS_writev, fd, parts, count)
                  : syscall(SYS_pwritev, fd, parts, count, at, 0);
}

/* A write through O_DSYNC is a write and a sync: its bytes are journaled between
 * the two marks, before the call, so that a cut in between may keep or lose them. */
static ssize_t written_dsync(int fd, const struct track_file *file, const struct iovec *parts,
                             int count, off_t at, off_t offset)
{
    const uint64_t ordinal = journal_next_sync();
    size_t whole = 0;
    for (int i = 0; i < count; i++) {
        whole += parts[i].iov_len;
    }
    journal_append(JOURNAL_SYNC_BEGIN, file->id, ordinal | own_bytes_only, NULL, 0);
    journal_parts(file, parts, count, (uint64_t)offset, whole);
    cut_here_if(ordinal);
    const ssize_t size = write_through(fd, parts, count, at);
    const int saved = errno;
    sync_end(file->id, ordinal, own_bytes_only, size != (ssize_t)whole);
    errno = saved;
    return size;
}

/* One write of any shape; |at| < 0 means at the descriptor's own position. */
static ssize_t written(int fd, const struct iovec *parts, int count, off_t at)
{
    begin();
    struct track_file file;
    if (!track_find(fd, &file) || (file.flags & TRACK_FILE) == 0) {
        for (int i = 0; fd == STDOUT_FILENO && watch_output && i < count; i++) {
            journal_append(JOURNAL_OUTPUT, 0, 0, parts[i].iov_base, parts[i].iov_len);
        }
        return write_through(fd, parts, count, at);
    }
    off_t offset = at;
    if (at < 0) {
        offset = lseek(fd, 0, (file.flags & TRACK_APPEND) != 0 ? SEEK_END : SEEK_CUR);
        if (offset < 0) { /* not a file any more: the number was closed behind our back */
            track_closed(fd);
            return write_through(fd, parts, count, at);
        }
    }
    if ((file.flags & TRACK_DSYNC) != 0) {
        return written_dsync(fd, &file, parts, count, at, offset);
    }
    const ssize_t size = write_through(fd, parts, count, at);
    const int saved = errno;
    if (size > 0) {
        journal_parts(&file, parts, count, (uint64_t)offset, (size_t)size);
    }
    errno = saved;
    return size;
}

EXPORT ssize_t write(int fd, const void *data, size_t size)
{
    const struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    return written(fd, &part, 1, -1);
}

EXPORT ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    const struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    return written(fd, &part, 1, offset);
}

EXPORT ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    return pwrite(fd, data, size, offset);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return written(fd, parts, count, -1);
}

EXPORT ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    return written(fd, parts, count, offset);
}

EXPORT ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset)
{
    return written(fd, parts, count, offset);
}

static int truncated(int fd, off_t size)
{
    begin();
    const int result = (int)syscall(SYS_ftruncate, fd, size);
    struct track_file file;
    if (result == 0 && track_find(fd, &file)) {
        journal_append(JOURNAL_TRUNCATE, file.id, (uint64_t)size, NULL, 0);
    }
    return result;
}

EXPORT int ftruncate(int fd, off_t size)
{
    return truncated(fd, size);
}

EXPORT int ftruncate64(int fd, off64_t size)
{
    return truncated(fd, size);
}

/* The file and offset that are mapped at |address|, by the kernel's own table. */
static int mapped(const void *address, struct track_file *out, uint64_t *out_offset)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    int found = 0;
    char line[8192];
    char relative[4096];
    while (maps != NULL && !found && fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to, offset, inode;
        int path = 0;
        if (sscanf(line, "%lx-%lx %*s %lx %*s %lu %n", &from, &to, &offset, &inode, &path) < 4 ||
            (uintptr_t)address < from || (uintptr_t)address >= to) {
            continue;
        }
        line[strcspn(line, "\n")] = '\0';
        found = track_relative(line + path, relative);
        *out = (struct track_file){.id = inode, .flags = TRACK_FILE};
        *out_offset = offset + ((uintptr_t)address - from);
    }
    if (maps != NULL) {
        fclose(maps);
    }
    return found;
}

EXPORT int msync(void *address, size_t size, int flags)
{
    begin();
    struct track_file file;
    uint64_t offset = 0;
    if ((flags & MS_SYNC) == 0 || !mapped(address, &file, &offset)) {
        return (int)syscall(SYS_msync, address, size, flags);
    }
    journal_append(JOURNAL_WRITE, file.id, offset, address, size);
    const uint64_t ordinal = sync_begin(file.id);
    const int result = (int)syscall(SYS_msync, address, size, flags);
    sync_end(file.id, ordinal, 0, result != 0);
    return result;
}

/* --- the control --- */

EXPORT int mdb_env_open(void *environment, const char *path, unsigned flags, mode_t mode);

EXPORT int mdb_env_open(void *environment, const char *path, unsigned flags, mode_t mode)
{
    static int (*real)(void *, const char *, unsigned, mode_t);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "mdb_env_open");
    }
    const unsigned nosync = 0x10000; /* MDB_NOSYNC */
    return real(environment, path, getenv("ALCOVE_CUT_NOSYNC") != NULL ? flags | nosync : flags,
                mode);
}
