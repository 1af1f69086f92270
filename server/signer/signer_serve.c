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
static bool answer_request(struct signer_serve *serve, struct signer_peer *peer,
                           struct span request_bytes)
{
    struct signer_exchange *exchange = &peer->exchange;
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
    return disk_send(peer->fd, span_of(exchange->out, SIGNER_LENGTH_BYTES + size)) == STATUS_OK;
}

/* Reads what there is and answers when it is whole. False: the peer is gone or at fault. */
static bool hear(struct signer_serve *serve, struct signer_peer *peer)
{
    struct signer_exchange *exchange = &peer->exchange;
    size_t wanted = SIGNER_LENGTH_BYTES;
    if (exchange->used >= SIGNER_LENGTH_BYTES) {
        wanted += signer_protocol_length(exchange->in);
    }
    ssize_t n = recv(peer->fd, exchange->in + exchange->used, wanted - exchange->used, 0);
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
        serve, peer, span_of(exchange->in + SIGNER_LENGTH_BYTES, wanted - SIGNER_LENGTH_BYTES));
}

/* Takes the next peer, if it is one that may ask. */
static void welcome(const struct signer_serve *serve, struct signer_peer *place)
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
    place->fd = fd;
    place->exchange.used = 0;
}

/* A place that is free; NULL: as many as can be are here, and the next one waits. */
static struct signer_peer *free_place(struct signer_serve *serve)
{
    for (size_t i = 0; i < SIGNER_PEERS_MAX; i++) {
        if (serve->peers[i].fd < 0) {
            return &serve->peers[i];
        }
    }
    return NULL;
}

/* False: the peer that was handed over is gone, and with it whoever started us. */
static bool hear_all(struct signer_serve *serve, const struct pollfd polled[SIGNER_PEERS_MAX])
{
    for (size_t i = 0; i < SIGNER_PEERS_MAX; i++) {
        struct signer_peer *peer = &serve->peers[i];
        if (polled[i].revents == 0 || hear(serve, peer)) {
            continue;
        }
        (void)close(peer->fd);
        peer->fd = -1;
        if (i == 0 && serve->peer_fd >= 0) {
            return false;
        }
    }
    return true;
}

enum status signer_serve_run(struct signer_serve *serve)
{
    for (size_t i = 0; i < SIGNER_PEERS_MAX; i++) {
        serve->peers[i].fd = i == 0 ? serve->peer_fd : -1;
        serve->peers[i].exchange.used = 0;
    }
    while (stop_asked == 0) {
        struct signer_peer *place = free_place(serve);
        struct pollfd polled[SIGNER_PEERS_MAX + 1u];
        for (size_t i = 0; i < SIGNER_PEERS_MAX; i++) {
            polled[i] = (struct pollfd){.fd = serve->peers[i].fd, .events = POLLIN};
        }
        polled[SIGNER_PEERS_MAX] =
            (struct pollfd){.fd = place == NULL ? -1 : serve->listen_fd, .events = POLLIN};
        int ready = poll(polled, ARRAY_LEN(polled), -1);
        if (ready < 0 && errno != EINTR) {
            return STATUS_IO;
        }
        if (ready <= 0) {
            continue;
        }
        if (polled[SIGNER_PEERS_MAX].revents != 0) {
            welcome(serve, place);
        }
        if (!hear_all(serve, polled)) {
            break;
        }
    }
    return STATUS_OK;
}
