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

#define DB_FILE_META_PAGES 2u

/* What is said of one tree, as LMDB 0.9 lays it out. */
struct db_file_tree {
    uint32_t pad; /* in the first tree of a meta page: the page size */
    uint16_t flags;
    uint16_t depth;
    uint64_t branch_pages;
    uint64_t leaf_pages;
    uint64_t overflow_pages;
    uint64_t entries;
    uint64_t root;
};

/* One of the two pages on which LMDB begins; the one with the greater |txn| counts. */
struct db_file_meta {
    uint32_t magic;
    uint32_t version;
    uint64_t address;
    uint64_t map_bytes;
    struct db_file_tree trees[2]; /* of the free pages; of the tables */
    uint64_t last_page;
    uint64_t txn;
};

/* The meta page that the transaction |txn| of an open file begins on. STATUS_CORRUPT: there is none;
 * otherwise as db_file_check. */
MUST_CHECK enum status db_file_meta_of(int fd, uint64_t txn, struct db_file_meta *out_meta);

/*
 * STATUS_OK; STATUS_NOT_FOUND when there is no file; STATUS_CORRUPT when it is no database
 * or too short; STATUS_UNSUPPORTED for another data version; STATUS_IO.
 */
MUST_CHECK enum status db_file_check(const char *path);

/* Pages of 4 KiB that this thread has written with write calls, ever: LMDB writes whole pages
 * and nothing else. 0 where the kernel does not tell. */
uint64_t db_file_thread_pages(void);
