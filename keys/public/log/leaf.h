/*
 * The bytes of both logs' leaves, and the running head of a section: the one place where
 * server and client agree on them (decisions 3, 4 and 16).
 *
 *   event leaf      open part ‖ SHA-256(frame("event-target", opening(32) ‖ target part))
 *                   ‖ SHA-256(frame("event-restricted", opening(32) ‖ restricted part))
 *   statement leaf  version u16 ‖ type u16 ‖ label(32) ‖ number u64 ‖
 *                   SHA-256(frame("statement-leaf", opening(32) ‖ time u64 ms ‖ statement))
 *                   ‖ 4 zero bytes: 80 in all
 *   section head    SHA-256(frame("section-head", previous head(32) ‖ number u64 ‖
 *                   kind u16 ‖ object hash(32))); the head before number 1 is 32 zero bytes
 *   section times   SHA-256(frame("section-times", previous times(32) ‖ number u64 ‖
 *                   time u64 ms)); those before number 1 are 32 zero bytes
 *
 * The time is inside the statement's leaf so that the server cannot tell two people two
 * times for one statement. The times of a section's entries run beside its heads and not in
 * them, since whoever submits several statements at once names the heads between them, and
 * cannot know when the server will take them. Numbers are big-endian. Pure; any thread.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

#define LEAF_OPENING_BYTES     32u
#define LEAF_STATEMENT_BYTES   80u
#define LEAF_STATEMENT_VERSION 1u

/* Hashes of the two hidden parts of an event, as they stand in the leaf. */
void leaf_target_hash(const struct practice_id *practice,
                      const uint8_t opening[static LEAF_OPENING_BYTES], struct span target,
                      struct hash *out_hash);
void leaf_restricted_hash(const struct practice_id *practice,
                          const uint8_t opening[static LEAF_OPENING_BYTES], struct span restricted,
                          struct hash *out_hash);

/* The Merkle leaf hash of an event, from its open part and the two hashes. */
void leaf_event_hash(struct span open, const struct hash *target_hash,
                     const struct hash *restricted_hash, struct hash *out_leaf_hash);

struct leaf_statement {
    uint16_t type;
    struct chain_label label;
    uint64_t number;
    struct hash commitment;
};

/* The hash that stands for a statement in its leaf. It tells nothing to a reader who does not
 * have the opening. */
void leaf_statement_commitment(const struct practice_id *practice,
                               const uint8_t opening[static LEAF_OPENING_BYTES], uint64_t time_ms,
                               struct span statement, struct hash *out_commitment);
void leaf_statement_encode(const struct leaf_statement *leaf,
                           uint8_t out_leaf[static LEAF_STATEMENT_BYTES]);
/* STATUS_MALFORMED for another length or a tail that is not zero; STATUS_UNSUPPORTED for
 * another version. */
MUST_CHECK enum status leaf_statement_decode(struct span bytes, struct leaf_statement *out_leaf);

void leaf_section_head(const struct practice_id *practice, const struct hash *previous_head,
                       uint64_t number, uint16_t kind, const struct hash *object,
                       struct hash *out_head);
/* |time_ms| is that of the event which wrote the entry down. */
void leaf_section_times(const struct practice_id *practice, const struct hash *previous_times,
                        uint64_t number, uint64_t time_ms, struct hash *out_times);
