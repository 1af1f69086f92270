#include "server/signer/signer_serve.h"

#include "server/signer/signer_file.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LENGTH_BYTES 4u

static volatile sig_atomic_t stop_asked;

static void ask_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

/* What has come of the peer's next request. */
struct inbound {
    size_t used;
    uint8_t bytes[LENGTH_BYTES + SIGNER_REQUEST_BYTES_MAX];
};

enum status signer_serve_prepare(struct signer_serve *serve)
{
    struct sigaction action;
    sigset_t none;

    memset(&action, 0, sizeof(action));
    action.sa_handler = ask_stop;
    (void)sigemptyset(&action.sa_mask);
    (void)sigemptyset(&none);
    stop_asked = 0;
    serve->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (serve->timer_fd < 0 || sigaction(SIGTERM, &action, NULL) != 0 ||
        sigaction(SIGINT, &action, NULL) != 0 || sigprocmask(SIG_SETMASK, &none, NULL) != 0) {
        return STATUS_IO;
    }
    return STATUS_OK;
}

/* Starts the time to the next save; a running one is left alone. */
static bool arm(const struct signer_serve *serve)
{
    const struct itimerspec in = {
        .it_value = {.tv_sec = SIGNER_STATE_SAVE_MS / 1000,
                     .tv_nsec = (long)(SIGNER_STATE_SAVE_MS % 1000) * 1000000}};

    return timerfd_settime(serve->timer_fd, 0, &in, NULL) == 0;
}

static bool send_all(int fd, const uint8_t *bytes, size_t size)
{
    size_t sent = 0;

    while (sent < size) {
        ssize_t n = send(fd, bytes + sent, size - sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        sent += (size_t)n;
    }
    return true;
}

static size_t length_of(const uint8_t bytes[LENGTH_BYTES])
{
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

/* Answers one whole request. False: the peer is to be dropped. */
static bool answer(struct signer_serve *serve, struct span request_bytes)
{
    static struct signer_request request;
    static struct signer_reply reply;
    static uint8_t out[LENGTH_BYTES + SIGNER_REPLY_BYTES_MAX];
    bool was_dirty = serve->state->dirty;
    size_t size = 0;

    if (signer_protocol_get_request(request_bytes, &request) != STATUS_OK) {
        memset(&reply, 0, sizeof(reply));
        reply.answer = SIGNER_BAD_REQUEST;
    } else {
        signer_state_answer(serve->state, serve->key, &request, &reply);
    }
    CHECK(signer_protocol_put_reply(&reply, out + LENGTH_BYTES, SIGNER_REPLY_BYTES_MAX, &size) ==
          STATUS_OK);
    out[0] = 0;
    out[1] = (uint8_t)(size >> 16);
    out[2] = (uint8_t)(size >> 8);
    out[3] = (uint8_t)size;
    if (serve->state->dirty && !was_dirty && !arm(serve)) {
        return false;
    }
    return send_all(serve->peer_fd, out, LENGTH_BYTES + size);
}

/* Reads what there is and answers when it is whole. False: the peer is gone or at fault. */
static bool hear(struct signer_serve *serve, struct inbound *inbound)
{
    size_t wanted = LENGTH_BYTES;
    ssize_t n;

    if (inbound->used >= LENGTH_BYTES) {
        wanted += length_of(inbound->bytes);
    }
    n = recv(serve->peer_fd, inbound->bytes + inbound->used, wanted - inbound->used, 0);
    if (n < 0) {
        return errno == EINTR || errno == EAGAIN;
    }
    if (n == 0) {
        return false;
    }
    inbound->used += (size_t)n;
    if (inbound->used < LENGTH_BYTES) {
        return true;
    }
    wanted = LENGTH_BYTES + length_of(inbound->bytes);
    if (wanted > sizeof(inbound->bytes) || wanted == LENGTH_BYTES) {
        return false;
    }
    if (inbound->used < wanted) {
        return true;
    }
    inbound->used = 0;
    return answer(serve, span_of(inbound->bytes + LENGTH_BYTES, wanted - LENGTH_BYTES));
}

/* Takes the next peer, if it is one that may ask. */
static void welcome(struct signer_serve *serve)
{
    struct ucred who;
    socklen_t size = sizeof(who);
    int fd = accept4(serve->listen_fd, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0) {
        return;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 ||
        (int64_t)who.uid != serve->peer_uid) {
        (void)close(fd);
        return;
    }
    serve->peer_fd = fd;
}

static enum status save_if_due(struct signer_serve *serve)
{
    uint64_t expired = 0;

    if (read(serve->timer_fd, &expired, sizeof(expired)) != (ssize_t)sizeof(expired)) {
        return STATUS_OK;
    }
    return serve->state->dirty ? signer_file_save(serve->folder_fd, serve->state) : STATUS_OK;
}

enum status signer_serve_run(struct signer_serve *serve)
{
    static struct inbound inbound;
    enum status status = STATUS_OK;

    inbound.used = 0;
    while (status == STATUS_OK && stop_asked == 0) {
        bool connected = serve->peer_fd >= 0;
        struct pollfd polled[] = {
            {.fd = connected ? serve->peer_fd : serve->listen_fd, .events = POLLIN},
            {.fd = serve->timer_fd, .events = POLLIN},
        };

        if (poll(polled, ARRAY_LEN(polled), -1) < 0) {
            status = errno == EINTR ? STATUS_OK : STATUS_IO;
            continue;
        }
        if (polled[1].revents != 0) {
            status = save_if_due(serve);
        }
        if (status != STATUS_OK || polled[0].revents == 0) {
            continue;
        }
        if (!connected) {
            welcome(serve);
        } else if (!hear(serve, &inbound)) {
            (void)close(serve->peer_fd);
            serve->peer_fd = -1;
            inbound.used = 0;
            if (serve->listen_fd < 0) {
                break;
            }
        }
    }
    if (serve->state->dirty && status == STATUS_OK) {
        status = signer_file_save(serve->folder_fd, serve->state);
    }
    return status;
}
