#include "client/cli/forward.h"

#include "client/cli/forward_watch.h"
#include "client/cli/handed.h"
#include "keys/public/bytes/wipe.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Copies what was printed; read at offsets, since the agent's end shares the position. */
static bool copy_out(int fd, FILE *out)
{
    uint8_t bytes[4096];
    off_t at = 0;

    for (;;) {
        ssize_t n = fd < 0 ? 0 : pread(fd, bytes, sizeof(bytes), at);

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
    (void)fprintf(cli->err, "alcove: the agent ended before it answered. What was written is in "
                            "the outbox,\n  if it got that far; see `alcove list` and `alcove "
                            "status`, then try again.\n");
    return CLI_LOCKED;
}

static int await(struct cli *cli, int fd)
{
    struct talk_reply reply;
    enum status status = talk_receive_reply(fd, &reply);
    int code;

    if (status == STATUS_VERSION) {
        (void)fprintf(cli->err, "alcove: the agent is of another version; `alcove lock`, then "
                                "unlock again\n");
        return CLI_FAILED;
    }
    if (status != STATUS_OK) {
        return agent_gone(cli);
    }
    code = reply.code;
    if (!copy_out(reply.out, cli->out) && code == CLI_OK) {
        (void)fprintf(cli->err, "alcove: the output could not be written\n");
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

static void fill(const struct cli *cli, const struct handed *handed, enum talk_kind kind,
                 struct talk_request *out)
{
    const char *tz = getenv("TZ");

    talk_request_init(out);
    out->kind = kind;
    out->json = cli->json;
    out->utf8 = cli->utf8;
    out->tz = tz == NULL ? "" : tz;
    out->cwd = handed->cwd;
    out->in = handed->in;
    out->fd_count = handed->fd_count;
    memcpy(out->fds, handed->fds, sizeof(out->fds));
    out->argc = handed->argc;
    memcpy(out->argv, handed->argv, sizeof(out->argv));
}

static int send_and_wait(struct cli *cli, int fd, struct handed *handed)
{
    struct talk_request request;
    enum status status;
    uint64_t limit_ms = 0;
    bool watch = forward_watch_wanted(handed->argc, handed->argv, &limit_ms);

    fill(cli, handed, watch ? TALK_WATCH : TALK_RUN, &request);
    status = talk_send_request(fd, &request);
    if (status == STATUS_TOO_LARGE) {
        return cli_fail(cli, "the words are too many for the agent", status);
    }
    if (status != STATUS_OK) {
        return agent_gone(cli);
    }
    return watch ? forward_watch(cli, fd, limit_ms) : await(cli, fd);
}

cJSON *forward_ask(struct cli *cli, const char *command, const char *word, int *out_code)
{
    struct handed handed = {.cwd = -1, .in = -1, .argc = 2};
    struct cli asking = *cli;
    char *text = NULL;
    size_t size = 0;
    cJSON *answer = NULL;
    int fd = -1;

    handed.argv[0] = (char *)(uintptr_t)command;
    handed.argv[1] = (char *)(uintptr_t)word;
    asking.json = true;
    asking.out = open_memstream(&text, &size);
    if (asking.out == NULL || talk_connect(cli->profile, &fd) != STATUS_OK) {
        *out_code = agent_gone(cli);
    } else {
        *out_code = send_and_wait(&asking, fd, &handed);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (asking.out != NULL && fclose(asking.out) == 0 && *out_code == CLI_OK) {
        answer = cJSON_Parse(text);
        *out_code = answer == NULL ? agent_gone(cli) : CLI_OK;
    }
    if (text != NULL) {
        wipe(text, size);
    }
    free(text);
    return answer;
}

bool forward_run(struct cli *cli, const struct cli_command *command, int *argc, char ***argv,
                 int *out_code)
{
    static struct handed handed; /* its words outlive this call when the command is run here */
    enum status status;
    int fd = -1;

    if ((command->flags & CLI_HERE) != 0) {
        return false;
    }
    status = talk_connect(cli->profile, &fd);
    if (status == STATUS_REFUSED) {
        (void)fprintf(cli->err,
                      "alcove: the agent of %s belongs to another user; nothing was sent "
                      "to it\n",
                      cli->profile);
        *out_code = CLI_REFUSED;
        return true;
    }
    if (status != STATUS_OK) {
        return false;
    }
    (void)close(fd); /* the text may take an hour in the editor */
    *out_code = handed_make(cli, command, *argc, *argv, &handed);
    if (*out_code == CLI_OK) {
        status = talk_connect(cli->profile, &fd);
        if (status != STATUS_OK) {
            /* Locked meanwhile: on with what was gathered, after asking for the passphrase. */
            *argc = handed.argc;
            *argv = handed.argv;
            cli->in = handed.in;
            return false;
        }
        *out_code = send_and_wait(cli, fd, &handed);
        (void)close(fd);
    }
    handed_end(cli, &handed, *out_code);
    return true;
}

int forward_lock(struct cli *cli, bool *out_was)
{
    char name[] = "lock";
    struct talk_request request;
    struct talk_reply reply;
    enum status status;
    int fd = -1;

    *out_was = false;
    status = talk_connect(cli->profile, &fd);
    if (status == STATUS_NOT_FOUND) {
        return CLI_OK;
    }
    if (status != STATUS_OK) {
        return cli_fail(cli, "the agent was not reached", status);
    }
    *out_was = true;
    talk_request_init(&request);
    request.kind = TALK_LOCK;
    request.argc = 1;
    request.argv[0] = name;
    status = talk_send_request(fd, &request);
    if (status == STATUS_OK) {
        /* The end of the connection says as much as the answer: the agent is gone. */
        status = talk_receive_reply(fd, &reply);
        if (status == STATUS_OK) {
            free(reply.text);
        }
    }
    (void)close(fd);
    return CLI_OK;
}
