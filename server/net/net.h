/*
 * The server's transport: TLS 1.3 websockets on N threads, one port.
 *
 * Each thread has an event loop, a library context and a listening socket of
 * its own; the kernel spreads connections over them. A connection belongs to
 * exactly one thread for its whole life and is known elsewhere only by its
 * number, which is never used again: what is sent to a number that is gone is
 * dropped. Frames of one connection are delivered in order, and so are the
 * answers to it.
 *
 * Nothing a peer sends costs more than its budget (struct net_options): a peer
 * over it is slowed by TCP (flow control) or closed. Callbacks run on the
 * connection's thread and must not block.
 */
#pragma once

#include "proto/ids.h"
#include "proto/packing.h"
#include "proto/span.h"
#include "proto/status.h"

struct net;

/* Where a peer comes from, cut short so that it names a network and not a
 * person's machine: the IPv4 /24 (as ::ffff:a.b.c.0) or the IPv6 /48. */
struct net_source {
    uint8_t bytes[16];
};

/* Websocket close codes (RFC 6455 section 7.4.1, 1013 from the IANA registry). */
enum net_close_code {
    NET_CLOSE_DONE = 1000,
    NET_CLOSE_GOING_AWAY = 1001,
    NET_CLOSE_PROTOCOL = 1002,
    NET_CLOSE_NOT_BINARY = 1003,
    NET_CLOSE_POLICY = 1008,
    NET_CLOSE_TOO_LARGE = 1009,
    NET_CLOSE_TRY_LATER = 1013,
};

enum net_frame_kind {
    /* The last or only frame of an answer: the connection owes one request less. */
    NET_FRAME_FINAL,
    /* A push, or an answer's frame with more to follow. */
    NET_FRAME_MORE,
};

struct net_opened {
    uint64_t connection;
    struct net_source source;
    uint8_t exporter[WIRE_EXPORTER_BYTES];
};

/* The layer above. Every function is called on a net thread; for one connection
 * always on the same one, on_open first and on_closed last, each exactly once.
 * Different connections call at the same time, so `state` needs its own locks.
 * `user` is a slot for the layer above, kept with the connection, NULL at first:
 * what it points to is freed in on_closed. */
struct net_handler {
    void *state;
    void (*on_open)(void *state, const struct net_opened *opened, void **user);
    /* One whole frame, 1..limit bytes, from malloc. True: taken, the callee owns
     * it. False: no room now; the frame stays here, the connection is not read,
     * and the same frame is offered again soon, before any later one. */
    bool (*on_message)(void *state, uint64_t connection, void **user, uint8_t *bytes, size_t size);
    void (*on_closed)(void *state, uint64_t connection, void *user);
};

/* A message with less room than this is sent before a stream goes on. */
#define NET_CHUNK_BYTES_MIN (PACKING_FRAME_BYTES / 2u)

/* An answer that is produced as the peer takes it, so that no more than one
 * message is ever in memory. It stands in the queue like a frame: what was queued
 * before goes first, what was queued after waits until it is done. */
struct net_stream {
    void *state;
    /* Writes one frame of 1..cap bytes (cap is NET_CHUNK_BYTES_MIN to
     * PACKING_FRAME_BYTES: what the message has room for) and says whether it was
     * the last. Called on the connection's thread before each chunk, so a check of
     * the reader's authority belongs here. Any status but STATUS_OK closes the
     * connection, and it is not called again: a stream that ends early because it
     * may not go on says so in a last frame of its own. */
    enum status (*next_chunk)(void *state, uint8_t *buffer, size_t cap, size_t *out_size,
                              bool *out_done);
    /* Called exactly once, when it is done, or the connection is gone; on the
     * connection's thread, or inside net_stream or net_stop. */
    void (*close)(void *state);
};

struct net_options {
    const char *host;             /* name or numeric address to listen on */
    uint16_t port;                /* 0: the kernel chooses, see net_port */
    const char *certificate_path; /* PEM, made by alcove-tls-identity */
    const char *key_path;
    const char *const *origins; /* browsers' exact Origin values let in; others are refused */
    size_t origin_count;        /* a client that sends no Origin is always let in */
    uint32_t threads;
    uint32_t connections_max;
    uint32_t connections_per_address_max; /* per IPv4 address, per IPv6 /64 */
    uint32_t owed_max;                    /* unanswered requests before a connection is not read */
    uint32_t fragments_max;               /* websocket frames in one message */
    uint32_t message_bytes_max;  /* one message in, prefixes included, unless net_admit says more */
    uint32_t queued_bytes_max;   /* waiting to go out before a slow reader is closed */
    uint32_t login_timeout_ms;   /* from accept to net_admit, TLS and upgrade included */
    uint32_t message_timeout_ms; /* from a message's first byte to its last */
    uint32_t ping_after_ms;      /* of silence; closed after the same time again */
};

/* The defaults of limits.h; host, port and paths stay NULL and 0. */
void net_options_default(struct net_options *out_options);

/* Listens, but serves nobody before net_start: so the layer above knows the transport when
 * its first callback comes. Options are copied, the strings in them borrowed until net_stop
 * returned, and handler->state too. Raises RLIMIT_NOFILE to what connections_max needs, or
 * takes fewer connections and says so. STATUS_IO: standard error says why (address in use,
 * key unreadable). STATUS_NO_MEMORY. */
MUST_CHECK enum status net_new(const struct net_options *options, const struct net_handler *handler,
                               struct net **out_net);

/* Starts the threads; to be called once. STATUS_IO: the system has no thread left; the caller must
 * call net_stop. */
MUST_CHECK enum status net_start(struct net *net);

/* The port listened on; what the kernel chose if the options said 0. */
uint16_t net_port(const struct net *net);

/* The rest may be called from any thread, callbacks included. Calls of one
 * thread for one connection take effect in their order. */

/* Queues one frame of 1..UINT32_MAX bytes from malloc; always takes it, also
 * when the connection is gone. Small frames are packed into one message. A
 * connection for which more waits than queued_bytes_max is closed; so is one
 * whose thread's inbox is full, since an answer lost in silence would break the
 * order. */
void net_send(struct net *net, uint64_t connection, enum net_frame_kind kind, uint8_t *bytes,
              size_t size);

/* Queues a stream; counts as one answer (NET_FRAME_FINAL) when it is done. */
void net_stream(struct net *net, uint64_t connection, const struct net_stream *stream);

/* Logged in: the login deadline ends, and messages may have message_bytes_max
 * bytes (at most FRAME_BYTES_MAX + 4; never lowers the limit). */
void net_admit(struct net *net, uint64_t connection, uint32_t message_bytes_max);

/* Closes once what was queued before has gone out, at the latest after
 * login_timeout_ms. Nothing more is read or delivered. */
void net_close(struct net *net, uint64_t connection, enum net_close_code code);

/* Closes at once, dropping what is queued: for a reader who lost the right to it. */
void net_cut(struct net *net, uint64_t connection);

/* A TLS key with its certificate, read from memory, so that a server that may open no file can be
 * given a new one. Owns what it was read from; frees with net_identity_free. */
struct net_identity;

/* Two PEM texts, as tls.crt and tls.key hold them. STATUS_MALFORMED: |certificate| is none;
 * STATUS_UNSUPPORTED: |key| is none that can be read without a passphrase; STATUS_CONFLICT: the two do
 * not belong together; STATUS_REFUSED: OpenSSL would not serve with them; STATUS_NO_MEMORY. */
MUST_CHECK enum status net_identity_new(struct span certificate, struct span key,
                                        struct net_identity **out_identity);
/* SHA-256 of the certificate's SubjectPublicKeyInfo: what clients pin. */
void net_identity_pin(const struct net_identity *identity, struct hash *out_pin);
/* Whether both keys are of one kind. Beside a key of another kind OpenSSL would go on to show the old
 * one, so that such a key needs a restart. */
bool net_identity_alike(const struct net_identity *a, const struct net_identity *b);
/* NULL is allowed. */
void net_identity_free(struct net_identity *identity);

/* Private keys that OpenSSL reads from now on stand in memory that is locked and in no core. To be
 * called before the first key. False: the system locks none (ulimit -l, LimitMEMLOCK=). */
bool net_lock_keys(void);

/* Changes, for all threads and within one turn of their loops, what may change while connections are
 * open: of |options| the origins, connections_per_address_max, owed_max and the three times; and with
 * |identity|, which is moved, the certificate that new connections are shown. NULL: as it is. What is
 * under way keeps what it had. Between net_start and net_stop; any thread, one at a time.
 * STATUS_NO_MEMORY: nothing changed, |identity| is the caller's. */
MUST_CHECK enum status net_change(struct net *net, const struct net_options *options,
                                  struct net_identity *identity);

/* Rising counts since net_new; each is exact, but they are not one snapshot. */
struct net_counters {
    uint64_t accepted;
    uint64_t opened;          /* upgraded to a websocket */
    uint64_t open_now;        /* accepted and not gone yet */
    uint64_t refused_total;   /* over connections_max */
    uint64_t refused_address; /* over connections_per_address_max */
    uint64_t refused_origin;
    uint64_t refused_subprotocol;
    uint64_t refused_upgrade; /* not a websocket request over HTTP/1.1 and TLS 1.3 */
    uint64_t closed_login;    /* not logged in in time, handshake included */
    uint64_t closed_slow_message;
    uint64_t closed_slow_reader;
    uint64_t closed_silent;
    uint64_t closed_too_large;
    uint64_t closed_fragments;
    uint64_t closed_not_binary;
    uint64_t closed_malformed; /* packing */
    uint64_t closed_inbox;
    uint64_t paused; /* times reading was stopped for owed answers or a full queue */
    uint64_t frames_in;
    uint64_t frames_out;
    uint64_t messages_out; /* frames_out / messages_out = how well packing works */
};
void net_counters(const struct net *net, struct net_counters *out_counters);

/* Shutdown in two steps, so that the layer above can finish what it took:
 * net_quiesce stops accepting and reading, answers still go out. */
void net_quiesce(struct net *net);

/* Sends what is queued for at most drain_ms, closes every connection with
 * GOING_AWAY, ends the threads and frees everything. Also before net_start. NULL is allowed. */
void net_stop(struct net *net, uint32_t drain_ms);
