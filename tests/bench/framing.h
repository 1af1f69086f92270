/*
 * Websocket frames (RFC 6455 section 5) as a measuring client needs them. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    FRAMING_HEAD_BYTES_MAX = 14,
};

struct framing {
    uint8_t opcode;
    int final;
    const uint8_t *bytes;
    size_t size;
    size_t whole; /* head and bytes */
};

/* Writes the head of a client's final frame and returns its size. A client must
 * mask; the key is zero, which masks nothing and costs nothing. */
size_t framing_head(uint8_t opcode, size_t size, uint8_t out[FRAMING_HEAD_BYTES_MAX]);

/* Takes a server's frame apart; false while it is not whole. */
int framing_parse(const uint8_t *bytes, size_t size, struct framing *out);
