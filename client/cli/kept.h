/*
 * The folder that an editor works in: mode 0700, on storage that is memory ($XDG_RUNTIME_DIR or
 * /dev/shm), for as long as the editor is open. Whatever ends the command before the text is sealed
 * (kept_text.h), kill -9 too, leaves it there, and the next command seals it (kept_adopt.h). It is
 * also where a text waits, sealed, when the profile's disk is full.
 *
 * The folder is locked while a command works on it, and the editor inherits the lock, so that one
 * that outlives its command keeps its file.
 */
#pragma once

#include "client/cli/files.h"
#include "proto/status.h"

#define KEPT_NAME_BYTES 16u
/* What was typed is worth keeping far beyond what a note may hold. */
#define KEPT_BYTES_MAX  (8u << 20)

struct kept {
    char name[KEPT_NAME_BYTES];        /* by which people call it */
    char folder[FILES_PATH_BYTES_MAX]; /* empty: none */
    char path[FILES_PATH_BYTES_MAX];   /* of the text in it */
    int lock;                          /* held while a command works on it; -1 */
};

void kept_none(struct kept *out_kept);
/* A new one that holds |begin| and is locked; |about| tells whose it is (kept_about). STATUS_USAGE:
 * no storage is memory; STATUS_ALREADY: there is one of that name; STATUS_IO, STATUS_FULL. Ended
 * with kept_leave or kept_drop. */
MUST_CHECK enum status kept_new(const char *name, struct span about, struct span begin,
                                struct kept *out_kept);
/* What kept_new was given. The caller frees. STATUS_NOT_FOUND, STATUS_IO. */
MUST_CHECK enum status kept_about(const struct kept *kept, uint8_t **out_bytes, size_t *out_size);
/* The editor may still be open in a window of its own: the folder is left alone for half a day. */
void kept_leave_to_window(struct kept *kept);
bool kept_is_in_window(const struct kept *kept);
/* Puts the sealed text in the place of the clear one. STATUS_IO, with the clear one still there. */
MUST_CHECK enum status kept_put_sealed(struct kept *kept, struct span sealed);
/* The caller frees. STATUS_NOT_FOUND: it is not sealed. */
MUST_CHECK enum status kept_sealed(const struct kept *kept, uint8_t **out_bytes, size_t *out_size);
/* Unlocks; the text stays, and copies that an editor made beside it go. False: nothing is there. */
bool kept_leave(struct kept *kept);
/* Overwrites and removes all that is in the folder, and unlocks. */
void kept_drop(struct kept *kept);
/* Calls |visit| for each that neither a command nor an editor works on; false ends it. |visit| may
 * end |kept| by kept_drop. */
typedef bool kept_visit(void *visitor, struct kept *kept);
void kept_all(kept_visit *visit, void *visitor);
/* Until kept_unguard a signal that ends this process first says that the text is kept. */
void kept_guard(const char *name);
void kept_unguard(void);
