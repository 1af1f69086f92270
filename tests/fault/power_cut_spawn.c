/*
 * A child started with an environment of its own stays under the shim: what the
 * shim needs is added to what the program gives it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum {
    VARIABLES_MAX = 1024,
};

static int is_ours(const char *variable)
{
    return strncmp(variable, "LD_PRELOAD=", 11) == 0 || strncmp(variable, "ALCOVE_CUT_", 11) == 0 ||
           strncmp(variable, "ASAN_OPTIONS=", 13) == 0;
}

/* |given| and what of ours it lacks; |out| has room for VARIABLES_MAX. */
static void merge(char *const *given, char **out)
{
    size_t count = 0;
    for (; given != NULL && given[count] != NULL && count < VARIABLES_MAX / 2; count++) {
        out[count] = given[count];
    }
    const size_t end = count;
    for (char **mine = environ; mine != NULL && *mine != NULL; mine++) {
        const size_t name_size = strcspn(*mine, "=") + 1;
        int known = !is_ours(*mine) || count + 1 >= VARIABLES_MAX;
        for (size_t i = 0; !known && i < end; i++) {
            known = strncmp(out[i], *mine, name_size) == 0;
        }
        if (!known) {
            out[count++] = *mine;
        }
    }
    out[count] = NULL;
}

typedef int spawn_function(pid_t *, const char *, const posix_spawn_file_actions_t *,
                           const posix_spawnattr_t *, char *const *, char *const *);

EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const *arguments,
                       char *const *environment)
{
    spawn_function *real;
    *(void **)&real = dlsym(RTLD_NEXT, "posix_spawn");
    char *merged[VARIABLES_MAX];
    merge(environment, merged);
    return real(pid, path, actions, attributes, arguments, merged);
}

EXPORT int posix_spawnp(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attributes, char *const *arguments,
                        char *const *environment)
{
    spawn_function *real;
    *(void **)&real = dlsym(RTLD_NEXT, "posix_spawnp");
    char *merged[VARIABLES_MAX];
    merge(environment, merged);
    return real(pid, path, actions, attributes, arguments, merged);
}

EXPORT int execve(const char *path, char *const *arguments, char *const *environment)
{
    char *merged[VARIABLES_MAX];
    merge(environment, merged);
    return (int)syscall(SYS_execve, path, arguments, merged);
}
