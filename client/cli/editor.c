#include "client/cli/editor.h"

#include "client/cli/cli.h"
#include "client/cli/files.h"
#include "keys/public/bytes/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EDITOR_BYTES_MAX 4096u
/* A shell's code for a program that is not there. */
#define EDITOR_MISSING   127

static const char *editor_of(void)
{
    const char *visual = getenv("VISUAL");
    const char *editor = getenv("EDITOR");
    if (visual != NULL && visual[0] != '\0') {
        return visual;
    }
    return editor != NULL && editor[0] != '\0' ? editor : "vi";
}

/* Whether the first word of |editor| is vi, vim or nvim, which would leave swap, backup and undo
 * files beside the text or elsewhere. */
static bool is_vi(const char *editor)
{
    static const char *const names[] = {"vi", "vim", "nvim"};
    size_t size = strcspn(editor, " \t");
    const char *name = editor;
    for (size_t i = 0; i < size; i++) {
        name = editor[i] == '/' ? &editor[i + 1] : name;
    }
    size -= (size_t)(name - editor);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strlen(names[i]) == size && strncmp(names[i], name, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Through a shell, as others do: VISUAL may hold words, such as "code --wait". Between fork and
 * this nothing but system calls, since the wire has a thread that may hold the C library's locks. */
static _Noreturn void become_editor(const char *script, bool vi, const struct kept *kept)
{
    const char *path = kept->path;
    (void)fcntl(kept->lock, F_SETFD, 0); /* the folder stays locked while the editor lives */
    static const char quiet[] = "set nobackup nowritebackup noswapfile noundofile";
    if (vi) {
        (void)execl("/bin/sh", "sh", "-c", script, "sh", "-n", "-i", "NONE", "--cmd", quiet, path,
                    (char *)NULL);
    } else {
        (void)execl("/bin/sh", "sh", "-c", script, "sh", path, (char *)NULL);
    }
    _exit(EDITOR_MISSING);
}

static volatile sig_atomic_t told_to_end;

static void on_signal(int signal)
{
    told_to_end = signal;
}

/* Ctrl-C is the editor's own affair, and this process must outlive it to remove the text; told
 * to end, it ends the editor first. */
static enum status edit(const struct kept *kept)
{
    static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    const char *editor = editor_of();
    char script[EDITOR_BYTES_MAX];
    int size = snprintf(script, sizeof script, "exec %s \"$@\"", editor);
    if (size < 0 || (size_t)size >= sizeof script) {
        return STATUS_NOT_FOUND;
    }
    told_to_end = 0;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    struct sigaction before[ARRAY_LEN(signals)];
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        action.sa_handler = signals[i] == SIGTERM || signals[i] == SIGHUP ? on_signal : SIG_IGN;
        (void)sigaction(signals[i], &action, &before[i]);
    }
    pid_t child = fork();
    if (child == 0) {
        for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
            (void)sigaction(signals[i], &before[i], NULL);
        }
        become_editor(script, is_vi(editor), kept);
    }
    int code = 0;
    while (child > 0 && waitpid(child, &code, 0) != child && errno == EINTR) {
        if (told_to_end != 0) {
            (void)kill(child, told_to_end);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        (void)sigaction(signals[i], &before[i], NULL);
    }
    if (child > 0 && WIFEXITED(code) && WEXITSTATUS(code) == EDITOR_MISSING) {
        return STATUS_NOT_FOUND;
    }
    return child > 0 && told_to_end == 0 && WIFEXITED(code) && WEXITSTATUS(code) == 0 ? STATUS_OK
                                                                                      : STATUS_IO;
}

/* Some editors have a window of their own and leave this process at once. */
#define AT_ONCE_MS 700u

static uint64_t awake_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static bool is_as_it_was(const struct kept *kept, struct span begin)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    bool same = files_read_own(kept->path, KEPT_BYTES_MAX, &bytes, &size) == STATUS_OK &&
                size == begin.size && (size == 0 || memcmp(bytes, begin.data, size) == 0);
    if (bytes != NULL) {
        wipe(bytes, size);
    }
    free(bytes);
    return same;
}

/* Waits for a key, so that what is saved in such a window is taken up and not erased. */
static void await_window(struct cli *cli)
{
    cli_warn(cli,
             "the editor %s came back at once and nothing was changed. If it is open in a "
             "window of its own, save the text there and close it, then press Enter here; "
             "else press Enter. (VISUAL may say that it must wait, as in \"code --wait\".)",
             editor_of());
    char byte = 0;
    while (read(cli->in, &byte, 1) == 1 && byte != '\n') {
    }
}

static enum status run_on(struct cli *cli, const struct kept *kept, struct span begin,
                          bool *out_window)
{
    uint64_t began_ms = awake_ms();
    enum status status = edit(kept);
    if (status == STATUS_OK && awake_ms() - began_ms < AT_ONCE_MS && is_as_it_was(kept, begin)) {
        await_window(cli);
        *out_window = is_as_it_was(kept, begin);
    }
    if (status == STATUS_NOT_FOUND) {
        (void)cli_error(cli, CLI_FAILED,
                        "the editor %s was not started; name another in VISUAL or EDITOR",
                        editor_of());
    }
    return status;
}

enum status editor_run(struct cli *cli, const struct kept *kept, struct span begin, size_t max,
                       uint8_t **out_text, size_t *out_size, bool *out_window)
{
    *out_window = false;
    enum status status = run_on(cli, kept, begin, out_window);
    enum status read = files_read_own(kept->path, KEPT_BYTES_MAX, out_text, out_size);
    if (read == STATUS_NOT_FOUND && status == STATUS_OK) {
        (void)cli_error(cli, CLI_FAILED,
                        "the editor %s removed or renamed the file that it was given. Nothing was "
                        "written. What it left is in %s.",
                        editor_of(), kept->folder);
    }
    if (read == STATUS_TOO_LARGE || read == STATUS_NO_MEMORY) {
        return read;
    }
    status = status == STATUS_OK ? read : status;
    return status == STATUS_OK && *out_size > max ? STATUS_TOO_LARGE : status;
}

bool editor_can_run(const struct cli *cli)
{
    return !cli->lent && cli->in >= 0 && isatty(cli->in);
}
