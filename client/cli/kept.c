#include "client/cli/kept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#define PREFIX           "alcove-kept-"
#define GONE_PREFIX      "alcove-gone-"
#define TEXT_NAME        "note.txt"
#define ABOUT_NAME       ".alcove-about"
#define SEALED_NAME      ".alcove-sealed"
#define WINDOW_NAME      ".alcove-window"
#define BESIDE_BYTES_MAX (KEPT_BYTES_MAX + (1u << 20))
#define OURS             ".alcove-"
#define WINDOW_S         (12 * 3600)
/* An editor's folders are shallow; deeper ones are left, and found again. */
#define DEPTH_MAX        8u

static bool in_memory(const char *folder)
{
    struct statfs found;
    return folder != NULL && statfs(folder, &found) == 0 &&
           (found.f_type == TMPFS_MAGIC || found.f_type == RAMFS_MAGIC) &&
           access(folder, W_OK) == 0;
}

static const char *memory_folder(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (in_memory(runtime)) {
        return runtime;
    }
    return in_memory("/dev/shm") ? "/dev/shm" : NULL;
}

/* Overwritten before it is removed, though it is memory: a page may be reused. */
static void erase(int folder, const char *name)
{
    int fd = openat(folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    static const uint8_t zeros[4096];
    if (fd >= 0) {
        (void)lseek(fd, 0, SEEK_SET);
        while (size > 0) {
            ssize_t n = write(fd, zeros, size < 4096 ? (size_t)size : sizeof zeros);
            if (n <= 0) {
                break;
            }
            size -= n;
        }
        (void)close(fd);
    }
    (void)unlinkat(folder, name, 0);
}

/* Everything, or with |spared| all but the text and what is ours: editors leave backups, swap
 * files and folders beside the text. Takes over |place|. */
// NOLINTNEXTLINE(misc-no-recursion): at most DEPTH_MAX deep
static void erase_inside(int place, bool spared, unsigned depth)
{
    DIR *folder = place < 0 ? NULL : fdopendir(place);
    if (folder == NULL) {
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        const char *name = entry->d_name;
        struct stat found;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            (spared && (strcmp(name, TEXT_NAME) == 0 || strncmp(name, OURS, strlen(OURS)) == 0)) ||
            fstatat(place, name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        if (S_ISDIR(found.st_mode) && depth < DEPTH_MAX) {
            erase_inside(openat(place, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW),
                         false, depth + 1);
            (void)unlinkat(place, name, AT_REMOVEDIR);
        } else {
            erase(place, name);
        }
    }
    (void)closedir(folder);
}

static int open_folder(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* Fills |out_kept| of the folder |entry|, which ends with the name, and locks it. */
static enum status lock(const char *memory, const char *entry, struct kept *out_kept)
{
    memset(out_kept, 0, sizeof *out_kept);
    out_kept->lock = -1;
    int n = snprintf(out_kept->name, sizeof out_kept->name, "%s", entry + strlen(PREFIX));
    enum status status = n > 0 && (size_t)n < sizeof out_kept->name ? STATUS_OK : STATUS_NOT_FOUND;
    if (status == STATUS_OK) {
        status = files_join(memory, entry, out_kept->folder);
    }
    if (status == STATUS_OK) {
        status = files_join(out_kept->folder, TEXT_NAME, out_kept->path);
    }
    if (status != STATUS_OK) {
        return status;
    }
    out_kept->lock = open_folder(out_kept->folder);
    struct stat found;
    if (out_kept->lock < 0 || fstat(out_kept->lock, &found) != 0 || found.st_uid != geteuid()) {
        status = STATUS_NOT_FOUND;
    } else if (flock(out_kept->lock, LOCK_EX | LOCK_NB) != 0) {
        status = STATUS_BUSY;
    }
    if (status != STATUS_OK && out_kept->lock >= 0) {
        (void)close(out_kept->lock);
        out_kept->lock = -1;
    }
    return status;
}

static void erase_folder(const char *path)
{
    erase_inside(open_folder(path), false, 0);
    (void)rmdir(path);
}

/* What a command was erasing when it was ended. */
static void erase_gone(const char *memory, const char *entry)
{
    char path[FILES_PATH_BYTES_MAX];
    struct stat found;
    if (strncmp(entry, GONE_PREFIX, strlen(GONE_PREFIX)) == 0 &&
        files_join(memory, entry, path) == STATUS_OK && lstat(path, &found) == 0 &&
        found.st_uid == geteuid()) {
        erase_folder(path);
    }
}

void kept_none(struct kept *out_kept)
{
    memset(out_kept, 0, sizeof *out_kept);
    out_kept->lock = -1;
}

/* A file of the folder that is not the text: never shown, gone with the folder. */
static enum status put_beside(const struct kept *kept, const char *name, struct span bytes)
{
    char path[FILES_PATH_BYTES_MAX];
    enum status status = files_join(kept->folder, name, path);
    return status == STATUS_OK ? files_write_new(path, bytes) : status;
}

static enum status get_beside(const struct kept *kept, const char *name, uint8_t **out_bytes,
                              size_t *out_size)
{
    char path[FILES_PATH_BYTES_MAX];
    enum status status = files_join(kept->folder, name, path);
    *out_bytes = NULL;
    return status == STATUS_OK ? files_read_own(path, BESIDE_BYTES_MAX, out_bytes, out_size)
                               : status;
}

enum status kept_new(const char *name, struct span about, struct span begin, struct kept *out_kept)
{
    const char *memory = memory_folder();
    kept_none(out_kept);
    if (memory == NULL) {
        return STATUS_USAGE;
    }
    char entry[sizeof PREFIX + KEPT_NAME_BYTES];
    (void)snprintf(entry, sizeof entry, PREFIX "%s", name);
    char folder[FILES_PATH_BYTES_MAX];
    enum status status = files_join(memory, entry, folder);
    /* One that was left to a window, in which nothing was typed, gives way. */
    if (status == STATUS_OK && lock(memory, entry, out_kept) == STATUS_OK) {
        if (kept_is_in_window(out_kept)) {
            kept_drop(out_kept);
        } else {
            (void)close(out_kept->lock);
        }
        kept_none(out_kept);
    }
    if (status == STATUS_OK && mkdir(folder, 0700) != 0) {
        status = errno == EEXIST ? STATUS_ALREADY : errno == ENOSPC ? STATUS_FULL : STATUS_IO;
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = lock(memory, entry, out_kept);
    if (status == STATUS_OK) {
        status = put_beside(out_kept, ABOUT_NAME, about);
    }
    if (status == STATUS_OK) {
        status = files_write_new(out_kept->path, begin);
    }
    if (status != STATUS_OK) {
        kept_drop(out_kept);
    }
    return status;
}

enum status kept_about(const struct kept *kept, uint8_t **out_bytes, size_t *out_size)
{
    return get_beside(kept, ABOUT_NAME, out_bytes, out_size);
}

enum status kept_put_sealed(struct kept *kept, struct span sealed)
{
    enum status status = put_beside(kept, SEALED_NAME, sealed);
    if (status == STATUS_OK) {
        erase(AT_FDCWD, kept->path);
    }
    return status;
}

enum status kept_sealed(const struct kept *kept, uint8_t **out_bytes, size_t *out_size)
{
    return get_beside(kept, SEALED_NAME, out_bytes, out_size);
}

void kept_leave_to_window(struct kept *kept)
{
    if (kept->lock >= 0) {
        (void)!put_beside(kept, WINDOW_NAME, span_of(NULL, 0));
        (void)close(kept->lock);
        kept->lock = -1;
    }
}

bool kept_is_in_window(const struct kept *kept)
{
    char path[FILES_PATH_BYTES_MAX];
    struct stat found;
    return files_join(kept->folder, WINDOW_NAME, path) == STATUS_OK && stat(path, &found) == 0 &&
           time(NULL) - found.st_mtime < WINDOW_S;
}

/* Whether something is in the folder that is not ours: without the text it may be all that the
 * editor left of it. */
static bool has_more(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    bool more = false;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        const char *name = entry->d_name;
        more |= strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
                strncmp(name, OURS, strlen(OURS)) != 0;
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    return more;
}

bool kept_leave(struct kept *kept)
{
    if (kept->folder[0] == '\0' || kept->lock < 0) {
        return false;
    }
    char sealed[FILES_PATH_BYTES_MAX];
    bool there =
        access(kept->path, F_OK) == 0 ||
        (files_join(kept->folder, SEALED_NAME, sealed) == STATUS_OK && access(sealed, F_OK) == 0);
    if (there) {
        erase_inside(open_folder(kept->folder), true, 0);
    } else if (!has_more(kept->folder)) {
        kept_drop(kept);
        return false;
    }
    (void)close(kept->lock);
    kept->lock = -1;
    return true;
}

void kept_drop(struct kept *kept)
{
    if (kept->folder[0] == '\0' || kept->lock < 0) {
        return;
    }
    /* By another name first: what is half erased must not be taken for what somebody typed. */
    char gone[FILES_PATH_BYTES_MAX];
    int n = snprintf(gone, sizeof gone, "%.*s" GONE_PREFIX "%s",
                     (int)(strlen(kept->folder) - strlen(PREFIX) - strlen(kept->name)),
                     kept->folder, kept->name);
    if (n > 0 && (size_t)n < sizeof gone && rename(kept->folder, gone) == 0) {
        erase_folder(gone);
    }
    (void)close(kept->lock);
    kept_none(kept);
}

void kept_all(kept_visit *visit, void *visitor)
{
    const char *memory = memory_folder();
    DIR *folder = memory == NULL ? NULL : opendir(memory);
    if (folder == NULL) {
        return;
    }
    const struct dirent *entry;
    bool more = true;
    while (more && (entry = readdir(folder)) != NULL) {
        erase_gone(memory, entry->d_name);
        struct kept kept;
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
            lock(memory, entry->d_name, &kept) != STATUS_OK) {
            continue;
        }
        more = visit(visitor, &kept);
        if (kept.lock >= 0) {
            (void)close(kept.lock);
        }
    }
    (void)closedir(folder);
}

/* ---- signals */

static const int SIGNALS[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
static struct sigaction before[ARRAY_LEN(SIGNALS)];
static char last_words[256];
static size_t last_words_size;

static void on_signal(int signal_number)
{
    (void)!write(STDERR_FILENO, last_words, last_words_size);
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

void kept_guard(const char *name)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    int n = snprintf(last_words, sizeof last_words,
                     "\nalcove: nothing was written. Your text is kept as %s:\n"
                     "see `alcove kept list`.\n",
                     name);
    last_words_size = n < 0 ? 0 : (size_t)n;
    for (size_t i = 0; i < ARRAY_LEN(SIGNALS); i++) {
        (void)sigaction(SIGNALS[i], &action, &before[i]);
    }
}

void kept_unguard(void)
{
    if (last_words_size == 0) {
        return;
    }
    last_words_size = 0;
    for (size_t i = 0; i < ARRAY_LEN(SIGNALS); i++) {
        (void)sigaction(SIGNALS[i], &before[i], NULL);
    }
}
