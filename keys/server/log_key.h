/*
 * The log's signing key: signs checkpoints, and the manifests of backups under a label of their
 * own. Only alcove-signer opens it.
 *
 * It takes a tree head or a hash, never bytes to sign, so that whoever speaks to the signer
 * cannot have anything else signed. Kept in a file of mode 0600 owned by the signer's user. One
 * thread.
 */
#pragma once

#include "keys/public/log/checkpoint.h"

struct log_key;

/*
 * Makes a new key and its file, which must not exist: STATUS_CONFLICT if it does, since the
 * old one signed a history. Written with O_EXCL and mode 0600, and synced with its folder
 * before returning. STATUS_IO.
 */
MUST_CHECK enum status log_key_generate(const char *path, struct public_key *out_public_key);

/*
 * Reads the key. The caller frees it with log_key_close. STATUS_NOT_FOUND; STATUS_REFUSED
 * when others may read or write the file, it is not a plain file or not ours;
 * STATUS_CORRUPT; STATUS_IO, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status log_key_open(const char *path, struct log_key **out_key);

void log_key_public(const struct log_key *key, struct public_key *out_public_key);

/*
 * Formats and signs |checkpoint| under a key named as its origin, and writes the whole note.
 * Ed25519 is deterministic: the same tree head gives the same bytes. STATUS_MALFORMED for
 * an origin that is no key name.
 */
MUST_CHECK enum status log_key_sign(const struct log_key *key, const struct checkpoint *checkpoint,
                                    char out_note[CHECKPOINT_NOTE_BYTES_MAX], size_t *out_size);

/*
 * Signs frame("backup", |manifest|), the SHA-256 of a manifest's bytes. A frame begins with a zero
 * byte and a note never does, so no manifest is a checkpoint. STATUS_OK for any input.
 */
MUST_CHECK enum status log_key_sign_backup(const struct log_key *key,
                                           const struct practice_id *practice,
                                           const struct hash *manifest,
                                           struct signature *out_signature);

/* Wipes the key; accepts NULL. */
void log_key_close(struct log_key *key);
