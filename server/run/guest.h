/*
 * Inside server/run: what the committer keeps of each guest: who is logged in on the
 * connection and which sections it wants to hear of. Committer's thread, except for what
 * request.h offers to others.
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
    const void *login_request; /* the one that may log in; compared, never followed */
    bool ended;                /* told to close: what still comes from it is only refused */
    bool listed;               /* in the roll */
    struct guest *next;        /* among those logged in */
    struct guest *previous;
    uint32_t *sections; /* subscribed, local numbers */
    size_t section_count;
};
