/*
 * The newest signed heads of both logs: made by the committer after each commit, taken by
 * whoever answers or greets.
 */
#pragma once

#include "server/run/run.h"

struct heads;

/* |db| and |signer| are borrowed. STATUS_NO_MEMORY. */
MUST_CHECK enum status heads_new(struct db *db, struct signer_link *signer,
                                 struct heads **out_heads);
/* What was taken from it stays valid. NULL is allowed. */
void heads_free(struct heads *heads);
/* Has what is durable signed; the result is the newest until the next call. Committer's
 * thread. As signer_link_checkpoint, and STATUS_NO_MEMORY: then the one before stays. */
MUST_CHECK enum status heads_sign(struct heads *heads);
/* The newest, with a reference. Any thread, after heads_sign was right once. */
struct run_checkpoints *heads_now(struct heads *heads);
