#include "server/backup/age.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static enum status start(char *const arguments[], int in_fd, int out_fd, pid_t *out_child,
                         struct trouble *trouble)
{
    posix_spawn_file_actions_t files;
    int rc = posix_spawn_file_actions_init(&files);
    if (rc == 0) {
        rc = posix_spawn_file_actions_adddup2(&files, in_fd, STDIN_FILENO);
        rc = rc == 0 ? posix_spawn_file_actions_adddup2(&files, out_fd, STDOUT_FILENO) : rc;
        rc = rc == 0 ? posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1) : rc;
        rc = rc == 0 ? posix_spawnp(out_child, arguments[0], &files, NULL, arguments, environ) : rc;
        (void)posix_spawn_file_actions_destroy(&files);
    }
    if (rc == ENOENT) {
        return trouble_say(trouble, STATUS_NOT_FOUND,
                           "the program age is not installed (on Debian: apt-get install age)");
    }
    return rc == 0 ? STATUS_OK
                   : trouble_say(trouble, STATUS_UNAVAILABLE,
                                 "the program age cannot be started: %s", strerrordesc_np(rc));
}

/* False: it failed, or was killed. */
static bool ended_well(pid_t child)
{
    int code = 0;
    pid_t ended = 0;
    do {
        ended = waitpid(child, &code, 0);
    } while (ended < 0 && errno == EINTR);
    return ended == child && WIFEXITED(code) && WEXITSTATUS(code) == 0;
}

enum status age_begin(const char *recipient, int out_fd, int *out_pipe, pid_t *out_child,
                      struct trouble *trouble)
{
    char name[] = "age";
    char option[] = "--recipient";
    char *arguments[] = {name, option, (char *)(uintptr_t)recipient, NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return trouble_say(trouble, STATUS_UNAVAILABLE, "no pipe to age: %s",
                           strerrordesc_np(errno));
    }
    enum status status = start(arguments, ends[0], out_fd, out_child, trouble);
    (void)close(ends[0]);
    if (status != STATUS_OK) {
        (void)close(ends[1]);
        return status;
    }
    *out_pipe = ends[1];
    return STATUS_OK;
}

enum status age_end(pid_t child, struct trouble *trouble)
{
    return ended_well(child)
               ? STATUS_OK
               : trouble_say(trouble, STATUS_IO,
                             "age did not encrypt: its recipient is wrong, or the disk is full");
}

enum status age_decrypt(const char *identity, int in_fd, int out_fd, struct trouble *trouble)
{
    char name[] = "age";
    char decrypt[] = "--decrypt";
    char option[] = "--identity";
    char *arguments[] = {name, decrypt, option, (char *)(uintptr_t)identity, NULL};
    pid_t child = 0;
    enum status status = start(arguments, in_fd, out_fd, &child, trouble);
    if (status != STATUS_OK) {
        return status;
    }
    return ended_well(child) ? STATUS_OK
                             : trouble_say(trouble, STATUS_WRONG_KEY,
                                           "age did not decrypt: the identity is another's, or the "
                                           "disk is full");
}
