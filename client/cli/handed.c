#include "client/cli/handed.h"

#include "client/cli/command.h"
#include "client/cli/files.h"
#include "keys/public/bytes/wipe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define IN_BYTES_MAX 4096u
/* Numbers of descriptors that the agent's caller makes up: no open file of its own has them. */
#define NUMBER_FIRST 1000

void handed_init(struct handed *out_handed)
{
    memset(out_handed, 0, sizeof *out_handed);
    out_handed->kind = TALK_RUN;
    out_handed->cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    out_handed->in = -1;
    note_text_none(&out_handed->text);
}

void handed_deinit(struct cli *cli, struct handed *handed, int code)
{
    note_text_end(cli, &handed->text, code);
    if (handed->cwd >= 0) {
        (void)close(handed->cwd);
    }
    if (handed->in >= 0) {
        (void)close(handed->in);
    }
    for (size_t i = 0; i < handed->fd_count; i++) {
        (void)close(handed->fds[i].fd);
    }
    memset(handed, 0, sizeof *handed);
    handed->cwd = -1;
    handed->in = -1;
}

void handed_place(const struct command *command, void *values, const struct talk_fd *fds,
                  size_t count)
{
    for (size_t i = 0; i < command->options->count; i++) {
        const struct option *option = &command->options->rows[i];
        if (option->kind != OPTION_FD) {
            continue;
        }
        uint64_t number = option_get_number(option, values);
        int fd = -1;
        for (size_t k = 0; k < count; k++) {
            fd = fds[k].number == number ? fds[k].fd : fd;
        }
        option_set_number(option, values, (uint64_t)(uint32_t)fd);
    }
}

/* Nameless memory; it is read once and gone with its last descriptor. */
static int memory_of(struct span bytes)
{
    int fd = memfd_create("alcove", MFD_CLOEXEC);
    size_t done = 0;
    while (fd >= 0 && done < bytes.size) {
        ssize_t n = write(fd, bytes.data + done, bytes.size - done);
        if (n <= 0) {
            (void)close(fd);
            return -1;
        }
        done += (size_t)n;
    }
    if (fd >= 0) {
        (void)lseek(fd, 0, SEEK_SET);
    }
    return fd;
}

int handed_text(struct cli *cli, struct handed *handed, struct span text)
{
    handed->in = memory_of(text);
    return handed->in >= 0 ? CLI_OK : cli_fail(cli, SAY_AGENT_HAND, STATUS_IO);
}

/* Through a pipe: what is in one is never swapped out. */
int handed_secret(struct cli *cli, struct handed *handed, const struct secret *secret,
                  int *out_number)
{
    struct span bytes = secret_view(secret);
    int ends[2] = {-1, -1};
    if (handed->fd_count == TALK_FDS_MAX || pipe2(ends, O_CLOEXEC) != 0) {
        return cli_fail(cli, SAY_AGENT_HAND, STATUS_IO);
    }
    *out_number = NUMBER_FIRST + (int)handed->fd_count;
    handed->fds[handed->fd_count++] = (struct talk_fd){(uint32_t)*out_number, ends[0]};
    bool good = write(ends[1], bytes.data, bytes.size) == (ssize_t)bytes.size;
    (void)close(ends[1]);
    return good ? CLI_OK : cli_fail(cli, SAY_AGENT_HAND, STATUS_IO);
}

bool handed_reads_stdin(const struct command *command, const void *values)
{
    const char *text = NULL;
    for (size_t i = 0; i < command->options->count; i++) {
        if (command->options->rows[i].kind == OPTION_INPUT) {
            memcpy(&text, (const uint8_t *)values + command->options->rows[i].offset, sizeof text);
            if (text != NULL && strcmp(text, "-") == 0) {
                return true;
            }
        }
    }
    return false;
}

int handed_stdin(struct cli *cli, struct handed *handed, const void *values)
{
    if (handed->in >= 0 || !handed_reads_stdin(cli->command, values)) {
        return CLI_OK;
    }
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = files_read("-", cli->in, IN_BYTES_MAX, &bytes, &size);
    int code = status == STATUS_OK ? handed_text(cli, handed, span_of(bytes, size))
                                   : cli_fail_at(cli, SAY_AGENT_HAND, "standard input", status);
    if (bytes != NULL) {
        wipe(bytes, size);
    }
    free(bytes);
    return code;
}
