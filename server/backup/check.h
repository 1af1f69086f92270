/*
 * Proves a backup, without a server and without its keys: the manifest's signature, every file,
 * and by contents.h the database and its signed heads.
 *
 * The folder may be anybody's work: nothing in it is followed, nothing is written beside it, and no
 * file is opened as a database before its hash is the signed one. Who made up all of it, key
 * included, is found by the statements in the database, which lead from the key to the practice's
 * id; that this is the right practice only who asks can know (|practice|). One thread.
 */
#pragma once

#include "server/backup/contents.h"

struct check_options {
    const char *identity;               /* of age, for a sealed backup; NULL: there is none */
    const struct practice_id *practice; /* the only one that is right; NULL: any */
    const char *scratch;                /* a folder for what is decrypted, with an identity */
    uint64_t now_ms;
};

struct check_report {
    struct manifest manifest;
    bool looked_inside; /* false: sealed and no identity, so that files were compared alone */
    struct contents_report contents;
};

/*
 * STATUS_OK; STATUS_NOT_FOUND: no folder, no manifest, or a file that it names is missing;
 * STATUS_BAD_SIGNATURE; STATUS_MALFORMED: a manifest that is none, or a file too many;
 * STATUS_REFUSED: something that is no plain file; STATUS_CORRUPT: another size or hash;
 * STATUS_WRONG_KEY: another practice than |practice|, or age cannot decrypt; and those of
 * contents_check. Always says why. |out_report->manifest| is set when its signature holds.
 */
MUST_CHECK enum status check_backup(const char *folder, const struct check_options *options,
                                    struct check_report *out_report, struct trouble *trouble);

/* The part of it without the database: manifest, signature, names, sizes, hashes. |folder_fd| is open. */
MUST_CHECK enum status check_files(int folder_fd, const struct practice_id *practice,
                                   struct manifest *out_manifest, struct trouble *trouble);
