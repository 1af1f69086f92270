/*
 * The bare transport that ours is measured against: libwebsockets on TLS 1.3,
 * one libev loop and one adopted SO_REUSEPORT listener a thread, nothing else.
 *
 *   echo_server CERT KEY THREADS      prints "port N", ends when stdin closes
 *
 * A message's first byte says what is wanted:
 *   E…           the same bytes back
 *   R size(u32)  a message of that size
 *   S size(u64)  so many bytes, in messages of 16,000
 */
#include <arpa/inet.h>
#include <ev.h>
#include <fcntl.h>
#include <libwebsockets.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    MESSAGE_BYTES_MAX = 1 << 20,
    STREAM_BYTES = 16000,
    THREADS_MAX = 16,
};

struct session {
    uint8_t *in;
    size_t in_size;
    size_t out_size; /* of the answer, LWS_PRE bytes into `in` */
    uint64_t stream_left;
};

struct worker {
    pthread_t thread;
    struct ev_loop *loop;
    ev_async stop;
    struct lws_context *context;
    struct lws_vhost *vhost;
#if LWS_LIBRARY_VERSION_NUMBER >= 4003000
    lws_log_cx_t log; /* see server/net/ws.c */
#endif
};

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static void accept_all(struct lws *wsi, int fd)
{
    for (;;) {
        const int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (peer < 0) {
            return;
        }
        const int on = 1;
        (void)setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)lws_adopt_socket_vhost(lws_get_vhost(wsi), peer);
    }
}

static void grow(struct session *session, size_t size)
{
    uint8_t *grown = realloc(session->in, LWS_PRE + size);
    must(grown != NULL, "memory");
    session->in = grown;
}

/* A whole message is in: turns it into what is owed. */
static void take(struct session *session)
{
    const uint8_t *bytes = session->in + LWS_PRE;
    uint64_t size = session->in_size;
    session->out_size = session->in_size;
    if (session->in_size >= 5 && bytes[0] == 'R') {
        uint32_t wanted;
        memcpy(&wanted, bytes + 1, sizeof wanted);
        size = wanted < MESSAGE_BYTES_MAX ? wanted : MESSAGE_BYTES_MAX;
        session->out_size = (size_t)size;
        if (size > session->in_size) {
            grow(session, (size_t)size);
            memset(session->in + LWS_PRE + session->in_size, 0, (size_t)size - session->in_size);
        }
    } else if (session->in_size >= 9 && bytes[0] == 'S') {
        memcpy(&session->stream_left, bytes + 1, sizeof session->stream_left);
        session->out_size = 0;
    }
    session->in_size = 0;
}

static int received(struct lws *wsi, struct session *session, const void *bytes, size_t size)
{
    if (session->in_size + size > MESSAGE_BYTES_MAX) {
        return -1;
    }
    grow(session, session->in_size + size);
    memcpy(session->in + LWS_PRE + session->in_size, bytes, size);
    session->in_size += size;
    if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) {
        take(session);
        lws_callback_on_writable(wsi);
    }
    return 0;
}

static int writable(struct lws *wsi, struct session *session)
{
    static const uint8_t zeros[LWS_PRE + STREAM_BYTES];
    if (session->stream_left > 0) {
        const size_t size =
            session->stream_left < STREAM_BYTES ? (size_t)session->stream_left : STREAM_BYTES;
        uint8_t part[LWS_PRE + STREAM_BYTES];
        memcpy(part, zeros, sizeof part);
        session->stream_left -= size;
        if (lws_write(wsi, part + LWS_PRE, size, LWS_WRITE_BINARY) < (int)size) {
            return -1;
        }
        if (session->stream_left > 0) {
            lws_callback_on_writable(wsi);
        }
        return 0;
    }
    if (session->out_size > 0) {
        const size_t size = session->out_size;
        session->out_size = 0;
        if (lws_write(wsi, session->in + LWS_PRE, size, LWS_WRITE_BINARY) < (int)size) {
            return -1;
        }
        free(session->in);
        session->in = NULL;
    }
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size)
{
    switch ((int)reason) {
    case LWS_CALLBACK_RAW_RX_FILE:
        accept_all(wsi, lws_get_socket_fd(wsi));
        return 0;
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS: {
        SSL_CTX *tls = user;
        SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
        SSL_CTX_set_options(tls, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(tls, 0);
        return 0;
    }
    case LWS_CALLBACK_RECEIVE:
        return received(wsi, user, in, size);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return writable(wsi, user);
    case LWS_CALLBACK_CLOSED:
        free(((struct session *)user)->in);
        return 0;
    default:
        return 0;
    }
}

static int listener(uint16_t *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    must(fd >= 0, "socket");
    const int on = 1;
    must(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0, "SO_REUSEPORT");
    must(bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    must(listen(fd, 4096) == 0, "listen");
    must(getsockname(fd, (struct sockaddr *)&address, &length) == 0, "getsockname");
    *port = ntohs(address.sin_port);
    return fd;
}

static void stop_now(struct ev_loop *loop, ev_async *watcher, int events)
{
    (void)watcher;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    ev_run(worker->loop, 0);
    return NULL;
}

static void start(struct worker *worker, const char *certificate, const char *key, uint16_t *port)
{
    static const struct lws_protocols protocols[] = {
        {"bench", callback, sizeof(struct session), 4096, 0, NULL, 0},
        {NULL, NULL, 0, 0, 0, NULL, 0},
    };
    worker->loop = ev_loop_new(EVFLAG_AUTO);
    void *loops[] = {worker->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .foreign_loops = loops,
        .ssl_cert_filepath = certificate,
        .ssl_private_key_filepath = key,
        .alpn = "http/1.1",
    };
    /* Their type differs between Debian 12 and 13. */
    info.gid = (__typeof__(info.gid))-1;
    info.uid = (__typeof__(info.uid))-1;
#if LWS_LIBRARY_VERSION_NUMBER >= 4003000
    worker->log.lll_flags = LLL_ERR;
    worker->log.u.emit = lwsl_emit_stderr;
    info.log_cx = &worker->log;
#endif
    worker->context = lws_create_context(&info);
    must(worker->context != NULL, "lws_create_context");
    worker->vhost = lws_get_vhost_by_name(worker->context, "default");
    must(worker->vhost != NULL, "vhost");
    lws_sock_file_fd_type fd = {.filefd = listener(port)};
    must(lws_adopt_descriptor_vhost(worker->vhost, LWS_ADOPT_RAW_FILE_DESC, fd, "bench", NULL) !=
             NULL,
         "adopt listener");
    ev_async_init(&worker->stop, stop_now);
    ev_async_start(worker->loop, &worker->stop);
}

int main(int argc, char **argv)
{
    static struct worker workers[THREADS_MAX];
    const long threads = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
    if (threads < 1 || threads > THREADS_MAX) {
        fputs("usage: echo_server CERT KEY THREADS\n", stderr);
        return 2;
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    lws_set_log_level(LLL_ERR, NULL);
    uint16_t port = 0;
    for (long i = 0; i < threads; i++) {
        start(&workers[i], argv[1], argv[2], &port);
    }
    for (long i = 0; i < threads; i++) {
        must(pthread_create(&workers[i].thread, NULL, run, &workers[i]) == 0, "thread");
    }
    printf("port %u\n", port);
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    for (long i = 0; i < threads; i++) {
        ev_async_send(workers[i].loop, &workers[i].stop);
        (void)pthread_join(workers[i].thread, NULL);
        lws_context_destroy(workers[i].context);
        ev_loop_destroy(workers[i].loop);
    }
    return 0;
}
