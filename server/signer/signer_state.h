/*
 * The decision and the memory of alcove-signer: the last tree head of each log that it signed.
 *
 * A head is signed only if its tree provably extends the last one, so two histories can
 * never both carry this key's signature. The memory is exact; the file may be up to
 * SIGNER_STATE_SAVE_MS late, which is safe because the database is durable before it asks
 * (decision 7): an older size still has a proof. One thread.
 */
#pragma once

#include "keys/server/log_key.h"
#include "server/signer/signer_protocol.h"

#define SIGNER_STATE_SAVE_MS 1000u
#define SIGNER_STATE_BYTES   (4u + HASH_BYTES + SIGNER_LOGS * (8u + HASH_BYTES) + HASH_BYTES)

struct signer_state {
    struct practice_id practice;
    uint64_t sizes[SIGNER_LOGS];
    struct hash roots[SIGNER_LOGS];
    bool dirty; /* newer than the file */
};

/* Nothing signed yet. */
void signer_state_init(struct signer_state *state, const struct practice_id *practice);

/* Judges and answers one request. Both logs are signed or neither. */
void signer_state_answer(struct signer_state *state, const struct log_key *key,
                         const struct signer_request *request, struct signer_reply *out_reply);

/* File content, ending in a SHA-256 over the rest against damage. */
void signer_state_encode(const struct signer_state *state, uint8_t out[SIGNER_STATE_BYTES]);
/* STATUS_CORRUPT. */
MUST_CHECK enum status signer_state_decode(struct span bytes, struct signer_state *out_state);
