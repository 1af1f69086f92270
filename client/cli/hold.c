#include "client/cli/hold.h"

#include "client/agent/talk.h"

#include <unistd.h>

int hold_begin(const struct cli *cli)
{
    int fd = -1;
    /* With the profile open in this process there is no agent. */
    if (cli->host != NULL || talk_connect(cli->profile, &fd) != STATUS_OK) {
        return -1;
    }
    struct talk_request request;
    talk_request_init(&request);
    request.kind = TALK_HOLD;
    if (talk_send_request(fd, &request) != STATUS_OK) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

void hold_end(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}
