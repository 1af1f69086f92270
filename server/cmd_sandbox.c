#include "server/cmd.h"

#include "server/config.h"
#include "server/log/log.h"
#include "server/sandbox.h"

#ifdef ALCOVE_TEST_HOOKS
/* The folders of the files that tests move the clock with and read the trace from. */
static const char *const *hook_folders(void)
{
    static const char *const names[] = {"ALCOVE_CLOCK_OFFSET_FILE", "ALCOVE_TRACE"};
    static char folders[ARRAY_LEN(names)][PATHS_BYTES_MAX];
    static const char *given[ARRAY_LEN(names) + 1];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *path = getenv(names[i]);
        const char *slash = path == NULL ? NULL : strrchr(path, '/');
        if (slash != NULL && slash > path && (size_t)(slash - path) < PATHS_BYTES_MAX) {
            memcpy(folders[i], path, (size_t)(slash - path));
            given[count++] = folders[i];
        }
    }
    return count == 0 ? NULL : given;
}
#endif

int cmd_enter_sandbox(const struct config *config)
{
    struct sandbox_options options = {.connects = config->signer_socket[0] != '\0'};
#ifdef ALCOVE_TEST_HOOKS
    options.folders = hook_folders();
#endif
    struct sandbox_report report;
    sandbox_enter(&options, &report);
    if (report.filtered && report.confined) {
        log_line(LOG_LEVEL_NOTICE,
                 "sandboxed: from now on it opens no file, starts no program and connects to "
                 "nothing (seccomp, Landlock %d)",
                 report.landlock);
        return CMD_OK;
    }
    bool required = config->require_sandbox;
    log_line(required ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "this kernel %s: %s",
             report.filtered   ? "has no Landlock, seccomp alone keeps files and programs away"
             : report.confined ? "takes no filter of system calls, Landlock alone keeps files away"
                               : "or this build has neither seccomp nor Landlock",
             required ? "require-sandbox = yes, so nothing was started"
                      : "whoever takes over alcoved can do more; see alcoved(8), SANDBOX");
    return required ? CMD_REFUSED : CMD_OK;
}
