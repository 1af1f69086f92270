/*
 * What the committer keeps of each connection: who is logged in on it and which
 * sections it wants to hear of. Committer's thread, except for what run.h offers to
 * others.
 */
#pragma once

#include "server/run/run.h"

#include <stdatomic.h>

struct run_connection {
    atomic_uint references;
    atomic_bool admitted;
    _Atomic uint64_t losses;
    uint64_t number;
    uint8_t source[CORE_SOURCE_BYTES];
    struct core_login login;
    struct core_peer peer; /* written before |admitted| */
    /* Committer only. */
    const void *login_request;   /* the one that may log in; compared, never followed */
    bool ended;                  /* told to close: what still comes from it is only refused */
    bool listed;                 /* in the roll */
    struct run_connection *next; /* among those logged in */
    struct run_connection *previous;
    uint32_t *sections; /* subscribed, local numbers */
    size_t section_count;
};

/* All that are logged in, and per section those subscribed. */
struct roll;

MUST_CHECK enum status roll_new(struct roll **out_roll);
void roll_free(struct roll *roll);
/* Takes a reference. Once per connection. */
void roll_enter(struct roll *roll, struct run_connection *connection, const struct core_peer *peer);
/* Drops the reference if it was entered. */
void roll_leave(struct roll *roll, struct run_connection *connection);
/* Replaces the connection's set; |sections| is moved. Nothing for one that has left. */
MUST_CHECK enum status roll_subscribe(struct roll *roll, struct run_connection *connection,
                                      uint32_t *sections, size_t count);
void roll_unsubscribe(struct roll *roll, struct run_connection *connection, uint32_t section_local);
struct run_connection *roll_first(struct roll *roll);
/* Subscribers of a section; the array is valid until the next change. */
struct run_connection *const *roll_subscribers(const struct roll *roll, uint32_t section_local,
                                               size_t *out_count);
