/*
 * Looks at every page of the database below LMDB, so that LMDB is led to none that is damaged.
 *
 * Pages are read as plain bytes, never through the map. Read-only; any thread.
 */
#pragma once

#include "server/store/db_damage.h"

/*
 * Reads the state of the transaction |txn| from the file |fd|, which must not change meanwhile: the
 * caller holds a read transaction. STATUS_OK whatever was found; STATUS_NO_MEMORY;
 * STATUS_CORRUPT if there is no such state.
 */
MUST_CHECK enum status db_pages_check(int fd, uint64_t txn, struct db_damage *out_damage);
