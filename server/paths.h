/*
 * Where things lie in a data directory.
 *
 *   DATA/alcoved.conf   the configuration            DATA/db/        the database
 *   DATA/tls.key, .crt  TLS identity                 DATA/login.key  login key
 *   DATA/signer/        the log key and the sizes it signed; belongs to alcove-signer
 *   DATA/server.pub     public keys for the practice's root to sign
 */
#pragma once

#include "proto/status.h"

#define PATHS_BYTES_MAX 4096u

struct paths {
    char config[PATHS_BYTES_MAX];
    char db[PATHS_BYTES_MAX];
    char tls_key[PATHS_BYTES_MAX];
    char tls_certificate[PATHS_BYTES_MAX];
    char login_key[PATHS_BYTES_MAX];
    char signer[PATHS_BYTES_MAX];
    char server_pub[PATHS_BYTES_MAX];
};

/* STATUS_USAGE for a name that is too long. */
MUST_CHECK enum status paths_init(const char *data, struct paths *out_paths);
/* `name` in the folder of this very program: its siblings are installed together. */
MUST_CHECK enum status paths_beside(const char *name, char *out, size_t capacity);

/* A folder of mode 0700; one that exists is fine when it is ours. STATUS_IO. */
MUST_CHECK enum status paths_folder(const char *path);
