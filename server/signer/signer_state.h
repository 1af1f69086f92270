/*
 * The decision and the memory of alcove-signer: the last tree head of each log that it signed.
 *
 * A head is signed only if its tree provably extends the last one, so two histories can
 * never both carry this key's signature. The decision changes nothing: it gives the state that
 * must be on the disk before its answer may leave (signer_file_answer). Pure; any thread.
 */
#pragma once

#include "keys/server/log_key.h"
#include "server/signer/signer_protocol.h"

#define SIGNER_STATE_BYTES                                                                         \
    (4u + 8u + 1u + HASH_BYTES + SIGNER_LOGS * (8u + HASH_BYTES) + HASH_BYTES)

struct signer_state {
    uint64_t sequence; /* one more with each state that was written */
    bool again;        /* the state before, written again when the signer started */
    struct practice_id practice;
    uint64_t sizes[SIGNER_LOGS];
    struct hash roots[SIGNER_LOGS];
};

/* Nothing signed yet. */
void signer_state_init(struct signer_state *state, const struct practice_id *practice);

/*
 * Judges and answers one request. Both logs are signed or neither. |*out_next| is |state|, or,
 * where something new was signed, the next state: until that lasts, |out_reply| must not leave.
 * True for the latter.
 */
bool signer_state_answer(const struct signer_state *state, const struct log_key *key,
                         const struct signer_request *request, struct signer_reply *out_reply,
                         struct signer_state *out_next);

/* What a slot of the file holds, ending in a SHA-256 over the rest against damage. */
void signer_state_encode(const struct signer_state *state, uint8_t out[SIGNER_STATE_BYTES]);
/* STATUS_CORRUPT; STATUS_UNSUPPORTED for the state file of another version of Alcove, which is
 * known by its first bytes. */
MUST_CHECK enum status signer_state_decode(struct span bytes, struct signer_state *out_state);
