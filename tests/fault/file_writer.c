/*
 * Replaces one small file again and again in the usual way, for the shim's own
 * test: a new file beside it, its sync, a rename over the old one, a sync of the
 * folder, then "ack I".
 *   file_writer DIR N [no-file-sync|no-folder-sync]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: file_writer DIR N [no-file-sync|no-folder-sync]\n", stderr);
        return 2;
    }
    const int sync_file = argc < 4 || strcmp(argv[3], "no-file-sync") != 0;
    const int sync_folder = argc < 4 || strcmp(argv[3], "no-folder-sync") != 0;
    const int folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(folder >= 0, "open folder");
    const unsigned long count = strtoul(argv[2], NULL, 10);
    for (unsigned long i = 1; i <= count; i++) {
        char text[64];
        const int size = snprintf(text, sizeof text, "%lu\n", i);
        const int fd = openat(folder, "new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        must(fd >= 0, "open file");
        must(write(fd, text, (size_t)size) == size, "write");
        must(!sync_file || fsync(fd) == 0, "fsync");
        must(close(fd) == 0, "close");
        must(renameat(folder, "new", folder, "value") == 0, "rename");
        must(!sync_folder || fsync(folder) == 0, "fsync folder");
        const int ack_size = snprintf(text, sizeof text, "ack %lu\n", i);
        must(write(STDOUT_FILENO, text, (size_t)ack_size) == ack_size, "ack");
    }
    return close(folder) == 0 ? 0 : 1;
}
