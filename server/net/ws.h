/*
 * Inside server/net: the only file that knows the websocket library. Everything
 * here runs on the thread named, ws_start and ws_free before it starts and
 * after it ended.
 */
#pragma once

#include "server/net/thread.h"

/* Makes the library's context on the thread's loop and gives it the listening
 * socket (thread->listen_fd, which it owns from then on). STATUS_IO: the
 * library says why on standard error. */
MUST_CHECK enum status ws_start(struct net_thread *thread);
/* Frees the context; every connection must be gone. NULL-safe. */
void ws_free(struct net_thread *thread);

/* To be called once in the process, when all contexts are made: silences the
 * library's log, since from then on only peers could cause a line. */
void ws_quieten(void);

/* Asks the library for a chance to write. */
void ws_want_write(struct connection *connection);
/* Writes the next piece at once if nothing stands in the way, and asks for a chance to
 * write the rest. Never inside one of the library's callbacks: the connection may be
 * gone afterwards. */
void ws_write_now(struct connection *connection);
/* Stops or goes on reading its socket. */
void ws_set_reading(struct connection *connection, bool reading);
/* Closes the socket at once and frees the connection. Never inside one of the
 * library's callbacks. */
void ws_cut(struct connection *connection);
/* Takes no new peers any more. Never inside one of the library's callbacks. */
void ws_stop_listening(struct net_thread *thread);

/* Whether the library closes this open connection by itself: what it was sent is no websocket frame.
 * It tells nobody, and waits for the peer's goodbye much longer than we do. */
bool ws_closes_itself(const struct connection *connection);
