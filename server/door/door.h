/*
 * Between the transport and the committer: turns frames into requests and answers into
 * frames.
 *
 * At the door, on the connection's network thread, everything is checked that needs no
 * database: size, shape, and the signatures of what is submitted, so that the one
 * committer never spends time on them. A request that the committer has no room for stays
 * with the transport, which stops reading that connection.
 */
#pragma once

#include "keys/server/login_key.h"
#include "server/net/net.h"
#include "server/run/run.h"

struct door;

/* |db| and |login_key| are borrowed. STATUS_NO_MEMORY. */
MUST_CHECK enum status door_new(struct db *db, const struct practice_id *practice,
                                const struct login_key *login_key, struct door **out_door);
/* After net_stop and run_free. Accepts NULL. */
void door_free(struct door *door);

/* For run_start and net_new; the door must outlive what they are given to. */
struct run_output door_output(struct door *door);
struct net_handler door_handler(struct door *door);
/* Both before net_start: from then on there are connections, and answers to them. */
void door_attach_run(struct door *door, struct run *run);
void door_attach_net(struct door *door, struct net *net);
