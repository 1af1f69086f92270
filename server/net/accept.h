/*
 * Inside server/net: takes new peers from a thread's listening socket, counts
 * them against their address before anything is spent on them, and gives them
 * to the websocket library.
 */
#pragma once

#include "server/net/thread.h"

/* Takes what waits on listen_fd, a bounded number at once. On the thread. */
void accept_peers(struct net_thread *thread, int listen_fd);
