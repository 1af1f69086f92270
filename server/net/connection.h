/*
 * Inside server/net: what happens on one connection, between the library's
 * callbacks (ws.c) and the layer above. Always on the connection's thread.
 */
#pragma once

#include "server/net/thread.h"

/* The upgrade is done: tells the layer above. */
void connection_opened(struct connection *connection, const uint8_t exporter[WIRE_EXPORTER_BYTES]);

/* Takes a part of a message and delivers what it completes. Returns 0, or the
 * net_close_code to close with; the connection has ended then. */
uint16_t connection_received(struct connection *connection, const struct inbound_part *part,
                             bool binary);

/* To be called when anything came, even a pong: the peer is alive. */
void connection_heard(struct connection *connection);

/* `piece` went out, or there was none: counts it, and goes on with frames that
 * had to wait for room. Same result as connection_received. */
uint16_t connection_sent(struct connection *connection, const struct outbound_piece *piece);

/* Queues one item that came through the inbox, or does what it says; owns it from
 * here on. True: the caller sees to it that it is written; false: that the connection
 * is cut. */
bool connection_take(struct connection *connection, struct outbound_item *item);

/* A deadline has passed. False: the connection is to be cut. */
bool connection_timed_out(struct connection *connection);

/* Nothing more is read or delivered; what is queued may still go out, until the
 * login timeout from now. */
void connection_set_closing(struct connection *connection);

/* Ends it for the layer above (on_closed if it was opened) and frees what it
 * holds. A second call does nothing. */
void connection_end(struct connection *connection);
