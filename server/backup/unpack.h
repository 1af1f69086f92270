/*
 * Takes a backup's files out of it, decrypted where they are sealed, into a folder laid out as a data
 * directory is, and looks at the database there. One thread.
 */
#pragma once

#include "server/backup/contents.h"
#include "server/backup/folder.h"

/* Both logs' signed heads, as the backup has them; the data directory keeps them in this file until
 * the log signer has been asked (restored.h). */
struct unpack_notes {
    uint8_t *bytes[MANIFEST_LOGS];
    size_t sizes[MANIFEST_LOGS];
};

/* Of a backup that is not sealed, or whose files were decrypted into |unpacked|; NULL: it is not
 * sealed. Freed by unpack_notes_free, also after a failure. */
MUST_CHECK enum status unpack_notes(int folder_fd, const struct manifest *manifest,
                                    const struct folder_part *unpacked,
                                    struct unpack_notes *out_notes, struct trouble *trouble);
/* Accepts what is zeroed. */
void unpack_notes_free(struct unpack_notes *notes);

/*
 * Writes alcoved.conf, db/data.mdb, server.pub, tls.crt, and both notes, into |part|, each synced and
 * each as the manifest has it, and checks the database there. |identity| may be NULL for what is not
 * sealed. STATUS_CORRUPT, STATUS_WRONG_KEY, STATUS_USAGE: sealed, and no identity; those of
 * contents_check; STATUS_FULL, STATUS_IO.
 */
MUST_CHECK enum status unpack_backup(int folder_fd, const struct manifest *manifest,
                                     const char *identity, uint64_t now_ms,
                                     const struct folder_part *part,
                                     struct contents_report *out_report, struct trouble *trouble);
