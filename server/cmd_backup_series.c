#include "server/cmd_backup_series.h"

#include "server/backup/folder.h"
#include "server/cmd.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <unistd.h>

#define SERIES_MAX  4096u
#define PART_SUFFIX ".part"

struct series {
    size_t count;
    uint64_t times_s[SERIES_MAX];
    bool stays[SERIES_MAX];
};

static int by_time(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* Somebody else's folder that only looks like ours must not be removed. */
static bool is_ours(int folder_fd, const char *name, const struct practice_id *practice)
{
    int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    struct trouble trouble = {""};
    struct manifest manifest;
    uint8_t *bytes = NULL;
    size_t size = 0;
    bool ours =
        fd >= 0 &&
        folder_read(fd, MANIFEST_NAME, MANIFEST_BYTES_MAX, &bytes, &size, &trouble) == STATUS_OK &&
        manifest_decode(span_of(bytes, size), &manifest) == STATUS_OK &&
        ID_EQUAL(&manifest.practice, practice);
    free(bytes);
    if (fd >= 0) {
        (void)close(fd);
    }
    return ours;
}

/* A part of a series is named as its backup would be. One that is being written is locked. */
static void remove_left(const char *folder, int folder_fd, const char *name)
{
    size_t size = strlen(name);
    if (size != KEEP_NAME_CHARS + sizeof PART_SUFFIX - 1 ||
        strcmp(name + KEEP_NAME_CHARS, PART_SUFFIX) != 0) {
        return;
    }
    char whole[KEEP_NAME_CHARS + 1];
    memcpy(whole, name, KEEP_NAME_CHARS);
    whole[KEEP_NAME_CHARS] = '\0';
    int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return;
    }
    char path[FOLDER_PATH_BYTES_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    uint64_t time_s = 0;
    if (keep_time(whole, &time_s) && n > 0 && (size_t)n < sizeof path &&
        flock(fd, LOCK_EX | LOCK_NB) == 0) {
        enum status status = folder_remove(path);
        (void)status; /* it is tried again the next time */
    }
    (void)close(fd);
}

static bool list(const char *folder, int folder_fd, const struct practice_id *practice,
                 struct series *series)
{
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (entries == NULL) {
        return false;
    }
    const struct dirent *entry = NULL;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this thread's own
    while ((entry = readdir(entries)) != NULL) {
        uint64_t time_s = 0;
        if (keep_time(entry->d_name, &time_s)) {
            if (series->count < SERIES_MAX && is_ours(folder_fd, entry->d_name, practice)) {
                series->times_s[series->count++] = time_s;
            }
        } else {
            remove_left(folder, folder_fd, entry->d_name);
        }
    }
    (void)closedir(entries);
    qsort(series->times_s, series->count, sizeof series->times_s[0], by_time);
    return true;
}

/* It loses its name first, so that nothing half removed is ever taken for a backup. */
static bool remove_one(const char *folder, uint64_t time_s)
{
    char name[KEEP_NAME_CHARS + 1];
    keep_name(time_s * 1000u, name);
    char path[FOLDER_PATH_BYTES_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    char part[FOLDER_PATH_BYTES_MAX];
    int m = snprintf(part, sizeof part, "%s/%s" PART_SUFFIX, folder, name);
    bool removed = n > 0 && (size_t)n < sizeof path && m > 0 && (size_t)m < sizeof part &&
                   rename(path, part) == 0 && folder_remove(part) == STATUS_OK;
    if (!removed) {
        (void)fprintf(stderr, "alcoved backup: %s is not to stay and cannot be removed\n", path);
    }
    return removed;
}

int cmd_backup_prune(const char *folder, const struct keep_counts *counts,
                     const struct practice_id *practice, bool json)
{
    struct series *series = calloc(1, sizeof *series);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool fine = series != NULL && fd >= 0 && list(folder, fd, practice, series);
    if (fine) {
        keep_choose(series->times_s, series->count, counts, series->stays);
    }
    size_t removed = 0;
    for (size_t i = 0; fine && i < series->count; i++) {
        if (!series->stays[i]) {
            fine = remove_one(folder, series->times_s[i]) && fine;
            removed++;
        }
    }
    if (fine && !json) {
        (void)printf("%zu backups in %s stay, %zu were removed.\n", series->count - removed, folder,
                     removed);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    free(series);
    return fine ? CMD_OK : CMD_FAILED;
}
