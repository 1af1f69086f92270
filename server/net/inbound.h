/*
 * Puts one websocket message together from the parts that the library hands up,
 * within its budget, and holds those of its frames that may not be delivered yet.
 * Knows nothing of sockets. While it is empty it holds no memory.
 */
#pragma once

#include "server/net/net.h"

struct inbound_limits {
    size_t message_bytes_max;
    uint32_t fragments_max;
};

struct inbound {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
    size_t taken;       /* bytes of a whole message that were delivered */
    uint32_t fragments; /* websocket frames of the present message that ended */
    bool in_message;    /* a message has begun and is not whole */
};

/* A part of a message as it came: bytes, how much of its websocket frame is
 * still to come, and whether the frame is the message's last. */
struct inbound_part {
    struct span bytes;
    size_t remaining;
    bool final;
};

/* Checks the part against the limits, before any memory is spent on it, and
 * keeps it. *out_whole: the message is whole and stands in inbound_rest; the
 * caller takes it away with inbound_took before the next part.
 * STATUS_TOO_LARGE; STATUS_BUSY (too many fragments); STATUS_NO_MEMORY. */
MUST_CHECK enum status inbound_add(struct inbound *in, const struct inbound_limits *limits,
                                   const struct inbound_part *part, bool *out_whole);

/* The part of the whole message that was not delivered yet; empty when there is none. */
struct span inbound_rest(const struct inbound *in);

/* The first `size` bytes of the rest were delivered; frees all when none is left. */
void inbound_took(struct inbound *in, size_t size);

void inbound_clear(struct inbound *in);
