#include "client/store/file_guard.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct guarded {
    MDB_env *env; /* NULL: a free place */
    bool droppable;
    char path[PATH_MAX];
};

/* Read by a handler of signals. */
static struct guarded all[FILE_GUARDS_MAX];

static const char DROPPED[] =
    "\nalcove: the local cache is damaged and was dropped; drafts and what waits to be sent are "
    "kept. Run the command again: it fetches the cache anew.\n";
static const char KEPT[] =
    "\nalcove: store/outbox in your profile, which holds drafts and what waits to be sent, is "
    "damaged. Nothing was changed. Make a copy of the profile, and look after the disk.\n";
static const char CUT[] =
    "\nalcove: a file of your profile cannot be read at a place that is in use: the disk fails, or "
    "the file was cut. The local cache was dropped; drafts and what waits to be sent are kept. Run "
    "the command again: it fetches the cache anew.\n";

/* Only what a handler of signals may call. */
static void drop(const struct guarded *file)
{
    if (file->env != NULL && file->droppable) {
        (void)!unlink(file->path);
    }
}

static void on_assertion(MDB_env *env, const char *what)
{
    (void)what;
    bool kept = false;
    for (size_t i = 0; i < FILE_GUARDS_MAX; i++) {
        if (all[i].env == env) {
            drop(&all[i]);
            kept = !all[i].droppable;
        }
    }
    (void)!(kept ? write(STDERR_FILENO, KEPT, sizeof KEPT - 1u)
                 : write(STDERR_FILENO, DROPPED, sizeof DROPPED - 1u));
    _exit(EXIT_FAILURE);
}

static void on_bus(int number)
{
    (void)number;
    for (size_t i = 0; i < FILE_GUARDS_MAX; i++) {
        drop(&all[i]);
    }
    (void)!write(STDERR_FILENO, CUT, sizeof CUT - 1u);
    _exit(EXIT_FAILURE);
}

bool file_guard(MDB_env *env, const char *path, bool droppable)
{
    size_t size = strlen(path) + 1u;
    size_t place = 0;
    while (place < FILE_GUARDS_MAX && all[place].env != NULL) {
        place++;
    }
    if (place == FILE_GUARDS_MAX || size > PATH_MAX ||
        mdb_env_set_assert(env, on_assertion) != MDB_SUCCESS) {
        return false;
    }
    memcpy(all[place].path, path, size);
    all[place].droppable = droppable;
    all[place].env = env;
    struct sigaction action = {.sa_handler = on_bus};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGBUS, &action, NULL);
    return true;
}

void file_unguard(MDB_env *env)
{
    for (size_t i = 0; i < FILE_GUARDS_MAX; i++) {
        if (all[i].env == env) {
            all[i].env = NULL;
        }
    }
}
