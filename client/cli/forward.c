#include "client/cli/forward.h"

#include "client/agent/talk_force.h"
#include "client/cli/command.h"
#include "client/cli/forward_watch.h"
#include "client/cli/handed.h"
#include "client/cli/note_input.h"
#include "client/cli/option_pack.h"
#include "keys/public/bytes/wipe.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* How long an agent may be stopped before a command gives up, looking so often. */
#define STOPPED_MS 1500u
#define LOOK_MS    100u
/* An agent that waits for a server looks ten times a second whether it is to lock. */
#define LOCK_MS    2000u

/* Copies what was printed; read at offsets, since the agent's end shares the position. */
static bool copy_out(int fd, FILE *out)
{
    uint8_t bytes[4096];
    off_t at = 0;
    for (;;) {
        ssize_t n = fd < 0 ? 0 : pread(fd, bytes, sizeof bytes, at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n == 0 && fflush(out) == 0;
        }
        if (fwrite(bytes, 1, (size_t)n, out) != (size_t)n) {
            return false;
        }
        at += n;
    }
}

static int agent_gone(struct cli *cli)
{
    return cli_error(cli, CLI_LOCKED,
                     "the agent ended before it answered. A note that had reached it waits in the "
                     "outbox; see `alcove list` and `alcove status`, then try again.");
}

/* An agent that is stopped would keep what it is sent, and carry it out whenever it goes on. */
static int refuse_stopped(struct cli *cli, int fd)
{
    pid_t agent = talk_agent(fd);
    for (uint32_t waited_ms = 0; talk_is_stopped(agent); waited_ms += LOOK_MS) {
        if (waited_ms >= STOPPED_MS) {
            return cli_error(cli, CLI_LOCKED,
                             "the agent (process %ld) does not answer: it is stopped. Nothing was "
                             "sent to it. `kill -CONT %ld` lets it go on; `alcove lock` ends it.",
                             (long)agent, (long)agent);
        }
        (void)talk_waits(fd, LOOK_MS);
    }
    return CLI_OK;
}

/* A person who waits is told for what, once. */
static void await_told(struct cli *cli, int fd)
{
    if (talk_waits(fd, TALK_SILENT_MS)) {
        return;
    }
    pid_t agent = talk_agent(fd);
    if (talk_is_stopped(agent)) {
        cli_warn(cli,
                 "the agent (process %ld) does not answer: it is stopped. `kill -CONT %ld` lets it "
                 "go on; `alcove lock` ends it.",
                 (long)agent, (long)agent);
    } else {
        cli_warn(cli, "waiting for the agent (process %ld), which waits for the server or works.",
                 (long)agent);
    }
}

static int await(struct cli *cli, int fd)
{
    await_told(cli, fd);
    struct talk_reply reply;
    enum status status = talk_receive_reply(fd, &reply);
    if (status == STATUS_VERSION) {
        return cli_error(cli, CLI_FAILED,
                         "the agent is of another version. Run `alcove lock`, then unlock again.");
    }
    if (status != STATUS_OK) {
        return agent_gone(cli);
    }
    int code = reply.code;
    /* What could not be written is said at the end, once for all (main_loop.c). */
    if (!copy_out(reply.out, cli->out) && ferror(cli->out) == 0 && code == CLI_OK) {
        cli_warn(cli, "the output could not be written");
        code = CLI_FAILED;
    }
    (void)copy_out(reply.err, cli->err);
    if (reply.out >= 0) {
        (void)close(reply.out);
        (void)close(reply.err);
    }
    free(reply.text);
    return code;
}

/* Packs |values| into |buffer|, which the request then points into. */
static enum status fill(const struct cli *cli, const struct handed *handed, const void *values,
                        uint8_t *buffer, struct talk_request *out)
{
    const char *tz = getenv("TZ");
    size_t size = 0;
    enum status status = option_pack(cli->command, values, buffer, TALK_BYTES_MAX, &size);
    talk_request_init(out);
    out->kind = handed->kind;
    out->json = cli->json;
    out->utf8 = cli->utf8;
    out->columns = cli->columns;
    out->tz = tz == NULL ? "" : tz;
    out->cwd = handed->cwd;
    out->in = handed->in;
    out->fd_count = handed->fd_count;
    memcpy(out->fds, handed->fds, sizeof out->fds);
    out->command = cli->command->title;
    out->options = span_of(buffer, size);
    return status;
}

static int send_and_wait(struct cli *cli, int fd, const struct handed *handed, const void *values)
{
    uint8_t *buffer = malloc(TALK_BYTES_MAX);
    enum status status = STATUS_NO_MEMORY;
    struct talk_request request;
    if (buffer != NULL) {
        status = fill(cli, handed, values, buffer, &request);
    }
    if (status == STATUS_OK) {
        status = talk_send_request(fd, &request);
    }
    if (buffer != NULL) {
        wipe(buffer, TALK_BYTES_MAX);
    }
    free(buffer);
    if (status == STATUS_TOO_LARGE || status == STATUS_NO_MEMORY) {
        return cli_fail(cli, SAY_AGENT_HAND, status);
    }
    if (status != STATUS_OK) {
        return agent_gone(cli);
    }
    return handed->kind == TALK_WATCH ? forward_watch(cli, fd, handed->limit_ms) : await(cli, fd);
}

/* |*out_fd|: the agent. CLI_OK with -1: there is none. */
static int reach(struct cli *cli, int *out_fd)
{
    enum status status = talk_connect(cli->profile, out_fd);
    if (status == STATUS_REFUSED) {
        return cli_error(cli, CLI_REFUSED,
                         "the agent of %s belongs to another user; nothing was sent to it",
                         cli->profile);
    }
    if (status == STATUS_BUSY) {
        return cli_error(cli, CLI_LOCKED,
                         "the agent of %s does not answer, and others wait for it already. Nothing "
                         "was sent to it.",
                         cli->profile);
    }
    *out_fd = status == STATUS_OK ? *out_fd : -1;
    return *out_fd < 0 ? CLI_OK : refuse_stopped(cli, *out_fd);
}

int forward_ask(struct cli *cli, const void *values, uint8_t **out_bytes, size_t *out_size)
{
    struct cli asking = *cli;
    char *text = NULL;
    asking.out = open_memstream(&text, out_size);
    CHECK(asking.out != NULL);
    int fd = -1;
    int code = reach(cli, &fd);
    struct handed handed = {.kind = TALK_ASK, .cwd = -1, .in = -1};
    if (code == CLI_OK) {
        code = fd >= 0 ? send_and_wait(&asking, fd, &handed, values) : agent_gone(cli);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    CHECK(fclose(asking.out) == 0);
    if (code != CLI_OK) {
        /* With --json it is the error that was printed. */
        (void)fwrite(text, 1, *out_size, cli->out);
        free(text);
        text = NULL;
    }
    *out_bytes = (uint8_t *)text;
    return code;
}

static int gather(struct cli *cli, void *values, struct handed *handed)
{
    int code = cli->command->gather == NULL ? CLI_OK : cli->command->gather(cli, values, handed);
    return code == CLI_OK ? handed_stdin(cli, handed, values) : code;
}

bool forward_reaches(const struct cli *cli)
{
    int fd = -1;
    enum status status = talk_connect(cli->profile, &fd);
    if (status == STATUS_OK) {
        (void)close(fd);
    }
    return status != STATUS_NOT_FOUND && status != STATUS_IO;
}

/* Whoever pipes a text here has no other copy of it: it is taken, and sealed, before anything is
 * asked or can fail. CLI_OK also when there is none. */
static int take_piped(struct cli *cli, void *values, struct handed *handed)
{
    return (cli->command->flags & COMMAND_TYPES) != 0 && handed_reads_stdin(cli->command, values)
               ? note_text_take(cli, values, &handed->text)
               : CLI_OK;
}

/* The agent locked meanwhile: on with what was gathered, after asking for the passphrase. */
static int run_gathered(struct cli *cli, void *values, const struct handed *handed)
{
    cli->in = handed->in >= 0 ? handed->in : cli->in;
    handed_place(cli->command, values, handed->fds, handed->fd_count);
    return cli_run(cli, values);
}

/* Without an agent. */
static int run_here(struct cli *cli, void *values)
{
    struct handed handed;
    handed_init(&handed);
    int code = take_piped(cli, values, &handed);
    if (code == CLI_OK && handed.text.bytes != NULL) {
        struct note_input *input = values;
        input->kept = NULL;
        code = handed_text(cli, &handed, span_of(handed.text.bytes, handed.text.size));
    }
    if (code == CLI_OK) {
        cli->in = handed.in >= 0 ? handed.in : cli->in;
        code = cli_run(cli, values);
    }
    handed_deinit(cli, &handed, code);
    return code;
}

static int run_there(struct cli *cli, void *values)
{
    struct handed handed;
    handed_init(&handed);
    int code = take_piped(cli, values, &handed);
    if (code == CLI_OK) {
        code = gather(cli, values, &handed);
    }
    int fd = -1;
    if (code == CLI_OK) {
        code = reach(cli, &fd);
    }
    if (code == CLI_OK) {
        code =
            fd >= 0 ? send_and_wait(cli, fd, &handed, values) : run_gathered(cli, values, &handed);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    handed_deinit(cli, &handed, code);
    return code;
}

bool forward_run(struct cli *cli, void *values, int *out_code)
{
    if ((cli->command->flags & COMMAND_HERE) != 0) {
        return false;
    }
    int fd = -1;
    *out_code = reach(cli, &fd);
    bool found = fd >= 0;
    if (found) {
        (void)close(fd); /* the text may take an hour in the editor */
    }
    if (*out_code != CLI_OK) {
        struct handed handed;
        handed_init(&handed);
        (void)!take_piped(cli, values, &handed);
        handed_deinit(cli, &handed, *out_code);
    } else {
        *out_code = found ? run_there(cli, values) : run_here(cli, values);
    }
    return true;
}

/* The agent did not answer in time: its process ends instead. */
static int lock_by_force(struct cli *cli, int fd)
{
    pid_t agent = talk_agent(fd);
    bool killed = false;
    if (talk_force_end(cli->profile, fd, &killed) != STATUS_OK) {
        return cli_error(cli, CLI_FAILED,
                         "the agent (process %ld) does not answer and could not be ended. It still "
                         "holds the keys: switch this machine off, or end it as its administrator.",
                         (long)agent);
    }
    if (killed) {
        cli_warn(cli,
                 "the agent (process %ld) did not answer and was ended by force. What is in the "
                 "outbox is kept; what a command was just doing there is lost.",
                 (long)agent);
    } else {
        cli_warn(cli, "the agent (process %ld) did not answer, and ended when it was told to.",
                 (long)agent);
    }
    return CLI_OK;
}

int forward_lock(struct cli *cli, bool *out_was)
{
    *out_was = false;
    int fd = -1;
    enum status status = talk_connect(cli->profile, &fd);
    if (status == STATUS_NOT_FOUND) {
        return CLI_OK;
    }
    if (status != STATUS_OK) {
        return cli_fail(cli, SAY_AGENT_REACH, status);
    }
    *out_was = true;
    struct talk_request request;
    talk_request_init(&request);
    request.kind = TALK_LOCK;
    status = talk_send_request(fd, &request);
    struct talk_reply reply;
    int code = CLI_OK;
    if (status == STATUS_OK && !talk_waits(fd, LOCK_MS)) {
        code = lock_by_force(cli, fd);
    } else if (status == STATUS_OK) {
        /* The end of the connection says as much as the answer: the agent is gone. */
        status = talk_receive_reply(fd, &reply);
        if (status == STATUS_OK) {
            free(reply.text);
        }
    }
    (void)close(fd);
    return code;
}
