/*
 * Core's part in looking at a stored revision: the two hashes that its header names. Any thread.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

/* For struct fsck_header; |context| is not used. STATUS_CORRUPT: the header cannot be read. */
MUST_CHECK enum status header_hashes(void *context, struct span header,
                                     struct hash *out_context_hash, struct hash *out_envelope_hash);
