/*
 * What the transport's tests share on the client's side: a raw websocket client that
 * is connected as it should be, and checks of what comes back.
 */
#pragma once

#include "tests/support/raw_ws.h"
#include "tests/unit/net/fixture.h"

/* Where what was received stands; large enough for every frame. */
extern uint8_t peer_buffer[2u << 20];

/* Connected and upgraded; free with raw_ws_free. */
struct raw_ws *peer_connect(struct fixture *fixture);
/* Waits until the server closes with |code| (0: without one), and frees the client. */
void peer_expect_close(struct raw_ws *ws, int code);
/* Sends one frame on a connection of its own, which the server must close with |code|. */
void peer_refused(struct fixture *fixture, uint8_t opcode, const void *bytes, size_t size,
                  int code);
/* Sends an echo and waits for it. */
void peer_expect_alive(struct raw_ws *ws);
/* The next frame is exactly these bytes. */
void peer_expect_echo(struct raw_ws *ws, const uint8_t *bytes, size_t size);
/* A frame for `command` with bytes that depend on the seed. */
void peer_fill(uint8_t *bytes, size_t size, uint8_t command, uint32_t seed);
/* A command with a big-endian number: 5 bytes. */
void peer_put_number(uint8_t *bytes, uint8_t command, uint32_t value);
