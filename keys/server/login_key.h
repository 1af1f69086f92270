/*
 * The server's one signing key: the proof of login (decision 8 and 21).
 *
 * It signs frames with the labels LOGIN_SERVER and REWOUND and nothing else, so that a
 * stolen one cannot speak for a person or for a log. Kept in a file of mode 0600 owned
 * by the server's user. One file, one key type: all that the server links of secret-key
 * cryptography. Opening and closing: the main thread; signing: any thread.
 */
#pragma once

#include "keys/public/frame.h"

struct login_key;

/*
 * Makes a new key and its file, which must not exist: STATUS_CONFLICT if it does, since
 * replacing a pinned key locks every client out. Written with O_EXCL and mode 0600, and
 * synced with its folder before returning. STATUS_IO; STATUS_UNAVAILABLE when the kernel
 * gives no randomness.
 */
MUST_CHECK enum status login_key_generate(const char *path, struct public_key *out_public_key);

/*
 * Reads the key. The caller frees it with login_key_close.
 *
 * STATUS_NOT_FOUND; STATUS_REFUSED when others may read or write the file, it is not a
 * plain file or not ours; STATUS_CORRUPT for its content; STATUS_IO, STATUS_NO_MEMORY, STATUS_UNAVAILABLE.
 */
MUST_CHECK enum status login_key_open(const char *path, struct login_key **out_key);

void login_key_public(const struct login_key *key, struct public_key *out_public_key);

/*
 * Signs frame(label, parts). STATUS_USAGE for any other label than the two above;
 * STATUS_TOO_LARGE, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status login_key_sign(const struct login_key *key, enum label label,
                                      const struct practice_id *practice, const struct span *parts,
                                      size_t count, struct signature *out_signature);

/* Wipes the key; accepts NULL. */
void login_key_close(struct login_key *key);
