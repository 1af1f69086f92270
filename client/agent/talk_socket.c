#include "client/agent/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NAME    "agent.sock"
#define BACKLOG 1024 /* of an agent that does not answer each command takes two */
#define WAIT_S  1

/* A profile's path may be longer than a socket's name may be: the name goes by its folder's
 * descriptor. */
static enum status name_of(int folder, struct sockaddr_un *out)
{
    memset(out, 0, sizeof *out);
    out->sun_family = AF_UNIX;
    int n = snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/" NAME, folder);
    return n > 0 && (size_t)n < sizeof out->sun_path ? STATUS_OK : STATUS_IO;
}

static int open_folder(const char *profile)
{
    return open(profile, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool same_user(int fd)
{
    struct ucred peer = {0, 0, 0};
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

enum status talk_listen(const char *profile, int *out_fd)
{
    int folder = open_folder(profile);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address;
    enum status status = folder < 0 || fd < 0 ? STATUS_IO : name_of(folder, &address);
    mode_t mask = umask(0177);
    if (status == STATUS_OK) {
        (void)unlinkat(folder, NAME, 0);
        if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
            listen(fd, BACKLOG) != 0) {
            status = STATUS_IO;
        }
    }
    (void)umask(mask);
    if (folder >= 0) {
        (void)close(folder);
    }
    if (status != STATUS_OK && fd >= 0) {
        (void)close(fd);
    }
    *out_fd = fd;
    return status;
}

void talk_unlink(const char *profile)
{
    int folder = open_folder(profile);
    if (folder >= 0) {
        (void)unlinkat(folder, NAME, 0);
        (void)close(folder);
    }
}

enum status talk_connect(const char *profile, int *out_fd)
{
    int folder = open_folder(profile);
    if (folder < 0) {
        return STATUS_NOT_FOUND;
    }
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    struct sockaddr_un address;
    enum status status = fd < 0 ? STATUS_IO : name_of(folder, &address);
    struct timeval wait = {WAIT_S, 0};
    if (status == STATUS_OK && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) != 0) {
        status = STATUS_IO;
    }
    if (status == STATUS_OK &&
        connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        status = errno == ENOENT || errno == ECONNREFUSED ? STATUS_NOT_FOUND : STATUS_IO;
        status = errno == EAGAIN ? STATUS_BUSY : status;
        status = errno == EACCES || errno == EPERM ? STATUS_REFUSED : status;
    }
    if (status == STATUS_OK && !same_user(fd)) {
        status = STATUS_REFUSED;
    }
    (void)close(folder);
    if (status != STATUS_OK) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return status;
    }
    *out_fd = fd;
    return STATUS_OK;
}

enum status talk_accept(int listener, int *out_fd)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        return STATUS_NOT_FOUND;
    }
    struct timeval wait = {WAIT_S, 0};
    if (!same_user(fd) || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0) {
        (void)close(fd);
        return STATUS_REFUSED;
    }
    *out_fd = fd;
    return STATUS_OK;
}
