#include "server/signer_child.h"

#include "keys/public/hex.h"
#include "server/paths.h"

#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void become_signer(const char *program, const char *folder, int out)
{
    if (dup2(out, STDOUT_FILENO) < 0) {
        _exit(127);
    }
    (void)execl(program, program, "--init", folder, (char *)NULL);
    (void)fprintf(stderr, "alcoved: %s is missing\n", program);
    _exit(127);
}

static size_t read_to_end(int fd, char *out, size_t capacity)
{
    size_t size = 0;

    while (size < capacity) {
        ssize_t n = read(fd, out + size, capacity - size);

        if (n <= 0) {
            break;
        }
        size += (size_t)n;
    }
    return size;
}

enum status signer_child_init(const char *folder, struct public_key *out_key)
{
    char program[PATHS_BYTES_MAX];
    char text[1024];
    size_t size;
    int ends[2];
    int code = 0;
    pid_t child;

    if (paths_beside("alcove-signer", program, sizeof(program)) != STATUS_OK || pipe(ends) != 0) {
        return STATUS_UNAVAILABLE;
    }
    child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        become_signer(program, folder, ends[1]);
    }
    (void)close(ends[1]);
    size = child < 0 ? 0 : read_to_end(ends[0], text, sizeof(text));
    (void)close(ends[0]);
    if (child < 0 || waitpid(child, &code, 0) != child || !WIFEXITED(code) ||
        WEXITSTATUS(code) != 0 || size < 2 * PUBLIC_KEY_BYTES) {
        return STATUS_UNAVAILABLE;
    }
    return hex_decode(span_of(text, 2 * PUBLIC_KEY_BYTES), out_key->bytes, PUBLIC_KEY_BYTES);
}
