/*
 * A revision that a member submits, checked for everything that can be told without the
 * database: its shape, its hashes, and that it names the submitting peer as its author. Pure;
 * any thread. The network threads do this, so that the committer need not hash envelopes.
 */
#pragma once

#include "keys/public/revision.h"
#include "server/core/core.h"

struct brought {
    struct revision_context context;
    struct revision_header header;
    struct hash link;
};

/* STATUS_MALFORMED for every fault of the revision. STATUS_NO_MEMORY. The signature is not
 * verified here. */
MUST_CHECK enum status brought_read(const struct practice_id *practice,
                                    const struct core_peer *peer, const Alcove__Revision *wire,
                                    struct brought *out);
