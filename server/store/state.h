/*
 * Core's own small records under (kind, a, b): what statements amount to at present, such
 * as a member's standing, a section's epoch or a grant, so that deciding does not mean
 * reading chains. |kind| and the bytes are core's; everything here can be derived again from
 * the statements and is checked against them by core, not by the store.
 *
 * Pairs sort by kind, a, b: all grants of a section (a) by member (b) are one walk. Also
 * bundles by the first 16 bytes of their SHA-256.
 *
 * Writing: committer thread. Reading: any transaction.
 */
#pragma once

#include "server/store/db.h"

/* The span points into the map. STATUS_NOT_FOUND. */
MUST_CHECK enum status state_get(struct txn *txn, uint8_t kind, uint32_t a, uint32_t b,
                                 struct span *out_value);
void state_put(struct txn *txn, uint8_t kind, uint32_t a, uint32_t b, struct span value);
void state_delete(struct txn *txn, uint8_t kind, uint32_t a, uint32_t b);

/*
 * All records of |kind|, or with |a| not 0 of that a alone, in order. The walk is db.h's;
 * state_key_of takes its keys apart.
 */
MUST_CHECK enum status state_walk(struct txn *txn, uint8_t kind, uint32_t a,
                                  struct db_walk **out_walk);
void state_key_of(struct span key, uint8_t *out_kind, uint32_t *out_a, uint32_t *out_b);

/* A bundle is found by the first 16 bytes of its SHA-256, and checked against them when
 * read: STATUS_NOT_FOUND, STATUS_CORRUPT. */
#define STATE_BLOB_BYTES_MAX (4u * 1024u * 1024u)
MUST_CHECK enum status state_blob_get(struct txn *txn, const uint8_t prefix[static ID_BYTES],
                                      struct span *out_bytes);
/* STATUS_TOO_LARGE or the sticky status. */
MUST_CHECK enum status state_blob_put(struct txn *txn, struct span bytes,
                                      uint8_t out_prefix[static ID_BYTES]);
