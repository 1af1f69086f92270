#include "client/agent/talk_force.h"

#include "client/agent/talk.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define ORDERLY_MS 1000
#define KILLED_MS  5000

pid_t talk_agent(int fd)
{
    struct ucred peer = {0, 0, 0};
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid()
               ? peer.pid
               : 0;
}

/* The state is the letter after the name, which may hold anything but ends with the last ')'. */
bool talk_is_stopped(pid_t agent)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)agent);
    FILE *file = agent > 0 ? fopen(path, "re") : NULL;
    if (file == NULL) {
        return false;
    }
    char line[256];
    const char *end = fgets(line, sizeof line, file) == NULL ? NULL : strrchr(line, ')');
    (void)fclose(file);
    return end != NULL && end[1] == ' ' && (end[2] == 'T' || end[2] == 't');
}

static bool wait_for(int fd, short events, int wait_ms)
{
    struct pollfd waiting = {fd, events, 0};
    return poll(&waiting, 1, wait_ms) > 0;
}

bool talk_waits(int fd, uint32_t wait_ms)
{
    return wait_for(fd, POLLIN, (int)wait_ms);
}

/* A descriptor of the process that surely is the agent: it lives still after it was opened. */
static int hold(int fd)
{
    pid_t agent = talk_agent(fd);
    int process = agent > 1 ? pidfd_open(agent, 0) : -1;
    struct pollfd peer = {fd, POLLIN, 0};
    if (process >= 0 && (poll(&peer, 1, 0) < 0 || (peer.revents & (POLLHUP | POLLERR)) != 0)) {
        (void)close(process);
        return -1;
    }
    return process;
}

enum status talk_force_end(const char *profile, int fd, bool *out_killed)
{
    int process = hold(fd);
    *out_killed = false;
    if (process < 0) {
        /* It ended by itself meanwhile: then nobody holds the other end. */
        return talk_waits(fd, 0) ? STATUS_OK : STATUS_IO;
    }
    /* A stopped process takes SIGTERM only when it goes on. */
    bool gone = pidfd_send_signal(process, SIGTERM, NULL, 0) == 0 &&
                pidfd_send_signal(process, SIGCONT, NULL, 0) == 0 &&
                wait_for(process, POLLIN, ORDERLY_MS);
    if (!gone) {
        *out_killed = true;
        gone = (pidfd_send_signal(process, SIGKILL, NULL, 0) == 0 || errno == ESRCH) &&
               wait_for(process, POLLIN, KILLED_MS);
        if (gone) {
            talk_unlink(profile);
        }
    }
    (void)close(process);
    return gone ? STATUS_OK : STATUS_IO;
}
