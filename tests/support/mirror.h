/*
 * All that the live server holds, read beside it from its database: for tests that forge
 * requests which are right in everything but the permission, and for the question what a
 * leaver could open with everything on the server. One thread.
 */
#pragma once

#include "keys/public/authority/authority.h"
#include "server/store/db.h"
#include "tests/support/live.h"

struct mirror {
    struct live *live;
    struct db *db;
    struct authority *authority; /* of all statements, epochs with their seals */
    uint64_t seq;
    bool trying; /* something that the log does not hold is folded */
};

void mirror_open(struct live *live, struct mirror *out_mirror);
void mirror_close(struct mirror *mirror);
/* Takes in what came since. */
void mirror_update(struct mirror *mirror);
struct authority_when mirror_now(const struct mirror *mirror);

/* What the member reads and writes a section for, by the relation between them. */
uint32_t mirror_purpose(const struct mirror *mirror, const struct member_id *member,
                        const struct section_id *section);
/* A section's last number and head; zeros for one that does not exist. */
void mirror_head(const struct mirror *mirror, const struct section_id *section,
                 uint64_t *out_number, struct hash *out_head);
/* Where a device's own numbers stand in a section. */
void mirror_position(const struct mirror *mirror, const struct section_id *section,
                     const struct device_id *device, uint64_t *out_number, struct hash *out_link);

/* The same of every device that wrote there, ascending by the statement that made it. */
size_t mirror_starts(const struct mirror *mirror, const struct section_id *section,
                     struct statement_start *out_starts, size_t capacity);

/* Folds |statement| as if it were the next of the log; false: it does not hold. Taken back by
 * mirror_restore. */
bool mirror_try(struct mirror *mirror, struct span statement, size_t ahead);
void mirror_restore(struct mirror *mirror);
