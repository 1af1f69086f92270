/*
 * Texts that are not a note yet, each in a folder of mode 0700 on storage that is memory
 * ($XDG_RUNTIME_DIR or /dev/shm). The editor works in such a folder, and it goes when the note is
 * in the outbox: whatever ends the command before, a signal and a lost terminal too, leaves the
 * text where `alcove kept` finds it. It is gone when the machine stops.
 */
#pragma once

#include "client/cli/files.h"
#include "proto/status.h"

#define KEPT_NAME_BYTES 32u
/* What was typed is worth keeping far beyond what a note may hold. */
#define KEPT_BYTES_MAX  (16u << 20)

struct kept {
    char name[KEPT_NAME_BYTES];        /* by which people call it: the folder's last six letters */
    char folder[FILES_PATH_BYTES_MAX]; /* empty: none */
    char path[FILES_PATH_BYTES_MAX];   /* of the text in it */
    int lock;                          /* held while a command works on it; -1 */
};

/* A new one that holds |begin| and is locked. STATUS_USAGE: no storage is memory; STATUS_IO,
 * STATUS_FULL. Ended with kept_leave or kept_drop. */
MUST_CHECK enum status kept_new(struct span begin, struct kept *out_kept);
/* The one of that name, locked. STATUS_NOT_FOUND, or STATUS_BUSY: another command has it. */
MUST_CHECK enum status kept_take(const char *name, struct kept *out_kept);
/* Unlocks; the text stays, and copies that an editor made beside it go. False: nothing is there. */
bool kept_leave(struct kept *kept);
/* Overwrites and removes all that is in the folder, and unlocks. */
void kept_drop(struct kept *kept);
/* Calls |visit| for each that no command works on; false ends it. */
typedef bool kept_visit(void *visitor, const struct kept *kept);
void kept_all(kept_visit *visit, void *visitor);
size_t kept_count(void);
/* Until kept_unguard a signal that ends this process first says that |kept| is there. */
void kept_guard(const struct kept *kept);
void kept_unguard(void);
