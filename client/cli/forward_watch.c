#include "client/cli/forward_watch.h"

#include "client/agent/clock.h"
#include "client/agent/talk.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#define POLL_MS_MAX (60 * 1000)

static volatile sig_atomic_t ended;

static void on_signal(int signal)
{
    (void)signal;
    ended = 1;
}

static void take_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
}

/* False: it was the last. */
static bool take_reply(struct cli *cli, int fd, int *out_code)
{
    struct talk_reply reply;
    enum status status = talk_receive_reply(fd, &reply);
    if (status != STATUS_OK || reply.last) {
        free(reply.text);
        *out_code = cli_error(cli, CLI_LOCKED, "the agent has locked; the watch ends");
        return false;
    }
    (void)fwrite(reply.text, 1, reply.text_size, cli->out);
    (void)fflush(cli->out);
    free(reply.text);
    if (ferror(cli->out) != 0) {
        *out_code = CLI_FAILED;
        return false;
    }
    return true;
}

int forward_watch(struct cli *cli, int fd, uint64_t limit_ms)
{
    uint64_t end_ms = clock_awake_ms() + limit_ms;
    take_signals();
    int code = CLI_OK;
    while (ended == 0) {
        struct pollfd waiting = {fd, POLLIN, 0};
        uint64_t now_ms = clock_awake_ms();
        if (now_ms >= end_ms) {
            return CLI_OK;
        }
        int n =
            poll(&waiting, 1, end_ms - now_ms > POLL_MS_MAX ? POLL_MS_MAX : (int)(end_ms - now_ms));
        if (n < 0 && errno != EINTR) {
            return CLI_FAILED;
        }
        if (n > 0 && !take_reply(cli, fd, &code)) {
            return code;
        }
    }
    return CLI_OK;
}
