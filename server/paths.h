/*
 * Where things lie in a data directory.
 *
 *   DATA/alcoved.conf   the configuration            DATA/db/        the database
 *   DATA/tls.key, .crt  TLS identity                 DATA/login.key  login key
 *   DATA/signer/        the log key and the sizes it signed; belongs to alcove-signer
 *   DATA/server.pub     public keys for the practice's root to sign
 *   DATA/clock          what the clock said, see core/clock_guard.h
 *   DATA/backup         when the newest good backup was made, and where
 *   DATA/read-only      why the server hands out nothing since it last started, in words; else absent
 *   DATA/restored       the heads that a backup brought, until the log signer has been asked
 *   DATA/damage         what the server found damaged when it last started, in words; else absent
 */
#pragma once

#include "proto/status.h"

#define PATHS_BYTES_MAX 4096u

struct paths {
    char data[PATHS_BYTES_MAX];
    char config[PATHS_BYTES_MAX];
    char clock[PATHS_BYTES_MAX];
    char damage[PATHS_BYTES_MAX];
    char backup[PATHS_BYTES_MAX];
    char read_only[PATHS_BYTES_MAX];
    char restored[PATHS_BYTES_MAX];
    char db_file[PATHS_BYTES_MAX];
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

/* Whether |path| is not as this program made it: missing, of another owner than |owner|, or open to
 * others. |out| gets a sentence with the command that helps. */
#define PATHS_TROUBLE_BYTES (2u * PATHS_BYTES_MAX + 128u)
bool paths_trouble(const char *path, uint32_t owner, char out[static PATHS_TROUBLE_BYTES]);

/* A folder of mode 0700; one that exists is fine when it is ours. STATUS_IO. */
MUST_CHECK enum status paths_folder(const char *path);
