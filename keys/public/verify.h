/*
 * Ed25519 verification (RFC 8032) by libsodium.
 *
 * libsodium is strict: it refuses a scalar s >= L, a public key or R of small
 * order and a non-canonical key, so one signature has one reading. A refusal
 * says nothing about which of these it was. Pure; any thread.
 */
#pragma once

#include "keys/public/frame.h"

/* STATUS_BAD_SIGNATURE, or STATUS_OK. For C2SP formats, which have no frame. */
MUST_CHECK enum status verify_bytes(const struct public_key *key, struct span message,
                                    const struct signature *signature);

/*
 * The signature over frame(label, parts). STATUS_BAD_SIGNATURE, STATUS_TOO_LARGE,
 * STATUS_NO_MEMORY (only bodies above a few KiB are copied to the heap).
 */
MUST_CHECK enum status verify_frame(enum label label, const struct practice_id *practice,
                                    const struct span *parts, size_t count,
                                    const struct public_key *key,
                                    const struct signature *signature);
