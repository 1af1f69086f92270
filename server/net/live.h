/*
 * Inside server/net: what may change while connections are open. One set of it never changes; all
 * threads share it and each holds a reference. A newer one is left at each thread's door, and the
 * thread takes it in before its loop sleeps, so that nothing that is read on a thread changes under it.
 */
#pragma once

#include <stdatomic.h>

#include "server/net/net.h"

struct net_thread;

struct net_live {
    _Atomic uint32_t references;
    uint32_t owed_max;
    uint32_t login_timeout_ms;
    uint32_t message_timeout_ms;
    uint32_t ping_after_ms;
    struct net_identity *identity; /* owned; NULL: the one that is in use */
    size_t origin_count;
    char *origins[]; /* owned */
};

/* With one reference, the caller's. |identity| is moved in, and is the caller's still if this fails;
 * NULL: none. STATUS_NO_MEMORY. */
MUST_CHECK enum status live_new(const struct net_options *options, struct net_identity *identity,
                                struct net_live **out_live);
/* NULL is allowed. Any thread. */
void live_drop(struct net_live *live);

/* Leaves |live|, with a reference of its own, at the thread's door. Any thread. */
void live_leave(struct net_thread *thread, struct net_live *live);
/* Takes in what was left, if anything: on the thread, or before it runs. False: OpenSSL did not take
 * the new identity, and the thread goes on with the old one. */
bool live_take(struct net_thread *thread);
/* When the thread has ended. */
void live_deinit(struct net_thread *thread);
