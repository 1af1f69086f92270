/*
 * Puts a backup in place as a new data directory, and the file in which that directory remembers it.
 *
 * A server whose database was put back must not go on before the log signer has been asked: what
 * was signed after the backup may be in clients' hands. So the new directory has no key and no
 * signer, and a file `restored` with the heads that the backup brought; a server that finds this
 * file begins by it (server/read_only.h). One thread.
 */
#pragma once

#include "server/backup/check.h"

#define RESTORE_MARK "restored"

/*
 * Makes |data|, which must not exist, from the backup in |folder|, and proves it before it has its name:
 * statuses of check_backup and of folder_begin, STATUS_USAGE for a sealed one without identity.
 * Whatever fails, |data| is not there. Always says why.
 */
MUST_CHECK enum status restore_backup(const char *folder, const char *data,
                                      const struct check_options *options,
                                      struct check_report *out_report, struct trouble *trouble);

/* The heads in the mark, each signed by |log_key|. STATUS_NOT_FOUND: there is no mark;
 * STATUS_CORRUPT, STATUS_IO. */
struct restore_heads {
    uint64_t sizes[MANIFEST_LOGS]; /* by enum origin_log */
    uint8_t *notes[MANIFEST_LOGS]; /* freed by restore_heads_free */
    size_t note_sizes[MANIFEST_LOGS];
};
MUST_CHECK enum status restore_heads_read(const char *path, const struct practice_id *practice,
                                          const struct public_key *log_key,
                                          struct restore_heads *out_heads);
void restore_heads_free(struct restore_heads *heads);
