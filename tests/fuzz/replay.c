/*
 * Runs a fuzz target over its corpus and over mutants of it, the same ones each time.
 *
 *   replay FOLDER|FILE…
 *
 * Each file is tried as it is, cut at every length, with each byte changed in a few
 * ways, and with pieces removed, doubled or taken from another file. Files come in
 * the order of their names, mutants from a fixed sequence: a failure repeats.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

#define REPLAY_FILES_MAX 512u
#define REPLAY_BYTES_MAX (1024u * 1024u)
#define REPLAY_CUTS_MAX  2048u
#define REPLAY_SPLICES   400u

struct replay {
    struct span files[REPLAY_FILES_MAX];
    char *names[REPLAY_FILES_MAX];
    size_t count;
    uint64_t random;
    uint64_t runs;
};

/* xorshift64: enough to choose places, the same on every machine. */
static size_t replay_below(struct replay *replay, size_t bound)
{
    replay->random ^= replay->random << 13;
    replay->random ^= replay->random >> 7;
    replay->random ^= replay->random << 17;
    return bound > 0 ? (size_t)(replay->random % bound) : 0;
}

/* From an allocation of exactly that size, so that a sanitizer sees a read past it. */
static void replay_run(struct replay *replay, struct span bytes)
{
    uint8_t *exact = malloc(bytes.size > 0 ? bytes.size : 1u);
    CHECK(exact != NULL);
    if (bytes.size > 0) {
        memcpy(exact, bytes.data, bytes.size);
    }
    (void)LLVMFuzzerTestOneInput(exact, bytes.size);
    free(exact);
    replay->runs++;
}

static void replay_read(struct replay *replay, const char *path)
{
    struct stat info;
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL && stat(path, &info) == 0 && replay->count < REPLAY_FILES_MAX);
    CHECK(info.st_size >= 0 && (size_t)info.st_size <= REPLAY_BYTES_MAX);
    size_t size = (size_t)info.st_size;
    uint8_t *bytes = malloc(size + 1u);
    CHECK(bytes != NULL && fread(bytes, 1, size, file) == size);
    (void)fclose(file);
    replay->files[replay->count] = span_of(bytes, size);
    replay->names[replay->count] = strdup(path);
    CHECK(replay->names[replay->count] != NULL);
    replay->count++;
}

static void replay_read_folder(struct replay *replay, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    CHECK(count >= 0);
    for (int i = 0; i < count; i++) {
        char path[1024];
        if (entries[i]->d_name[0] != '.') {
            (void)snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
            replay_read(replay, path);
        }
        free(entries[i]);
    }
    free(entries);
}

static void replay_cuts(struct replay *replay, struct span file)
{
    size_t step = file.size / REPLAY_CUTS_MAX + 1u;
    for (size_t size = 0; size < file.size; size += step) {
        replay_run(replay, span_of(file.data, size));
    }
}

static void replay_changes(struct replay *replay, struct span file)
{
    static const uint8_t values[] = {0x00, 0xff, 0x7f, 0x80};
    size_t step = file.size / REPLAY_CUTS_MAX + 1u;
    uint8_t *copy = malloc(file.size + 1u);
    CHECK(copy != NULL);
    memcpy(copy, file.data, file.size);
    for (size_t at = 0; at < file.size; at += step) {
        uint8_t old = copy[at];
        copy[at] = (uint8_t)(old ^ (1u << replay_below(replay, 8)));
        replay_run(replay, span_of(copy, file.size));
        copy[at] = values[replay_below(replay, ARRAY_LEN(values))];
        replay_run(replay, span_of(copy, file.size));
        copy[at] = (uint8_t)(old + 1u);
        replay_run(replay, span_of(copy, file.size));
        copy[at] = old;
    }
    copy[file.size] = 0;
    replay_run(replay, span_of(copy, file.size + 1u));
    free(copy);
}

/* The start of one file, then a piece of any file: removes, doubles and crosses. */
static void replay_splices(struct replay *replay, struct span file)
{
    for (size_t i = 0; i < REPLAY_SPLICES; i++) {
        struct span other = replay->files[replay_below(replay, replay->count)];
        if (i % 2u == 0) {
            other = file;
        }
        size_t head = replay_below(replay, file.size + 1u);
        size_t start = replay_below(replay, other.size + 1u);
        size_t tail = other.size - start;
        uint8_t *joined = malloc(head + tail + 1u);
        CHECK(joined != NULL);
        memcpy(joined, file.data, head);
        memcpy(joined + head, other.data + start, tail);
        replay_run(replay, span_of(joined, head + tail));
        free(joined);
    }
}

static void replay_free(struct replay *replay)
{
    for (size_t i = 0; i < replay->count; i++) {
        union {
            const uint8_t *data;
            void *owned;
        } file = {.data = replay->files[i].data};
        free(file.owned);
        free(replay->names[i]);
    }
}

int main(int argc, char **argv)
{
    static struct replay replay = {.random = 0x9e3779b97f4a7c15u};
    for (int i = 1; i < argc; i++) {
        struct stat info;
        if (stat(argv[i], &info) != 0) {
            (void)fprintf(stderr, "%s: cannot be read\n", argv[i]);
            return 2;
        }
        if (S_ISDIR(info.st_mode)) {
            replay_read_folder(&replay, argv[i]);
        } else {
            replay_read(&replay, argv[i]);
        }
    }
    if (replay.count == 0) {
        (void)fprintf(stderr, "usage: %s FOLDER|FILE...: no corpus\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < replay.count; i++) {
        if (getenv("ALCOVE_FUZZ_VERBOSE") != NULL) {
            (void)fprintf(stderr, "%s\n", replay.names[i]);
        }
        replay_run(&replay, replay.files[i]);
        replay_cuts(&replay, replay.files[i]);
        replay_changes(&replay, replay.files[i]);
        replay_splices(&replay, replay.files[i]);
    }
    (void)printf("%zu files, %llu runs\n", replay.count, (unsigned long long)replay.runs);
    replay_free(&replay);
    return 0;
}
