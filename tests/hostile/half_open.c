#include "tests/hostile/half_open.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ADDRESSES 8u

static struct pollfd sockets[HALF_OPEN_COUNT];

static bool open_one(uint16_t port, size_t index, int *out_fd)
{
    /* The head of a TLS record of 512 bytes, of which none follow. */
    static const uint8_t beginning[] = {0x16, 0x03, 0x01, 0x02, 0x00};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    *out_fd = fd;
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)(index % ADDRESSES));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return bind(fd, (const struct sockaddr *)&from, sizeof from) == 0 &&
           connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
           (index % 2 == 0 ||
            send(fd, beginning, sizeof beginning, MSG_NOSIGNAL) == (ssize_t)sizeof beginning);
}

bool half_open_begin(uint16_t port, const char **out_what)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    for (size_t i = 0; i < HALF_OPEN_COUNT; i++) {
        sockets[i] = (struct pollfd){.fd = -1, .events = POLLIN};
    }
    for (size_t i = 0; i < HALF_OPEN_COUNT; i++) {
        if (!open_one(port, i, &sockets[i].fd)) {
            *out_what = strerror(errno);
            return false;
        }
    }
    return true;
}

static int64_t now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* An alert may come before the end. */
static bool has_ended(int fd)
{
    uint8_t bytes[64];
    ssize_t got;
    do {
        got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    } while (got > 0);
    return got == 0 || errno != EAGAIN;
}

bool half_open_end(unsigned wait_s, size_t *out_closed)
{
    const int64_t until = now_s() + wait_s;
    size_t closed = 0;
    while (closed < HALF_OPEN_COUNT && now_s() < until) {
        (void)poll(sockets, HALF_OPEN_COUNT, 200);
        for (size_t i = 0; i < HALF_OPEN_COUNT; i++) {
            if (sockets[i].fd >= 0 && sockets[i].revents != 0 && has_ended(sockets[i].fd)) {
                (void)close(sockets[i].fd);
                sockets[i].fd = -1;
                closed++;
            }
        }
    }
    for (size_t i = 0; i < HALF_OPEN_COUNT; i++) {
        if (sockets[i].fd >= 0) {
            (void)close(sockets[i].fd);
        }
    }
    *out_closed = closed;
    return closed == HALF_OPEN_COUNT;
}
