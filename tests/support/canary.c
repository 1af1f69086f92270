#include "tests/support/canary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUCKETS = 1 << 16,
    CHUNK_BYTES = 1 << 20,
    OVERLAP_BYTES = 2 * CANARY_PHRASE_BYTES_MAX,
    PAGE_BYTES = 4096,
    FOLDERS_MAX = 65536,
};
static const uint64_t range_bytes_max = (uint64_t)1 << 40; /* more is a sanitizer's shadow */

struct needle {
    uint8_t bytes[2 * CANARY_PHRASE_BYTES_MAX];
    size_t size;
    enum canary_encoding encoding;
    size_t phrase;
    struct needle *next;
};

struct canary {
    struct needle *bucket[BUCKETS]; /* by the first four bytes */
    size_t phrases;
    uint64_t hits[CANARY_ENCODINGS_END];
    uint64_t searched;
    FILE *report;
};

static unsigned bucket_of(const uint8_t *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return (word * 2654435761U) >> 16;
}

struct canary *canary_new(FILE *report)
{
    struct canary *canary = calloc(1, sizeof *canary);
    if (canary != NULL) {
        canary->report = report;
    }
    return canary;
}

void canary_free(struct canary *canary)
{
    for (size_t i = 0; canary != NULL && i < BUCKETS; i++) {
        while (canary->bucket[i] != NULL) {
            struct needle *needle = canary->bucket[i];
            canary->bucket[i] = needle->next;
            free(needle);
        }
    }
    free(canary);
}

/* Base64 and base64url agree on most phrases: one needle is enough then. */
static int is_known(const struct canary *canary, const struct needle *needle)
{
    const struct needle *other = canary->bucket[bucket_of(needle->bytes)];
    for (; other != NULL; other = other->next) {
        if (other->size == needle->size && other->encoding != needle->encoding &&
            memcmp(other->bytes, needle->bytes, needle->size) == 0) {
            return 1;
        }
    }
    return 0;
}

int canary_add(struct canary *canary, const char *phrase)
{
    const size_t size = strlen(phrase);
    if (size < CANARY_PHRASE_BYTES_MIN || size > CANARY_PHRASE_BYTES_MAX ||
        canary->phrases >= CANARY_PHRASES_MAX) {
        return 0;
    }
    for (int i = CANARY_UTF8; i < CANARY_ENCODINGS_END; i++) {
        struct needle *needle = calloc(1, sizeof *needle);
        if (needle == NULL) {
            return 0;
        }
        needle->encoding = (enum canary_encoding)i;
        needle->phrase = canary->phrases;
        needle->size = canary_encode(needle->encoding, phrase, needle->bytes, sizeof needle->bytes);
        if (needle->size < 4 || is_known(canary, needle)) {
            const int bad = needle->size < 4;
            free(needle);
            if (bad) {
                return 0;
            }
            continue;
        }
        struct needle **bucket = &canary->bucket[bucket_of(needle->bytes)];
        needle->next = *bucket;
        *bucket = needle;
    }
    canary->phrases++;
    return 1;
}

/* Searches |size| bytes; those before |from| were searched already and may only
 * be the beginning of a hit that ends after |from|. */
static void search(struct canary *canary, const char *place, uint64_t offset, const uint8_t *bytes,
                   size_t size, size_t from)
{
    canary->searched += size - from;
    for (size_t at = 0; at + 4 <= size; at++) {
        const struct needle *needle = canary->bucket[bucket_of(bytes + at)];
        for (; needle != NULL; needle = needle->next) {
            if (needle->size > size - at || at + needle->size <= from ||
                memcmp(bytes + at, needle->bytes, needle->size) != 0) {
                continue;
            }
            canary->hits[needle->encoding]++;
            if (canary->report != NULL) {
                fprintf(canary->report, "hit: phrase %zu as %s at %s+0x%" PRIx64 "\n",
                        needle->phrase + 1, canary_encoding_name(needle->encoding), place,
                        offset + at);
            }
        }
    }
}

int canary_search_bytes(struct canary *canary, const char *place, const void *bytes, size_t size)
{
    search(canary, place, 0, bytes, size, 0);
    return 1;
}

/* A stretch of a file, read in chunks that overlap by the longest needle. With
 * |holes|, pages that cannot be read are stepped over, as in a process's memory. */
static int search_range(struct canary *canary, const char *place, int fd, uint64_t from,
                        uint64_t to, int holes)
{
    uint8_t *buffer = malloc(OVERLAP_BYTES + CHUNK_BYTES);
    if (buffer == NULL) {
        return 0;
    }
    int whole = 1;
    size_t kept = 0;
    for (uint64_t at = from; at < to;) {
        const size_t want = to - at < CHUNK_BYTES ? (size_t)(to - at) : CHUNK_BYTES;
        const ssize_t got = pread(fd, buffer + kept, want, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0 && !holes) {
            whole = got == 0; /* a file that shrank is searched as far as it goes */
            break;
        }
        if (got <= 0) {
            at += PAGE_BYTES - at % PAGE_BYTES;
            kept = 0;
            continue;
        }
        const size_t size = kept + (size_t)got;
        search(canary, place, at - kept, buffer, size, kept);
        at += (uint64_t)got;
        kept = size < OVERLAP_BYTES ? size : OVERLAP_BYTES;
        memmove(buffer, buffer + size - kept, kept);
    }
    free(buffer);
    return whole;
}

static int search_file(struct canary *canary, const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return 0;
    }
    const int whole = search_range(canary, path, fd, 0, INT64_MAX, 0);
    close(fd);
    return whole;
}

/* Adds the folder's entries to the list; false when it cannot be read. */
static int list_folder(const char *path, char **list, size_t *count)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return 0;
    }
    int whole = 1;
    const struct dirent *item;
    while (whole && (item = readdir(folder)) != NULL) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) {
            continue;
        }
        whole = *count < FOLDERS_MAX && asprintf(&list[*count], "%s/%s", path, item->d_name) >= 0;
        *count += whole ? 1 : 0;
    }
    closedir(folder);
    return whole;
}

int canary_search_path(struct canary *canary, const char *path)
{
    char **list = calloc(FOLDERS_MAX, sizeof *list);
    int whole = list != NULL && (list[0] = realpath(path, NULL)) != NULL; /* a link is followed */
    size_t count = 0;
    count += whole ? 1 : 0;
    while (count > 0) {
        char *name = list[--count];
        search(canary, name, 0, (const uint8_t *)name, strlen(name), 0);
        struct stat info;
        if (lstat(name, &info) != 0) {
            whole = 0;
        } else if (S_ISDIR(info.st_mode)) {
            whole = list_folder(name, list, &count) && whole;
        } else if (S_ISREG(info.st_mode)) {
            whole = search_file(canary, name) && whole;
        }
        free(name);
    }
    free(list);
    return whole;
}

/* A map may reach far beyond the end of its file, and those pages do not exist. */
static uint64_t end_of_map(pid_t pid, uint64_t from, uint64_t to, uint64_t offset)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)pid, from,
                   to);
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
        return to;
    }
    const uint64_t size = (uint64_t)info.st_size;
    const uint64_t there = size > offset ? size - offset : 0;
    const uint64_t end = from + (there + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    return end < to ? end : to;
}

int canary_search_process(struct canary *canary, pid_t pid)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const uint64_t before = canary->searched;
    int whole = 1;
    char line[PATH_MAX + 256];
    while (whole && maps != NULL && fd >= 0 && fgets(line, sizeof line, maps) != NULL) {
        uint64_t from;
        uint64_t to;
        uint64_t offset;
        char access[8];
        int name = 0;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %n", &from, &to, access,
                   &offset, &name) < 4 ||
            access[0] != 'r' || strncmp(line + name, "[vvar", 5) == 0 ||
            strncmp(line + name, "[vsyscall]", 10) == 0) {
            continue;
        }
        char place[128];
        (void)snprintf(place, sizeof place, "process %d, range %" PRIx64, (int)pid, from);
        const uint64_t end = end_of_map(pid, from, to, offset);
        whole =
            whole && end - from < range_bytes_max && search_range(canary, place, fd, from, end, 1);
    }
    if (maps != NULL) {
        fclose(maps);
    }
    if (fd >= 0) {
        close(fd);
    }
    return whole && canary->searched > before;
}

uint64_t canary_hits(const struct canary *canary)
{
    uint64_t sum = 0;
    for (int i = 0; i < CANARY_ENCODINGS_END; i++) {
        sum += canary->hits[i];
    }
    return sum;
}

uint64_t canary_hits_of(const struct canary *canary, enum canary_encoding encoding)
{
    return canary->hits[encoding];
}

uint64_t canary_bytes_searched(const struct canary *canary)
{
    return canary->searched;
}
