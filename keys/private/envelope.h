/*
 * A revision's text, sealed (decision 1).
 *
 *   enc_key(32) ‖ commitment(32) = HMAC-SHA-512(revision_key, frame("envelope", context))
 *   envelope = commitment ‖ nonce(24) ‖ XChaCha20-Poly1305(enc_key, padded text,
 *                                         AD = frame("envelope", context))
 *   kek(32) ‖ wrap_commitment(32) = HMAC-SHA-512(epoch_key, frame("wrap", SHA-256(context)))
 *   wrap = wrap_commitment ‖ nonce(24) ‖ XChaCha20-Poly1305(kek, revision_key)
 *
 * The revision key is drawn here, used once and never leaves. Both commitments are
 * compared in constant time before anything is decrypted, so one ciphertext opens
 * under one key only. Pure apart from the random source; any thread.
 */
#pragma once

#include "keys/private/pad.h"
#include "keys/private/secret.h"
#include "proto/ids.h"

#define ENVELOPE_OVERHEAD_BYTES (32u + 24u + 16u)
#define ENVELOPE_WRAP_BYTES     WRAP_BYTES
#define ENVELOPE_BYTES_MIN      (ENVELOPE_OVERHEAD_BYTES + PAD_FLOOR_BYTES)

_Static_assert(WRAP_BYTES == 32 + 24 + 32 + 16, "wrap on the wire");
_Static_assert(ENVELOPE_OVERHEAD_BYTES + PAD_OUTPUT_BYTES_MAX <= ENVELOPE_BYTES_MAX, "envelope");

/* The key and the context under which a revision is sealed; all borrowed. */
struct envelope_scope {
    const struct practice_id *practice;
    const struct secret *epoch_key; /* 32 bytes */
    struct span context;            /* the revision's context, byte for byte */
};

/* Bytes of the envelope of a text of |text_size| (0..PAD_TEXT_BYTES_MAX). */
size_t envelope_size(size_t text_size);

/*
 * out_envelope  envelope_size(text.size) bytes; may not overlap |text|.
 * STATUS_OK, STATUS_TOO_LARGE (text or context), STATUS_NO_MEMORY.
 */
MUST_CHECK enum status envelope_seal(const struct envelope_scope *scope, struct span text,
                                     uint8_t out_wrap[static ENVELOPE_WRAP_BYTES],
                                     uint8_t *out_envelope);

/*
 * out_padded     envelope.size - ENVELOPE_OVERHEAD_BYTES bytes of the caller's; on
 *                STATUS_OK the text is its first *out_text_size bytes, otherwise it
 *                holds zeros.
 *
 * STATUS_OK; STATUS_DAMAGED for every fault of the key, the wrap, the envelope or
 * the padding: one answer; STATUS_TOO_LARGE (context); STATUS_NO_MEMORY.
 */
MUST_CHECK enum status envelope_open(const struct envelope_scope *scope, struct span wrap,
                                     struct span envelope, uint8_t *out_padded,
                                     size_t *out_text_size);

/*
 * The same revision key under another epoch's key, for a survivor of an erasure
 * (decision 17): nothing signed changes. The caller opens the envelope afterwards
 * to be sure, since a wrong wrap shows only there.
 * STATUS_OK, STATUS_DAMAGED, STATUS_TOO_LARGE, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status envelope_rewrap(const struct envelope_scope *scope, struct span wrap,
                                       const struct secret *new_epoch_key,
                                       uint8_t out_wrap[static ENVELOPE_WRAP_BYTES]);
