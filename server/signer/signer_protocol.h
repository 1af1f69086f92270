/*
 * Messages between the server and alcove-signer over their Unix socket.
 *
 * One request, one reply, in turn, each after its length (u32 big-endian). Both logs go in
 * one request, so a batch costs one round trip.
 *
 *   request  version u8 ‖ kind u8 ‖ practice id(32) ‖ by kind
 *     sign     per log: old size u64 ‖ new size u64 ‖ root(32) ‖ hashes u8
 *              ‖ consistency proof(32 each)
 *     last     nothing
 *     backup   SHA-256 of a backup's manifest(32)
 *   reply    version u8 ‖ status u8 ‖ per log: last signed size u64 ‖ note length u16 ‖ note
 *            ‖ signature length u8 (0 or 64) ‖ signature
 *
 * Statements come first, then events. Pure; any thread.
 */
#pragma once

#include "keys/public/log/checkpoint.h"
#include "keys/public/log/merkle_proof.h"

#define SIGNER_PROTOCOL_VERSION 2u
#define SIGNER_LENGTH_BYTES     4u
#define SIGNER_LOGS             2u
#define SIGNER_REQUEST_BYTES_MAX                                                                   \
    (2u + HASH_BYTES +                                                                             \
     SIGNER_LOGS * (8u + 8u + HASH_BYTES + 1u + MERKLE_PROOF_HASHES_MAX * HASH_BYTES))
#define SIGNER_REPLY_BYTES_MAX                                                                     \
    (2u + SIGNER_LOGS * (8u + 2u + CHECKPOINT_NOTE_BYTES_MAX) + 1u + SIGNATURE_BYTES)

enum signer_kind {
    SIGNER_KIND_SIGN = 0,   /* both logs as they are now */
    SIGNER_KIND_LAST = 1,   /* the heads that were signed last, once more; nothing is remembered */
    SIGNER_KIND_BACKUP = 2, /* a backup's manifest (KEYS.md, A backup) */
};

enum signer_answer {
    SIGNER_SIGNED = 1,
    /* The proofs start from another size than the last one signed, which the reply tells:
     * make them again from there. */
    SIGNER_OTHER_SIZE = 2,
    /* A log is smaller than what was signed: a restored backup. Only a person can help. */
    SIGNER_REWOUND = 3,
    /* The proof is wrong, or another root at a signed size: never signed. */
    SIGNER_INCONSISTENT = 4,
    /* Not a request, or for another practice. */
    SIGNER_BAD_REQUEST = 5,
    /* What it would have signed cannot be made to last: no room on its disk. */
    SIGNER_FULL = 6,
    /* The same, for any other fault of its disk. */
    SIGNER_CANNOT_SAVE = 7,
};

struct signer_request_log {
    uint64_t old_size;
    uint64_t new_size;
    struct hash root; /* at new_size */
    struct merkle_proof proof;
};

struct signer_request {
    enum signer_kind kind;
    struct practice_id practice;
    struct signer_request_log logs[SIGNER_LOGS]; /* by enum origin_log; of SIGN */
    struct hash manifest;                        /* of BACKUP */
};

struct signer_note {
    uint64_t size; /* the signer's last size of this log, after this request */
    size_t note_size;
    char note[CHECKPOINT_NOTE_BYTES_MAX]; /* only with SIGNER_SIGNED, of SIGN and LAST */
};

struct signer_reply {
    enum signer_answer answer;
    struct signer_note logs[SIGNER_LOGS];
    bool has_signature; /* of BACKUP */
    struct signature signature;
};

/* What stands before each message. The size of a message is below 2^32. */
void signer_protocol_put_length(uint8_t out[static SIGNER_LENGTH_BYTES], size_t size);
size_t signer_protocol_length(const uint8_t bytes[static SIGNER_LENGTH_BYTES]);

/* STATUS_TOO_LARGE when |capacity| is below the maximum above and it does not fit. */
MUST_CHECK enum status signer_protocol_put_request(const struct signer_request *request,
                                                   uint8_t *out_bytes, size_t capacity,
                                                   size_t *out_size);
/* STATUS_MALFORMED, STATUS_VERSION. */
MUST_CHECK enum status signer_protocol_get_request(struct span bytes,
                                                   struct signer_request *out_request);
MUST_CHECK enum status signer_protocol_put_reply(const struct signer_reply *reply,
                                                 uint8_t *out_bytes, size_t capacity,
                                                 size_t *out_size);
MUST_CHECK enum status signer_protocol_get_reply(struct span bytes, struct signer_reply *out_reply);
