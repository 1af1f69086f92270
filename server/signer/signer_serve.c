#include "server/signer/signer_serve.h"

#include "keys/public/bytes/disk.h"
#include "server/signer/signer_file.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

static volatile sig_atomic_t stop_asked;

static void ask_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

enum status signer_serve_prepare(struct signer_serve *serve)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = ask_stop;
    (void)sigemptyset(&action.sa_mask);
    sigset_t none;
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

/* Answers one whole request. False: the peer is to be dropped. */
static bool answer_request(struct signer_serve *serve, struct span request_bytes)
{
    struct signer_exchange *exchange = &serve->exchange;
    bool was_dirty = serve->state->dirty;
    if (signer_protocol_get_request(request_bytes, &exchange->request) != STATUS_OK) {
        memset(&exchange->reply, 0, sizeof exchange->reply);
        exchange->reply.answer = SIGNER_BAD_REQUEST;
    } else {
        signer_state_answer(serve->state, serve->key, &exchange->request, &exchange->reply);
    }
    size_t size = 0;
    CHECK(signer_protocol_put_reply(&exchange->reply, exchange->out + SIGNER_LENGTH_BYTES,
                                    SIGNER_REPLY_BYTES_MAX, &size) == STATUS_OK);
    signer_protocol_put_length(exchange->out, size);
    /* The answer goes before the state is on disk, so that a sync is paid once a second and not
     * once a batch. A signer that was cut off between the two remembers an older size, and from
     * that the database, which was durable before it asked, still has a proof. */
    if (serve->state->dirty && !was_dirty && !arm(serve)) {
        return false;
    }
    return disk_send(serve->peer_fd, span_of(exchange->out, SIGNER_LENGTH_BYTES + size)) ==
           STATUS_OK;
}

/* Reads what there is and answers when it is whole. False: the peer is gone or at fault. */
static bool hear(struct signer_serve *serve)
{
    struct signer_exchange *exchange = &serve->exchange;
    size_t wanted = SIGNER_LENGTH_BYTES;
    if (exchange->used >= SIGNER_LENGTH_BYTES) {
        wanted += signer_protocol_length(exchange->in);
    }
    ssize_t n = recv(serve->peer_fd, exchange->in + exchange->used, wanted - exchange->used, 0);
    if (n < 0) {
        return errno == EINTR || errno == EAGAIN;
    }
    if (n == 0) {
        return false;
    }
    exchange->used += (size_t)n;
    if (exchange->used < SIGNER_LENGTH_BYTES) {
        return true;
    }
    wanted = SIGNER_LENGTH_BYTES + signer_protocol_length(exchange->in);
    if (wanted > sizeof exchange->in || wanted == SIGNER_LENGTH_BYTES) {
        return false;
    }
    if (exchange->used < wanted) {
        return true;
    }
    exchange->used = 0;
    return answer_request(
        serve, span_of(exchange->in + SIGNER_LENGTH_BYTES, wanted - SIGNER_LENGTH_BYTES));
}

/* Takes the next peer, if it is one that may ask. */
static void welcome(struct signer_serve *serve)
{
    struct ucred who;
    socklen_t size = sizeof who;
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
    if (read(serve->timer_fd, &expired, sizeof expired) != (ssize_t)sizeof expired) {
        return STATUS_OK;
    }
    return serve->state->dirty ? signer_file_save(serve->folder_fd, serve->state) : STATUS_OK;
}

enum status signer_serve_run(struct signer_serve *serve)
{
    serve->exchange.used = 0;
    enum status status = STATUS_OK;
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
        } else if (!hear(serve)) {
            (void)close(serve->peer_fd);
            serve->peer_fd = -1;
            serve->exchange.used = 0;
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
