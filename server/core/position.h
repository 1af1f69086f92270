/*
 * Where somebody stands in a section, as core keeps it in the state table: a device by its own
 * numbers (decision 12), a member by the entry that ended their access. Committer's thread;
 * reading also in a read transaction of another.
 */
#pragma once

#include "proto/ids.h"
#include "server/store/db.h"

/* Kinds of core's records in the state table. Never reuse a number. */
enum core_state {
    CORE_STATE_POSITION = 1, /* section, device: number u64 ‖ link */
    CORE_STATE_ENDED = 2,    /* section, n: hash of a grant that the clock ended */
    CORE_STATE_REMOVED = 3,  /* section, member: number u64 of the entry that ended access */
};

/* Number and link of the device's last revision; zeros: it has not written there. */
MUST_CHECK enum status position_get(struct txn *txn, uint32_t section_local, uint32_t device_local,
                                    uint64_t *out_number, struct hash *out_link);
void position_put(struct txn *txn, uint32_t section_local, uint32_t device_local, uint64_t number,
                  const struct hash *link);
/* Number of the entry that ended the member's access; 0: still in, or never was. */
MUST_CHECK enum status removed_get(struct txn *txn, uint32_t section_local, uint32_t member_local,
                                   uint64_t *out_number);
void removed_put(struct txn *txn, uint32_t section_local, uint32_t member_local, uint64_t number);
