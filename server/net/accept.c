#include "server/net/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <libwebsockets.h>

#include "server/log/log.h"
#include "server/net/connection.h"
#include "server/net/slots.h"

/* Peers taken per wake-up, so that a flood of them does not starve the rest. */
#define ACCEPTS_AT_ONCE  64u
/* While the kernel holds this much unsent of a connection, no more is written to it. If a slow
 * reader loses access, megabytes of a stream must not be waiting there to be sent. */
#define NOT_SENT_BYTES   16384
/* Keys of log_hourly; the door's are odd. */
#define SAID_ADDRESS     UINT64_C(2)
#define SAID_DESCRIPTORS UINT64_C(4)

static void adopt(struct net_thread *thread, int fd, const struct sockaddr_storage *peer,
                  const struct address_key *key)
{
    struct connection *connection = slots_open(thread);
    if (connection == NULL) {
        addresses_leave(thread->net->addresses, key);
        (void)close(fd);
        return;
    }
    connection->address = *key;
    connection->source = address_source_of(peer);
    lws_adopt_desc_t info;
    memset(&info, 0, sizeof info);
    info.vh = thread->vhost;
    info.type = (lws_adoption_type)(LWS_ADOPT_HTTP | LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL);
    info.fd.sockfd = fd;
    info.opaque = connection;
    /* A peer that is gone already, or speaks no TLS 1.3, is destroyed inside the
     * call, connection and all; on_destroy says so here. */
    thread->adopting = connection;
    struct lws *wsi = lws_adopt_descriptor_vhost_via_info(&info);
    if (thread->adopting != NULL) {
        connection->wsi = wsi;
        if (wsi == NULL) {
            /* Refused before the library knew it; the descriptor is closed. */
            connection_end(connection);
            slots_close(connection);
        }
    }
    thread->adopting = NULL;
}

/* No descriptor is left: gives up the spare one to take the peer and send it
 * away, since a peer left waiting would wake the loop without end. */
static void refuse_without_descriptor(struct net_thread *thread, int listen_fd)
{
    if (thread->spare_fd >= 0) {
        (void)close(thread->spare_fd);
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            (void)close(fd);
        }
        thread->spare_fd = eventfd(0, EFD_CLOEXEC);
    }
    thread_count(thread, NET_COUNT_REFUSED_TOTAL, 1);
    if (log_hourly(SAID_DESCRIPTORS)) {
        log_line(LOG_LEVEL_WARNING, "no file descriptor is left (ulimit -n, LimitNOFILE=): a "
                                    "connection was closed at once. This is said once an hour");
    }
}

/* The total is said when it is reached and when a tenth is free again. One address at its limit is
 * said once an hour, and not which: who connects is nobody's business here. */
static void say_refused(struct net *net, enum status status)
{
    if (status != STATUS_BUSY) {
        if (log_hourly(SAID_ADDRESS)) {
            log_line(LOG_LEVEL_WARNING,
                     "one address has all %u connections of connections-per-address-max; further "
                     "ones of such an address are closed at once. This is said once an hour",
                     addresses_per_address(net->addresses));
        }
    } else if (log_changes(&net->crowded, true)) {
        log_line(LOG_LEVEL_WARNING,
                 "all %u connections of connections-max are taken; further ones are closed at once",
                 net->options.connections_max);
    }
}

static void say_taken(struct net *net)
{
    uint32_t most = net->options.connections_max;
    if (atomic_load(&net->crowded) && addresses_open(net->addresses) <= most - most / 10 &&
        log_changes(&net->crowded, false)) {
        log_line(LOG_LEVEL_NOTICE,
                 "connections are taken again: fewer than connections-max are open");
    }
}

static void take_peer(struct net_thread *thread, int fd, const struct sockaddr_storage *peer)
{
    const struct address_key key = address_key_of(peer);
    enum status status = addresses_enter(thread->net->addresses, &key);
    if (status != STATUS_OK) {
        thread_count(
            thread, status == STATUS_BUSY ? NET_COUNT_REFUSED_TOTAL : NET_COUNT_REFUSED_ADDRESS, 1);
        say_refused(thread->net, status);
        (void)close(fd);
        return;
    }
    say_taken(thread->net);
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int not_sent = NOT_SENT_BYTES;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &not_sent, sizeof not_sent);
    adopt(thread, fd, peer, &key);
}

void accept_peers(struct net_thread *thread, int listen_fd)
{
    for (uint32_t i = 0; i < ACCEPTS_AT_ONCE; i++) {
        struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
        socklen_t size = sizeof peer;
        int fd = accept4(listen_fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take_peer(thread, fd, &peer);
        } else if (errno == EMFILE || errno == ENFILE) {
            refuse_without_descriptor(thread, listen_fd);
            return;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}
