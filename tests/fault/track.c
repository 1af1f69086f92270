#include "track.h"

#include "journal.h"

#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    DESCRIPTORS_MAX = 65536,
};

static char root[PATH_MAX];
static size_t root_size;
static _Atomic uint64_t ids[DESCRIPTORS_MAX];
static _Atomic unsigned flags[DESCRIPTORS_MAX];

int track_start(void)
{
    const char *folder = getenv("ALCOVE_CUT_DIR");
    if (folder == NULL || realpath(folder, root) == NULL) {
        return 0;
    }
    root_size = strlen(root);
    return 1;
}

int track_relative(const char *absolute, char *out)
{
    if (root_size == 0 || strncmp(absolute, root, root_size) != 0 ||
        (absolute[root_size] != '/' && absolute[root_size] != '\0')) {
        return 0;
    }
    const char *rest = absolute + root_size;
    while (*rest == '/') {
        rest++;
    }
    (void)snprintf(out, PATH_MAX, "%s", *rest != '\0' ? rest : ".");
    return 1;
}

int track_path(int folder, const char *path, char *out)
{
    char joined[PATH_MAX * 2];
    char link[64];
    char base[PATH_MAX];
    if (path[0] == '/') {
        (void)snprintf(joined, sizeof joined, "%s", path);
    } else {
        if (folder == AT_FDCWD) {
            (void)snprintf(link, sizeof link, "/proc/self/cwd");
        } else {
            (void)snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        }
        const ssize_t size = readlink(link, base, sizeof base - 1);
        if (size < 0) {
            return 0;
        }
        base[size] = '\0';
        (void)snprintf(joined, sizeof joined, "%s/%s", base, path);
    }
    char *slash = strrchr(joined, '/');
    char name[PATH_MAX];
    (void)snprintf(name, sizeof name, "%s", slash + 1);
    slash[slash == joined ? 1 : 0] = '\0';
    char parent[PATH_MAX];
    if (realpath(joined, parent) == NULL) {
        return 0;
    }
    char whole[PATH_MAX * 2 + 2];
    (void)snprintf(whole, sizeof whole, "%s/%s", parent, name);
    return track_relative(whole, out);
}

void track_opened(int fd, int open_flags, int created)
{
    if (fd < 0 || root_size == 0) {
        return;
    }
    track_closed(fd);
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    char absolute[PATH_MAX];
    const ssize_t size = readlink(link, absolute, sizeof absolute - 1);
    if (size < 0) {
        return;
    }
    absolute[size] = '\0';
    char relative[PATH_MAX];
    struct stat info;
    if (!track_relative(absolute, relative) || fstat(fd, &info) != 0) {
        return;
    }
    const int is_folder = S_ISDIR(info.st_mode);
    if (!is_folder && !S_ISREG(info.st_mode)) {
        return;
    }
    if (fd >= DESCRIPTORS_MAX) {
        static const char text[] = "power cut: a descriptor is beyond the table\n";
        (void)!syscall(SYS_write, 2, text, sizeof text - 1);
        _exit(99);
    }
    const unsigned dsync = (open_flags & O_DSYNC) != 0 ? TRACK_DSYNC : 0; /* O_SYNC includes it */
    const unsigned append = (open_flags & O_APPEND) != 0 ? TRACK_APPEND : 0;
    atomic_store(&ids[fd], info.st_ino);
    atomic_store(&flags[fd], (is_folder ? TRACK_FOLDER : TRACK_FILE) | dsync | append);
    journal_append(JOURNAL_OPEN, info.st_ino, (created ? 1u : 0u) | (is_folder ? 2u : 0u), relative,
                   strlen(relative));
    if (!is_folder && (open_flags & O_TRUNC) != 0 && !created) {
        journal_append(JOURNAL_TRUNCATE, info.st_ino, 0, NULL, 0);
    }
}

void track_copied(int from, int to)
{
    if (to < 0 || to >= DESCRIPTORS_MAX || from < 0 || from >= DESCRIPTORS_MAX) {
        return;
    }
    atomic_store(&ids[to], atomic_load(&ids[from]));
    atomic_store(&flags[to], atomic_load(&flags[from]));
}

void track_closed(int fd)
{
    if (fd >= 0 && fd < DESCRIPTORS_MAX) {
        atomic_store(&flags[fd], 0);
    }
}

int track_find(int fd, struct track_file *out)
{
    if (fd < 0 || fd >= DESCRIPTORS_MAX) {
        return 0;
    }
    out->flags = atomic_load(&flags[fd]);
    out->id = atomic_load(&ids[fd]);
    return out->flags != 0;
}
