/*
 * Reads the whole database and recomputes everything that can be recomputed: both trees from
 * their leaves, every statement and record against its hash, chains, trails, section heads and
 * counters against the events. LMDB has no checksums and would serve damaged bytes unnoticed.
 *
 * Pages and the sums of rows are looked at by db_open already, whose options must say |check|: what
 * it found is in the report, and LMDB is led to no page that is damaged. One read transaction; any
 * thread.
 */
#pragma once

#include "server/store/db.h"

#define FSCK_WHERE_BYTES_MAX DB_DAMAGE_CHARS_MAX

struct fsck_report {
    uint64_t events;
    uint64_t statements;
    uint64_t records;
    uint64_t wraps;
    uint64_t notes;
    struct hash events_root;
    struct hash statements_root;
    uint64_t faults;                  /* all that were found */
    char first[FSCK_WHERE_BYTES_MAX]; /* the first, in words: "event 17: leaf hash differs" */
};

/*
 * Core's part in checking a record: finds the two hashes in its header.
 * STATUS_CORRUPT when the header cannot be parsed. May be NULL in fsck_run: then context
 * and envelope are only split.
 */
struct fsck_header {
    enum status (*hashes)(void *context, struct span header, struct hash *out_context_hash,
                          struct hash *out_envelope_hash);
    void *context;
};

/* STATUS_OK: nothing wrong; STATUS_CORRUPT: see the report; or why it could not finish. */
MUST_CHECK enum status fsck_run(struct db *db, const struct fsck_header *header,
                                struct fsck_report *out_report);
