/*
 * Revisions of which only the place is here: the server cannot read them any more. Their links stand
 * in the section's head, so that a good copy can still be told from any other. They lie among what is
 * no revision (STORAGE_ENTRY), where no note is looked for. Internal to the engine.
 *
 *   kind u32 (REVISION) ‖ link(32) ‖ device(32) ‖ device number u64
 */
#pragma once

#include "client/engine/common/common.h"

#define LOST_BYTES (4u + HASH_BYTES + HASH_BYTES + 8u)

struct lost {
    uint64_t number; /* the key's */
    struct hash link;
    struct hash device; /* who wrote it, as the server says; the device's next revision shows it */
    uint64_t device_number; /* follows from that */
};

void lost_encode(const struct lost *lost, uint8_t out_bytes[static LOST_BYTES]);
/* STATUS_NOT_FOUND: at that number of the section with the short name |local| is no such. */
MUST_CHECK enum status lost_get(const struct storage *storage, uint32_t local, uint64_t number,
                                struct lost *out_lost);
/* All of a section, by number; |visit| returns false to end. STATUS_CORRUPT. */
typedef bool lost_visit(void *visitor, const struct lost *lost);
MUST_CHECK enum status lost_all(const struct storage *storage, uint32_t local, lost_visit *visit,
                                void *visitor);
