#include "server/signer/signer_serve.h"

#include "keys/public/bytes/disk.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t stop_asked;

static void ask_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

enum status signer_serve_prepare(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = ask_stop;
    (void)sigemptyset(&action.sa_mask);
    sigset_t none;
    (void)sigemptyset(&none);
    stop_asked = 0;
    if (sigaction(SIGTERM, &action, NULL) != 0 || sigaction(SIGINT, &action, NULL) != 0 ||
        sigprocmask(SIG_SETMASK, &none, NULL) != 0) {
        return STATUS_IO;
    }
    return STATUS_OK;
}

/* Answers one whole request. False: the peer is to be dropped. */
static bool answer_request(struct signer_serve *serve, struct span request_bytes)
{
    struct signer_exchange *exchange = &serve->exchange;
    if (signer_protocol_get_request(request_bytes, &exchange->request) != STATUS_OK) {
        memset(&exchange->reply, 0, sizeof exchange->reply);
        exchange->reply.answer = SIGNER_BAD_REQUEST;
    } else {
        signer_file_answer(serve->file, serve->key, &exchange->request, &exchange->reply);
    }
    size_t size = 0;
    CHECK(signer_protocol_put_reply(&exchange->reply, exchange->out + SIGNER_LENGTH_BYTES,
                                    SIGNER_REPLY_BYTES_MAX, &size) == STATUS_OK);
    signer_protocol_put_length(exchange->out, size);
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

enum status signer_serve_run(struct signer_serve *serve)
{
    serve->exchange.used = 0;
    while (stop_asked == 0) {
        bool connected = serve->peer_fd >= 0;
        struct pollfd polled = {.fd = connected ? serve->peer_fd : serve->listen_fd,
                                .events = POLLIN};
        int ready = poll(&polled, 1, -1);
        if (ready < 0 && errno != EINTR) {
            return STATUS_IO;
        }
        if (ready <= 0) {
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
    return STATUS_OK;
}
