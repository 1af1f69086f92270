/*
 * Inside server/net: where a thread keeps its connections, found by number, and which
 * of them have something to do. On the thread only.
 */
#pragma once

#include "server/net/thread.h"

MUST_CHECK enum status slots_init(struct net_thread *thread, uint32_t count);
/* Every connection must be gone. */
void slots_deinit(struct net_thread *thread);

/* A connection in a slot of its own, its login deadline running. NULL: no slot or no
 * memory. */
struct connection *slots_open(struct net_thread *thread);
/* Gives slot, address and memory back; the connection must have ended. */
void slots_close(struct connection *connection);
/* The connection of that number, or NULL if it is gone or has ended. */
struct connection *slots_find(struct net_thread *thread, uint64_t id);
/* The connection in that slot, in any state; NULL: none. */
struct connection *slots_at(struct net_thread *thread, uint32_t slot);

/* Writes the earlier of the connection's deadlines into its slot. To be called after every
 * change of a deadline. */
void slots_set_deadline(struct connection *connection);

/* Notes that the connection has a frame which the layer above had no room for: it is offered
 * again when answers have come in, or at the next tick. */
void slots_hold(struct connection *connection);
void slots_retry_held(struct net_thread *thread);

/* Notes that the connection got something to send; slots_send_fresh writes for all such
 * connections. */
void slots_note_fresh(struct connection *connection);
/* Never inside one of the library's callbacks. */
void slots_send_fresh(struct net_thread *thread);
