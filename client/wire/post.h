/*
 * Inside client/wire: the one place where the caller's thread and the line's meet.
 * The caller leaves orders here (a connection, frames, a goodbye), and the line leaves
 * news (opened, whole messages, ended). Neither calls the other.
 *
 * Guarantees: news of an earlier connection than the caller's is dropped. A message is
 * handed over, not copied. At most POST_MESSAGE_BYTES_MAX of messages and one more wait,
 * because the line waits in post_message until half of them was taken. No other function
 * waits for the other side. Each function says which of the two threads may call it.
 */
#pragma once

#include <pthread.h>

#include "client/wire/queue.h"
#include "client/wire/wire.h"

/* Large enough that the line need not stand still while the caller stores a page; small
 * enough that a message is still in the processor's cache when it is taken. */
#define POST_MESSAGE_BYTES_MAX (1u << 20)
#define POST_HOST_BYTES_MAX    256u

struct post_target {
    char host[POST_HOST_BYTES_MAX];
    uint16_t port;
    bool pinned; /* false: any key will do */
    struct hash pin;
};

/* One websocket message; whoever holds it frees it with free. */
struct post_message {
    struct post_message *next;
    size_t size;
    size_t capacity;
    uint8_t bytes[];
};

/* The caller's orders to the line. */
struct post_orders {
    uint64_t connection; /* counts up; with a new number the connection before is to be dropped */
    bool wanted;         /* false: be without a connection */
    bool sending;        /* frames wait, or the goodbye does */
    bool stop;
    struct post_target target; /* of connection, if wanted */
};

enum post_kind { POST_NOTHING, POST_OPENED, POST_MESSAGE, POST_ENDED, POST_BROKEN };

/* One piece of news. */
struct post_news {
    enum post_kind kind;
    struct post_message *message;          /* POST_MESSAGE: the taker's */
    struct hash server_key;                /* POST_OPENED and POST_ENDED: else zero */
    uint8_t exporter[WIRE_EXPORTER_BYTES]; /* POST_OPENED */
    enum wire_end why;                     /* POST_ENDED */
    uint16_t close_code;                   /* POST_ENDED */
};

struct post {
    int bell; /* an eventfd: can be read when there may be news, or post_ring was called */
    size_t queued_bytes_max;
    struct queue kept; /* the caller's own: queued and not given to the line */
    pthread_mutex_t lock;
    pthread_cond_t room; /* the line waits for it in post_message */
    /* Under the lock. */
    struct post_orders orders;
    bool closing;      /* the goodbye was ordered: further messages are dropped */
    bool line_told;    /* the line was told of orders since it last looked */
    bool caller_waits; /* for the bell */
    struct queue out;
    bool opened; /* opened, ended: this news still has to be told */
    bool ended;
    bool broken; /* the line has stopped for good */
    struct post_news opening;
    struct post_news end;
    struct post_message *first;
    struct post_message *last;
    size_t message_bytes;
};

/* STATUS_IO: no descriptor is left. */
MUST_CHECK enum status post_init(struct post *post, size_t queued_bytes_max);
/* The line's thread is gone. */
void post_deinit(struct post *post);

/* ---- the caller's; post_tell afterwards, so that the line looks */

/* A new connection; no news of an earlier one comes any more. */
void post_connect(struct post *post, const struct post_target *target);
/* Drops the connection: no news comes any more, and frames that wait are not sent. */
void post_drop(struct post *post);
/* Orders a goodbye once all frames have gone. POST_ENDED follows, and no message before it. */
void post_close(struct post *post);
/* The line's thread is to end; nothing comes any more. */
void post_stop(struct post *post);
/* Copies the frame in; it is kept until post_tell, so that frames queued in one go
 * travel together. STATUS_BUSY: over queued_bytes_max; STATUS_NO_MEMORY. */
MUST_CHECK enum status post_send(struct post *post, struct span frame);
/* Bytes of frames that are kept here or wait for the line to send them. */
size_t post_queued_bytes(struct post *post);
/* Bytes of messages that came and were not taken, with the memory that holds them. */
size_t post_waiting_bytes(struct post *post);

/* Gives the kept frames to the line. True: the line was not told yet and must be woken. That is
 * a system call, so it is not done for each frame. */
bool post_tell(struct post *post);

/* To be asked before waiting for the bell. True: there is news, so do not wait. */
bool post_has_news(struct post *post);
/* The oldest news. */
void post_take(struct post *post, struct post_news *out_news);
/* Silences the bell after it rang. */
void post_hush(struct post *post);

/* ---- anybody's */

/* Ends a wait for the bell, or the next one. */
void post_ring(struct post *post);

/* ---- the line's */

/* The present orders. */
void post_look(struct post *post, struct post_orders *out_orders);
/* The next piece to send, as queue_fill does. True: it is time for the goodbye. */
bool post_next_piece(struct post *post, uint8_t *buffer, struct packing_piece *out_piece);

void post_opened(struct post *post, uint64_t connection, const struct post_news *news);
/* Takes the message in any case. True: the line had to wait for room. */
bool post_message(struct post *post, uint64_t connection, struct post_message *message);
void post_ended(struct post *post, uint64_t connection, const struct post_news *news);
/* The library gave up; POST_BROKEN comes after all other news, again and again. */
void post_broken(struct post *post);
