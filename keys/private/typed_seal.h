/*
 * Sealing what a person typed when nobody has the keys: a profile that is locked can seal a text
 * and cannot open it again. HPKE to a key of its own, whose secret half comes from the cache
 * master and so exists only while the profile is open (keys/KEYS.md, "A kept text").
 *
 * The public half lies in the clear. Whoever can write there could put another in its place, so an
 * opened profile compares it; and anybody can seal, so a text that was opened is not proved to be
 * the person's own, and is shown before it is sent anywhere. Any thread.
 */
#pragma once

#include "keys/private/hpke.h"

#define TYPED_SEAL_OVERHEAD_BYTES HPKE_OVERHEAD_BYTES

/* The public half. STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status typed_seal_public(const struct secret *cache_master,
                                         const struct practice_id *practice,
                                         struct public_key *out_public);
/* |name|: under which it is kept; under another it does not open. |out_sealed| has room for
 * text.size + TYPED_SEAL_OVERHEAD_BYTES. STATUS_OK; STATUS_UNSUPPORTED: |to| is no key that can be
 * sealed to; STATUS_NO_MEMORY. */
MUST_CHECK enum status typed_seal(const struct public_key *to, struct span name, struct span text,
                                  uint8_t *out_sealed);
/* |out_text| has room for sealed.size - TYPED_SEAL_OVERHEAD_BYTES; zeros on failure.
 * STATUS_OK, STATUS_WRONG_KEY, STATUS_NO_MEMORY. */
MUST_CHECK enum status typed_seal_open(const struct secret *cache_master,
                                       const struct practice_id *practice, struct span name,
                                       struct span sealed, uint8_t *out_text);
