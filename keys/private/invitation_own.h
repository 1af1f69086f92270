/*
 * The secret of an invitation's code for the other devices of whoever invites (KEYS.md): without it a
 * device that was there already could not open what the invited person seals to it in the mode of the
 * pair. It stands in the INVITATION, sealed to each of these devices in HPKE's base mode. Whoever opens
 * it compares the key that it gives with the one in the statement. Any thread.
 */
#pragma once

#include "keys/private/hpke.h"
#include "keys/private/invitation.h"

#define INVITATION_OWN_SEALED_BYTES (INVITATION_SECRET_BYTES + HPKE_OVERHEAD_BYTES)

struct invitation_own_place {
    struct practice_id practice;
    struct member_id invited;
    struct hash recipient; /* the statement that made the device which opens it */
    struct hash sender;    /* the one of the device that signs the invitation */
};
/* STATUS_UNSUPPORTED: a key of small order; STATUS_NO_MEMORY. */
MUST_CHECK enum status invitation_own_seal(const struct invitation_code *code,
                                           const struct invitation_own_place *place,
                                           const struct public_key *recipient,
                                           uint8_t out_sealed[static INVITATION_OWN_SEALED_BYTES]);
/* The pair's secret. STATUS_WRONG_KEY: it does not open, or gives another key than |key|, the one in
 * the statement. STATUS_NO_MEMORY. */
MUST_CHECK enum status invitation_own_open(const uint8_t sealed[static INVITATION_OWN_SEALED_BYTES],
                                           const struct invitation_own_place *place,
                                           const struct secret *recipient,
                                           const struct public_key *key, struct secret **out_psk);
