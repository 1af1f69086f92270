/*
 * Inside server/run: the committer's record of each guest: the member who is logged in on
 * the connection, and the sections that it subscribed to. Committer's thread, except for the
 * functions that request.h offers to other threads.
 */
#pragma once

#include "server/run/request.h"

#include <stdatomic.h>

struct guest {
    atomic_uint references;
    atomic_bool admitted;
    _Atomic uint64_t losses;
    uint64_t number;
    uint8_t source[CORE_SOURCE_BYTES];
    struct core_login login;
    struct core_peer peer; /* written before |admitted| */
    /* Committer only. */
    const void *login_request; /* the request that may log in; compared, never followed */
    bool ended;                /* told to close: further requests of it are only refused */
    bool listed;               /* in the roll */
    struct guest *next;        /* among those logged in */
    struct guest *previous;
    uint32_t *sections; /* subscribed, local numbers */
    size_t section_count;
};
