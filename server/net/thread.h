/*
 * Inside server/net: one net thread, its connections and its counters. Only
 * the thread itself touches these, but for the inbox, the counters and the
 * orders (atomic).
 *
 * Time is counted in ticks of the thread's own timer, so that no clock is read
 * per message and none can be set back.
 */
#pragma once

#include <ev.h>
#include <stdatomic.h>

#include "server/net/addresses.h"
#include "server/net/inbound.h"
#include "server/net/inbox.h"

#define NET_TICK_MS        100u
#define NET_THREADS_MAX    64u
/* Room before a payload for the websocket header (LWS_PRE, checked in ws.c). */
#define NET_WRITE_HEADROOM 16u

struct net_live; /* live.h */
struct lws;
struct lws_context;
struct lws_vhost;

enum net_count {
    NET_COUNT_ACCEPTED,
    NET_COUNT_OPENED,
    NET_COUNT_GONE,
    NET_COUNT_REFUSED_TOTAL,
    NET_COUNT_REFUSED_ADDRESS,
    NET_COUNT_REFUSED_ORIGIN,
    NET_COUNT_REFUSED_SUBPROTOCOL,
    NET_COUNT_REFUSED_UPGRADE,
    NET_COUNT_CLOSED_LOGIN,
    NET_COUNT_CLOSED_SLOW_MESSAGE,
    NET_COUNT_CLOSED_SLOW_READER,
    NET_COUNT_CLOSED_SILENT,
    NET_COUNT_CLOSED_TOO_LARGE,
    NET_COUNT_CLOSED_FRAGMENTS,
    NET_COUNT_CLOSED_NOT_BINARY,
    NET_COUNT_CLOSED_MALFORMED,
    NET_COUNT_CLOSED_INBOX,
    NET_COUNT_PAUSED,
    NET_COUNT_FRAMES_IN,
    NET_COUNT_FRAMES_OUT,
    NET_COUNT_MESSAGES_OUT,
    NET_COUNT_TOTAL
};

enum connection_state {
    CONNECTION_ACCEPTED, /* TLS and upgrade under way */
    CONNECTION_OPEN,     /* on_open was called */
    CONNECTION_ENDED,    /* on_closed was called if on_open was; the socket may linger */
};

struct connection {
    uint64_t id;
    struct net_thread *thread;
    struct lws *wsi;
    void *user;
    enum connection_state state;
    bool admitted;
    bool paused;      /* its socket is not read */
    bool closing;     /* a close is queued: nothing more is read or delivered */
    bool held;        /* stands in thread->held */
    bool fresh;       /* stands in thread->fresh */
    bool ping_wanted; /* at the next chance to write */
    bool ping_sent;   /* and nothing heard since */
    uint32_t owed;
    uint32_t heard_tick;
    uint32_t phase_deadline; /* login, silence or close; in ticks, 0: none */
    uint32_t message_deadline;
    size_t message_bytes_max;
    struct address_key address;
    struct net_source source;
    uint8_t *offered; /* a frame the layer above had no room for */
    size_t offered_size;
    struct inbound in;
    struct outbound out;
};

/* Deadlines stand side by side, so that a tick over 10,000 connections reads
 * 160 KB in a row instead of following 10,000 pointers. */
struct slot {
    struct connection *connection;
    uint32_t deadline; /* the earlier one of the connection, 0: none */
};

struct net_thread {
    struct net *net;
    uint32_t index;
    pthread_t pthread;
    bool started;
    struct ev_loop *loop;
    ev_async wake;
    ev_prepare prepare;
    ev_timer ticker;
    struct lws_context *lws;
    void *log; /* the library's, see ws_start */
    struct lws_vhost *vhost;
    struct lws *listener;
    int listen_fd;     /* -1 once the library owns it */
    int spare_fd;      /* given up to refuse a peer when no descriptor is left */
    void *no_client;   /* tls_no_client_new */
    void *tls_context; /* the library's SSL_CTX */
    struct net_live *live;
    struct net_live *_Atomic next_live; /* left by another thread; NULL: none */
    bool tls_hardened;
    bool quiesced;
    uint32_t tick;
    uint32_t stop_tick;          /* when what still lingers is cut, 0: not stopping */
    struct connection *adopting; /* between accept and the library's answer */
    struct slot *slots;
    uint32_t slot_count;
    uint32_t *free_slots;
    uint32_t free_count;
    uint64_t *held; /* connections with a frame to offer again */
    uint32_t held_count;
    uint64_t *fresh; /* connections that got something to send in this round */
    uint32_t fresh_count;
    uint64_t sequence;
    struct inbox inbox;
    _Atomic bool lost_answer; /* no memory even to say which connection */
    _Atomic uint64_t counts[NET_COUNT_TOTAL];
    uint8_t buffer[NET_WRITE_HEADROOM + PACKING_MESSAGE_BYTES];
};

struct net {
    struct net_options options;
    struct net_handler handler;
    struct addresses *addresses;
    uint16_t port;
    _Atomic bool quiesce;
    _Atomic bool crowded;              /* connections_max was reached, and that was said */
    _Atomic uint32_t stop_after_ticks; /* plus one; 0: not stopping */
    uint32_t thread_count;
    struct net_thread *threads;
};

/* Rounds up, so that nobody is cut early; at least one tick. */
uint32_t thread_ticks(uint32_t ms);

void thread_count(struct net_thread *thread, enum net_count count, uint64_t by);

/* Sets up loop, watchers and slots; the library's context comes by ws_start. */
MUST_CHECK enum status thread_init(struct net_thread *thread, struct net *net, uint32_t index);
/* Runs it. STATUS_IO: no thread could be made. */
MUST_CHECK enum status thread_start(struct net_thread *thread);
/* Waits for its end (after stop_after_ticks was set and it was woken), frees all. */
void thread_join(struct net_thread *thread);

/* Any thread: takes the item; falls back to OUTBOUND_CUT when the inbox is full. */
void thread_post(struct net_thread *thread, struct outbound_item *item);
/* Any thread. */
void thread_wake(struct net_thread *thread);
