#include "client/agent/talk_fds.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define CONTROL_BYTES CMSG_SPACE(TALK_FDS_ONE_GO_MAX * sizeof(int))

/* Aligned as the kernel's header wants it. */
union control {
    struct cmsghdr header;
    uint8_t bytes[CONTROL_BYTES];
};

void talk_fds_close(int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
        fds[i] = -1;
    }
}

enum status talk_fds_send(int socket, struct span bytes, const int *fds, size_t count, bool at_once)
{
    struct iovec piece = {(void *)(uintptr_t)bytes.data, bytes.size};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    CHECK(count <= TALK_FDS_ONE_GO_MAX);
    union control control;
    memset(&control, 0, sizeof control);
    if (count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(header), fds, count * sizeof(int));
    }
    ssize_t n;
    do {
        n = sendmsg(socket, &message, MSG_NOSIGNAL | (at_once ? MSG_DONTWAIT : 0));
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return errno == EMSGSIZE ? STATUS_TOO_LARGE : STATUS_OFFLINE;
    }
    return STATUS_OK;
}

static void take_fds(struct msghdr *message, int *out_fds, size_t fds_max, size_t *out_count)
{
    int none = -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
         header = CMSG_NXTHDR(message, header)) {
        size_t count =
            header->cmsg_len < CMSG_LEN(0) ? 0 : (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            memcpy(&none, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
            if (*out_count < fds_max) {
                out_fds[(*out_count)++] = none;
            } else {
                talk_fds_close(&none, 1);
            }
        }
    }
}

enum status talk_fds_receive(int socket, uint8_t *out, size_t capacity, size_t *out_size,
                             int *out_fds, size_t fds_max, size_t *out_count)
{
    struct iovec piece = {out, capacity};
    union control control;
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    *out_count = 0;
    *out_size = 0;
    memset(&control, 0, sizeof control);
    ssize_t n;
    do {
        n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n <= 0) {
        return STATUS_OFFLINE;
    }
    take_fds(&message, out_fds, fds_max, out_count);
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        talk_fds_close(out_fds, *out_count);
        *out_count = 0;
        return STATUS_MALFORMED;
    }
    *out_size = (size_t)n;
    return STATUS_OK;
}
