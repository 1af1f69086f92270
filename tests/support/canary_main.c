/*
 * canary PHRASES [--pid N]… [PATH]…
 *
 * PHRASES: a file with one phrase a line; empty lines and lines that begin with
 * '#' are left out. Exit: 0 nothing found, 1 found (each hit on a line), 2 wrong
 * use, 3 something could not be read, so that nothing is shown.
 */
#include "tests/support/canary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int read_phrases(struct canary *canary, const char *path)
{
    FILE *file = fopen(path, "re");
    int count = 0;
    char line[2 * CANARY_PHRASE_BYTES_MAX];
    while (file != NULL && count >= 0 && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#') {
            continue;
        }
        if (canary_add(canary, line)) {
            count++;
        } else {
            fprintf(stderr, "canary: this phrase cannot be searched for: %s\n", line);
            count = -1;
        }
    }
    if (file == NULL || count == 0) {
        fprintf(stderr, "canary: no phrases in %s\n", path);
    }
    if (file != NULL) {
        fclose(file);
    }
    return count > 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: canary PHRASES [--pid N]... [PATH]...\n", stderr);
        return 2;
    }
    struct canary *canary = canary_new(stdout);
    int status = canary != NULL && read_phrases(canary, argv[1]) ? 0 : 2;
    for (int i = 2; status == 0 && i < argc; i++) {
        int whole = 0;
        if (strcmp(argv[i], "--pid") == 0 && i + 1 < argc) {
            const long pid = strtol(argv[++i], NULL, 10);
            whole = pid > 0 && canary_search_process(canary, (pid_t)pid);
        } else {
            whole = canary_search_path(canary, argv[i]);
        }
        if (!whole) {
            fprintf(stderr, "canary: %s could not be read whole\n", argv[i]);
            status = 3;
        }
    }
    if (status == 0) {
        fprintf(stderr, "canary: %" PRIu64 " hits in %" PRIu64 " bytes\n", canary_hits(canary),
                canary_bytes_searched(canary));
        status = canary_hits(canary) > 0 ? 1 : 0;
    }
    canary_free(canary);
    return status;
}
