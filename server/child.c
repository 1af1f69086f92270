#include "server/child.h"

#include "keys/public/bytes/hex.h"
#include "server/paths.h"

#include <sys/wait.h>
#include <unistd.h>

#define EXIT_ALREADY 3

static _Noreturn void become(char *const *arguments, int out)
{
    if (dup2(out, STDOUT_FILENO) >= 0) {
        (void)execv(arguments[0], arguments);
        (void)fprintf(stderr, "alcoved: %s is missing\n", arguments[0]);
    }
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

/* Runs NAME beside this program; its output must begin with 32 bytes in hex. */
static enum status child_run(const char *name, const char *a, const char *b, const char *c,
                             uint8_t out[static HASH_BYTES])
{
    char program[PATHS_BYTES_MAX];
    char *arguments[] = {program, (char *)(uintptr_t)a, (char *)(uintptr_t)b, (char *)(uintptr_t)c,
                         NULL};
    int ends[2];
    if (paths_beside(name, program, sizeof program) != STATUS_OK || pipe(ends) != 0) {
        return STATUS_UNAVAILABLE;
    }
    pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        become(arguments, ends[1]);
    }
    (void)close(ends[1]);
    char text[1024];
    size_t size = child < 0 ? 0 : read_to_end(ends[0], text, sizeof text);
    (void)close(ends[0]);
    int code = 0;
    if (child < 0 || waitpid(child, &code, 0) != child || !WIFEXITED(code)) {
        return STATUS_UNAVAILABLE;
    }
    if (WEXITSTATUS(code) != 0 || size < HEX_CHARS(HASH_BYTES)) {
        return WEXITSTATUS(code) == EXIT_ALREADY ? STATUS_ALREADY : STATUS_UNAVAILABLE;
    }
    return hex_decode(span_of(text, HEX_CHARS(HASH_BYTES)), out, HASH_BYTES);
}

enum status child_signer_init(const char *folder, struct public_key *out_key)
{
    return child_run("alcove-signer", "--init", folder, NULL, out_key->bytes);
}

enum status child_tls_make(const char *key_path, const char *certificate_path, struct hash *out_pin)
{
    return child_run("alcove-tls-identity", "make", key_path, certificate_path, out_pin->bytes);
}

enum status child_tls_pin(const char *certificate_path, struct hash *out_pin)
{
    return child_run("alcove-tls-identity", "pin", certificate_path, NULL, out_pin->bytes);
}
