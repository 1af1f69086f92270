/* What of a database is in use, and what of it a flipped bit hit, found without the means that are
 * tried by it: by reading all tables. */
#pragma once

#include "server/store/db.h"

/* Everything that the tables hold, and that part without which nothing is served. */
void flips_digest(struct db *db, struct hash *out, struct hash *out_authority);
/* Whether some change of the section, or a revision of it, cannot be read. */
bool flips_hit(struct db *db, const struct section_id *section);
/* Whether lines can be added to the access log. */
bool flips_log_goes_on(struct db *db);
/* The file is longer than its used part. 0: it cannot be read. */
uint64_t flips_used_bytes(const char *path);
/* For fsck_header. */
MUST_CHECK enum status flips_header_hashes(void *context, struct span header,
                                           struct hash *out_context, struct hash *out_envelope);
