/*
 * The signer's folder: its key, its state, and the lock that keeps two signers apart.
 *
 * Two processes with one memory each could sign two histories with one key, so the folder
 * is locked as long as it is open. All files are reached through the folder's descriptor:
 * under the sandbox files can be opened there alone. One thread.
 */
#pragma once

#include "server/signer/signer_state.h"

#define SIGNER_FILE_KEY       "log.key"
#define SIGNER_FILE_STATE     "state"
#define SIGNER_FILE_STATE_NEW "state.new"

/*
 * Makes the folder (0700), the key and an empty state, and gives the public key.
 * STATUS_CONFLICT when there is a key: its history must not be forgotten. STATUS_IO.
 */
MUST_CHECK enum status signer_file_init(const char *folder, struct public_key *out_public_key);

/* Opens the key of a folder that signer_file_init made. Statuses of log_key_open;
 * STATUS_USAGE for a name that is too long. */
MUST_CHECK enum status signer_file_key(const char *folder, struct log_key **out_key);

/*
 * Opens and locks the folder and reads the state. A state that no practice has used yet
 * takes |practice|. The caller closes |*out_folder_fd|.
 *
 * STATUS_BUSY: another signer runs on it; STATUS_CONFLICT: it is another practice's;
 * STATUS_NOT_FOUND: no state, which is never taken for an empty one; STATUS_CORRUPT,
 * STATUS_IO.
 */
MUST_CHECK enum status signer_file_open(const char *folder, const struct practice_id *practice,
                                        int *out_folder_fd, struct signer_state *out_state);

/* Temporary file, fsync, rename, fsync of the folder. Clears |dirty|. STATUS_IO. */
MUST_CHECK enum status signer_file_save(int folder_fd, struct signer_state *state);
