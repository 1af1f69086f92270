/*
 * The server's end of the log signer: asks it for a checkpoint of both logs, and for a backup the
 * heads that were signed last and the signature of a manifest.
 *
 * Called after each commit and before any reply goes out (decision 7). The signer is a
 * process of its own, started for us (signer_start.h), or one that runs under its own user
 * and listens on a socket. A link that fails is closed and opened again on the next call.
 * Committer thread only; `alcoved backup` has a link of its own.
 */
#pragma once

#include "server/run/signer_start.h"
#include "server/signer/signer_protocol.h"
#include "server/store/db.h"

#define SIGNER_LINK_TIMEOUT_MS 5000u

struct signer_link;

struct signer_link_options {
    struct signer_starter *starter; /* starts it, borrowed; NULL: it runs by itself */
    const char *socket_path;        /* connect there, without a starter */
    uint32_t timeout_ms;            /* for one answer; 0: SIGNER_LINK_TIMEOUT_MS */
};

/* A signed checkpoint of each log, by enum origin_log. */
struct signer_link_notes {
    struct checkpoint checkpoints[SIGNER_LOGS];
    size_t note_sizes[SIGNER_LOGS];
    char notes[SIGNER_LOGS][CHECKPOINT_NOTE_BYTES_MAX];
};

/*
 * Starts or connects. The path is copied. The caller frees it with signer_link_close.
 * STATUS_UNAVAILABLE, STATUS_USAGE, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status signer_link_open(const struct signer_link_options *options,
                                        const struct practice_id *practice,
                                        struct signer_link **out_link);

/*
 * Has the trees that |txn| (a read transaction, begun after the commit) shows signed. The
 * same trees give the same notes again.
 *
 * STATUS_REWOUND when a log is smaller than what the signer signed: a restored backup, to be
 * served read-only. STATUS_EQUIVOCATION when the signer finds the trees inconsistent with
 * what it signed. STATUS_FULL when its disk has no room for what it would sign;
 * STATUS_UNAVAILABLE when its disk fails, it does not answer in time or its answer is wrong:
 * in both cases nothing may be acknowledged. STATUS_CORRUPT, STATUS_IO from the store.
 */
MUST_CHECK enum status signer_link_checkpoint(struct signer_link *link, struct txn *txn,
                                              struct signer_link_notes *out_notes);

/*
 * The heads that the signer signed last, signed once more; the signer remembers nothing of this.
 * |log_key| must have signed them: else STATUS_BAD_SIGNATURE. STATUS_UNAVAILABLE.
 */
MUST_CHECK enum status signer_link_last(struct signer_link *link, const struct public_key *log_key,
                                        struct signer_link_notes *out_notes);

/* The signature over a backup's manifest, of which |manifest| is the SHA-256. STATUS_UNAVAILABLE. */
MUST_CHECK enum status signer_link_backup(struct signer_link *link, const struct hash *manifest,
                                          struct signature *out_signature);

/* Whether the process that would start the signer is gone, so that it cannot come back. */
bool signer_link_lost(const struct signer_link *link);

/* Closes the socket, on which a signer started here ends, and waits for it. Accepts NULL. */
void signer_link_close(struct signer_link *link);
