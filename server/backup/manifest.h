/*
 * A backup's manifest: what the backup is of, and every file in it with size and SHA-256.
 *
 * Text, a line a thing, in this order and with nothing else. One manifest has one spelling: a
 * reader spells what it read once more and compares. The log signer signs the SHA-256 of these
 * bytes (label `backup`), so that a backup is complete, unchanged and of one practice, or refused.
 *
 *   alcove-backup 1
 *   practice HEX(64)            log-key HEX(64)      whose signature it is
 *   time MS                     since 1970, when the backup began
 *   format N                    of the database
 *   statements SIZE HEX(64)     events SIZE HEX(64)  the heads that the signer had signed
 *                                                    before the database was copied
 *   sealed no                   or `sealed age`: each file was encrypted by age(1), and is named so
 *   file NAME SIZE HEX(64)      one for each of enum backup_file, as it lies in the backup
 *
 * Pure; any thread.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

#define MANIFEST_NAME           "manifest"
#define MANIFEST_SIGNATURE_NAME "manifest.sig"
#define MANIFEST_BYTES_MAX      4096u
#define MANIFEST_LOGS           2u /* by enum origin_log */
#define MANIFEST_NAME_CHARS_MAX 32u

/* The files of a backup besides the manifest and its signature. Each is there, always. */
enum backup_file {
    BACKUP_CONFIG,
    BACKUP_DATABASE,
    BACKUP_EVENTS,
    BACKUP_PUBLIC,
    BACKUP_STATEMENTS,
    BACKUP_CERTIFICATE,
    BACKUP_FILES,
};

struct manifest_head {
    uint64_t size;
    struct hash root;
};

struct manifest_file {
    uint64_t size;
    struct hash hash;
};

struct manifest {
    struct practice_id practice;
    struct public_key log_key;
    uint64_t time_ms;
    uint32_t format;
    struct manifest_head heads[MANIFEST_LOGS];
    bool sealed;
    struct manifest_file files[BACKUP_FILES];
};

/* "data.mdb", or "data.mdb.age" where |sealed|. */
void manifest_file_name(enum backup_file file, bool sealed,
                        char out_name[static MANIFEST_NAME_CHARS_MAX]);

/* With a terminator that does not count. */
void manifest_encode(const struct manifest *manifest, char out_text[static MANIFEST_BYTES_MAX],
                     size_t *out_size);
/* STATUS_MALFORMED; STATUS_UNSUPPORTED for a manifest of another version. */
MUST_CHECK enum status manifest_decode(struct span text, struct manifest *out_manifest);
