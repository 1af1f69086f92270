#include "client/cli/editor.h"

#include "client/cli/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* What was typed is worth keeping far beyond what a note may hold. */
#define KEEPABLE_BYTES_MAX (16u << 20)
#define EDITOR_BYTES_MAX   4096u
/* A shell's code for a program that is not there. */
#define EDITOR_MISSING     127

static bool in_memory(const char *folder)
{
    struct statfs found;
    return folder != NULL && statfs(folder, &found) == 0 &&
           (found.f_type == TMPFS_MAGIC || found.f_type == RAMFS_MAGIC) &&
           access(folder, W_OK) == 0;
}

static const char *memory_folder(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (in_memory(runtime)) {
        return runtime;
    }
    return in_memory("/dev/shm") ? "/dev/shm" : NULL;
}

/* Overwritten before it is removed, though it is memory: a page may be reused. */
static void erase(int folder, const char *name)
{
    int fd = openat(folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    static const uint8_t zeros[4096];
    if (fd >= 0) {
        (void)lseek(fd, 0, SEEK_SET);
        while (size > 0) {
            ssize_t n = write(fd, zeros, size < 4096 ? (size_t)size : sizeof zeros);
            if (n <= 0) {
                break;
            }
            size -= n;
        }
        (void)close(fd);
    }
    (void)unlinkat(folder, name, 0);
}

/* Everything in it: editors leave backups and swap files beside the text. */
static void erase_folder(const char *path)
{
    DIR *folder = opendir(path);
    int place = folder == NULL ? -1 : dirfd(folder);
    const struct dirent *entry;
    while (place >= 0 && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            erase(place, entry->d_name);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    (void)rmdir(path);
}

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
static _Noreturn void become_editor(const char *script, bool vi, const char *path)
{
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
static enum status edit(const char *path)
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
        become_editor(script, is_vi(editor), path);
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

enum status editor_run(struct cli *cli, struct span begin, size_t max, uint8_t **out_text,
                       size_t *out_size)
{
    const char *memory = memory_folder();
    if (cli->lent || cli->in < 0 || !isatty(cli->in) || memory == NULL) {
        return STATUS_USAGE;
    }
    char folder[FILES_PATH_BYTES_MAX];
    enum status status = files_join(memory, "alcove-XXXXXX", folder);
    if (status == STATUS_OK && mkdtemp(folder) == NULL) {
        status = STATUS_IO;
    }
    if (status != STATUS_OK) {
        return status;
    }
    char path[FILES_PATH_BYTES_MAX];
    status = files_join(folder, "note.txt", path);
    if (status == STATUS_OK) {
        status = files_write_new(path, begin);
    }
    if (status == STATUS_OK) {
        status = edit(path);
        if (status == STATUS_NOT_FOUND) {
            (void)cli_error(cli, CLI_FAILED,
                            "the editor %s was not started; name another in VISUAL or EDITOR",
                            editor_of());
        }
        enum status read = files_read(path, -1, KEEPABLE_BYTES_MAX, out_text, out_size);
        if (read == STATUS_TOO_LARGE || read == STATUS_NO_MEMORY) {
            cli_warn(cli, "your text is left in %s", path);
            return read;
        }
        status = status == STATUS_OK ? read : status;
        if (status == STATUS_OK && *out_size > max) {
            status = STATUS_TOO_LARGE;
        }
    }
    erase_folder(folder);
    return status;
}

enum status editor_keep(struct span text, char out_path[static 4096])
{
    const char *memory = memory_folder();
    if (memory == NULL) {
        return STATUS_USAGE;
    }
    char folder[FILES_PATH_BYTES_MAX];
    enum status status = files_join(memory, "alcove-kept-XXXXXX", folder);
    if (status == STATUS_OK && mkdtemp(folder) == NULL) {
        status = STATUS_IO;
    }
    if (status == STATUS_OK) {
        status = files_join(folder, "note.txt", out_path);
    }
    return status == STATUS_OK ? files_write_new(out_path, text) : status;
}
