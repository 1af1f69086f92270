/*
 * What is done when a page of an open LMDB file is not what it was. LMDB has no sums: its own checks
 * end the process without a word, at each start again, and a page beyond the end of the file faults.
 * Here the process ends too, since nothing that was read can be trusted any more, but with words, and
 * a file that the server can give again is removed first: the next start fetches it anew. What exists
 * nowhere else is never touched. Internal to client/store.
 */
#pragma once

#include <lmdb.h>

#include <stdbool.h>

/* Files that are open at a time in a process: `cache` and `outbox` of one store. */
#define FILE_GUARDS_MAX 2u

/* From here on until file_unguard. |path| is copied. False: it is too long, or there are too many. */
bool file_guard(MDB_env *env, const char *path, bool droppable);
/* Does nothing for one that is not guarded. */
void file_unguard(MDB_env *env);
