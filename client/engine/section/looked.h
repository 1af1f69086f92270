/*
 * Which revisions this device has shown to its person. Internal to the engine.
 *
 * The server never hears of it, and it is no reader's signed word: that is an OPENED event. It lasts
 * when the cache is fetched anew (STORAGE_TYPED), and goes with the device. Only what was looked at
 * is kept, never how much or how often. A bit for each revision's number in its section, so that
 * the keys on the disk tell which sections were looked into and nothing of the notes:
 *
 *   "look" | section(16) | number / LOOKED_BITS as u32  ->  LOOKED_BITS bits, the lowest first
 */
#pragma once

#include "client/engine/common/common.h"

#define LOOKED_BITS 2048u

/* False also where the record cannot be read: a note is better shown as new once more. */
bool looked_is(const struct storage *storage, const struct section_id *section, uint64_t number);
/* Durable once it returns STATUS_OK; writes nothing that is there already. STATUS_IO, STATUS_FULL,
 * STATUS_NO_MEMORY. */
MUST_CHECK enum status looked_set(const struct storage *storage, const struct section_id *section,
                                  uint64_t number);
