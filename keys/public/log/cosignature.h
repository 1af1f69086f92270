/*
 * Witness cosignatures, Ed25519 type 0x04 (c2sp.org/tlog-cosignature v1).
 *
 * The signed message is `cosignature/v1` LF `time <decimal>` LF ‖ checkpoint text.
 * The witness's name is not covered, so a witness key serves one name only and signs
 * nothing else (decision 24). Pure; any thread.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

#define COSIGNATURE_TEXT_BYTES_MAX    4096u
/* The two lines before the text: 15 + 5 + 19 + 1. */
#define COSIGNATURE_MESSAGE_BYTES_MAX (COSIGNATURE_TEXT_BYTES_MAX + 40u)
#define COSIGNATURE_TIME_S_MAX        ((uint64_t)INT64_MAX)

/* STATUS_MALFORMED for a time past the maximum, STATUS_TOO_LARGE for a longer text. */
MUST_CHECK enum status cosignature_message(struct span text, uint64_t time_s,
                                           uint8_t out_message[COSIGNATURE_MESSAGE_BYTES_MAX],
                                           size_t *out_size);

/* STATUS_BAD_SIGNATURE, or as cosignature_message. */
MUST_CHECK enum status cosignature_verify(struct span text, uint64_t time_s,
                                          const struct public_key *key,
                                          const struct signature *signature);
