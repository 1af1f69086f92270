/*
 * The connection over which somebody joins: first to fetch and prove the bundle, then, when keys
 * are stored and however long a person took, once more to enrol. One thread.
 */
#pragma once

#include "client/engine/join/join.h"
#include "client/wire/wire.h"

struct joining {
    struct join *join; /* the caller's */
    struct wire *wire; /* freed with joining_deinit */
    enum status status;
    const char *why; /* static; why the connection ended, if it did */
    bool closed;
    bool enrol_sent; /* from here on the invitation may be used up */
    struct hash pin; /* of the server that was proved; zero before */
};

void joining_deinit(struct joining *joining);
/*
 * Connects anew and goes on until |phase|. Before joining_right_server() found the right one any
 * server's TLS key is taken, afterwards that one's alone.
 * STATUS_OFFLINE, STATUS_BUSY (no answer in time), or what the answer was.
 */
MUST_CHECK enum status joining_connect(struct joining *joining, enum join_phase phase);
/* Whether the proved bundle names the server that answered; keeps its key if so. */
MUST_CHECK bool joining_right_server(struct joining *joining);
