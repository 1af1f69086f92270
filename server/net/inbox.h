/*
 * One net thread's inbox: how other threads reach its connections. Bounded in
 * bytes and count; emptied by its thread in one go, so the lock is held for a
 * pointer swap only. Thread-safe.
 */
#pragma once

#include <pthread.h>

#include "server/net/outbound.h"

#define INBOX_BYTES_MAX (64u << 20)
#define INBOX_ITEMS_MAX (1u << 18)

struct inbox {
    pthread_mutex_t lock;
    struct outbound_item *head;
    struct outbound_item *tail;
    size_t bytes;
    size_t items;
};

void inbox_init(struct inbox *inbox);
/* Frees what is left in it. */
void inbox_deinit(struct inbox *inbox);

/* Moves the item in. STATUS_BUSY: no room; the item is still the caller's. An
 * OUTBOUND_CUT always finds room, so a connection whose answer was lost can be
 * ended. *out_was_empty: its thread must be woken. */
MUST_CHECK enum status inbox_push(struct inbox *inbox, struct outbound_item *item,
                                  bool *out_was_empty);

/* Everything in it, oldest first, linked by next; NULL when empty. */
struct outbound_item *inbox_take(struct inbox *inbox);
