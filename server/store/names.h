/*
 * Random 16-byte ids and the small local numbers that stand for them in keys.
 *
 * A local number is never reused and never leaves the server. Writing: committer thread.
 * Reading: any transaction.
 */
#pragma once

#include "server/store/db.h"

/* STATUS_NOT_FOUND. */
MUST_CHECK enum status names_find(struct txn *txn, enum schema_id_kind kind,
                                  const uint8_t id[static ID_BYTES], uint32_t *out_local);
/* The same from the id's own row alone, for fsck. STATUS_CORRUPT, STATUS_NOT_FOUND. */
MUST_CHECK enum status names_find_row(struct txn *txn, enum schema_id_kind kind,
                                      const uint8_t id[static ID_BYTES], uint32_t *out_local);

/* Gives a new id the next number. STATUS_CONFLICT when the id has one; STATUS_FULL after 2^32
 * of a kind; or the sticky status. */
MUST_CHECK enum status names_add(struct txn *txn, enum schema_id_kind kind,
                                 const uint8_t id[static ID_BYTES], uint32_t *out_local);

/* The id of a local number. STATUS_NOT_FOUND. */
MUST_CHECK enum status names_id(struct txn *txn, enum schema_id_kind kind, uint32_t local,
                                uint8_t out_id[static ID_BYTES]);

/* How many of a kind there are: locals are 1..count. */
uint32_t names_count(const struct txn *txn, enum schema_id_kind kind);
