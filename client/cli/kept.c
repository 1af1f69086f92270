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
#include <unistd.h>

#define PREFIX    "alcove-kept-"
#define TEXT_NAME "note.txt"
/* An editor's folders are shallow; deeper ones are left, and found again. */
#define DEPTH_MAX 8u

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

/* Everything but |spared| (NULL: everything): editors leave backups, swap files and folders
 * beside the text. Takes over |place|. */
// NOLINTNEXTLINE(misc-no-recursion): at most DEPTH_MAX deep
static void erase_inside(int place, const char *spared, unsigned depth)
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
            (spared != NULL && strcmp(name, spared) == 0) ||
            fstatat(place, name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        if (S_ISDIR(found.st_mode) && depth < DEPTH_MAX) {
            erase_inside(openat(place, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), NULL,
                         depth + 1);
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

enum status kept_new(struct span begin, struct kept *out_kept)
{
    const char *memory = memory_folder();
    memset(out_kept, 0, sizeof *out_kept);
    out_kept->lock = -1;
    if (memory == NULL) {
        return STATUS_USAGE;
    }
    char folder[FILES_PATH_BYTES_MAX];
    enum status status = files_join(memory, PREFIX "XXXXXX", folder);
    if (status == STATUS_OK && mkdtemp(folder) == NULL) {
        status = STATUS_IO;
    }
    if (status == STATUS_OK) {
        status = lock(memory, folder + strlen(memory) + 1, out_kept);
    }
    if (status == STATUS_OK) {
        status = files_write_new(out_kept->path, begin);
        if (status != STATUS_OK) {
            kept_drop(out_kept);
        }
    }
    return status;
}

enum status kept_take(const char *name, struct kept *out_kept)
{
    const char *memory = memory_folder();
    char entry[FILES_PATH_BYTES_MAX];
    int n = snprintf(entry, sizeof entry, PREFIX "%s", name);
    memset(out_kept, 0, sizeof *out_kept);
    out_kept->lock = -1;
    if (memory == NULL || n <= 0 || (size_t)n >= sizeof entry || strchr(name, '/') != NULL) {
        return STATUS_NOT_FOUND;
    }
    return lock(memory, entry, out_kept);
}

bool kept_leave(struct kept *kept)
{
    if (kept->folder[0] == '\0' || kept->lock < 0) {
        return false;
    }
    /* Without the text, what lies there may be all that the editor left of it. */
    bool there = access(kept->path, F_OK) == 0;
    if (there) {
        erase_inside(open_folder(kept->folder), TEXT_NAME, 0);
    } else {
        there = rmdir(kept->folder) != 0;
    }
    (void)close(kept->lock);
    kept->lock = -1;
    return there;
}

void kept_drop(struct kept *kept)
{
    if (kept->folder[0] == '\0' || kept->lock < 0) {
        return;
    }
    erase_inside(open_folder(kept->folder), NULL, 0);
    (void)rmdir(kept->folder);
    (void)close(kept->lock);
    memset(kept, 0, sizeof *kept);
    kept->lock = -1;
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
        struct kept kept;
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
            lock(memory, entry->d_name, &kept) != STATUS_OK) {
            continue;
        }
        more = visit(visitor, &kept);
        (void)close(kept.lock);
    }
    (void)closedir(folder);
}

static bool count_one(void *visitor, const struct kept *kept)
{
    (void)kept;
    ++*(size_t *)visitor;
    return true;
}

size_t kept_count(void)
{
    size_t count = 0;
    kept_all(count_one, &count);
    return count;
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

void kept_guard(const struct kept *kept)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    int n = snprintf(last_words, sizeof last_words,
                     "\nalcove: nothing was written. Your text is kept as %s: see `alcove kept "
                     "list`.\n",
                     kept->name);
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
