/*
 * The file of a server's signing key, the same for the login key and the log key.
 *
 *   magic(8) ‖ seed(32) ‖ public key(32)
 *
 * Mode 0600, owned by who runs the program. The magic tells which key it is, so that one
 * cannot be put in the other's place; the public key lets a damaged seed be seen. For
 * login_key.c and log_key.c alone.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

#define KEY_FILE_MAGIC_BYTES  8u
#define KEY_FILE_SECRET_BYTES 64u

/* In guarded, locked memory. */
struct key_file {
    uint8_t secret[KEY_FILE_SECRET_BYTES];
    struct public_key public_key;
};

/*
 * Makes a new key and its file, synced with its folder. STATUS_CONFLICT when there is a file;
 * STATUS_IO, STATUS_NO_MEMORY, STATUS_UNAVAILABLE.
 */
MUST_CHECK enum status key_file_generate(const char *path,
                                         const uint8_t magic[static KEY_FILE_MAGIC_BYTES],
                                         struct public_key *out_public_key);

/*
 * STATUS_NOT_FOUND; STATUS_REFUSED when others may read or write the file, it is not a plain
 * file or not ours; STATUS_CORRUPT for its content; STATUS_IO, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status key_file_open(const char *path,
                                     const uint8_t magic[static KEY_FILE_MAGIC_BYTES],
                                     struct key_file **out_key);

/* Signs bytes as they are. Ed25519 (RFC 8032): deterministic. */
void key_file_sign(const struct key_file *key, struct span message,
                   struct signature *out_signature);

/* Wipes; accepts NULL. */
void key_file_close(struct key_file *key);
