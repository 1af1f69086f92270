/*
 * The client's transport: one TLS 1.3 websocket to one server whose key is
 * pinned. It heeds no certificate authority, proxy, environment variable or
 * redirect.
 *
 * Receiving has a thread of its own, so that it goes on while the caller works on the
 * messages before. The caller sees one thread: every function is called on the thread that
 * made the wire, and callbacks run inside wire_service; on_closed also inside
 * wire_connect, wire_stop and wire_free. A wire opens and closes only there. The
 * thread is made by the first wire_connect, blocks every signal and ends in wire_free. So
 * a process that forks to go on in the child does that before it connects, and one that
 * connected calls wire_free before it exits.
 *
 * At most message_bytes_max and 1 MiB of messages wait for wire_service; then the server
 * is no longer listened to until half of that was taken. A wire can be connected again
 * after it closed. Other descriptors (the agent's Unix socket) can be watched by the
 * same loop.
 */
#pragma once

#include "proto/ids.h"
#include "proto/packing.h"
#include "proto/status.h"

struct wire;

/* Why a connection ended or never came to be. */
enum wire_end {
    WIRE_END_ASKED,       /* wire_close */
    WIRE_END_UNREACHABLE, /* no such name, or nobody listens there */
    WIRE_END_WRONG_KEY,   /* the server's TLS key is not the one pinned */
    WIRE_END_TLS,         /* no TLS 1.3 handshake came about */
    WIRE_END_VERSION,     /* the server refused the upgrade: it speaks no version that we speak */
    WIRE_END_TIMEOUT,     /* it took longer than connect_timeout_ms, or fell silent */
    WIRE_END_PROTOCOL,    /* the server broke the framing or a limit */
    WIRE_END_SERVER,      /* the server closed; close_code says why */
    WIRE_END_LOST,        /* the network or the server went away without a word */
};

struct wire_closed {
    enum wire_end why;
    uint16_t close_code; /* of the server's close frame, else 0 */
    const char *text;    /* one sentence for a person, static */
};

struct wire_handler {
    void *state;
    /* Ready: the server holds the pinned key. exporter is the RFC 9266 value that
     * both sides sign at login. */
    void (*on_open)(void *state, const uint8_t exporter[WIRE_EXPORTER_BYTES]);
    /* One whole frame, borrowed until the callback returns. */
    void (*on_frame)(void *state, struct span frame);
    /* Exactly once for each wire_connect that returned STATUS_OK, and the last word of
     * that connection. May not call wire_connect or wire_free. */
    void (*on_closed)(void *state, const struct wire_closed *closed);
};

struct wire_options {
    uint32_t connect_timeout_ms; /* name look-up to websocket */
    uint32_t ping_after_ms;      /* of silence; given up after the same time again */
    uint32_t message_bytes_max;  /* one message in */
    uint32_t queued_bytes_max;   /* wire_send refuses above this */
};

/* 10 s, 30 s, 2 MiB, 4 MiB. */
void wire_options_default(struct wire_options *out_options);

/* options are copied; handler->state must outlive the wire. STATUS_NO_MEMORY;
 * STATUS_IO: no descriptor is left. */
MUST_CHECK enum status wire_new(const struct wire_options *options,
                                const struct wire_handler *handler, struct wire **out_wire);

/* Ends the wire for good: an open connection is closed without a goodbye, and on_closed is
 * called. Does not wait for the thread, so that keys can be wiped before wire_free does.
 * Only that may follow. NULL is allowed. Not from a callback. */
void wire_stop(struct wire *wire);
/* Does wire_stop if that was not done, and frees. Waits for the thread, which ends at once unless
 * it is looking up a name: then it ends when the system's resolver gives up. NULL is allowed.
 * Not from a callback. */
void wire_free(struct wire *wire);

/* Starts to connect; the outcome comes by on_open or on_closed. host is a name
 * or a numeric address. pin is NULL only while joining, before anything is pinned:
 * any key is then accepted, and nothing that came over that connection may be used
 * before wire_server_key was compared with a pin from a verified source.
 * A goodbye that is under way is cut short: on_closed is called first, for the old one.
 * STATUS_USAGE: already connecting or connected, or host too long; STATUS_NO_MEMORY,
 * STATUS_IO: there is no thread for it, and nothing was started. */
MUST_CHECK enum status wire_connect(struct wire *wire, const char *host, uint16_t port,
                                    const struct hash *pin);
/* SHA-256 of the SubjectPublicKeyInfo of the server that answered; zero before on_open
 * or on_closed, or when none did. */
void wire_server_key(const struct wire *wire, struct hash *out_key);

bool wire_is_open(const struct wire *wire);

/* Queues a copy of one frame of 1..FRAME_BYTES_MAX bytes. It goes with the next
 * wire_service, or when the callback that queued it returns; frames queued in one go
 * share a message. STATUS_OFFLINE: not open; STATUS_TOO_LARGE; STATUS_BUSY: too much is
 * queued already; STATUS_NO_MEMORY. Nothing was queued then. */
MUST_CHECK enum status wire_send(struct wire *wire, struct span frame);

/* Says goodbye once the queued frames have gone; on_closed follows. No-op if closed. */
void wire_close(struct wire *wire);

/* Handles what has happened, waiting at most timeout_ms for something to happen
 * (0: does not wait; a signal ends it too). STATUS_IO: the loop is unusable. */
MUST_CHECK enum status wire_service(struct wire *wire, uint32_t timeout_ms);

/* Calls on_readable inside wire_service whenever fd can be read or its peer is
 * gone (then a read returns 0). The wire never closes fd. on_readable may unwatch,
 * watch and send. At most 64 at a time: STATUS_BUSY. STATUS_USAGE: watched already. */
MUST_CHECK enum status wire_watch(struct wire *wire, int fd,
                                  void (*on_readable)(void *state, int fd), void *state);

/* No call for fd after this returns. To be called before fd is closed. No-op if
 * it is not watched. */
void wire_unwatch(struct wire *wire, int fd);
