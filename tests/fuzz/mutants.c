/*
 * Runs a fuzz target over its corpus and over mutants of it, the same ones each time, so
 * that builds without libFuzzer meet hostile input too.
 *
 *   fuzz_NAME_mutants FOLDER|FILE…
 *
 * Each file is tried as it is, cut at every length, with each byte changed in a few
 * ways (in a large corpus at every few bytes), and with pieces removed, doubled or taken
 * from another file. Files come in the order of their names, mutants from a fixed
 * sequence: a failure repeats.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

#define MUTANTS_FILES_MAX  512u
#define MUTANTS_BYTES_MAX  (1024u * 1024u)
/* Places to cut and to change at, over all files: bounds the time. */
#define MUTANTS_PLACES_MAX 16384u
#define MUTANTS_SPLICES    100u

struct mutants {
    struct span files[MUTANTS_FILES_MAX];
    char *names[MUTANTS_FILES_MAX];
    size_t count;
    size_t step; /* every how many bytes a file is cut and changed */
    uint64_t random;
    uint64_t runs;
};

/* xorshift64: enough to choose places, the same on every machine. */
static size_t mutants_below(struct mutants *mutants, size_t bound)
{
    mutants->random ^= mutants->random << 13;
    mutants->random ^= mutants->random >> 7;
    mutants->random ^= mutants->random << 17;
    return bound > 0 ? (size_t)(mutants->random % bound) : 0;
}

/* From an allocation of exactly that size, so that a sanitizer sees a read past it. */
static void mutants_run(struct mutants *mutants, struct span bytes)
{
    uint8_t *exact = malloc(bytes.size > 0 ? bytes.size : 1u);
    CHECK(exact != NULL);
    if (bytes.size > 0) {
        memcpy(exact, bytes.data, bytes.size);
    }
    (void)LLVMFuzzerTestOneInput(exact, bytes.size);
    free(exact);
    mutants->runs++;
}

static void mutants_read(struct mutants *mutants, const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    CHECK(file != NULL && stat(path, &info) == 0 && mutants->count < MUTANTS_FILES_MAX);
    CHECK(info.st_size >= 0 && (size_t)info.st_size <= MUTANTS_BYTES_MAX);
    size_t size = (size_t)info.st_size;
    uint8_t *bytes = malloc(size + 1u);
    CHECK(bytes != NULL && fread(bytes, 1, size, file) == size);
    (void)fclose(file);
    mutants->files[mutants->count] = span_of(bytes, size);
    mutants->names[mutants->count] = strdup(path);
    CHECK(mutants->names[mutants->count] != NULL);
    mutants->count++;
}

static void mutants_read_folder(struct mutants *mutants, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    CHECK(count >= 0);
    for (int i = 0; i < count; i++) {
        char path[1024];
        if (entries[i]->d_name[0] != '.') {
            (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
            mutants_read(mutants, path);
        }
        free(entries[i]);
    }
    free(entries);
}

static void mutants_cuts(struct mutants *mutants, struct span file)
{
    size_t step = mutants->step;
    for (size_t size = 0; size < file.size; size += step) {
        mutants_run(mutants, span_of(file.data, size));
    }
}

static void mutants_changes(struct mutants *mutants, struct span file)
{
    static const uint8_t values[] = {0x00, 0xff, 0x7f, 0x80};
    size_t step = mutants->step;
    uint8_t *copy = malloc(file.size + 1u);
    CHECK(copy != NULL);
    memcpy(copy, file.data, file.size);
    for (size_t at = 0; at < file.size; at += step) {
        uint8_t old = copy[at];
        copy[at] = (uint8_t)(old ^ (1u << mutants_below(mutants, 8)));
        mutants_run(mutants, span_of(copy, file.size));
        copy[at] = values[mutants_below(mutants, ARRAY_LEN(values))];
        mutants_run(mutants, span_of(copy, file.size));
        copy[at] = (uint8_t)(old + 1u);
        mutants_run(mutants, span_of(copy, file.size));
        copy[at] = old;
    }
    copy[file.size] = 0;
    mutants_run(mutants, span_of(copy, file.size + 1u));
    free(copy);
}

/* The start of one file, then a piece of any file: removes, doubles and crosses. */
static void mutants_splices(struct mutants *mutants, struct span file)
{
    for (size_t i = 0; i < MUTANTS_SPLICES; i++) {
        struct span other = mutants->files[mutants_below(mutants, mutants->count)];
        if (i % 2u == 0) {
            other = file;
        }
        size_t head = mutants_below(mutants, file.size + 1u);
        size_t start = mutants_below(mutants, other.size + 1u);
        size_t tail = other.size - start;
        uint8_t *joined = malloc(head + tail + 1u);
        CHECK(joined != NULL);
        memcpy(joined, file.data, head);
        memcpy(joined + head, other.data + start, tail);
        mutants_run(mutants, span_of(joined, head + tail));
        free(joined);
    }
}

static void mutants_free(struct mutants *mutants)
{
    for (size_t i = 0; i < mutants->count; i++) {
        union {
            const uint8_t *data;
            void *owned;
        } file = {.data = mutants->files[i].data};
        free(file.owned);
        free(mutants->names[i]);
    }
}

int main(int argc, char **argv)
{
    static struct mutants mutants = {.random = 0x9e3779b97f4a7c15u};
    for (int i = 1; i < argc; i++) {
        struct stat info;
        if (stat(argv[i], &info) != 0) {
            (void)fprintf(stderr, "%s: cannot be read\n", argv[i]);
            return 2;
        }
        if (S_ISDIR(info.st_mode)) {
            mutants_read_folder(&mutants, argv[i]);
        } else {
            mutants_read(&mutants, argv[i]);
        }
    }
    if (mutants.count == 0) {
        (void)fprintf(stderr, "usage: %s FOLDER|FILE...: no corpus\n", argv[0]);
        return 2;
    }
    size_t total = 0;
    for (size_t i = 0; i < mutants.count; i++) {
        total += mutants.files[i].size;
    }
    mutants.step = total / MUTANTS_PLACES_MAX + 1u;
    for (size_t i = 0; i < mutants.count; i++) {
        if (getenv("ALCOVE_FUZZ_VERBOSE") != NULL) {
            (void)fprintf(stderr, "%s\n", mutants.names[i]);
        }
        mutants_run(&mutants, mutants.files[i]);
        mutants_cuts(&mutants, mutants.files[i]);
        mutants_changes(&mutants, mutants.files[i]);
        mutants_splices(&mutants, mutants.files[i]);
    }
    (void)printf("%zu files, %llu runs\n", mutants.count, (unsigned long long)mutants.runs);
    mutants_free(&mutants);
    return 0;
}
