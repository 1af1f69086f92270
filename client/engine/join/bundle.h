/*
 * The bundle that an invitation's code names by its hash: what a newcomer must have before
 * trusting anything. Internal to the engine, join and found.
 */
#pragma once

#include "keys/private/invitation.h"
#include "proto/message.h"

#define BUNDLE_NAME_BYTES_MAX 128u

struct bundle_names {
    char practice[BUNDLE_NAME_BYTES_MAX];
    char invited[BUNDLE_NAME_BYTES_MAX];
};

/* Packs; the caller frees. The names are sealed under a key of the code's secret.
 * STATUS_TOO_LARGE, STATUS_NO_MEMORY. */
MUST_CHECK enum status bundle_make(const struct practice_id *practice,
                                   const struct span *statements, size_t count,
                                   const struct invitation_code *code, struct span practice_name,
                                   struct span invited_name, uint8_t **out_bytes, size_t *out_size);
/* The names; both empty if they do not open, which is no reason to stop: the hash of the bundle
 * has been compared. STATUS_NO_MEMORY. */
MUST_CHECK enum status bundle_open_names(const struct practice_id *practice, struct span sealed,
                                         const struct invitation_code *code,
                                         struct bundle_names *out_names);
