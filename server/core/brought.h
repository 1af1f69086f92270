/*
 * A revision that a member brought, read and checked as far as nothing stored is needed:
 * its shape, its hashes, and that it names who brings it. Pure; any thread, so that the
 * committer is spared hashing every envelope.
 */
#pragma once

#include "keys/public/revision.h"
#include "server/core/core.h"

struct brought {
    struct revision_context context;
    struct revision_header header;
    struct hash link;
};

/* STATUS_MALFORMED: whatever is wrong with it. STATUS_NO_MEMORY. The signature is not
 * verified here. */
MUST_CHECK enum status brought_read(const struct practice_id *practice,
                                    const struct core_peer *peer, const Alcove__Revision *wire,
                                    struct brought *out);
