#include "client/cli/pager.h"

#include "client/cli/command.h"
#include "keys/public/bytes/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGER_MISSING 127 /* a shell's code for a program that is not there */

void pager_begin(struct cli *cli, struct pager *out_pager)
{
    memset(out_pager, 0, sizeof *out_pager);
    const char *pager = getenv("PAGER");
    struct winsize size;
    if (cli->json || cli->command == NULL || (cli->command->flags & COMMAND_READS) == 0 ||
        (pager != NULL && (pager[0] == '\0' || strcmp(pager, "cat") == 0)) ||
        isatty(STDIN_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
        size.ws_row == 0) {
        return;
    }
    out_pager->rows = size.ws_row;
    out_pager->memory = open_memstream(&out_pager->text, &out_pager->size);
    CHECK(out_pager->memory != NULL);
    cli->out = out_pager->memory;
}

static bool is_long(const struct pager *pager)
{
    size_t lines = 0;
    for (size_t i = 0; i < pager->size; i++) {
        lines += pager->text[i] == '\n' ? 1 : 0;
    }
    return lines >= pager->rows;
}

static void write_all(int fd, const char *text, size_t size)
{
    size_t at = 0;
    while (at < size) {
        ssize_t n = write(fd, text + at, size - at);
        if (n < 0 && errno != EINTR) {
            return; /* the reader has seen enough */
        }
        at += n > 0 ? (size_t)n : 0;
    }
}

static _Noreturn void become_pager(int in)
{
    const char *pager = getenv("PAGER");
    if (dup2(in, STDIN_FILENO) >= 0) {
        (void)execl("/bin/sh", "sh", "-c", pager == NULL ? "less" : pager, (char *)NULL);
    }
    _exit(PAGER_MISSING);
}

/* Whether it was shown: false where there is no such program. */
static bool show(const struct pager *pager)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    /* The child reads the environment, and sets nothing. */
    (void)setenv("LESSSECURE", "1", 1);
    (void)setenv("LESSHISTFILE", "-", 1);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction on_pipe;
    (void)sigaction(SIGPIPE, &ignore, &on_pipe);
    struct sigaction on_interrupt;
    (void)sigaction(SIGINT, &ignore, &on_interrupt); /* the pager's own affair */
    pid_t child = fork();
    if (child == 0) {
        (void)sigaction(SIGPIPE, &on_pipe, NULL);
        (void)sigaction(SIGINT, &on_interrupt, NULL);
        become_pager(ends[0]);
    }
    (void)close(ends[0]);
    if (child > 0) {
        write_all(ends[1], pager->text, pager->size);
    }
    (void)close(ends[1]);
    int code = 0;
    while (child > 0 && waitpid(child, &code, 0) < 0 && errno == EINTR) {
    }
    (void)sigaction(SIGPIPE, &on_pipe, NULL);
    (void)sigaction(SIGINT, &on_interrupt, NULL);
    return child > 0 && !(WIFEXITED(code) && WEXITSTATUS(code) == PAGER_MISSING);
}

void pager_end(struct cli *cli, struct pager *pager)
{
    if (pager->memory == NULL) {
        return;
    }
    CHECK(fclose(pager->memory) == 0);
    cli->out = stdout;
    (void)fflush(cli->err);
    if (!is_long(pager) || !show(pager)) {
        (void)fwrite(pager->text, 1, pager->size, stdout);
    }
    wipe(pager->text, pager->size);
    free(pager->text);
    pager->memory = NULL;
}
