/*
 * Plays the files of one folder through a fuzz target: the stand-in for
 * libFuzzer's main in builds without it, so that every seed and every input
 * that once crashed is run by ctest with every compiler.
 *
 * Fails when the folder has no file: a target without seeds tests nothing.
 */
#include "proto/span.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>

/* libFuzzer fixes this name and signature. */
int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

enum { INPUT_BYTES_MAX = 4 << 20 };

static bool play(const char *folder, const char *file)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", folder, file);
    CHECK(length > 0 && (size_t)length < sizeof path);
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno)); // NOLINT(concurrency-mt-unsafe)
        return false;
    }
    uint8_t *data = malloc(INPUT_BYTES_MAX);
    CHECK(data != NULL);
    size_t size = fread(data, 1, INPUT_BYTES_MAX, in);
    bool whole = feof(in) != 0;
    (void)fclose(in);
    /* A copy of the exact size lets AddressSanitizer see a read past its end. */
    uint8_t *exact = malloc(size > 0 ? size : 1);
    CHECK(exact != NULL);
    if (size > 0) {
        memcpy(exact, data, size);
    }
    free(data);
    int status = LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return whole && (status == 0 || status == -1);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    DIR *folder = opendir(argv[1]);
    if (folder == NULL) {
        (void)fprintf(stderr, "no seeds: %s\n", argv[1]);
        return 1;
    }
    unsigned played = 0;
    unsigned failed = 0;
    for (;;) {
        const struct dirent *entry = readdir(folder); // NOLINT(concurrency-mt-unsafe): one thread
        if (entry == NULL) {
            break;
        }
        if (entry->d_name[0] == '.') {
            continue;
        }
        played++;
        failed += play(argv[1], entry->d_name) ? 0 : 1;
    }
    (void)closedir(folder);
    (void)printf("%u inputs, %u failed\n", played, failed);
    return played > 0 && failed == 0 ? 0 : 1;
}
