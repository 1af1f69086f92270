/*
 * Moving on from one verified checkpoint to the next (decision 4). Internal to the engine.
 */
#pragma once

#include "client/engine/log/log.h"

enum advance_log { ADVANCE_STATEMENTS = 1, ADVANCE_EVENTS = 2 };

/* Opens a checkpoint note with the pinned log key and origin. STATUS_BAD_SIGNATURE,
 * STATUS_MALFORMED. */
MUST_CHECK enum status advance_open(const struct log *log, enum advance_log which, struct span note,
                                    struct seen_log *out_seen);
/*
 * Checks that |next| extends |from|, and |from| is what we said we had. A size below is
 * STATUS_REWOUND, the same size with another root STATUS_EQUIVOCATION, else STATUS_BAD_PROOF.
 */
MUST_CHECK enum status advance_extends(const struct seen_log *from, const struct seen_log *next,
                                       const ProtobufCBinaryData *path, size_t path_count);
/* Both, for an Advance in a reply. */
MUST_CHECK enum status advance_check(const struct log *log, enum advance_log which,
                                     const Alcove__Advance *advance, const struct seen_log *from,
                                     struct seen_log *out_seen);
/* Makes it ours, and the keystore's. |next| must extend what we have. */
void advance_accept(struct log *log, enum advance_log which, const struct seen_log *next);
/* A head of |size| statements was asked for when a leaf of |time_ms| was verified: it covers that
 * leaf, so that every later statement is later in time too. */
void advance_floor(struct log *log, uint64_t size, uint64_t time_ms);
/* What we sign that we have seen. Borrows from |log|. */
void advance_seen(const struct log *log, Alcove__Seen *out_seen);
/* The time that a writer goes by, as the authority takes it. */
struct authority_when advance_when(const struct log *log);
