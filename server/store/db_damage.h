/*
 * What is damaged in a database, so that what is beside it goes on.
 *
 * A damaged page is the trouble of the rows below it alone: they are remembered as a hole, which
 * db_get and its like do not touch, and everything beside it goes on. What is said of rows that are
 * there, but not as they were written, is the other kind of hole: absence is not believed in it,
 * since a row whose key is another is found by nobody. Where no part can be told from any other,
 * which is so for the two pages on which LMDB begins, its list of tables and its list of free pages,
 * nothing may be served: |nothing|.
 *
 * Written when the database is opened, read by any thread after that.
 */
#pragma once

#include "server/store/db_page.h"

#define DB_HOLES_MAX        1024u
#define DB_DAMAGE_CHARS_MAX 160u

struct db_hole {
    enum schema_table table;
    bool lost;                  /* the rows cannot be reached; otherwise they are read and judged */
    struct db_page_range range; /* |low| itself is in it only if |lost| */
    struct schema_key row;      /* unless |lost|: the row that is not as it was written */
    uint64_t page;
};

struct db_damage {
    uint64_t faults;
    char first[DB_DAMAGE_CHARS_MAX]; /* in words; empty if there are no faults */
    bool nothing;                    /* nothing may be served: LMDB must not read this file */
    size_t hole_count;
    struct db_hole holes[DB_HOLES_MAX];
};

/* Counts a fault and keeps the first in words. */
__attribute__((format(printf, 2, 3))) void db_damage_fault(struct db_damage *damage,
                                                           const char *format, ...);
/* Adds a hole, and its fault. */
void db_damage_hole(struct db_damage *damage, const struct db_hole *hole);
/* A hole in words: "event 17 is not as it was written". */
void db_hole_text(const struct db_hole *hole, char out[static DB_DAMAGE_CHARS_MAX]);

/* The hole in which |key| lies; NULL: in none. */
const struct db_hole *db_hole_at(const struct db_damage *damage, enum schema_table table,
                                 struct span key);
/* Whether rows of |table| are lost. */
bool db_hole_any(const struct db_damage *damage, enum schema_table table);
