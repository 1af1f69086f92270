/*
 * Adding a device to our own member, as far as it needs the identity key: the offer, the hand-over,
 * and what the new device keeps of it. The exchange between the two devices is client/engine/pair;
 * the statement itself is act_device_body() and act_device() of act.h.
 */
#pragma once

#include "client/engine/exchange/engine.h"
#include "client/engine/pair/pair_old.h"

/*
 * A code, and a meeting for whoever has it. |now_ms| as everywhere. STATUS_OFFLINE before the first
 * sync; STATUS_REFUSED: we are suspended; STATUS_UNSUPPORTED: this device does not hold the identity
 * key; STATUS_FULL: the member has MEMBER_DEVICES_MAX devices, revoked ones included;
 * STATUS_TOO_LARGE: the practice's chain does not fit; STATUS_CLOCK, STATUS_NO_MEMORY. The caller
 * wipes |out_offer|, which holds the code's secret.
 */
MUST_CHECK enum status act_pair_offer(struct engine *engine, uint64_t now_ms,
                                      struct pair_offer *out_offer);

/* What the two devices said to each other. */
struct act_pair_said {
    const struct invitation_code *code;
    struct hash transcript;
    struct public_key sealing_key; /* of the new device */
    struct span body;              /* of the DEVICE statement */
};
/* Seals to the new device: the identity key's signature over |body|, the verified checkpoints, the
 * member's secrets and names. The caller frees. STATUS_UNSUPPORTED: no identity key here, or a key of
 * small order. */
MUST_CHECK enum status act_pair_hand(struct engine *engine, const struct act_pair_said *said,
                                     uint8_t **out_sealed, size_t *out_size);
/* The device that was just added by this one is known and has this name. STATUS_IO, STATUS_FULL. */
MUST_CHECK enum status act_pair_named(struct engine *engine, const struct hash *statement,
                                      struct span name);

/* On the new device, before there is an engine: keeps the names that were handed over in the storage
 * that it will be given. One that is not good is passed over. */
MUST_CHECK enum status act_pair_keep(const struct storage *storage, struct span names);
/* Likewise its own name. */
MUST_CHECK enum status act_pair_own(const struct storage *storage, const struct hash *statement,
                                    struct span name);
