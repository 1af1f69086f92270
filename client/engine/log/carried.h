/*
 * Checks that the sizes and roots of both logs, which every revision carries as its author had
 * seen them, are part of our own logs (decision 24). An author who was shown another history is
 * noticed with the first of their revisions that reaches us. Internal to the engine.
 *
 * Only the newest such word of each author device is checked: the author's client has checked
 * that it extends the earlier ones. For statements we compute the root from our own leaves. For
 * events the server must send two inclusion proofs at our own size: one of the author's last
 * leaf, one of that leaf's sibling. The left-hand hashes of the first proof, together with the
 * leaf's hash, give the author's root. The first hash of the second proof is the leaf's hash.
 * Both proofs must lead to the root of a checkpoint that we hold, so nothing is taken on trust.
 */
#pragma once

#include "client/engine/log/log.h"

/* Whether our leaves show at once that the word of a device is wrong: STATUS_EQUIVOCATION, without
 * an alarm. Other statuses are failures of our own. */
MUST_CHECK enum status carried_check(struct log *log, const struct hash *device,
                                     const struct seen *seen);
/* Takes the word of one device, to be compared with the events log too; our own device's is
 * ignored. Only once all of the answer that brought it holds. */
void carried_take(struct log *log, const struct hash *device, const struct seen *seen);
/* Checks the words that wait; *out_asked when the server owes a proof now. Raises the alarm. */
MUST_CHECK enum status carried_next(struct log *log, bool *out_asked);
MUST_CHECK enum status carried_reply(struct log *log, const struct request *request,
                                     const Alcove__ProofReply *reply);
