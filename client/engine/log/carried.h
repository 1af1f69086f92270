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

#include "client/engine/common/request.h"
#include "keys/public/log/merkle_proof.h"
#include "keys/public/statement.h"

struct engine;

/* Devices whose word waits at the same time; the smallest gives way. */
#define CARRIED_MAX 64u

struct carried {
    struct hash device;
    struct seen seen;
    bool waited; /* it is ahead of us and we asked for a newer checkpoint already */
};

struct carried_list {
    struct carried items[CARRIED_MAX];
    size_t count;
    /* The proof under way, of the first item. */
    struct seen_log own; /* what it is proved against */
    struct merkle_proof path;
    struct hash leaf;
    bool has_path, has_leaf;
};

/* Our own device's word is not looked at. STATUS_EQUIVOCATION, without an alarm, when our
 * leaves tell at once; other statuses are our own troubles. */
MUST_CHECK enum status carried_take(struct engine *engine, const struct hash *device,
                                    const struct seen *seen);
/* Looks at what waits; *out_asked when the server owes a proof now. Raises the alarm. */
MUST_CHECK enum status carried_next(struct engine *engine, bool *out_asked);
MUST_CHECK enum status carried_reply(struct engine *engine, const struct request *request,
                                     const Alcove__ProofReply *reply);
