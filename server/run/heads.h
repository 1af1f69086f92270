/*
 * The newest signed heads of both logs: made by the committer after each commit, taken by
 * whoever answers or greets.
 */
#pragma once

#include "server/run/request.h"

struct heads;
struct signer_link;       /* signer_link.h */
struct signer_link_notes; /* signer_link.h */

/* |db| and |signer| are borrowed. STATUS_NO_MEMORY. */
MUST_CHECK enum status heads_new(struct db *db, struct signer_link *signer,
                                 struct heads **out_heads);
/* Checkpoints that were taken from it stay valid. NULL is allowed. */
void heads_free(struct heads *heads);
/* Has the logs signed as they are durable now; the result is the newest until the next call.
 * Committer's thread. Statuses of signer_link_checkpoint, and STATUS_NO_MEMORY: then the
 * checkpoints before stay the newest. */
MUST_CHECK enum status heads_sign(struct heads *heads);
/* The signer's notes as answers and greetings share them. */
void heads_of(const struct signer_link_notes *notes, struct core_checkpoints *out_heads);
/* Heads that were signed some other time are the newest from now on. STATUS_NO_MEMORY. */
MUST_CHECK enum status heads_put(struct heads *heads, const struct core_checkpoints *signed_heads);
/* The newest, with a reference. Any thread, after one of the two has succeeded once. */
struct run_checkpoints *heads_now(struct heads *heads);
