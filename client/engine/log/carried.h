/*
 * What others sign that they have seen of both logs, proved to be part of ours (decision 24):
 * whoever was shown another history is found out by the first word of theirs that reaches us.
 * Internal to the engine.
 *
 * Of each author device only the newest word is looked at: its client vouches for those before.
 * Statements are compared with our own leaves. For events the server has to prove it: the path
 * of an author's last leaf within our own tree holds, on its left sides, the author's whole
 * root; the leaf's hash is the first step of its neighbour's path. So two inclusion proofs
 * against a checkpoint that we hold are enough, of which nothing is taken on trust.
 */
#pragma once

#include "client/engine/log/log.h"

/* Our own device's word is not looked at. STATUS_EQUIVOCATION, without an alarm, when our
 * leaves tell at once; other statuses are our own troubles. */
MUST_CHECK enum status carried_take(struct log *log, const struct hash *device,
                                    const struct seen *seen);
/* Looks at what waits; *out_asked when the server owes a proof now. Raises the alarm. */
MUST_CHECK enum status carried_next(struct log *log, bool *out_asked);
MUST_CHECK enum status carried_reply(struct log *log, const struct request *request,
                                     const Alcove__ProofReply *reply);
