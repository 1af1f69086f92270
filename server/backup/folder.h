/*
 * Folders of a backup: one that is read and may be anybody's work, and one that is being made.
 *
 * What is read is a plain file of the folder itself: no link is followed and no name leaves it. What is
 * made lies in NAME.part, locked, until all of it is on the disk; then the folder is renamed. So
 * NAME is there whole or not at all, and is never put over anything. One thread.
 */
#pragma once

#include "server/backup/manifest.h"
#include "server/backup/trouble.h"

#define FOLDER_PATH_BYTES_MAX 4096u

/* STATUS_NOT_FOUND: no folder; STATUS_IO. The caller closes |*out_fd|. */
MUST_CHECK enum status folder_open(const char *path, int *out_fd, struct trouble *trouble);
/* A plain file of the folder, for reading. STATUS_NOT_FOUND, STATUS_REFUSED for anything else than a
 * plain file, STATUS_IO. The caller closes |*out_fd|. */
MUST_CHECK enum status folder_file(int folder_fd, const char *name, int *out_fd,
                                   struct trouble *trouble);
/* All of a small file; the caller frees |*out_bytes|. STATUS_TOO_LARGE too. */
MUST_CHECK enum status folder_read(int folder_fd, const char *name, size_t max, uint8_t **out_bytes,
                                   size_t *out_size, struct trouble *trouble);
/* Size and hash of all that |fd| gives from its beginning. STATUS_IO. */
MUST_CHECK enum status folder_sum(int fd, struct manifest_file *out_sum);
/* Exactly the |count| names, and no other, are in the folder. STATUS_MALFORMED names one that is too
 * much; a missing one is for who opens it. */
MUST_CHECK enum status folder_holds_only(int folder_fd, const char *const *names, size_t count,
                                         struct trouble *trouble);

struct folder_part {
    char target[FOLDER_PATH_BYTES_MAX];
    char path[FOLDER_PATH_BYTES_MAX]; /* target.part */
    int fd;                           /* of |path|; has the lock */
};

/*
 * STATUS_ALREADY: |target| exists; STATUS_BUSY: another process makes it; STATUS_NOT_FOUND: the
 * folder above is not there; STATUS_USAGE: the name is too long; STATUS_FULL, STATUS_IO. What a
 * crash left in target.part is removed.
 */
MUST_CHECK enum status folder_begin(const char *target, struct folder_part *out_part,
                                    struct trouble *trouble);
/* A new file of mode 0600 below the part, for writing; |name| may stand in a folder of the part.
 * The caller closes |*out_fd|. STATUS_FULL, STATUS_IO. */
MUST_CHECK enum status folder_create(const struct folder_part *part, const char *name, int *out_fd,
                                     struct trouble *trouble);
/* A new file of |bytes|, synced. */
MUST_CHECK enum status folder_put(const struct folder_part *part, const char *name,
                                  struct span bytes, struct trouble *trouble);
/* A new folder of mode 0700 in the part. */
MUST_CHECK enum status folder_make(const struct folder_part *part, const char *name,
                                   struct trouble *trouble);
/* Syncs the folder, gives it its name and syncs that. The files must be synced. STATUS_ALREADY,
 * STATUS_FULL, STATUS_IO: then nothing has the name. Ends |part| either way. */
MUST_CHECK enum status folder_finish(struct folder_part *part, struct trouble *trouble);
/* Removes what was made. Accepts a part that was ended. */
void folder_abandon(struct folder_part *part);
/* Removes a folder of plain files with at most one folder of such in it: what is of another kind
 * stays, and so does the folder. STATUS_IO. */
MUST_CHECK enum status folder_remove(const char *path);

/* What errno says of a write: STATUS_FULL or STATUS_IO. */
enum status folder_fault(void);
