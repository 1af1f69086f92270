/*
 * Looks at a database file before LMDB maps it.
 *
 * LMDB trusts its file: one that was cut short ends the process with SIGBUS at the first
 * read beyond its end. So the two meta pages are read here as plain bytes and the file must
 * be as long as the newer one says. Layout: lmdb 0.9 (`struct MDB_meta` behind a 16-byte
 * page head), data version 1, of this machine's own word size and byte order. Pure but for
 * reading the file; any thread.
 */
#pragma once

#include "proto/status.h"

/*
 * STATUS_OK; STATUS_NOT_FOUND when there is no file; STATUS_CORRUPT when it is no database
 * or too short; STATUS_UNSUPPORTED for another data version; STATUS_IO.
 */
MUST_CHECK enum status db_file_check(const char *path);

/* Pages of 4 KiB that this thread has written with write calls, ever: LMDB writes whole pages
 * and nothing else. 0 where the kernel does not tell. */
uint64_t db_file_thread_pages(void);
