/*
 * One page of LMDB's file, looked at as plain bytes.
 *
 * LMDB believes its pages: a page whose offsets, sizes or flags are not as they were written leads
 * it out of the page, out of the file or into an assertion, and the process ends. So pages are
 * judged here first (db_pages.h). Layout: lmdb 0.9, of this machine's own word size and byte order:
 * a head of 16 bytes, an offset of 2 bytes for each row, a gap, and the rows behind each other up
 * to the page's end. Pure; any thread.
 */
#pragma once

#include "server/store/schema.h"

#define DB_PAGE_NONE UINT64_MAX /* the root of a tree without a row */

enum db_page_kind {
    DB_PAGE_BROKEN = 0,
    DB_PAGE_BRANCH = 1,
    DB_PAGE_LEAF = 2,
    DB_PAGE_OVERFLOW = 4,
};

/* How the keys of a tree are compared. */
enum db_page_order {
    DB_PAGE_BYTES,   /* ours: byte by byte, then by length */
    DB_PAGE_NUMBERS, /* the list of free pages: numbers of 8 bytes */
};

/* The keys that may be in a part of a tree: from |low| up to, but without, |high|. */
struct db_page_range {
    struct schema_key low; /* of size 0: from the first one */
    struct schema_key high;
    bool endless; /* |high| does not count */
};

/* One row. The spans are borrowed from the page. */
struct db_page_row {
    struct span key;
    uint64_t child;    /* in a branch: the page below */
    struct span value; /* in a leaf; empty if it stands in pages of its own */
    uint64_t size;     /* of the value */
    uint64_t overflow; /* the first of its own pages; DB_PAGE_NONE: it stands here */
    bool tree;         /* the value describes another tree (LMDB's list of tables) */
};

/* Of what kind |page| is. DB_PAGE_BROKEN unless it is page |number|, a branch or a leaf, each of
 * its rows lies within it, no byte belongs to two rows, and its keys rise and lie in |range|. */
enum db_page_kind db_page_judge(struct span page, uint64_t number, enum db_page_order order,
                                const struct db_page_range *range);
/* Of a page that was judged. */
size_t db_page_rows(struct span page);
struct db_page_row db_page_row_at(struct span page, enum db_page_kind kind, size_t index);
/* Whether |head|, the first bytes of page |number|, begins a value of |size| bytes. |out_pages| is
 * how many pages the value has. */
#define DB_PAGE_HEAD_BYTES 16u
bool db_page_begins_value(struct span head, uint64_t number, uint64_t size, size_t page_bytes,
                          uint64_t *out_pages);
/* Below 0, 0 or above 0. */
int db_page_compare(enum db_page_order order, struct span a, struct span b);
