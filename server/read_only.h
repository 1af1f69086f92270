/*
 * Whether a server may go on by itself, asked before it takes the first connection.
 *
 * It may not if its database is shorter than what the log signer signed (decision 7), nor if the
 * database was put back from a backup and the signer does not answer, or has itself an older state
 * than the backup. Then it is read-only: it greets with heads that were signed, tells everybody why
 * it hands out nothing (core_turn_away), and waits for a person. One thread.
 */
#pragma once

#include "server/cmd.h"
#include "server/core/core.h"

struct signer_link; /* server/run/signer_link.h */

struct read_only {
    bool on;
    char reason[CMD_LINE_CHARS_MAX]; /* for the log and `alcoved status` */
    struct core_checkpoints greeting;
};

/*
 * |link| NULL: no signer was reached. STATUS_OK: |out| tells which; otherwise nothing may be served:
 * STATUS_UNAVAILABLE and STATUS_FULL of the signer, where no backup was put back, and what else
 * signer_link_checkpoint gives. A server that may go on forgets that a backup was put back.
 */
MUST_CHECK enum status read_only_decide(const struct paths *paths, struct db *db,
                                        const struct core *core, struct signer_link *link,
                                        struct read_only *out);
