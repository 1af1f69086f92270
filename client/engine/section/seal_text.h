/*
 * Sealing and opening a note's text for the engine: a file of its own, since the limits of
 * messages and of envelopes are kept apart. Internal to the engine.
 */
#pragma once

#include "keys/private/secret.h"
#include "proto/ids.h"
#include "proto/status.h"

/* |room| has envelope.size bytes; *out_text borrows from it. STATUS_DAMAGED, STATUS_NO_MEMORY. */
MUST_CHECK enum status text_open(const struct practice_id *practice, const struct secret *epoch_key,
                                 struct span context, struct span wrap, struct span envelope,
                                 uint8_t *room, struct span *out_text);
/* The size of the envelope of a text. */
size_t text_envelope_size(size_t text_size);
#define TEXT_WRAP_BYTES 104u
/* |out_envelope| has text_envelope_size(text.size) bytes. STATUS_TOO_LARGE, STATUS_NO_MEMORY. */
MUST_CHECK enum status text_seal(const struct practice_id *practice, const struct secret *epoch_key,
                                 struct span context, struct span text,
                                 uint8_t out_wrap[static TEXT_WRAP_BYTES], uint8_t *out_envelope);
