#include "tests/sim/disk.h"

#include "server/log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BYTES   4096u
#define SECTOR_BYTES 512u
#define DISK_BYTES   ((uint64_t)1 << 30)
#define PAGES        (DISK_BYTES / PAGE_BYTES)

#define EXPORT __attribute__((visibility("default")))

struct disk disk;

static struct {
    bool watched;
    int fd; /* our own */
    dev_t device;
    ino_t inode;
    uint8_t *lasts; /* what a power cut leaves */
    uint8_t *unsafe;
    uint32_t *list; /* of the pages that are unsafe */
    size_t count, capacity;
    uint64_t end; /* of the pages that were ever written */
} file;

static void *map(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(at != MAP_FAILED);
    return at;
}

static void read_page(uint64_t page, uint8_t out[PAGE_BYTES])
{
    memset(out, 0, PAGE_BYTES);
    CHECK(pread(file.fd, out, PAGE_BYTES, (off_t)(page * PAGE_BYTES)) >= 0);
}

void disk_watch(const char *path)
{
    file.fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat info;
    CHECK(file.fd >= 0 && fstat(file.fd, &info) == 0);
    file.device = info.st_dev;
    file.inode = info.st_ino;
    file.lasts = map(DISK_BYTES);
    file.unsafe = map(PAGES);
    CHECK((uint64_t)info.st_size <= DISK_BYTES);
    for (uint64_t at = 0; at < (uint64_t)info.st_size; at += PAGE_BYTES) {
        static const uint8_t none[PAGE_BYTES];
        uint8_t page[PAGE_BYTES];
        read_page(at / PAGE_BYTES, page);
        if (memcmp(page, none, PAGE_BYTES) != 0) {
            memcpy(file.lasts + at, page, PAGE_BYTES);
            file.end = at + PAGE_BYTES;
        }
    }
    file.watched = true;
}

void disk_forget(void)
{
    if (file.watched) {
        (void)munmap(file.lasts, DISK_BYTES);
        (void)munmap(file.unsafe, PAGES);
        free(file.list);
        (void)close(file.fd);
    }
    memset(&file, 0, sizeof file);
}

void disk_start(void)
{
    disk.fails_in = DISK_NEVER;
    disk.dies_in = DISK_NEVER;
    disk.dead = false;
    disk.faulty = disk.full;
}

bool disk_alive(void)
{
    disk.dead = disk.dead || disk.dies_in == 0;
    disk.dies_in -= disk.dies_in != DISK_NEVER && disk.dies_in > 0 ? 1 : 0;
    disk.faulty |= disk.dead;
    return !disk.dead;
}

size_t disk_unsafe(void)
{
    return file.count;
}

static bool is_ours(int fd)
{
    struct stat info;
    return file.watched && fstat(fd, &info) == 0 && info.st_ino == file.inode &&
           info.st_dev == file.device;
}

static void note_unsafe(uint64_t from, uint64_t size)
{
    for (uint64_t page = from / PAGE_BYTES; page <= (from + size - 1) / PAGE_BYTES; page++) {
        CHECK(page < PAGES);
        if (file.unsafe[page] != 0) {
            continue;
        }
        if (file.count == file.capacity) {
            file.capacity = file.capacity * 2 + 64;
            file.list = realloc(file.list, file.capacity * sizeof *file.list);
            CHECK(file.list != NULL);
        }
        file.unsafe[page] = 1;
        file.list[file.count++] = (uint32_t)page;
    }
}

static void last(uint64_t page)
{
    read_page(page, file.lasts + page * PAGE_BYTES);
    file.unsafe[page] = 0;
}

/* A planned failure comes now; errno is set. */
static bool fails(void)
{
    if (!disk_alive()) {
        errno = EIO;
        return true;
    }
    bool now = disk.fails_in == 0;
    disk.fails_in = now ? DISK_NEVER : disk.fails_in - (disk.fails_in != DISK_NEVER ? 1 : 0);
    disk.faulty |= now;
    errno = EIO;
    return now;
}

static ssize_t write_ours(int fd, const void *data, size_t size, uint64_t at)
{
    if (disk.full && at + size > file.end) {
        disk.faulty = true;
        errno = ENOSPC;
        return -1;
    }
    bool failed = fails();
    size_t part = failed && !disk.dead ? size / 2 / SECTOR_BYTES * SECTOR_BYTES : size;
    if (disk.dead || part == 0) {
        return -1;
    }
    ssize_t written = syscall(SYS_pwrite64, fd, data, part, at);
    CHECK(written == (ssize_t)part);
    file.end = at + part > file.end ? at + part : file.end;
    note_unsafe(at, part);
    if (!failed && (fcntl(fd, F_GETFL) & O_DSYNC) != 0) {
        /* Its own pages alone: what others wrote before is as unsafe as it was. */
        size_t kept = 0;
        for (size_t i = 0; i < file.count; i++) {
            uint64_t page = file.list[i];
            if (page >= at / PAGE_BYTES && page <= (at + part - 1) / PAGE_BYTES) {
                last(page);
            } else {
                file.list[kept++] = (uint32_t)page;
            }
        }
        file.count = kept;
    }
    errno = EIO;
    return failed ? -1 : written;
}

static int sync_ours(void)
{
    if (fails()) {
        return -1;
    }
    for (size_t i = 0; i < file.count; i++) {
        last(file.list[i]);
    }
    file.count = 0;
    return 0;
}

void disk_power_cut(struct dice *dice)
{
    for (size_t i = 0; i < file.count; i++) {
        uint64_t page = file.list[i];
        uint8_t *lasts = file.lasts + page * PAGE_BYTES;
        uint8_t shown[PAGE_BYTES];
        read_page(page, shown);
        uint64_t how = dice_below(dice, 3);
        for (size_t at = 0; at < PAGE_BYTES; at += SECTOR_BYTES) {
            if (how == 0 || (how == 1 && dice_below(dice, 2) == 0)) {
                memcpy(lasts + at, shown + at, SECTOR_BYTES);
            }
        }
        CHECK(syscall(SYS_pwrite64, file.fd, lasts, PAGE_BYTES, page * PAGE_BYTES) == PAGE_BYTES);
        file.unsafe[page] = 0;
    }
    file.count = 0;
}

void disk_copy(struct disk_copy *out_copy)
{
    CHECK(file.count == 0);
    out_copy->size = file.end;
    out_copy->bytes = malloc(file.end);
    CHECK(out_copy->bytes != NULL);
    memcpy(out_copy->bytes, file.lasts, file.end);
}

void disk_put_back(const struct disk_copy *copy)
{
    uint64_t end = file.end > copy->size ? file.end : copy->size;
    memset(file.lasts, 0, end);
    memcpy(file.lasts, copy->bytes, copy->size);
    CHECK(syscall(SYS_pwrite64, file.fd, file.lasts, end, 0) == (ssize_t)end);
    file.end = end;
}

void disk_copy_free(struct disk_copy *copy)
{
    free(copy->bytes);
    *copy = (struct disk_copy){0};
}

/* ---- the C library's names */

EXPORT ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    return is_ours(fd) ? write_ours(fd, data, size, (uint64_t)at)
                       : syscall(SYS_pwrite64, fd, data, size, at);
}

EXPORT ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    if (!is_ours(fd)) {
        return syscall(SYS_writev, fd, pieces, count);
    }
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t all = 0;
    for (int i = 0; i < count; i++) {
        ssize_t written =
            write_ours(fd, pieces[i].iov_base, pieces[i].iov_len, (uint64_t)(at + all));
        if (written < 0) {
            return -1;
        }
        all += written;
    }
    (void)lseek(fd, all, SEEK_CUR);
    return all;
}

EXPORT int fdatasync(int fd)
{
    return is_ours(fd) ? sync_ours() : (int)syscall(SYS_fdatasync, fd);
}

EXPORT int fsync(int fd)
{
    return is_ours(fd) ? sync_ours() : (int)syscall(SYS_fsync, fd);
}

EXPORT int fstatvfs(int fd, struct statvfs *out)
{
    (void)fd;
    *out = (struct statvfs){.f_frsize = PAGE_BYTES, .f_bsize = PAGE_BYTES};
    out->f_bavail = (disk.full ? disk.free_bytes : DISK_BYTES) / PAGE_BYTES;
    return 0;
}

/* Each look takes a while, so that a batch may be cut by its time. */
EXPORT int clock_gettime(clockid_t clock, struct timespec *out)
{
    uint64_t ms = disk.now_ms == NULL ? 0 : *disk.now_ms + (uint64_t)disk.clock_off_ms;
    if (clock != CLOCK_REALTIME) {
        ms = disk.steady_ms += 3;
    }
    *out = (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    return 0;
}

EXPORT int usleep(useconds_t microseconds)
{
    (void)microseconds;
    if (disk.passes != NULL) {
        disk.passes(disk.context);
    }
    return 0;
}

/* Nobody else could fill a queue meanwhile. */
EXPORT int pthread_cond_timedwait(pthread_cond_t *restrict condition,
                                  pthread_mutex_t *restrict mutex,
                                  const struct timespec *restrict until)
{
    (void)condition;
    (void)mutex;
    (void)until;
    return ETIMEDOUT;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's name */
void __wrap_log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void __wrap_log_line(enum log_level level, const char *format, ...)
{
    (void)level;
    va_list list;
    va_start(list, format);
    char line[600];
    (void)vsnprintf(line, sizeof line, format, list);
    va_end(list);
    if (disk.says != NULL) {
        disk.says(disk.context, line);
    }
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
