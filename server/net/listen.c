#include "server/net/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/log/log.h"

/* Handshakes come in bursts after an outage; the kernel caps it by somaxconn. */
#define BACKLOG 1024

static enum status report(const char *what, const char *host, uint16_t port, const char *why)
{
    log_line(LOG_LEVEL_ERROR, "%s %s port %u: %s", what, host, (unsigned)port, why);
    return STATUS_IO;
}

static enum status open_one(const struct addrinfo *address, bool shared, int *out_fd)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return STATUS_IO;
    }
    const int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) ||
        bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int error = errno;
        (void)close(fd);
        errno = error;
        return STATUS_IO;
    }
    *out_fd = fd;
    return STATUS_OK;
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
    uint16_t port = 0;
    /* sin_port and sin6_port stand at the same place; each family is copied as
     * what it is all the same. */
    if (address->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        port = in.sin_port;
    } else if (address->ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        port = in6.sin6_port;
    }
    return ntohs(port);
}

static void set_port(struct addrinfo *address, uint16_t port)
{
    if (address->ai_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address->ai_addr, sizeof in);
        in.sin_port = htons(port);
        memcpy(address->ai_addr, &in, sizeof in);
    } else if (address->ai_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address->ai_addr, sizeof in6);
        in6.sin6_port = htons(port);
        memcpy(address->ai_addr, &in6, sizeof in6);
    }
}

/* A shared port would be shared with a second server of the same user as well,
 * without a word: so it is taken once alone, and given back. */
static enum status check_free(const struct addrinfo *address)
{
    int fd = -1;
    enum status status = open_one(address, false, &fd);
    if (status == STATUS_OK) {
        (void)close(fd);
    }
    return status;
}

static enum status open_all(struct addrinfo *address, uint16_t port, uint32_t count, int *fds,
                            uint16_t *out_port)
{
    struct sockaddr_storage bound = {.ss_family = AF_UNSPEC};
    socklen_t bound_size = sizeof bound;
    if (port != 0 && check_free(address) != STATUS_OK) {
        return STATUS_IO;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (open_one(address, true, &fds[i]) != STATUS_OK) {
            return STATUS_IO;
        }
        if (i == 0) {
            if (getsockname(fds[0], (struct sockaddr *)&bound, &bound_size) != 0) {
                return STATUS_IO;
            }
            *out_port = port_of(&bound);
            set_port(address, *out_port);
        }
    }
    return STATUS_OK;
}

enum status listen_open(const char *host, uint16_t port, uint32_t count, int *out_fds,
                        uint16_t *out_port)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    int error = getaddrinfo(host, NULL, &hints, &found);
    if (error != 0) {
        return report("cannot listen on", host, port, gai_strerror(error));
    }
    for (uint32_t i = 0; i < count; i++) {
        out_fds[i] = -1;
    }
    set_port(found, port);
    enum status status = open_all(found, port, count, out_fds, out_port);
    if (status != STATUS_OK) {
        (void)report("cannot listen on", host, port, strerrordesc_np(errno));
        for (uint32_t i = 0; i < count; i++) {
            if (out_fds[i] >= 0) {
                (void)close(out_fds[i]);
                out_fds[i] = -1;
            }
        }
    }
    freeaddrinfo(found);
    return status;
}
