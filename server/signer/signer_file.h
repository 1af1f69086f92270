/*
 * The signer's folder: its key, its state, and the lock that keeps two signers apart.
 *
 * Two processes with one memory each could sign two histories with one key, so the folder
 * is locked as long as it is open.
 *
 * The state lasts before a signature leaves, and the state file is as large from the start as it
 * ever gets. It has four slots (signer_disk.h); the state with sequence n is written to slot
 * n mod 4 and synced, and the newest whole slot counts. Why that is enough:
 *
 * - While the signer runs its state lasts in one slot. A save writes into another. Where that is
 *   torn, lost or refused, the older state is still there, and it is the last of which a
 *   signature left. A save that failed is not counted: the next one writes over it.
 * - A signer that starts may be reading what a killed one had written and not synced: the kernel
 *   shows it, and a power cut would take it away. So it writes the state that it found once more
 *   before it answers, into a third slot, marked |again|; the two slots that it cannot tell
 *   apart stay as they are. One that is killed here as well finds the mark and writes into the
 *   same slot, never over the state before.
 * - When the marked state lasts it is written without the mark into the fourth slot, before
 *   anything is answered. So no signature ever rests on a marked slot, which a later start writes
 *   over: the newest unmarked slot or the one before it lasts, whatever end came when.
 *
 * One thread.
 */
#pragma once

#include "server/signer/signer_disk.h"
#include "server/signer/signer_state.h"

#define SIGNER_FILE_KEY       "log.key"
#define SIGNER_FILE_STATE     "state"
#define SIGNER_FILE_STATE_NEW "state.new"
/* Where a signer that a server started listens besides, for `alcoved backup` of the same user. */
#define SIGNER_FILE_SOCKET    "socket"

struct signer_file {
    int folder_fd; /* has the lock */
    int state_fd;
    struct signer_state state; /* lasts in the file */
};

/*
 * Makes the folder (0700), the key and an empty state, and gives the public key.
 * STATUS_CONFLICT when there is a key, or a state that a practice has used: its history must not be
 * forgotten. STATUS_IO.
 */
MUST_CHECK enum status signer_file_init(const char *folder, struct public_key *out_public_key);

/* Opens the key of a folder that signer_file_init made. Statuses of log_key_open;
 * STATUS_USAGE for a name that is too long. */
MUST_CHECK enum status signer_file_key(const char *folder, struct log_key **out_key);

/*
 * Opens and locks the folder, reads the state and makes it last. A state that no practice has
 * used yet takes |practice|. The caller frees |*out_file| with signer_file_close.
 *
 * STATUS_BUSY: another signer runs on it; STATUS_CONFLICT: it is another practice's;
 * STATUS_NOT_FOUND: no state, which is never taken for an empty one; STATUS_CORRUPT: no slot is
 * whole, or the file was cut; STATUS_UNSUPPORTED: another version of Alcove wrote it;
 * STATUS_REFUSED: others may read or write it; STATUS_FULL: no room to write; STATUS_IO.
 */
MUST_CHECK enum status signer_file_open(const char *folder, const struct practice_id *practice,
                                        struct signer_file *out_file);

/* Judges one request, makes the new state last if there is one, and gives the answer, which may
 * leave. SIGNER_FULL or SIGNER_CANNOT_SAVE where the state does not last: nothing was signed. */
void signer_file_answer(struct signer_file *file, const struct log_key *key,
                        const struct signer_request *request, struct signer_reply *out_reply);

/* Gives up the lock. */
void signer_file_close(struct signer_file *file);
