/*
 * Looks at what a backup is for: its database, read back whole, and the signed heads that came with
 * it. What holds here was a state of this practice, and no head in it is newer than the copy.
 *
 * Nothing is believed that the manifest says of itself: the practice, and the key that signed, are
 * those that the statements in the database lead to. One thread.
 */
#pragma once

#include "server/backup/manifest.h"
#include "server/backup/trouble.h"
#include "server/store/fsck.h"

struct contents {
    const char *database_folder; /* with data.mdb, which nobody has open and nobody writes */
    struct span notes[MANIFEST_LOGS];
    uint64_t now_ms;
};

struct contents_report {
    uint64_t sizes[MANIFEST_LOGS]; /* of the logs in the database */
    uint64_t revisions;
};

/*
 * STATUS_CORRUPT: the database, or a head's root, does not hold; STATUS_REWOUND: the heads are newer
 * than the database, so that it was copied first; STATUS_WRONG_KEY: another practice's, or not signed by the
 * log key that the practice's root named; STATUS_UNSUPPORTED: another format; STATUS_IO,
 * STATUS_NO_MEMORY. Always says why.
 */
MUST_CHECK enum status contents_check(const struct contents *contents,
                                      const struct manifest *manifest,
                                      struct contents_report *out_report, struct trouble *trouble);
