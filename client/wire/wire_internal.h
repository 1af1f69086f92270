/*
 * Inside client/wire: the caller's side of the wire, shared by wire.c (life, sending
 * and news) and watch.c (waiting).
 */
#pragma once

#include "client/wire/line.h"

#define WATCHES_MAX 64u

enum wire_state { WIRE_IDLE, WIRE_CONNECTING, WIRE_OPEN };

struct watch {
    int fd;
    bool used;
    bool polled; /* in the wait that has just ended */
    void (*on_readable)(void *state, int fd);
    void *state;
};

struct wire {
    struct wire_options options;
    struct wire_handler handler;
    struct post post;
    struct line *line; /* NULL before the first wire_connect */
    bool untold;       /* frames were queued of which the line was not told */
    bool broken;
    bool stopped; /* wire_stop was called */
    enum wire_state state;
    uint64_t connections; /* begun so far: the number of the newest */
    bool closing;         /* wire_close was called */
    bool end_waits;       /* an end without the line's news: the next wire_service tells it */
    uint64_t deadline_ms; /* of connecting or closing, by watch_now_ms; 0: none */
    struct hash server_key;
    struct watch watches[WATCHES_MAX];
};

/* A clock that never jumps. */
uint64_t watch_now_ms(void);

/* Waits at most timeout_ms for a watched descriptor or the post's bell, and calls on_readable
 * of those that can be read. A signal ends it too. STATUS_IO: waiting is impossible. */
MUST_CHECK enum status watch_wait(struct wire *wire, uint32_t timeout_ms);
