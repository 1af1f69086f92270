#include "client/cli/editor.h"

#include "client/cli/files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

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
static void erase(const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    static const uint8_t zeros[4096];

    if (fd >= 0) {
        (void)lseek(fd, 0, SEEK_SET);
        while (size > 0) {
            ssize_t n = write(fd, zeros, size < 4096 ? (size_t)size : sizeof(zeros));

            if (n <= 0) {
                break;
            }
            size -= n;
        }
        (void)close(fd);
    }
    (void)unlink(path);
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

/* vi and vim would leave swap, backup and undo files beside or elsewhere. */
static _Noreturn void become_editor(const char *path)
{
    const char *editor = editor_of();
    const char *name = strrchr(editor, '/') == NULL ? editor : strrchr(editor, '/') + 1;
    bool vi = strcmp(name, "vi") == 0 || strcmp(name, "vim") == 0 || strcmp(name, "nvim") == 0;

    if (vi) {
        (void)execlp(editor, editor, "-n", "-i", "NONE", "--cmd",
                     "set nobackup nowritebackup noswapfile noundofile", path, (char *)NULL);
    } else {
        (void)execlp(editor, editor, path, (char *)NULL);
    }
    _exit(127);
}

static enum status edit(const char *path)
{
    pid_t child = fork();
    int code = 0;

    if (child == 0) {
        become_editor(path);
    }
    if (child < 0 || waitpid(child, &code, 0) != child || !WIFEXITED(code) ||
        WEXITSTATUS(code) != 0) {
        return STATUS_IO;
    }
    return STATUS_OK;
}

enum status editor_run(struct cli *cli, struct span begin, size_t max, uint8_t **out_text,
                       size_t *out_size)
{
    const char *memory = memory_folder();
    char folder[FILES_PATH_BYTES_MAX];
    char path[FILES_PATH_BYTES_MAX];
    enum status status;

    if (cli->lent || cli->in < 0 || !isatty(cli->in) || memory == NULL) {
        return STATUS_USAGE;
    }
    status = files_join(memory, "alcove-XXXXXX", folder);
    if (status == STATUS_OK && mkdtemp(folder) == NULL) {
        status = STATUS_IO;
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = files_join(folder, "note.txt", path);
    if (status == STATUS_OK) {
        status = files_write_new(path, begin);
    }
    if (status == STATUS_OK) {
        status = edit(path);
    }
    if (status == STATUS_OK) {
        status = files_read(path, -1, max, out_text, out_size);
    }
    erase(path);
    (void)rmdir(folder);
    return status;
}

enum status editor_keep(struct span text, char out_path[static 4096])
{
    const char *memory = memory_folder();
    char folder[FILES_PATH_BYTES_MAX];
    enum status status;

    if (memory == NULL) {
        return STATUS_USAGE;
    }
    status = files_join(memory, "alcove-kept-XXXXXX", folder);
    if (status == STATUS_OK && mkdtemp(folder) == NULL) {
        status = STATUS_IO;
    }
    if (status == STATUS_OK) {
        status = files_join(folder, "note.txt", out_path);
    }
    return status == STATUS_OK ? files_write_new(out_path, text) : status;
}
