/*
 * Makes a backup of a practice that may be served meanwhile.
 *
 * The order is the point: the log signer's last heads first, then the copy of the database. The
 * database is never behind a signature (decision 7), so that a copy taken later holds everything
 * that was acknowledged when the heads were signed. No key of the server is in a backup:
 * SECURITY.md says why. One thread.
 */
#pragma once

#include "server/backup/check.h"
#include "server/run/signer_link.h"

struct make_source {
    struct db *db;
    struct signer_link *signer;
    struct practice_id practice;
    struct public_key log_key;       /* the one that the practice's root named */
    const char *paths[BACKUP_FILES]; /* of the small files that lie in DATA; NULL for the others */
};

/*
 * Makes the folder |target|, which must not exist, and proves it before it has this name. |recipient|
 * NULL: not sealed; a sealed one is read back and compared with its sums alone, since nobody here
 * can decrypt it. STATUS_ALREADY, STATUS_BUSY, STATUS_NOT_FOUND, STATUS_FULL, STATUS_IO,
 * STATUS_UNAVAILABLE: the signer does not answer; STATUS_CORRUPT. Whatever fails, |target| is not
 * there. Always says why.
 */
MUST_CHECK enum status make_backup(const struct make_source *source, const char *target,
                                   const char *recipient, uint64_t now_ms,
                                   struct check_report *out_report, struct trouble *trouble);
